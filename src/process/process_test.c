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

#define SIGNALS(own, shared, blocked, ignored)                                                     \
	"Name:\ta\nSigQ:\t0/1\nSigPnd:\t" own "\nShdPnd:\t" shared "\nSigBlk:\t" blocked           \
	"\nSigIgn:\t" ignored "\n"

static void signals_that_wait(void **state)
{
	assert_false(process_status_signals(SIGNALS("0", "0", "0", "0")));
	assert_true(process_status_signals(SIGNALS("2", "0", "4", "1")));
	assert_true(process_status_signals(SIGNALS("0", "8000000000000000", "0", "0")));
	assert_false(process_status_signals(SIGNALS("2", "4", "6", "0")));
	assert_false(process_status_signals(SIGNALS("2", "4", "2", "4")));
	assert_true(process_status_signals("Name:\ta\n"));
}

static void a_process_as_it_knows_itself(void **state)
{
	assert_int_equal(process_status_innermost("Tgid:\t9\nNStgid:\t9\t17\t1\nNSpid:\t3\n"), 1);
	assert_int_equal(process_status_innermost("Tgid:\t9\nNStgid:\t9\nNSpid:\t3\n"), 9);
	assert_int_equal(process_status_innermost("Name:\tNStgid:\t1\nTgid:\t9\n"), 0);
	assert_int_equal(process_status_innermost("NStgid:\t9\t\n"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_in_many_groups_is_known),
		cmocka_unit_test(signals_that_wait),
		cmocka_unit_test(a_process_as_it_knows_itself),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
