/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch_fuzz.c - what the kernel tells of the host's configuration, read from invented messages, and what it answers
 * of routes
 *
 * The first octet says whose reader gets the rest: as news, and as the answer to its question (of number 0). A socket
 * pair stands for the kernel.
 */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/fast_path_route.h"
#include "keeper/host_devices.h"
#include "keeper/host_flow.h"
#include "keeper/host_nftables.h"
#include "keeper/host_rules.h"
#include "keeper/host_xfrm.h"

#define INPUT_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *octets;
static size_t count;

/* Has been given, and answers the next question, with the input. */
static struct host_source source_new(int *kernel)
{
	struct host_source s = HOST_SOURCE_NONE;
	int pair[2];

	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
	*kernel = pair[0];
	s.news = pair[1];
	s.ask = dup(pair[1]);
	s.seq = UINT32_MAX;
	assert(s.ask >= 0);
	return s;
}

static void say(int kernel)
{
	if (count > 0)
		assert(send(kernel, octets, count, 0) == (ssize_t)count);
}

static struct outer_flow flow_of(sa_family_t family)
{
	return (struct outer_flow){ .local.any.sa_family = family, .peer.any.sa_family = family };
}

static void fuzz_xfrm(void)
{
	const struct outer_flow v4 = flow_of(AF_INET), v6 = flow_of(AF_INET6);
	struct host_xfrm x = { 0 };
	int kernel;

	x.source = source_new(&kernel);
	say(kernel);
	host_xfrm_news(&x);
	say(kernel);
	host_xfrm_read(&x);
	host_xfrm_applies(&x, &v4);
	host_xfrm_applies(&x, &v6);
	host_xfrm_close(&x);
	close(kernel);
}

static void fuzz_nftables(void)
{
	struct host_nftables n = { 0 };
	int kernel;

	n.source = source_new(&kernel);
	say(kernel);
	host_nftables_news(&n);
	say(kernel);
	host_nftables_read(&n);
	assert(n.summary.count <= NFT_DEVICES_MAX);
	for (uint32_t i = 0; i < n.summary.count; i++)
		assert(host_nftables_applies_to_device(&n, n.summary.devices[i]));
	host_nftables_close(&n);
	close(kernel);
}

static void fuzz_rules(void)
{
	const struct outer_flow v4 = flow_of(AF_INET), v6 = flow_of(AF_INET6);
	struct host_rules r = { 0 };
	struct host_source s;
	int kernel;

	s = source_new(&kernel);
	say(kernel);
	host_rules_read(&r, &s);
	host_rules_apply(&r, &v4);
	host_rules_apply(&r, &v6);
	host_rules_close(&r);
	host_source_close(&s);
	close(kernel);
}

static void take(void *arg, uint16_t type, struct reader *payload)
{
	host_devices_take(arg, type, payload);
}

static void fuzz_devices(void)
{
	struct own_programs own = { 0 };
	struct host_devices d;
	struct host_source s;
	int kernel;

	s = source_new(&kernel);
	host_devices_open(&d, &s, &own);
	for (int ifindex = 1; ifindex < 4; ifindex++) {
		s.seq = UINT32_MAX;
		say(kernel);
		host_device_get(&d, ifindex, true);
	}
	say(kernel);
	host_source_news(&s, take, &d);
	s.seq = UINT32_MAX;
	say(kernel);
	host_devices_doubt(&d);
	host_devices_read(&d);
	host_devices_look(&d);
	host_devices_close(&d);
	host_source_close(&s);
	close(kernel);
}

static void fuzz_route(void)
{
	struct fast_route route = { .hop.family = AF_INET };

	if (fast_route_read(reader_over(octets, count), &route) == 0)
		assert(route.ifindex > 0 && !route.encapsulates);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const targets[])(void) = { fuzz_xfrm, fuzz_nftables, fuzz_rules, fuzz_devices,
		                                 fuzz_route };

	if (size < 1 || size > INPUT_MAX)
		return 0;
	octets = data + 1;
	count = size - 1;
	targets[data[0] % ARRAY_SIZE(targets)]();
	return 0;
}
