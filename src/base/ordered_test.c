/* SPDX-License-Identifier: BSD-2-Clause */
/* ordered_test.c - the ordered map against a plain array */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/ordered.h"

#define KEYS 2000

struct entry {
	struct ordered_node node;
	bool present;
};

static void walks_in_order_and_agrees_with_an_array(void **state)
{
	static struct entry entries[KEYS];
	struct ordered map = { 0 };
	uint32_t random = 1;

	for (unsigned int step = 0; step < 20 * KEYS; step++) {
		random = random * 1664525u + 1013904223u;
		unsigned int key = (random >> 8) % KEYS;
		struct entry *e = &entries[key];

		if (e->present) {
			assert_false(ordered_insert(&map, &(struct ordered_node){ 0 }, key));
			ordered_remove(&map, &e->node);
		} else {
			assert_true(ordered_insert(&map, &e->node, key));
		}
		e->present = !e->present;
	}

	struct ordered_node *n = ordered_from(&map, 0);

	for (unsigned int key = 0; key < KEYS; key++) {
		assert_ptr_equal(ordered_find(&map, key),
		                 entries[key].present ? &entries[key].node : NULL);
		if (!entries[key].present)
			continue;
		assert_ptr_equal(n, &entries[key].node);
		n = ordered_from(&map, n->key + 1);
	}
	assert_null(n);
}

static void an_empty_map_has_nothing(void **state)
{
	struct ordered map = { 0 };

	assert_null(ordered_find(&map, 0));
	assert_null(ordered_from(&map, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_in_order_and_agrees_with_an_array),
		cmocka_unit_test(an_empty_map_has_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
