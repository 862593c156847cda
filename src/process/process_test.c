/* SPDX-License-Identifier: BSD-2-Clause */
/* process_test.c - what is read of this very process */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <grp.h>
#include <limits.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "process/process.h"

/* They stand before the capabilities, eleven octets each. Requirements: NL-12 */
static void a_process_in_many_groups_is_known(void **state)
{
	static gid_t before[NGROUPS_MAX], groups[NGROUPS_MAX];
	AUTO_FD process = process_open(getpid());
	struct process_credentials few, many;
	int count = getgroups(NGROUPS_MAX, before);

	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		groups[i] = (gid_t)(4000000000 + i);
	assert_int_equal(process_credentials(process, &few), 0);
	assert_true(count >= 0);
	if (setgroups(ARRAY_SIZE(groups), groups) < 0) {
		print_message("# needs root: groups are changed\n");
		skip();
	}
	assert_int_equal(process_credentials(process, &many), 0);
	assert_int_equal(setgroups((size_t)count, before), 0);
	assert_true(many.effective == few.effective);
	assert_string_equal(many.name, few.name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_in_many_groups_is_known),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
