/* SPDX-License-Identifier: BSD-2-Clause */
/* incoming_test.c - where a program wants what it receives, read out of its memory, which here is our own */
#include "launcher/incoming.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/cleanup.h"

#define MOST 0x7ffff000 /* the kernel's MAX_RW_COUNT */

/* In place of those of trap.c. */
int trap_read(const struct trap *t, uint64_t address, void *to, size_t len)
{
	memcpy(to, (const void *)(uintptr_t)address, len);
	return 0;
}

int trap_write(const struct trap *t, uint64_t address, const void *from, size_t len)
{
	return -EFAULT;
}

int trap_write_sized(const struct trap *t, uint64_t address, uint64_t length_address,
                     const void *from, uint32_t len)
{
	return -EFAULT;
}

static int readv_of(const struct iovec *parts, size_t count, size_t *room)
{
	struct trap t = { .notif.data = { .nr = SYS_readv,
		                          .args = { 5, (uintptr_t)parts, count } } };
	AUTO_INCOMING in = { 0 };
	int err = incoming_read(&t, &in);

	*room = incoming_room(&in);
	return err;
}

static int recvmsg_of(struct iovec *parts, size_t count)
{
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = count };
	struct trap t = { .notif.data = { .nr = SYS_recvmsg, .args = { 5, (uintptr_t)&m } } };
	AUTO_INCOMING in = { 0 };

	return incoming_read(&t, &in);
}

/* As of the kernel's import_iovec(). */
static void a_length_below_zero_is_invalid(void **state)
{
	struct iovec parts[] = { { NULL, SIZE_MAX }, { NULL, 3 } };
	size_t room;

	assert_int_equal(readv_of(parts, ARRAY_SIZE(parts), &room), -EINVAL);
	assert_int_equal(recvmsg_of(parts, ARRAY_SIZE(parts)), -EINVAL);
}

static void no_call_receives_more_than_the_kernel_gives(void **state)
{
	struct iovec parts[] = { { NULL, SSIZE_MAX }, { NULL, SSIZE_MAX }, { NULL, 10 } };
	size_t room;

	assert_int_equal(readv_of(parts, ARRAY_SIZE(parts), &room), 0);
	assert_int_equal(room, MOST);
	parts[0].iov_len = 1;
	parts[1].iov_len = MOST - 2;
	assert_int_equal(readv_of(parts, 2, &room), 0);
	assert_int_equal(room, MOST - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_below_zero_is_invalid),
		cmocka_unit_test(no_call_receives_more_than_the_kernel_gives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
