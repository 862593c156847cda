/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_argument_test.c - what an ioctl of /dev/ppp points to, read out of a program's memory, which here is our own */
#include "launcher/ppp_argument.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/ppp-ioctl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "base/cleanup.h"

static const void *unreadable = (const void *)16;

/* In place of that of trap.c. */
int trap_read(const struct trap *t, uint64_t address, void *to, size_t len)
{
	if (len && address == (uintptr_t)unreadable)
		return -EFAULT;
	memcpy(to, (const void *)(uintptr_t)address, len);
	return 0;
}

static int read_argument(uint32_t number, const void *argument, struct ppp_argument *ret)
{
	struct trap t = { .notif.data.args = { 5, number, (uintptr_t)argument } };

	return ppp_argument_read(&t, number, ret);
}

static void assert_argument(uint32_t number, const void *argument, const void *octets, size_t len)
{
	struct ppp_argument a;

	assert_int_equal(read_argument(number, argument, &a), 0);
	assert_int_equal(read_left(&a.octets), len);
	if (len)
		assert_memory_equal(a.octets.at, octets, len);
	ppp_argument_release(&a);
}

static void assert_refused(uint32_t number, const void *argument, int err)
{
	struct ppp_argument a;

	assert_int_equal(read_argument(number, argument, &a), err);
	assert_int_equal(read_left(&a.octets), 0);
	ppp_argument_release(&a);
}

static void a_number_is_as_long_as_the_ioctl_says(void **state)
{
	const struct npioctl mode = { .protocol = 0x21, .mode = NPMODE_DROP };
	const int number = 4711;

	assert_argument(PPPIOCATTCHAN, &number, &number, sizeof(number));
	assert_argument(PPPIOCNEWUNIT, &number, &number, sizeof(number));
	assert_argument(PPPIOCSMRU, &number, &number, sizeof(number));
	assert_argument(PPPIOCSNPMODE, &mode, &mode, sizeof(mode));
	assert_refused(PPPIOCCONNECT, unreadable, -EFAULT);
}

static void what_is_only_written_is_not_read(void **state)
{
	assert_argument(PPPIOCGUNIT, unreadable, NULL, 0);
	assert_argument(PPPIOCGFLAGS, unreadable, NULL, 0);
	assert_argument(PPPIOCDISCONN, unreadable, NULL, 0);
	assert_argument(0x5401, unreadable, NULL, 0);
}

/* PPP-60: the direction, then the option; one that is too long is a bad address. */
static void an_option_stands_behind_its_direction(void **state)
{
	uint8_t octets[33] = { 18, 6, 1, 0, 0, 0x40 };
	struct ppp_option_data option = { .ptr = octets, .length = 6, .transmit = 1 };
	struct {
		int transmit;
		uint8_t octets[32];
	} expected = { .transmit = 1 };

	memcpy(expected.octets, octets, sizeof(expected.octets));
	assert_argument(PPPIOCSCOMPRESS, &option, &expected, sizeof(int) + 6);
	option.length = 32;
	assert_argument(PPPIOCSCOMPRESS, &option, &expected, sizeof(int) + 32);
	option.length = 33;
	assert_refused(PPPIOCSCOMPRESS, &option, -EFAULT);
	option = (struct ppp_option_data){ .ptr = (uint8_t *)unreadable, .length = 1 };
	assert_refused(PPPIOCSCOMPRESS, &option, -EFAULT);
	assert_refused(PPPIOCSCOMPRESS, unreadable, -EFAULT);
}

static void a_filter_is_its_instructions(void **state)
{
	struct sock_filter instructions[BPF_MAXINSNS + 1] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2),
		BPF_STMT(BPF_RET | BPF_K, 1),
	};
	struct sock_fprog program = { .len = 2, .filter = instructions };

	assert_argument(PPPIOCSPASS, &program, instructions, 2 * sizeof(instructions[0]));
	program.len = BPF_MAXINSNS;
	assert_argument(PPPIOCSACTIVE, &program, instructions,
	                BPF_MAXINSNS * sizeof(instructions[0]));
	program.len = BPF_MAXINSNS + 1;
	assert_refused(PPPIOCSACTIVE, &program, -EINVAL);
	program = (struct sock_fprog){ .len = 0, .filter = (struct sock_filter *)unreadable };
	assert_argument(PPPIOCSPASS, &program, NULL, 0); /* none: the filter is taken off */
	program.len = 1;
	assert_refused(PPPIOCSPASS, &program, -EFAULT);
	assert_refused(PPPIOCSPASS, unreadable, -EFAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_as_long_as_the_ioctl_says),
		cmocka_unit_test(what_is_only_written_is_not_read),
		cmocka_unit_test(an_option_stands_behind_its_direction),
		cmocka_unit_test(a_filter_is_its_instructions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
