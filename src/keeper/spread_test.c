/* SPDX-License-Identifier: BSD-2-Clause */
/* spread_test.c - tests of spread.c on sockets in a namespace of its own: the program says what spread_number() says */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/endpoint_socket.h"
#include "keeper/spread.h"

#define PORT  1701
#define COUNT 3
#define PEERS 40

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

static struct endpoint_params params_of(sa_family_t family)
{
	struct endpoint_params p;

	memset(&p, 0, sizeof(p));
	p.protocol = IPPROTO_UDP;
	p.local.any.sa_family = family;
	if (family == AF_INET6)
		p.local.v6.sin6_port = htons(PORT);
	else
		p.local.v4.sin_port = htons(PORT);
	return p;
}

static union address loopback(sa_family_t family, uint32_t last, uint16_t port)
{
	union address a = { .any.sa_family = family };

	if (family == AF_INET6) {
		a.v6.sin6_port = htons(port);
		a.v6.sin6_addr.s6_addr[15] = (uint8_t)last;
	} else {
		a.v4.sin_port = htons(port);
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last);
	}
	return a;
}

static void address_add(uint32_t last)
{
	struct in6_ifreq request = { .ifr6_prefixlen = 128 };
	AUTO_FD fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.ifr6_addr = loopback(AF_INET6, last, 0).v6.sin6_addr;
	request.ifr6_ifindex = (int)if_nametoindex("lo");
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
}

struct fixture {
	struct endpoint_params params;
	struct spread spread;
	int main;
};

static void setup(struct fixture *f, sa_family_t family)
{
	struct descriptors descriptors = { 0 };

	*f = (struct fixture){ .params = params_of(family) };
	f->main = endpoint_socket(&f->params, NULL);
	assert_true(f->main >= 0);
	assert_int_equal(
		spread_open(&f->spread, &f->params, f->main, -1, COUNT, false, &descriptors, NULL),
		0);
}

/* An endpoint of all addresses, beside whose socket stands another that only sends. */
static void check_any(sa_family_t family)
{
	struct descriptors descriptors = { 0 };
	struct fixture f = { .params = params_of(family) };
	int bulk;

	f.params.flags |= ENDPOINT_ZERO_CHECKSUM6_TX;
	f.main = endpoint_socket(&f.params, NULL);
	assert_true(f.main >= 0);
	bulk = bulk_socket(&f.params, f.main, 7);
	assert_true(bulk >= 0);
	assert_int_equal(
		spread_open(&f.spread, &f.params, f.main, bulk, COUNT, false, &descriptors, NULL),
		0);
	spread_close(&f.spread);
	close(bulk);
	close(f.main);
}

static void all_addresses_can_be_spread(void **state)
{
	(void)state;
	check_any(AF_INET);
	check_any(AF_INET6);
}

static void teardown(struct fixture *f)
{
	spread_close(&f->spread);
	close(f->main);
}

/* An IPv6 address can be used a moment after it was added. */
static void bind_soon(int fd, const union address *a)
{
	for (int left = 10000; bind(fd, &a->any, address_len(a)) < 0; left--) {
		assert_int_equal(errno, EADDRNOTAVAIL);
		assert_true(left > 0);
		usleep(1000);
	}
}

/* Which socket a packet from @from came to. */
static uint32_t arrival(const struct fixture *f, const union address *from)
{
	struct pollfd fds[COUNT] = { { .fd = f->main, .events = POLLIN } };
	union address to = loopback(f->params.local.any.sa_family, 1, PORT);
	AUTO_FD fd = socket(from->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t number = 0;
	char octet;

	bind_soon(fd, from);
	assert_int_equal(sendto(fd, "x", 1, 0, &to.any, address_len(&to)), 1);
	for (uint32_t i = 1; i < COUNT; i++)
		fds[i] = (struct pollfd){ .fd = f->spread.fd[i], .events = POLLIN };
	assert_int_equal(poll(fds, COUNT, 10000), 1);
	while (!fds[number].revents)
		number++;
	assert_int_equal(recv(fds[number].fd, &octet, 1, MSG_DONTWAIT), 1);
	return number;
}

static void check_peers(sa_family_t family, uint16_t port_step)
{
	unsigned int seen[COUNT] = { 0 };
	struct fixture f;

	setup(&f, family);
	for (uint32_t i = 1; i <= PEERS; i++) {
		union address from =
			loopback(family, i, (uint16_t)(port_step ? 5000 + i * port_step : 1702));
		uint32_t number = arrival(&f, &from);

		assert_int_equal(number, spread_number(&from, COUNT));
		seen[number]++;
	}
	for (uint32_t i = 0; i < COUNT; i++)
		assert_true(seen[i] >= PEERS / COUNT / 2);
	teardown(&f);
}

static void ipv4_goes_by_address_and_port(void **state)
{
	check_peers(AF_INET, 0);
	check_peers(AF_INET, 1);
}

static void ipv6_goes_by_address(void **state)
{
	union address a = loopback(AF_INET6, 7, 1000), b = loopback(AF_INET6, 7, 2000);

	for (uint32_t i = 2; i <= PEERS; i++)
		address_add(i);
	check_peers(AF_INET6, 0);
	check_peers(AF_INET6, 1);
	assert_int_equal(spread_number(&a, COUNT), spread_number(&b, COUNT));
}

/* Each gets its share of peers whose addresses and ports follow one another, in whatever steps. */
static void neighbours_are_spread(void **state)
{
	for (uint32_t count = 2; count <= 32; count *= 2) {
		for (uint32_t step = 1; step <= 1024; step *= 2) {
			unsigned int seen[SPREAD_MAX] = { 0 };

			for (uint32_t i = 0; i < 64 * count; i++) {
				union address from =
					loopback(AF_INET, 1, (uint16_t)(1701 + i * step));

				from.v4.sin_addr.s_addr = htonl(0x0a000000 + i * step);
				seen[spread_number(&from, count)]++;
			}
			for (uint32_t i = 0; i < count; i++)
				assert_in_range(seen[i], 32, 110);
		}
	}
}

static void an_address_in_use_is_refused_as_ever(void **state)
{
	struct endpoint_params again = params_of(AF_INET);
	struct fixture f;

	setup(&f, AF_INET);
	assert_int_equal(endpoint_socket(&again, NULL), -EADDRINUSE);
	teardown(&f);
}

static void without_room_the_first_stays_alone(void **state)
{
	struct descriptors descriptors = { 0 };
	struct fixture f = { .params = params_of(AF_INET) };
	int on = 1;
	socklen_t len = sizeof(on);

	f.main = endpoint_socket(&f.params, NULL);
	f.params.local.v4.sin_addr.s_addr = htonl(0x01020304); /* which is not this host's */
	assert_int_equal(
		spread_open(&f.spread, &f.params, f.main, -1, COUNT, false, &descriptors, NULL),
		-EADDRNOTAVAIL);
	assert_int_equal(f.spread.count, 0);
	assert_int_equal(getsockopt(f.main, SOL_SOCKET, SO_REUSEPORT, &on, &len), 0);
	assert_int_equal(on, 0);
	close(f.main);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_goes_by_address_and_port),
		cmocka_unit_test(ipv6_goes_by_address),
		cmocka_unit_test(neighbours_are_spread),
		cmocka_unit_test(all_addresses_can_be_spread),
		cmocka_unit_test(an_address_in_use_is_refused_as_ever),
		cmocka_unit_test(without_room_the_first_stays_alone),
	};

	return cmocka_run_group_tests(tests, own_namespace, NULL);
}
