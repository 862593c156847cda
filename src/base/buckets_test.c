/* SPDX-License-Identifier: BSD-2-Clause */
/* buckets_test.c - the hash table grows, keeps the order within a hash, and forgets what is removed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buckets.h"
#include "base/hash.h"

#define MANY 1000

static void test_finds_what_is_in_it(void **state)
{
	static struct bucket_node nodes[MANY];
	struct buckets b = { 0 };

	assert_null(buckets_first(&b, 1));
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(buckets_insert(&b, &nodes[i], hash_u64(i, 7)), 0);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(buckets_first(&b, hash_u64(i, 7)), &nodes[i]);
	for (uint64_t i = 0; i < MANY; i += 2)
		buckets_remove(&b, &nodes[i]);
	for (uint64_t i = 0; i < MANY; i++)
		assert_ptr_equal(buckets_first(&b, hash_u64(i, 7)), i % 2 ? &nodes[i] : NULL);
	assert_int_equal(b.count, MANY / 2);
	buckets_release(&b);
}

static void test_newest_of_one_hash_comes_first_also_after_growing(void **state)
{
	static struct bucket_node same[3], others[MANY];
	struct buckets b = { 0 };

	for (int i = 0; i < 3; i++)
		assert_int_equal(buckets_insert(&b, &same[i], 42), 0);
	for (uint64_t i = 0; i < MANY; i++)
		assert_int_equal(buckets_insert(&b, &others[i], hash_u64(i, 0)), 0);
	assert_ptr_equal(buckets_first(&b, 42), &same[2]);
	assert_ptr_equal(buckets_next(&same[2]), &same[1]);
	assert_ptr_equal(buckets_next(&same[1]), &same[0]);
	assert_null(buckets_next(&same[0]));
	buckets_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_is_in_it),
		cmocka_unit_test(test_newest_of_one_hash_comes_first_also_after_growing),
	};

	return cmocka_run_group_tests_name("buckets", tests, NULL, NULL);
}
