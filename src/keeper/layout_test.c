/* SPDX-License-Identifier: BSD-2-Clause */
/* layout_test.c - what one release leaves to the next is not changed unnoticed */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper/layout.h"

/* If this fails, something that an upgrade takes over lies elsewhere or is larger: raise LAYOUT_VERSION, and have here what
 * `ul2tpd --upgrade-layout` prints then. */
#define LAYOUT "1-8a0ae670"

static void test_the_version_was_raised(void **state)
{
	char text[LAYOUT_TEXT_MAX];

	layout_text(text);
	/* Where pointers and long have 64 bits nothing of it is of another size. */
	if (sizeof(void *) == 8)
		assert_string_equal(text, LAYOUT);
	assert_int_equal(layout_number() >> 32, LAYOUT_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_version_was_raised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
