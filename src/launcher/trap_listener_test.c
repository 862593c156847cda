/* SPDX-License-Identifier: BSD-2-Clause */
/* trap_listener_test.c - no program is left waiting because the kernel had no time for its answer */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "launcher/trap_listener.h"

/* What the next calls say: a negative errno, or a result. */
static struct {
	int says[8];
	unsigned int calls, complaints;
	int complaint;
} kernel;

int __wrap_ioctl(int fd, unsigned long what, ...);

int __wrap_ioctl(int fd, unsigned long what, ...)
{
	int result = kernel.says[kernel.calls++];

	if (result < 0)
		errno = -result;
	return result < 0 ? -1 : result;
}

static void complain(void *arg, int err)
{
	kernel.complaints++;
	kernel.complaint = err;
}

static int answer(void)
{
	struct seccomp_notif_resp resp = { .id = 1 };

	return trap_listener_answer(3, &resp, complain, NULL);
}

static void kernel_says(const int *says, size_t count)
{
	memset(&kernel, 0, sizeof(kernel));
	memcpy(kernel.says, says, count * sizeof(*says));
}

#define KERNEL_SAYS(...)                                                                           \
	kernel_says((const int[]){ __VA_ARGS__ },                                                  \
	            sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void test_a_signal_interrupts_nothing(void **state)
{
	KERNEL_SAYS(-EINTR, -EINTR, 7);
	assert_int_equal(trap_listener_ask(3, SECCOMP_IOCTL_NOTIF_ID_VALID, NULL), 7);
	KERNEL_SAYS(-EINTR, 0);
	assert_int_equal(answer(), 0);
	assert_int_equal(kernel.calls, 2);
	assert_int_equal(kernel.complaints, 0);
}

static void test_an_answer_that_fails_is_given_again(void **state)
{
	KERNEL_SAYS(-ENOMEM, -EINTR, -ENOMEM, 0);
	assert_int_equal(answer(), 0);
	assert_int_equal(kernel.calls, 4);
	assert_int_equal(kernel.complaints, 1);
	assert_int_equal(kernel.complaint, -ENOMEM);
}

static void test_it_ends_with_the_caller(void **state)
{
	KERNEL_SAYS(-ENOMEM, -ENOENT);
	assert_int_equal(answer(), -ENOENT);
	KERNEL_SAYS(-EINPROGRESS);
	assert_int_equal(answer(), -EINPROGRESS);
	KERNEL_SAYS(-ENOENT);
	assert_int_equal(trap_listener_ask(3, SECCOMP_IOCTL_NOTIF_ADDFD, NULL), -ENOENT);
	assert_int_equal(kernel.calls, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signal_interrupts_nothing),
		cmocka_unit_test(test_an_answer_that_fails_is_given_again),
		cmocka_unit_test(test_it_ends_with_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
