/* SPDX-License-Identifier: BSD-2-Clause */
/* keeper_fixture.h - for tests: a daemon of test_daemon.h, a namespace, and a client in it
 *
 * Without root there is none of them, and need_root() skips the test.
 */
#ifndef UL2TP_KEEPER_KEEPER_FIXTURE_H
#define UL2TP_KEEPER_KEEPER_FIXTURE_H

#include "keeper/test_daemon.h"

struct keeper_fixture {
	struct test_daemon daemon;
	int netns;  /* the client's */
	int client; /* a connection made in it */
};

int keeper_fixture_start(void **state);
int keeper_fixture_stop(void **state);
void need_root(void);

/** udp4() - an endpoint of IPv4; @port in host order, @flags ENDPOINT_* */
struct endpoint_params udp4(const char *local, uint16_t port, uint8_t flags);

/** ask() - give the order over connection @client, and the result. Fails the test if there is none */
struct result ask(int client, const struct order *order);
struct result open_endpoint(int client, const struct endpoint_params *p);
struct result make_device(int client, const char *name);

/** interface_becomes() - whether the interface is in the namespace; waits up to @ms for that to become @there */
bool interface_becomes(int netns, const char *name, bool there, int ms);

#define WITH_KEEPER(test)                                                                          \
	cmocka_unit_test_setup_teardown(test, keeper_fixture_start, keeper_fixture_stop)

#endif
