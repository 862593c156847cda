/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint_test.c - sockets of the keeper: endpoints, routes to peers, sockets of programs */
#include "keeper/keeper_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "keeper/path_mtu.h"

/* Requirements: TUN-10 */
static void test_endpoint_errors_are_those_of_bind(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 5000, 0);
	struct result first;

	need_root();
	first = open_endpoint(f->client, &p);
	assert_int_equal(first.err, 0);
	assert_int_equal(ntohs(first.endpoint.params.local.v4.sin_port), 5000);
	assert_true(first.endpoint.bulk_fd >= 0);
	assert_int_equal(open_endpoint(f->client, &p).err, -EADDRINUSE);
	p = udp4("198.51.100.1", 5000, 0);
	assert_int_equal(open_endpoint(f->client, &p).err, -EADDRNOTAVAIL);
	p = udp4("127.0.0.2", 5000, ENDPOINT_CHECKSUM_TX);
	assert_int_equal(open_endpoint(f->client, &p).endpoint.bulk_fd, -1);
	snprintf(p.device, sizeof(p.device), "nosuch");
	assert_int_equal(open_endpoint(f->client, &p).err, -ENODEV);
	ask(f->client,
	    &(struct order){ .kind = ORDER_ENDPOINT_CLOSE, .slot = first.endpoint.slot });
	p = udp4("127.0.0.1", 5000, 0);
	assert_int_equal(open_endpoint(f->client, &p).err, 0);
}

/* Of a program's socket it is known by how much it was less when the tunnel was made. Requirements: ETH-10 */
static void test_a_path_is_never_less_than_nothing(void **state)
{
	assert_int_equal(path_mtu_by(1500, 0), 1500);
	assert_int_equal(path_mtu_by(1500, 56), 1444);
	assert_int_equal(path_mtu_by(1400, -20), 1420);
	assert_int_equal(path_mtu_by(1500, 7500), 1500);
	assert_int_equal(path_mtu_by(7500, 7500), 7500);
}

static void test_unspecified_endpoint_chooses_a_port(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 0, 0);
	struct result r;

	need_root();
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_int_not_equal(r.endpoint.params.local.v4.sin_port, 0);
	assert_true(r.endpoint.bulk_fd >= 0);
}

/* A batch of segments leaves from the endpoint's port, though the endpoint itself sends no checksums. */
static void test_bulk_sends_segments_from_the_same_port(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 0, 0), q = udp4("127.0.0.1", 0, 0);
	AUTO_FD home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	const struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_in from;
	socklen_t len = sizeof(q.local.v4);
	AUTO_FD sink = -1;
	struct result r;
	char data[4096];

	need_root();
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_int_equal(setns(f->netns, CLONE_NEWNET), 0);
	sink = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_int_equal(bind(sink, &q.local.any, len), 0);
	assert_int_equal(getsockname(sink, &q.local.any, &len), 0);
	setsockopt(sink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(
		ask(f->client,
	            &(struct order){ .kind = ORDER_BULK, .slot = r.endpoint.slot, .peer = q.local })
			.err,
		0);
	for (int i = 0; i < 3; i++) {
		len = sizeof(from);
		assert_int_equal(
			recvfrom(sink, data, sizeof(data), 0, (struct sockaddr *)&from, &len),
			i < 2 ? 1000 : 500);
		assert_int_equal(from.sin_port, r.endpoint.params.local.v4.sin_port);
		assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
	}
}

static void test_ip_endpoints_of_both_families(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 0, 0);
	struct result r;

	need_root();
	p.protocol = 115;
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.endpoint.bulk_fd, -1);
	memset(&p.local, 0, sizeof(p.local));
	p.local.v6.sin6_family = AF_INET6;
	p.local.v6.sin6_addr = in6addr_loopback;
	assert_int_equal(open_endpoint(f->client, &p).err, 0);
	p.protocol = IPPROTO_UDP;
	p.flags = ENDPOINT_ZERO_CHECKSUM6_TX;
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_true(r.endpoint.bulk_fd >= 0);
	p.protocol = 7;
	assert_int_equal(open_endpoint(f->client, &p).err, -EINVAL);
}

