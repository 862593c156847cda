/* SPDX-License-Identifier: BSD-2-Clause */
/* quirk_test.c - safe by default, and every row stands in doc/deviations.md */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tunnel/quirk.h"

static void test_nothing_is_the_kernels_way_unless_asked_for(void **state)
{
	struct quirks safe = quirks_all(false), kernels = quirks_all(true);

	for (int i = 0; i < QUIRKS; i++) {
		assert_false(safe.kernels_way[i]);
		assert_true(kernels.kernels_way[i]);
	}
}

/* Whether a line of the table of deviations begins with the id, and says that it is switched by the option. */
static int is_documented(const char *id)
{
	char line[4096], start[32];
	int found = 0;
	FILE *f;

	snprintf(start, sizeof(start), "| %s,", id);
	f = fopen(DEVIATIONS, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, start, strlen(start)) && strstr(line, "(quirk)"))
			found++;
	fclose(f);
	return found;
}

/* Some are about the same deviation of the kernel from its own rules. */
static int rows_of(const char *id)
{
	int count = 0;

	for (int i = 0; i < QUIRKS; i++)
		count += !strcmp(quirk_row(i)->id, id);
	return count;
}

static void test_each_is_a_documented_deviation(void **state)
{
	for (int i = 0; i < QUIRKS; i++)
		assert_int_equal(is_documented(quirk_row(i)->id), rows_of(quirk_row(i)->id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_the_kernels_way_unless_asked_for),
		cmocka_unit_test(test_each_is_a_documented_deviation),
	};

	return cmocka_run_group_tests_name("quirk", tests, NULL, NULL);
}
