/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_name_test.c - names of L2TP/IP sockets against the system's own structures */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "wire/ip_name.h"

#include <linux/l2tp.h> /* behind netinet/in.h, which it then does without */

/* Requirements: IPS-30, Q-14 */
static void ipv4_is_sockaddr_l2tpip(void **state)
{
	const struct sockaddr_l2tpip a = { .l2tp_family = AF_INET,
		                           .l2tp_unused = htons(7),
		                           .l2tp_addr.s_addr = htonl(0xc0000201),
		                           .l2tp_conn_id = 0xfffffffe };
	uint8_t back[IP_NAME_MAX];
	struct ip_name n;

	assert_int_equal(ip_name_read((const uint8_t *)&a, sizeof(a), &n), 0);
	assert_int_equal(n.family, AF_INET);
	assert_int_equal(n.unused, 7);
	assert_int_equal(ntohl(n.v4.s_addr), 0xc0000201);
	assert_int_equal(n.conn_id, 0xfffffffe);
	assert_int_equal(ip_name_write(&n, back), IP_NAME4_LEN);
	assert_memory_equal(back, &a, IP_NAME4_LEN);
}

static void ipv6_is_sockaddr_l2tpip6(void **state)
{
	struct sockaddr_l2tpip6 a = {
		.l2tp_family = AF_INET6, .l2tp_flowinfo = 5, .l2tp_scope_id = 3, .l2tp_conn_id = 9
	};
	uint8_t back[IP_NAME_MAX];
	struct ip_name n;

	a.l2tp_addr = in6addr_loopback;
	assert_int_equal(ip_name_read((const uint8_t *)&a, sizeof(a), &n), 0);
	assert_memory_equal(&n.v6, &in6addr_loopback, 16);
	assert_int_equal(n.flow_info, 5);
	assert_int_equal(n.scope_id, 3);
	assert_int_equal(n.conn_id, 9);
	assert_int_equal(ip_name_write(&n, back), IP_NAME6_LEN);
	assert_memory_equal(back, &a, IP_NAME6_LEN);
}

static void what_a_short_name_lacks_is_zero(void **state)
{
	const struct sockaddr_l2tpip a = { .l2tp_family = AF_INET,
		                           .l2tp_addr.s_addr = htonl(0xc0000201),
		                           .l2tp_conn_id = 5 };
	struct ip_name n;

	assert_int_equal(ip_name_read((const uint8_t *)&a, 11, &n), 0);
	assert_int_equal(ntohl(n.v4.s_addr), 0xc0000201);
	assert_int_equal(n.conn_id, 0);
	assert_int_equal(n.len, 11);
	assert_int_equal(ip_name_read((const uint8_t *)&a, 7, &n), 0);
	assert_int_equal(n.v4.s_addr, 0);
	assert_int_equal(ip_name_read((const uint8_t *)&a, 1, &n), -EINVAL);
}

/* Requirements: IPS-20, IPS-21 */
static void multicast_is_seen_in_all_its_forms(void **state)
{
	struct ip_name n = { .family = AF_INET, .v4.s_addr = htonl(0xe0000001) };

	assert_true(ip_name_is_multicast(&n));
	n.v4.s_addr = htonl(0xc0000201);
	assert_false(ip_name_is_multicast(&n));
	n.family = AF_INET6;
	n.v6 = in6addr_loopback;
	assert_false(ip_name_is_multicast(&n));
	n.v6 = (struct in6_addr){ .s6_addr = { 0xff, 2, [15] = 1 } };
	assert_true(ip_name_is_multicast(&n));
	n.v6 = (struct in6_addr){ .s6_addr = { [10] = 0xff, 0xff, 224, 0, 0, 1 } };
	assert_true(ip_name_is_multicast(&n));
	n.v6.s6_addr[12] = 192;
	assert_false(ip_name_is_multicast(&n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_is_sockaddr_l2tpip),
		cmocka_unit_test(ipv6_is_sockaddr_l2tpip6),
		cmocka_unit_test(what_a_short_name_lacks_is_zero),
		cmocka_unit_test(multicast_is_seen_in_all_its_forms),
	};

	return cmocka_run_group_tests_name("ip_name", tests, NULL, NULL);
}
