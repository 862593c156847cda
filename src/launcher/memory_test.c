/* SPDX-License-Identifier: BSD-2-Clause */
/* memory_test.c - whose memory is written to: that of who had the number when it was opened
 *
 * A child executes this program anew, so that the same address is there again (without randomizing), of another.
 */
#include "launcher/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile char word[8] = "before";

/* Both ends of what parent and child tell each other. */
static int to_child[2], to_parent[2];

static void tell(int fd)
{
	assert_int_equal(write(fd, "x", 1), 1);
}

static void hear(int fd)
{
	char octet;

	assert_int_equal(read(fd, &octet, 1), 1);
}

/* The program that is executed: it says that it is there, waits, and ends with whether its word is as it was. */
static int executed(char **argv)
{
	char octet = 'x';

	if (write(atoi(argv[2]), &octet, 1) != 1 || read(atoi(argv[1]), &octet, 1) != 1)
		return 2;
	return memcmp((const char *)word, "before", 7) != 0;
}

static void child(bool executes)
{
	char in[12], out[12];

	snprintf(in, sizeof(in), "%d", to_child[0]);
	snprintf(out, sizeof(out), "%d", to_parent[1]);
	hear(to_child[0]);
	if (executes)
		execl("/proc/self/exe", "again", in, out, (char *)NULL);
	tell(to_parent[1]);
	hear(to_child[0]);
	_exit(memcmp((const char *)word, "before", 7) != 0);
}

/* What became of a write that was begun before; *@changed: whether the child saw it. */
static ssize_t write_around(bool executes, bool *changed)
{
	int memory, status;
	ssize_t written;
	pid_t pid;

	assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child(executes);
	memory = memory_open(pid);
	assert_true(memory >= 0);
	tell(to_child[1]);
	hear(to_parent[0]);
	written = memory_write(memory, (uintptr_t)word, "after", 6);
	tell(to_child[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	*changed = WEXITSTATUS(status);
	close(memory);
	return written;
}

static void test_the_memory_of_a_process(void **state)
{
	bool changed;

	assert_int_equal(write_around(false, &changed), 6);
	assert_true(changed);
}

static void test_it_is_not_that_of_the_program_it_executes(void **state)
{
	bool changed;

	assert_int_equal(write_around(true, &changed), 0);
	assert_false(changed);
}

static void test_what_is_not_there(void **state)
{
	const int memory = memory_open(getpid());
	char octets[8];

	assert_int_equal(memory_write(memory, 8, "x", 1), -EFAULT);
	assert_int_equal(memory_read(getpid(), 8, octets, 1), -EFAULT);
	assert_int_equal(memory_read(getpid(), (uintptr_t)word, octets, 7), 7);
	assert_string_equal(octets, "before");
	close(memory);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_memory_of_a_process),
		cmocka_unit_test(test_it_is_not_that_of_the_program_it_executes),
		cmocka_unit_test(test_what_is_not_there),
	};

	if (argc == 3)
		return executed(argv);
	/* So that addresses are the same in a program that is executed. */
	if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
		if (personality(ADDR_NO_RANDOMIZE) >= 0)
			execv("/proc/self/exe", argv);
		return 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
