/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_filter_test.c - tests of raw_filter.c on sockets in a namespace of its own */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/keeper.h"
#include "keeper/raw_filter.h"

#define PORT    1701
#define OTHER   1702
#define UDP_IN  17  /* SOL_UDP; netinet/udp.h and linux/udp.h exclude each other */
#define SEGMENT 103 /* UDP_SEGMENT */

static struct classic program;

/* More than a leaf of the search holds, PORT among them. */
static const struct raw_filter_ports *ports(void)
{
	static struct run runs[40];
	static struct raw_filter_ports some = { .runs = runs };

	for (some.count = 0; some.count < ARRAY_SIZE(runs); some.count++)
		runs[some.count] = (struct run){ PORT - 100 + (uint32_t)some.count * 10,
			                         PORT - 100 + (uint32_t)some.count * 10 };
	return &some;
}

static void lo_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &ifr), 0);
}

static int own_namespace(void **state)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	lo_up();
	return 0;
}

static union address loopback(sa_family_t family, uint16_t port)
{
	if (family == AF_INET6)
		return (union address){ .v6 = { .sin6_family = AF_INET6,
			                        .sin6_port = htons(port),
			                        .sin6_addr = IN6ADDR_LOOPBACK_INIT } };
	return (union address){ .v4 = { .sin_family = AF_INET,
		                        .sin_port = htons(port),
		                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
}

static int socket_on(sa_family_t family, uint16_t port)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	union address a = loopback(family, port);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &a.any, family == AF_INET6 ? sizeof(a.v6) : sizeof(a.v4)), 0);
	return fd;
}

static int raw_on(sa_family_t family)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);

	assert_true(fd >= 0);
	assert_int_equal(raw_filter_build(&program, family, ports()), 0);
	assert_int_equal(classic_attach(&program, fd), 0);
	return fd;
}

static int gauge_on(sa_family_t family)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;
	struct sockaddr_ll all = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

	assert_true(fd >= 0);
	assert_int_equal(gauge_filter_build(&program, family, ports()), 0);
	assert_int_equal(classic_attach(&program, fd), 0);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&all, sizeof(all)), 0);
	return fd;
}

static void send_to(int fd, sa_family_t family, uint16_t port, const void *octets, size_t len)
{
	union address to = loopback(family, port);

	assert_int_equal(sendto(fd, octets, len, 0, &to.any,
	                        family == AF_INET6 ? sizeof(to.v6) : sizeof(to.v4)),
	                 len);
}

/* Octets of what waits on @fd; -1: nothing. */
static ssize_t got(int fd)
{
	static uint8_t octets[70000];

	return recv(fd, octets, sizeof(octets), 0);
}

static const uint8_t data_v3[20] = { 0x00, 0x03, 0, 0, 0, 0, 0, 77, 1, 2, 3 };
static const uint8_t data_v2[20] = { 0x40, 0x02, 0, 20, 0, 5, 0, 6, 1, 2, 3 };
static const uint8_t control[20] = { 0xc8, 0x03, 0, 20, 0, 0, 0, 77, 1, 2, 3 };
static const uint8_t version_4[20] = { 0x00, 0x04, 0, 0, 0, 0, 0, 77, 1, 2, 3 };

static void raw_gets_data_of_its_port(sa_family_t family)
{
	AUTO_FD raw = raw_on(family);
	AUTO_FD peer = socket_on(family, OTHER);
	AUTO_FD here = socket_on(family, PORT);
	size_t header = family == AF_INET ? 20 + 8 : 8;

	send_to(peer, family, PORT, data_v3, sizeof(data_v3));
	assert_int_equal(got(raw), header + sizeof(data_v3));
	send_to(peer, family, PORT, data_v2, sizeof(data_v2));
	assert_int_equal(got(raw), header + sizeof(data_v2));
	send_to(peer, family, PORT, data_v3, 14);
	assert_int_equal(got(raw), header + 14);
	send_to(peer, family, PORT, version_4, sizeof(version_4));
	assert_int_equal(got(raw), header + sizeof(version_4));

	send_to(peer, family, PORT, data_v3, 13);
	send_to(peer, family, PORT, control, sizeof(control));
	send_to(peer, family, PORT, data_v3, 0);
	send_to(here, family, OTHER, data_v3, sizeof(data_v3));
	assert_int_equal(got(raw), -1);
}

