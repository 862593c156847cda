/* SPDX-License-Identifier: BSD-2-Clause */
/* keeper_fixture.c - see keeper_fixture.h */
#include "keeper/keeper_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/cleanup.h"

int keeper_fixture_start(void **state)
{
	struct keeper_fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || geteuid() != 0)
		return 0;
	if (!test_daemon_start(&f->daemon))
		return -1;
	f->netns = test_netns();
	f->client = test_connect_in(&f->daemon, f->netns);
	return f->client < 0 ? -1 : 0;
}

int keeper_fixture_stop(void **state)
{
	struct keeper_fixture *f = *state;
	int status = 0;

	if (f->daemon.pid > 0) {
		close(f->client);
		close(f->netns);
		status = test_daemon_stop(&f->daemon);
	}
	free(f);
	return status;
}

void need_root(void)
{
	if (geteuid() != 0) {
		print_message("# needs root: namespaces and interfaces are made\n");
		skip();
	}
}

struct endpoint_params udp4(const char *local, uint16_t port, uint8_t flags)
{
	struct endpoint_params p;

	memset(&p, 0, sizeof(p));
	p.protocol = IPPROTO_UDP;
	p.flags = flags;
	p.local.v4.sin_family = AF_INET;
	p.local.v4.sin_port = htons(port);
	inet_pton(AF_INET, local, &p.local.v4.sin_addr);
	return p;
}

struct result ask(int client, const struct order *order)
{
	struct result result;

	assert_true(test_order(client, order, &result));
	return result;
}

struct result open_endpoint(int client, const struct endpoint_params *p)
{
	return ask(client, &(struct order){ .kind = ORDER_ENDPOINT, .endpoint = *p });
}

struct result make_device(int client, const char *name)
{
	struct order order = { .kind = ORDER_DEVICE, .mtu.otherwise_bytes = 1446 };

	snprintf(order.name, sizeof(order.name), "%s", name);
	return ask(client, &order);
}

bool interface_becomes(int netns, const char *name, bool there, int ms)
{
	AUTO_FD home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	bool is = !there;

	assert_int_equal(setns(netns, CLONE_NEWNET), 0);
	for (int waited = 0; is != there && waited <= ms; waited += 5) {
		is = if_nametoindex(name) != 0;
		if (is != there)
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	return is == there;
}
