/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_reason_test.c - the table of reasons against doc/interfaces.txt */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "keeper/fast_reason.h"

static void reasons_are_those_of_the_document(void **state)
{
	char line[256], name[40], words[120];
	FILE *f = fopen(INTERFACES, "r");
	uint32_t next = 0;
	int within = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '[')
			within = !strcmp(line, "[fast-path]\n");
		if (!within || strchr("[#\n", line[0]))
			continue;
		assert_int_equal(sscanf(line, "%39s %119[^\n]", name, words), 2);
		assert_true(next < FAST_REASONS);
		assert_string_equal(fast_reason_text(next).name, name);
		assert_string_equal(fast_reason_text(next).words, words);
		next++;
	}
	fclose(f);
	assert_int_equal(next, FAST_REASONS);
}

static void what_is_no_reason_has_words_too(void **state)
{
	assert_string_equal(fast_reason_text(FAST_REASONS).name, "unknown");
	assert_string_equal(fast_reason_text(UINT32_MAX).name, "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons_are_those_of_the_document),
		cmocka_unit_test(what_is_no_reason_has_words_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
