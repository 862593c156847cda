/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_name_test.c - names of PPPoL2TP sockets against the system's own structures */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "wire/ppp_name.h"

#include <linux/if_pppox.h> /* behind netinet/in.h, which it then does without */

static void comes_back(const void *octets, size_t len)
{
	uint8_t back[PPP_NAME_MAX];
	struct ppp_name n;

	assert_int_equal(ppp_name_read(octets, len, &n), 0);
	assert_int_equal(ppp_name_write(&n, back), len);
	assert_memory_equal(back, octets, len);
}

static void v2_is_sockaddr_pppol2tp(void **state)
{
	struct sockaddr_pppol2tp a = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .pid = 7,
		              .fd = -1,
		              .s_tunnel = 1,
		              .s_session = 2,
		              .d_tunnel = 65535,
		              .d_session = 4 },
	};
	struct ppp_name n;

	a.pppol2tp.addr.sin_family = AF_INET;
	a.pppol2tp.addr.sin_port = htons(1701);
	a.pppol2tp.addr.sin_addr.s_addr = htonl(0xc0000201);
	assert_int_equal(ppp_name_read((const uint8_t *)&a, sizeof(a), &n), 0);
	assert_int_equal(sizeof(a), PPP_NAME_V2_LEN);
	assert_int_equal(n.version, 2);
	assert_false(n.ipv6);
	assert_int_equal(n.family, PPP_NAME_FAMILY);
	assert_int_equal(n.protocol, PPP_NAME_PROTOCOL);
	assert_int_equal(n.pid, 7);
	assert_int_equal(n.fd, -1);
	assert_int_equal(n.conn_id, 1);
	assert_int_equal(n.session_id, 2);
	assert_int_equal(n.peer_conn_id, 65535);
	assert_int_equal(n.peer_session_id, 4);
	assert_int_equal(ntohs(n.peer.v4.sin_port), 1701);
	comes_back(&a, sizeof(a));
}

static void v3_over_ipv6_is_sockaddr_pppol2tpv3in6(void **state)
{
	struct sockaddr_pppol2tpv3in6 a = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = 5,
		              .s_tunnel = 1u << 31,
		              .s_session = 2,
		              .d_tunnel = 3,
		              .d_session = UINT32_MAX },
	};
	struct ppp_name n;

	a.pppol2tp.addr.sin6_addr = in6addr_loopback;
	assert_int_equal(sizeof(a), PPP_NAME_V3_6LEN);
	assert_int_equal(ppp_name_read((const uint8_t *)&a, sizeof(a), &n), 0);
	assert_int_equal(n.version, 3);
	assert_true(n.ipv6);
	assert_int_equal(n.conn_id, 1u << 31);
	assert_int_equal(n.peer_session_id, UINT32_MAX);
	assert_memory_equal(&n.peer.v6.sin6_addr, &in6addr_loopback, 16);
	comes_back(&a, sizeof(a));
}

static void the_others_come_back_too(void **state)
{
	struct sockaddr_pppol2tpin6 v2 = { .sa_family = 3, .pppol2tp = { .s_session = 6 } };
	struct sockaddr_pppol2tpv3 v3 = { .sa_protocol = 9, .pppol2tp = { .d_tunnel = 1u << 20 } };

	comes_back(&v2, sizeof(v2));
	comes_back(&v3, sizeof(v3));
}

/* Requirements: PX-10 */
static void no_other_length_is_a_name(void **state)
{
	const uint8_t octets[PPP_NAME_MAX + 1] = { 0 };
	struct ppp_name n;

	for (size_t len = 0; len <= sizeof(octets); len++)
		assert_int_equal(ppp_name_read(octets, len, &n),
		                 len == 38 || len == 46 || len == 50 || len == 58 ? 0 : -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(v2_is_sockaddr_pppol2tp),
		cmocka_unit_test(v3_over_ipv6_is_sockaddr_pppol2tpv3in6),
		cmocka_unit_test(the_others_come_back_too),
		cmocka_unit_test(no_other_length_is_a_name),
	};

	return cmocka_run_group_tests_name("ppp_name", tests, NULL, NULL);
}
