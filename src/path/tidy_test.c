/* SPDX-License-Identifier: BSD-2-Clause */
/* tidy_test.c - what is free is given back, and nothing else */
#include "path/tidy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDS 400
#define SIZE    192 /* of one: none of the pages' sizes is a multiple of it */
#define OCTET   0x5a

struct fixture {
	unsigned char *records;
	struct free_list free;
	size_t page;
};

static int setup(void **state)
{
	static struct fixture f;

	f.page = (size_t)sysconf(_SC_PAGESIZE);
	f.records = mmap(NULL, RECORDS * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	                 -1, 0);
	if (f.records == MAP_FAILED || free_list_open(&f.free, RECORDS) < 0)
		return -1;
	memset(f.records, OCTET, RECORDS * SIZE);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free_list_close(&f->free);
	return munmap(f->records, RECORDS * SIZE);
}

static bool is_all(const unsigned char *at, size_t len, unsigned char octet)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] != octet)
			return false;
	return true;
}

static bool is_free(const struct free_list *f, uint32_t number)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (f->numbers[i] == number)
			return true;
	return false;
}

/* Pages that have an octet of a record in use, or of none, are as they were; the others are zeros. */
static void check_pages(const struct fixture *f, uint32_t used)
{
	for (size_t at = 0; at < RECORDS * SIZE; at += f->page) {
		size_t len = RECORDS * SIZE - at < f->page ? RECORDS * SIZE - at : f->page;
		bool all_free = len == f->page;

		for (size_t i = at / SIZE; all_free && i * SIZE < at + len; i++)
			all_free = i < used && is_free(&f->free, (uint32_t)i);
		assert_true(is_all(f->records + at, len, all_free ? 0 : OCTET));
	}
}

static void nothing_is_free(void **state)
{
	struct fixture *f = *state;

	tidy_records(f->records, SIZE, RECORDS, &f->free);
	assert_true(is_all(f->records, RECORDS * SIZE, OCTET));
}

static void all_are_free(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < RECORDS; i++)
		free_list_give(&f->free, i);
	tidy_records(f->records, SIZE, RECORDS, &f->free);
	check_pages(f, RECORDS);
	assert_true(is_all(f->records, f->page, 0));
}

static void some_are_in_use(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = RECORDS; i-- > 0;)
		if (i != 70 && i != 71 && i != 200)
			free_list_give(&f->free, i);
	tidy_records(f->records, SIZE, RECORDS, &f->free);
	check_pages(f, RECORDS);
	assert_true(is_all(f->records + (size_t)70 * SIZE, (size_t)2 * SIZE, OCTET));
	assert_true(is_all(f->records + (size_t)200 * SIZE, SIZE, OCTET));
	assert_true(is_all(f->records, f->page, 0));
}

static void never_used_ones_are_not_touched(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < RECORDS; i++)
		free_list_give(&f->free, i);
	tidy_records(f->records, SIZE, RECORDS / 2, &f->free);
	check_pages(f, RECORDS / 2);
	assert_true(
		is_all(f->records + (size_t)RECORDS / 2 * SIZE, (size_t)RECORDS / 2 * SIZE, OCTET));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_free, setup, teardown),
		cmocka_unit_test_setup_teardown(all_are_free, setup, teardown),
		cmocka_unit_test_setup_teardown(some_are_in_use, setup, teardown),
		cmocka_unit_test_setup_teardown(never_used_ones_are_not_touched, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