/* Requirements: TUN-10 */
static void test_route_answers_as_connect(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 1701, 0);
	struct endpoint_params peer = udp4("127.0.0.9", 1701, 0);
	struct order order = { .kind = ORDER_ROUTE };
	struct result r;

	need_root();
	order.slot = open_endpoint(f->client, &p).endpoint.slot;
	order.peer = peer.local;
	r = ask(f->client, &order);
	assert_int_equal(r.err, 0);
	assert_int_equal(ntohl(r.source.v4.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(ntohs(r.source.v4.sin_port), 1701);
	assert_int_equal(r.mtu_bytes, 65535);
	peer = udp4("198.51.100.1", 1701, 0);
	order.peer = peer.local;
	assert_int_equal(ask(f->client, &order).err, -ENETUNREACH);
}

static struct result act(int client, enum order_kind kind, uint32_t slot, const char *address)
{
	struct order order = { .kind = kind, .slot = slot };

	if (address)
		order.peer = udp4(address, 0, 0).local;
	return ask(client, &order);
}

/* Requirements: IPS-10, IPS-20, IPS-22, IPS-23 */
static void test_socket_of_a_program_binds_and_connects(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 0, ENDPOINT_TWIN);
	uint32_t slot;
	struct result r;

	need_root();
	assert_int_equal(open_endpoint(f->client, &p).err, -EINVAL); /* UDP */
	p.protocol = 115;
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	slot = r.endpoint.slot;
	assert_int_equal(act(f->client, ORDER_SOCKET_BIND, slot, "198.51.100.1").err,
	                 -EADDRNOTAVAIL);
	assert_int_equal(act(f->client, ORDER_SOCKET_CONNECT, slot, "198.51.100.1").err,
	                 -ENETUNREACH);
	r = act(f->client, ORDER_SOCKET_BIND, slot, "127.0.0.5");
	assert_int_equal(r.err, 0);
	assert_int_equal(ntohl(r.names.local.v4.sin_addr.s_addr), 0x7f000005);
	assert_int_equal(act(f->client, ORDER_SOCKET_BIND, slot, "0.0.0.0").err, 0);
	r = act(f->client, ORDER_SOCKET_CONNECT, slot, "127.0.0.9");
	assert_int_equal(r.err, 0);
	assert_int_equal(ntohl(r.names.local.v4.sin_addr.s_addr), INADDR_LOOPBACK);
	r = act(f->client, ORDER_SOCKET_CONNECT, slot, NULL);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.names.local.v4.sin_addr.s_addr, 0);
	assert_int_equal(act(f->client, ORDER_SOCKET_BIND, slot + 1, "0.0.0.0").err, -ENOENT);
}

/* Requirements: IPS-53 */
static void test_options_of_a_programs_socket(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 0, ENDPOINT_TWIN);
	struct order order = { .kind = ORDER_SOCKET_OPTION };

	need_root();
	p.protocol = 115;
	order.slot = open_endpoint(f->client, &p).endpoint.slot;
	order.option = (struct keeper_socket_option){ IPPROTO_IP, IP_TTL, 4, { 33 } };
	assert_int_equal(ask(f->client, &order).err, 0);
	order.option.option = IP_OPTIONS;
	assert_int_equal(ask(f->client, &order).err, -ENOPROTOOPT);
	order.option = (struct keeper_socket_option){ SOL_SOCKET, SO_BINDTODEVICE, 3, "lo" };
	assert_int_equal(ask(f->client, &order).err, 0);
	assert_int_equal(ask(f->client, &order).names.ifindex, 1);
	memcpy(order.option.value, "no", 3);
	assert_int_equal(ask(f->client, &order).err, -ENODEV);
	order.option.len = 400;
	assert_int_equal(ask(f->client, &order).err, -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KEEPER(test_endpoint_errors_are_those_of_bind),
		cmocka_unit_test(test_a_path_is_never_less_than_nothing),
		WITH_KEEPER(test_unspecified_endpoint_chooses_a_port),
		WITH_KEEPER(test_bulk_sends_segments_from_the_same_port),
		WITH_KEEPER(test_ip_endpoints_of_both_families),
		WITH_KEEPER(test_route_answers_as_connect),
		WITH_KEEPER(test_socket_of_a_program_binds_and_connects),
		WITH_KEEPER(test_options_of_a_programs_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
