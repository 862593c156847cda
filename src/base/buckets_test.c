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
		buckets_insert(&b, &nodes[i], hash_u64(i, 7));
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
		buckets_insert(&b, &same[i], 42);
	for (uint64_t i = 0; i < MANY; i++)
		buckets_insert(&b, &others[i], hash_u64(i, 0));
	assert_ptr_equal(buckets_first(&b, 42), &same[2]);
	assert_ptr_equal(buckets_next(&same[2]), &same[1]);
	assert_ptr_equal(buckets_next(&same[1]), &same[0]);
	assert_null(buckets_next(&same[0]));
	buckets_release(&b);
}

/* As it is when the first chains could not be had: .size stays 0, and all is in the one chain. */
static void test_one_chain_does_until_there_is_memory(void **state)
{
	static struct bucket_node nodes[3], more;
	struct buckets b = { 0 };

	for (int i = 0; i < 3; i++) {
		nodes[i] = (struct bucket_node){ b.only, i == 2 ? 42 : 43 };
		b.only = &nodes[i];
		b.count++;
	}
	assert_ptr_equal(buckets_first(&b, 42), &nodes[2]);
	assert_ptr_equal(buckets_first(&b, 43), &nodes[1]);
	assert_ptr_equal(buckets_next(&nodes[1]), &nodes[0]);
	assert_int_equal(buckets_chains(&b), 1);
	assert_ptr_equal(buckets_chain(&b, 0), &nodes[2]);
	buckets_remove(&b, &nodes[1]);
	assert_ptr_equal(buckets_first(&b, 43), &nodes[0]);
	buckets_insert(&b, &more, 43);
	assert_true(b.size > 0);
	assert_null(b.only);
	assert_ptr_equal(buckets_first(&b, 43), &more);
	assert_ptr_equal(buckets_next(&more), &nodes[0]);
	assert_ptr_equal(buckets_first(&b, 42), &nodes[2]);
	buckets_remove(&b, &more);
	buckets_remove(&b, &nodes[0]);
	assert_ptr_equal(buckets_any(&b), &nodes[2]);
	buckets_remove(&b, &nodes[2]);
	assert_null(buckets_any(&b));
	buckets_release(&b);
}

/* As a daemon does that ends: 9 s of processor's time with a hundred thousand, if each search begins at the first chain. */
static void test_who_takes_all_out_looks_at_each_chain_once(void **state)
{
	static struct bucket_node nodes[100 * MANY], late;
	struct buckets b = { 0 };
	struct bucket_node *node;
	size_t count = 0, looked_at = 0;

	for (size_t i = 0; i < 100 * MANY; i++)
		buckets_insert(&b, &nodes[i], hash_u64(i, 7));
	for (; (node = buckets_any(&b)); count++) {
		assert_true(b.low >= looked_at);
		looked_at = b.low;
		buckets_remove(&b, node);
	}
	assert_int_equal(count, 100 * MANY);
	assert_int_equal(b.low, buckets_chains(&b));
	buckets_insert(&b, &late, 0);
	assert_ptr_equal(buckets_any(&b), &late);
	buckets_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_what_is_in_it),
		cmocka_unit_test(test_newest_of_one_hash_comes_first_also_after_growing),
		cmocka_unit_test(test_one_chain_does_until_there_is_memory),
		cmocka_unit_test(test_who_takes_all_out_looks_at_each_chain_once),
	};

	return cmocka_run_group_tests_name("buckets", tests, NULL, NULL);
}
