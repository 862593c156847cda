/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon_link.h - a stand-in's connection to ul2tpd
 *
 * Made when it is first needed, in the network namespace of the stand-in, so that ul2tpd serves that one. It
 * speaks for a program that may have fewer rights than we: such a one gets a connection that has given up all.
 *
 * One thread at a time.
 */
#ifndef UL2TP_LAUNCHER_DAEMON_LINK_H
#define UL2TP_LAUNCHER_DAEMON_LINK_H

#include "launcher/launcher.h"
#include "launcher/translation.h"
#include "netlink/error_message.h"

/* Receives each datagram of ul2tpd, one or more messages that it may change. */
typedef void daemon_answer_fn(void *arg, uint8_t *octets, size_t len);

/* ul2tpd reads no longer datagrams than 64 KiB; there may be a token before a request and a probe behind it. */
#define DAEMON_LINK_REQUEST_MAX (65536 - 64)

/* How many ul2tpd are asked that go, each without having read the question: they are upgraded, or die. */
#define DAEMON_LINK_TRIES 5

/** Who waits for a connection: asked now and then while ul2tpd says nothing; false gives up */
struct daemon_waiter {
	bool (*alive)(void *arg);
	void *arg;
};

struct daemon_link {
	int fd;                      /* -1: not connected */
	struct l2tp_numbers numbers; /* ul2tpd's */
	uint16_t own_family;         /* "ul2tp" */
	uint32_t sequence;
	struct nl_socket_options options; /* as ul2tpd knows them */
	bool subscribed;
	uint64_t token;                     /* of a request (UL2TP_ATTR_TOKEN); 0: it has none */
	const struct daemon_waiter *waiter; /* while it is made; NULL: ten seconds are enough */
	daemon_answer_fn *notify;           /* gets what nobody asked for */
	void *notify_arg;
	uint8_t *
		buffer; /* for a datagram, of more than DAEMON_LINK_REQUEST_MAX; NULL: not connected */
};

#define DAEMON_LINK_CLOSED                                                                         \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/**
 * daemon_link_open() - connect, learn the numbers, give up rights unless @rights; nothing if it is connected
 * @waiter: as long as he waits, an ul2tpd that is busy is waited for; NULL: ten seconds
 *
 * Return: 0; -ESRCH the waiter gave up; other negative errno: no ul2tpd there, or one that can not do it.
 */
int daemon_link_open(struct launcher *l, int netns, bool rights, const struct daemon_waiter *waiter,
                     struct daemon_link *link);
/** daemon_link_adopt() - take over the connection @fd of a supervisor that has gone, which becomes the link's */
int daemon_link_adopt(int fd, struct daemon_link *link);
void daemon_link_close(struct daemon_link *link);

/** daemon_link_set() - errors as the program wants them; asks ul2tpd only for a change */
int daemon_link_set(struct daemon_link *link, struct nl_socket_options options);

/**
 * daemon_link_keep_rights() - of one opened with rights: ul2tpd looks at ours once, or each time if it does not want that
 * @waiter: as of daemon_link_open()
 *
 * Return: 0; negative errno as of daemon_link_open(): the link is closed.
 */
int daemon_link_keep_rights(struct daemon_link *link, const struct daemon_waiter *waiter);

/** daemon_link_subscribe() - to l2tp's notifications, or no longer */
int daemon_link_subscribe(struct daemon_link *link, bool on);

/** daemon_link_socket_changed() - the tunnel on the socket @fd, which stays the caller's, looks at it again; -ENOENT
 * there is none */
int daemon_link_socket_changed(struct daemon_link *link, int fd);

/**
 * daemon_link_ask() - one request, until all its answers were received
 * @octets: the message, with ul2tpd's numbers; may stand in the link's buffer, where the answers come
 * @fds:    descriptors that go with it; stay the caller's
 * @alive:  asked now and then while nothing comes: false gives up (and closes the link)
 *
 * Return: 0; -EMSGSIZE it is too long, and nothing was sent. Otherwise the connection is closed: -EPIPE the other end
 *         has gone, and had not read it; other negative errno: it broke meanwhile, or nobody waits any more.
 */
int daemon_link_ask(struct daemon_link *link, const void *octets, size_t len, const int *fds,
                    size_t fd_count, daemon_answer_fn *fn, void *arg, bool (*alive)(void *arg));

/** daemon_link_hear() - pass on the notifications that have come, without waiting. 0; negative errno: it broke */
int daemon_link_hear(struct daemon_link *link);

#endif
