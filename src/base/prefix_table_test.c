/* SPDX-License-Identifier: BSD-2-Clause */
/* prefix_table_test.c - the longest prefix is found, once each, and of many */
#include "base/prefix_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/cleanup.h"

static struct prefix parse(const char *address, unsigned int bits)
{
	uint8_t family = strchr(address, ':') ? AF_INET6 : AF_INET;
	uint8_t octets[PREFIX_OCTETS];

	assert_int_equal(inet_pton(family, address, octets), 1);
	return prefix_make(family, octets, bits);
}

static struct prefix_node *match(const struct prefix_table *t, const char *address)
{
	struct prefix p = parse(address, strchr(address, ':') ? 128 : 32);

	return prefix_table_match(t, p.family, p.octets);
}

static void bits_that_do_not_count_are_dropped(void **state)
{
	struct prefix wide = parse("10.1.255.7", 20), narrow = parse("10.1.240.0", 20);
	struct prefix inside = parse("10.1.241.9", 32), outside = parse("10.1.239.255", 32);

	assert_true(prefix_equal(&wide, &narrow));
	assert_true(prefix_has(&wide, inside.octets));
	assert_false(prefix_has(&wide, outside.octets));
	wide = parse("0.0.0.0", 0);
	assert_true(prefix_has(&wide, outside.octets));
	wide = parse("2001:db8::", 47);
	inside = parse("2001:db8:1:2::3", 128);
	outside = parse("2001:db8:2::", 128);
	assert_true(prefix_has(&wide, inside.octets));
	assert_false(prefix_has(&wide, outside.octets));
}

static void the_longest_wins(void **state)
{
	struct prefix_table t = { .seed = 7 };
	struct prefix_node host = { .prefix = parse("10.0.0.1", 32) };
	struct prefix_node net = { .prefix = parse("10.0.0.0", 24) };
	struct prefix_node six = { .prefix = parse("2001:db8::", 56) };

	assert_null(match(&t, "10.0.0.1"));
	assert_int_equal(prefix_table_insert(&t, &net), 0);
	assert_int_equal(prefix_table_insert(&t, &host), 0);
	assert_int_equal(prefix_table_insert(&t, &six), 0);
	assert_ptr_equal(match(&t, "10.0.0.1"), &host);
	assert_ptr_equal(match(&t, "10.0.0.2"), &net);
	assert_null(match(&t, "10.0.1.1"));
	assert_ptr_equal(match(&t, "2001:db8:0:ff::1"), &six);
	assert_null(match(&t, "2001:db8:0:100::1"));
	prefix_table_remove(&t, &host);
	assert_ptr_equal(match(&t, "10.0.0.1"), &net);
	prefix_table_remove(&t, &net);
	prefix_table_remove(&t, &six);
	assert_null(match(&t, "10.0.0.2"));
	prefix_table_release(&t);
}

static void one_is_there_once(void **state)
{
	struct prefix_table t = { 0 };
	struct prefix_node first = { .prefix = parse("10.0.0.1", 32) }, again = first;

	assert_int_equal(prefix_table_insert(&t, &first), 0);
	assert_int_equal(prefix_table_insert(&t, &again), -EEXIST);
	prefix_table_remove(&t, &first);
	assert_int_equal(prefix_table_insert(&t, &again), 0);
	prefix_table_release(&t);
}

/* A length that is not used any more makes room for another. */
static void lengths_are_few(void **state)
{
	struct prefix_table t = { 0 };
	struct prefix_node nodes[PREFIX_TABLE_LENGTHS + 1];
	struct prefix_node six = { .prefix = parse("2001:db8::1", 128) };
	const unsigned int count = PREFIX_TABLE_LENGTHS;

	for (unsigned int i = 0; i <= count; i++)
		nodes[i] = (struct prefix_node){ .prefix = parse("10.0.0.0", 16 + i) };
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(prefix_table_insert(&t, &nodes[i]), 0);
	assert_int_equal(prefix_table_insert(&t, &nodes[count]), -ENOSPC);
	assert_int_equal(prefix_table_insert(&t, &six), 0);
	prefix_table_remove(&t, &nodes[3]);
	assert_int_equal(prefix_table_insert(&t, &nodes[count]), 0);
	assert_ptr_equal(match(&t, "10.0.0.1"), &nodes[count]);
	assert_ptr_equal(match(&t, "10.0.200.1"), &nodes[0]);
	prefix_table_release(&t);
}

static void ten_thousand(void **state)
{
	struct prefix_table t = { .seed = 99 };
	struct prefix_node *nodes = calloc(10000, sizeof(*nodes));

	assert_non_null(nodes);
	for (uint32_t i = 0; i < 10000; i++) {
		uint32_t address = htonl(0x0a000000 + i);

		nodes[i].prefix = prefix_make(AF_INET, (const uint8_t *)&address, 32);
		assert_int_equal(prefix_table_insert(&t, &nodes[i]), 0);
	}
	for (uint32_t i = 0; i < 10000; i += 7) {
		uint32_t address = htonl(0x0a000000 + i);

		assert_ptr_equal(prefix_table_match(&t, AF_INET, (const uint8_t *)&address),
		                 &nodes[i]);
	}
	for (uint32_t i = 0; i < 10000; i++)
		prefix_table_remove(&t, &nodes[i]);
	assert_int_equal(t.nodes.count, 0);
	assert_int_equal(t.lengths[0].count, 0);
	prefix_table_release(&t);
	free(nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_that_do_not_count_are_dropped),
		cmocka_unit_test(the_longest_wins),
		cmocka_unit_test(one_is_there_once),
		cmocka_unit_test(lengths_are_few),
		cmocka_unit_test(ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
