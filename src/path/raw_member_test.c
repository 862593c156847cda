/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_member_test.c - which socket a datagram is for, as UDP decides */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>

#include "path/raw_member.h"

static const union address nobody;

static union address at(const char *text, uint16_t port)
{
	union address a = { 0 };

	if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
		a.v4.sin_family = AF_INET;
		a.v4.sin_port = htons(port);
		return a;
	}
	assert_int_equal(inet_pton(AF_INET6, text, &a.v6.sin6_addr), 1);
	a.v6.sin6_family = AF_INET6;
	a.v6.sin6_port = htons(port);
	return a;
}

static void add(struct raw_members *all, struct raw_member *m, const char *local,
                const union address *peer)
{
	union address l = at(local, 1701);

	raw_member_init(m, &l, peer);
	raw_members_add(all, m);
}

static struct raw_member *found(struct raw_members *all, const char *to, const char *from,
                                uint16_t port)
{
	union address t = at(to, 1701), f = at(from, port);

	return raw_members_find(all, &t, &f);
}

static void a_connected_socket_comes_first(void **state)
{
	struct raw_member server, one, two;
	union address peer_one = at("192.0.2.1", 1701), peer_two = at("192.0.2.1", 5000);
	struct raw_members all;

	raw_members_init(&all, 42);
	add(&all, &server, "0.0.0.0", &nobody);
	add(&all, &one, "198.51.100.1", &peer_one);
	add(&all, &two, "198.51.100.1", &peer_two);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 1701), &one);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 5000), &two);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 5001), &server);
	assert_ptr_equal(found(&all, "198.51.100.2", "192.0.2.1", 1701), &server);
	raw_members_remove(&all, &one);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 1701), &server);
	raw_members_release(&all);
}

static void another_port_is_another_socket(void **state)
{
	struct raw_member m;
	struct raw_members all;
	union address peer = at("192.0.2.1", 1701), to = at("198.51.100.1", 1702);

	raw_members_init(&all, 42);
	add(&all, &m, "0.0.0.0", &nobody);
	assert_null(raw_members_find(&all, &to, &peer));
	raw_members_remove(&all, &m);
	add(&all, &m, "0.0.0.0", &peer);
	assert_null(raw_members_find(&all, &to, &peer));
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 1701), &m);
	raw_members_release(&all);
}

static void a_bound_address_comes_before_none(void **state)
{
	struct raw_member any, bound;
	struct raw_members all;

	raw_members_init(&all, 42);
	add(&all, &any, "0.0.0.0", &nobody);
	add(&all, &bound, "198.51.100.1", &nobody);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 1701), &bound);
	assert_ptr_equal(found(&all, "198.51.100.2", "192.0.2.1", 1701), &any);
	raw_members_remove(&all, &any);
	assert_null(found(&all, "198.51.100.2", "192.0.2.1", 1701));
	raw_members_release(&all);
}

static void a_socket_of_ipv6_takes_ipv4_if_nobody_else_does(void **state)
{
	struct raw_member v6, v4;
	struct raw_members all;

	raw_members_init(&all, 42);
	add(&all, &v6, "::", &nobody);
	assert_ptr_equal(found(&all, "2001:db8::1", "2001:db8::2", 1701), &v6);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 1701), &v6);
	add(&all, &v4, "0.0.0.0", &nobody);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 1701), &v4);
	raw_members_remove(&all, &v6);
	assert_null(found(&all, "2001:db8::1", "2001:db8::2", 1701));
	raw_members_release(&all);
}

/* TX-5 */
static void ipv4_written_as_ipv6_is_ipv4(void **state)
{
	union address peer = at("::ffff:192.0.2.1", 1701);
	struct raw_member m;
	struct raw_members all;

	raw_members_init(&all, 42);
	add(&all, &m, "::ffff:198.51.100.1", &peer);
	assert_ptr_equal(found(&all, "198.51.100.1", "192.0.2.1", 1701), &m);
	assert_null(found(&all, "198.51.100.1", "192.0.2.1", 1702));
	raw_members_release(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connected_socket_comes_first),
		cmocka_unit_test(another_port_is_another_socket),
		cmocka_unit_test(a_bound_address_comes_before_none),
		cmocka_unit_test(a_socket_of_ipv6_takes_ipv4_if_nobody_else_does),
		cmocka_unit_test(ipv4_written_as_ipv6_is_ipv4),
	};

	return cmocka_run_group_tests_name("raw_member", tests, NULL, NULL);
}
