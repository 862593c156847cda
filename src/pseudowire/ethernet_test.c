/* SPDX-License-Identifier: BSD-2-Clause */
/* ethernet_test.c - the MTU table of ETH-10, as a kernel showed it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "pseudowire/ethernet.h"

/* Requirements: ETH-10, HDR-4 */
static void test_the_kernels_table(void **state)
{
	/* clang-format off */
	static const struct {
		uint32_t path_mtu;
		bool udp, ipv6;
		uint32_t header, mtu;
	} rows[] = {
		/* path   udp    ipv6   header     device */
		{ 1500,   true,  false, 4 + 4 + 4, 1446 },
		{ 1500,   true,  false, 4 + 4 + 8, 1442 },
		{ 1500,   false, false, 4 + 4,     1458 },
		{ 1500,   false, false, 4,         1462 },
		{ 65535,  true,  false, 4 + 4 + 4, 65481 },
		{ 65535,  true,  false, 8 + 4 + 4, 65477 },
		{ 0,      true,  false, 4 + 4 + 4, 1446 },
		{ 0,      false, false, 4,         1462 },
		{ 1500,   true,  true,  4 + 4 + 4, 1426 },
		{ 65536,  true,  true,  4 + 4 + 4, 65462 },
		{ 65536,  false, true,  4,         65478 },
		{ 20,     true,  false, 4 + 4 + 4, 1446 },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mtu_rule rule = ethernet_mtu(rows[i].udp, rows[i].ipv6, rows[i].header);

		assert_int_equal(mtu_rule_apply(&rule, rows[i].path_mtu), rows[i].mtu);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_kernels_table),
	};

	return cmocka_run_group_tests_name("ethernet", tests, NULL, NULL);
}