static void raw_sockets_get_the_data_packets_of_their_port(void **state)
{
	raw_gets_data_of_its_port(AF_INET);
	raw_gets_data_of_its_port(AF_INET6);
}

/* What the sender handed over as one arrives as one, and the gauge knows where to cut. */
static void gauge_tells_the_size(sa_family_t family)
{
	AUTO_FD raw = raw_on(family);
	AUTO_FD gauge = gauge_on(family);
	AUTO_FD peer = socket_on(family, OTHER);
	AUTO_FD here = socket_on(family, PORT);
	size_t header = family == AF_INET ? 20 + 8 : 8;
	static uint8_t super[3 * 100];
	uint8_t seen[sizeof(struct virtio_net_hdr) + GAUGE_SNAP];
	struct virtio_net_hdr hdr;
	int size = 100;

	for (int i = 0; i < 3; i++)
		memcpy(super + i * 100, data_v3, sizeof(data_v3));
	assert_int_equal(setsockopt(peer, UDP_IN, SEGMENT, &size, sizeof(size)), 0);
	send_to(peer, family, PORT, super, sizeof(super));
	assert_int_equal(got(raw), header + sizeof(super));
	assert_int_equal(recv(gauge, seen, sizeof(seen), 0), sizeof(seen));
	memcpy(&hdr, seen, sizeof(hdr));
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(hdr.gso_size, 100);
	assert_memory_equal(seen + sizeof(hdr) + hdr.csum_start + 8, data_v3, sizeof(data_v3));
	assert_int_equal(got(here), 100);
}

static void a_gauge_tells_how_a_local_sender_wants_it_cut(void **state)
{
	gauge_tells_the_size(AF_INET);
	gauge_tells_the_size(AF_INET6);
}

static void gauge_ignores(sa_family_t family)
{
	AUTO_FD gauge = gauge_on(family);
	AUTO_FD peer = socket_on(family, OTHER);
	AUTO_FD here = socket_on(family, PORT);
	AUTO_FD stranger = socket_on(family == AF_INET6 ? AF_INET : AF_INET6, PORT);
	int one = 1;

	send_to(here, family, OTHER, data_v3, sizeof(data_v3));
	send_to(stranger, family == AF_INET6 ? AF_INET : AF_INET6, PORT, data_v3, sizeof(data_v3));
	send_to(peer, family, PORT, control, sizeof(control));
	if (family == AF_INET)
		assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_NO_CHECK, &one, sizeof(one)), 0);
	else
		assert_int_equal(
			setsockopt(peer, UDP_IN, 101 /* UDP_NO_CHECK6_TX */, &one, sizeof(one)), 0);
	send_to(peer, family, PORT, data_v3, sizeof(data_v3));
	assert_int_equal(got(gauge), -1);
}

static void a_gauge_gets_nothing_with_another_checksum(void **state)
{
	gauge_ignores(AF_INET);
	gauge_ignores(AF_INET6);
}

/* Many addresses of source and destination, so that the sum has and has not a carry to fold. */
static void a_partial_checksum_is_known_for_any_address(void **state)
{
	AUTO_FD gauge = gauge_on(AF_INET);
	AUTO_FD here = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union address any = { .v4 = { .sin_family = AF_INET, .sin_port = htons(PORT) } };

	assert_int_equal(bind(here, &any.any, sizeof(any.v4)), 0);
	for (uint32_t i = 0; i < 500; i++) {
		AUTO_FD peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		union address from = { .v4 = { .sin_family = AF_INET } }, to = any;

		from.v4.sin_addr.s_addr = htonl(0x7f000000u | ((i * 2654435761u) >> 8 | 1));
		to.v4.sin_addr.s_addr = htonl(0x7f000000u | ((i * 40503u * 977u) & 0xfffffe) | 2);
		assert_int_equal(bind(peer, &from.any, sizeof(from.v4)), 0);
		assert_int_equal(sendto(peer, data_v3, sizeof(data_v3), 0, &to.any, sizeof(to.v4)),
		                 sizeof(data_v3));
		assert_true(got(gauge) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_sockets_get_the_data_packets_of_their_port),
		cmocka_unit_test(a_gauge_tells_how_a_local_sender_wants_it_cut),
		cmocka_unit_test(a_gauge_gets_nothing_with_another_checksum),
		cmocka_unit_test(a_partial_checksum_is_known_for_any_address),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
