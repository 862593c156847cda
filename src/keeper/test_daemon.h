/* SPDX-License-Identifier: BSD-2-Clause */
/* test_daemon.h - for tests: a keeper with an engine that does what its clients say
 *
 * A client sends one struct order and gets one struct result; the engine makes the call of keeper.h that
 * the order names. The keeper is a child of the test, in a network namespace of its own.
 */
#ifndef UL2TP_KEEPER_TEST_DAEMON_H
#define UL2TP_KEEPER_TEST_DAEMON_H

#include "keeper/keeper.h"

enum order_kind {
	ORDER_WHO, /* result.client */
	ORDER_CHECK,
	ORDER_ENDPOINT,
	ORDER_ENDPOINT_CLOSE,
	ORDER_ROUTE,
	ORDER_SOCKET_BIND,    /* endpoint .slot to .peer */
	ORDER_SOCKET_CONNECT, /* endpoint .slot to .peer */
	ORDER_SOCKET_OPTION,
	ORDER_BULK, /* a batch of segments to .peer from endpoint .slot */
	ORDER_DEVICE,
	ORDER_PPP_DEVICE,
	ORDER_DEVICE_REMOVE,
	ORDER_FILE_KEEP,   /* this connection, for the next engine: result.file */
	ORDER_FILE_STDERR, /* what is no end of a pair, likewise */
	ORDER_FILE_CLOSE,
	ORDER_RESUMED, /* result.count, .held, .engines */
	ORDER_CRASH,
	ORDER_EXIT,
	ORDER_IGNORE_GONE, /* from now on do not close what is in a namespace that went */
	ORDER_DIE_OF_GONE, /* be killed by the next such news, before it has done anything */
	ORDER_REQUEST_RAW, /* an ill-formed request */
	ORDER_CONFINED,    /* result.err: 0 if this engine can do nothing it should not */
};

struct order {
	enum order_kind kind;
	uint32_t slot;
	struct mtu_rule mtu;
	struct mtu_path path;
	bool has_path;
	struct endpoint_params endpoint;
	union address peer;
	struct keeper_socket_option option;
	char name[IFNAMSIZ];
	bool over_daemon;
};

struct result {
	int err;
	uint32_t count; /* found by this engine when it started */
	uint32_t held;  /* endpoints and devices it has now */
	uint32_t engines;
	struct extack ea;
	struct keeper_client client;
	struct keeper_endpoint endpoint; /* fds are the engine's */
	struct keeper_device device;
	struct keeper_socket_names names;
	union address source;
	uint32_t mtu_bytes;
	uint32_t file;
};

struct test_daemon {
	pid_t pid;
	char directory[64], path[96];
};

/** test_daemon_start() - fork a keeper; false if that can not be done here (not root) */
bool test_daemon_start(struct test_daemon *d);

/** test_daemon_stop() - SIGTERM; its exit status, or -1 */
int test_daemon_stop(struct test_daemon *d);

/** test_connect() - a client of the caller's namespace; -1 on error */
int test_connect(const struct test_daemon *d);

/** test_order() - send and wait for the result, 5 s at most; false if none came */
bool test_order(int connection, const struct order *order, struct result *result);

/** test_netns() - a new network namespace with loopback up: a descriptor of it, the caller stays where it is */
int test_netns(void);

/** test_connect_in() - a client whose socket is of the namespace @netns */
int test_connect_in(const struct test_daemon *d, int netns);

#endif
