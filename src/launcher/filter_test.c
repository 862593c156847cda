/* SPDX-License-Identifier: BSD-2-Clause */
/* filter_test.c - each row of the table of calls is trapped exactly when it should be, on both machines; what
 * has no row is decided by number and architecture alone
 *
 * The generated programs run in an interpreter of the few instructions they are made of.
 */
#include "launcher/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "launcher/calls.h"

struct machine {
	const struct sock_filter *program;
	unsigned int len;
	bool asked_more; /* than number and architecture */
};

static uint32_t load(struct machine *m, const struct seccomp_data *data, uint32_t offset)
{
	uint32_t value;

	assert_true(offset % 4 == 0 && offset + 4 <= sizeof(*data));
	if (offset != offsetof(struct seccomp_data, nr) &&
	    offset != offsetof(struct seccomp_data, arch))
		m->asked_more = true;
	memcpy(&value, (const char *)data + offset, 4);
	return value;
}

static bool compare(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGE:
		return a >= k;
	case BPF_JGT:
		return a > k;
	default:
		fail_msg("jump %#x", code);
		return false;
	}
}

static bool is_trapped(struct machine *m, const struct seccomp_data *data)
{
	uint32_t a = 0;

	m->asked_more = false;
	for (unsigned int at = 0; at < m->len; at++) {
		const struct sock_filter *i = &m->program[at];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = load(m, data, i->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			at += i->k;
			break;
		case BPF_RET | BPF_K:
			assert_true(i->k == SECCOMP_RET_USER_NOTIF || i->k == SECCOMP_RET_ALLOW);
			return i->k == SECCOMP_RET_USER_NOTIF;
		default:
			at += compare(i->code, a, i->k) ? i->jt : i->jf;
		}
	}
	fail_msg("the program has no end");
	return false;
}

/* The setups a filter is made for */

#define FIRST 960
#define LAST  1023

static const struct filter_setup setups[] = {
	{ ABI_X86_64, { FIRST, LAST }, { FIRST, 999 }, { 0, 0 }, false, false, false },
	{ ABI_X86_64, { 224, 255 }, { 224, 240 }, { 200, 223 }, true, true, true },
	{ ABI_ARM64, { FIRST, LAST }, { FIRST, 999 }, { 0, 0 }, false, false, false },
	{ ABI_ARM64, { FIRST, LAST }, { FIRST, 999 }, { 900, FIRST - 1 }, true, true, true },
	{ ABI_X86_64, { FIRST, LAST }, { FIRST, 999 }, { 900, FIRST - 1 }, false, true, false },
};

static struct machine machine_new(const struct filter_setup *setup, struct sock_filter *program)
{
	size_t count;
	const struct filter_call *calls = calls_table(&count);
	int len = filter_build(setup, calls, count, program);

	assert_true(len > 0);
	return (struct machine){ .program = program, .len = (unsigned int)len };
}

static bool is_within(const struct descriptor_range *r, uint32_t number)
{
	return r->first && number >= r->first && number <= r->last;
}

static bool is_in_range(const struct filter_setup *setup, uint8_t kind, uint32_t number)
{
	if (kind == TEST_IN_RANGE)
		return is_within(&setup->range, number);
	if (is_within(&setup->ppp_range, number))
		return true;
	if (kind == TEST_IN_PPP_RANGE)
		return false;
	return is_within(&setup->route_range, number) ||
	       (kind == TEST_IN_RECEIVE_RANGE && setup->receive &&
	        is_within(&setup->range, number));
}

/* By the words of filter.h, not by the program. */
static bool holds(const struct filter_setup *setup, const struct filter_test *test,
                  const uint64_t *args)
{
	uint32_t value = (uint32_t)args[test->argument] & test->mask;

	switch (test->kind) {
	case TEST_NONE:
		return true;
	case TEST_EQUAL:
		return value == test->value;
	case TEST_AT_MOST:
		return value <= test->value;
	default:
		return is_in_range(setup, test->kind, value);
	}
}

static bool should_be_trapped(const struct filter_setup *setup, const struct filter_call *call,
                              enum filter_abi abi, const uint64_t *args)
{
	if (call->need == NEED_RECEIVES && !setup->receive && !setup->files)
		return false;
	if (call->need == NEED_FILES && !setup->files)
		return false;
	if (call->case_count == 0 || (call->is_send && setup->all_sends) ||
	    (call->is_open && setup->files))
		return true;
	for (size_t i = 0; i < call->case_count; i++) {
		const struct filter_test *tests = call->cases[i].tests;

		if (call->cases[i].need == NEED_FILES && (!setup->files || abi != setup->native))
			continue;
		if (holds(setup, &tests[0], args) && holds(setup, &tests[1], args) &&
		    holds(setup, &tests[2], args))
			return true;
	}
	return false;
}

/* Values at and around all that a row compares argument @number with. */
static size_t interesting(const struct filter_setup *setup, const struct filter_call *call,
                          unsigned int number, uint64_t *to, size_t room)
{
	size_t count = 0;

	to[count++] = 0;
	to[count++] = UINT32_MAX;
	for (size_t i = 0; i < call->case_count; i++) {
		for (size_t j = 0; j < FILTER_TESTS; j++) {
			const struct filter_test *test = &call->cases[i].tests[j];
			const struct descriptor_range *ranges[] = { &setup->range,
				                                    &setup->ppp_range,
				                                    &setup->route_range };
			bool range = test->kind >= TEST_IN_RANGE;

			if (test->kind == TEST_NONE || test->argument != number)
				continue;
			for (size_t r = 0; r < (range ? ARRAY_SIZE(ranges) : 1); r++) {
				uint32_t first = range ? ranges[r]->first : test->value;
				uint32_t last = range ? ranges[r]->last : test->value | ~test->mask;

				assert_true(count + 7 <= room);
				for (uint32_t d = 0; d < 3; d++)
					to[count++] = first + d - 1;
				for (uint32_t d = 0; d < 3; d++)
					to[count++] = last + d - 1;
				/* The kernel takes the lower half of such an argument. */
				to[count++] = 0xdeadbeef00000000U | first;
			}
		}
	}
	return count;
}

#define INTERESTING 160

static unsigned int check_call(const struct filter_setup *setup, struct machine *m,
                               const struct filter_call *call, enum filter_abi abi)
{
	struct seccomp_data data = {
		.nr = call->number[abi] | (abi == ABI_X32 ? (int)X32_BIT : 0),
		.arch = filter_audit_arch(abi),
	};
	uint64_t values[3][INTERESTING];
	size_t counts[3];
	unsigned int trapped = 0;

	for (unsigned int n = 0; n < 3; n++)
		counts[n] = interesting(setup, call, n, values[n], INTERESTING);
	for (size_t i = 0; i < counts[0] * counts[1] * counts[2]; i++) {
		data.args[0] = values[0][i % counts[0]];
		data.args[1] = values[1][i / counts[0] % counts[1]];
		data.args[2] = values[2][i / counts[0] / counts[1]];
		if (is_trapped(m, &data) !=
		    should_be_trapped(setup, call, abi, (const uint64_t *)data.args))
			fail_msg("%s(%#llx, %#llx, %#llx)", call->name, data.args[0], data.args[1],
			         data.args[2]);
		trapped += is_trapped(m, &data);
	}
	return trapped;
}

static void test_rows_are_trapped_exactly_when_they_should_be(void **state)
{
	struct sock_filter program[FILTER_MAX];
	size_t count;
	const struct filter_call *calls = calls_table(&count);

	for (size_t s = 0; s < ARRAY_SIZE(setups); s++) {
		struct machine m = machine_new(&setups[s], program);

		for (size_t i = 0; i < count; i++) {
			for (enum filter_abi abi = 0; abi < ABIS; abi++) {
				bool x86 = abi == ABI_X86_64 || abi == ABI_I386 || abi == ABI_X32;
				unsigned int trapped;

				if (calls[i].number[abi] < 0 ||
				    x86 != (setups[s].native == ABI_X86_64))
					continue;
				trapped = check_call(&setups[s], &m, &calls[i], abi);
				if (calls[i].need == NEED_NOTHING || setups[s].files)
					assert_int_not_equal(trapped, 0);
			}
		}
	}
}

static bool has_row(enum filter_abi abi, int number)
{
	size_t count;
	const struct filter_call *calls = calls_table(&count);

	for (size_t i = 0; i < count; i++)
		if (calls[i].number[abi] == number)
			return true;
	return false;
}

/* Or the kernel runs the program for every receive call and every poll. */
static void test_other_calls_are_decided_by_number_alone(void **state)
{
	struct sock_filter program[FILTER_MAX];

	for (size_t s = 0; s < ARRAY_SIZE(setups); s++) {
		struct machine m = machine_new(&setups[s], program);

		for (enum filter_abi abi = 0; abi < ABIS; abi++) {
			for (int number = -1; number < 700; number++) {
				struct seccomp_data data = {
					.nr = number | (abi == ABI_X32 ? (int)X32_BIT : 0),
					.arch = filter_audit_arch(abi),
				};

				if (number >= 0 && has_row(abi, number))
					continue;
				assert_false(is_trapped(&m, &data));
				assert_false(m.asked_more);
			}
		}
		assert_false(is_trapped(
			&m, &(struct seccomp_data){ .nr = 41, .arch = AUDIT_ARCH_S390X }));
		assert_false(m.asked_more);
	}
}

static bool trap(struct machine *m, uint32_t arch, int nr, uint64_t a, uint64_t b, uint64_t c)
{
	return is_trapped(m, &(struct seccomp_data){ .nr = nr, .arch = arch, .args = { a, b, c } });
}

/* What the design says, in numbers a reader can look up. */
static void test_some_calls_by_their_numbers(void **state)
{
	struct sock_filter program[FILTER_MAX];
	struct machine m = machine_new(&setups[0], program);
	uint32_t x86 = AUDIT_ARCH_X86_64;
	static const int never[] = { 3 /* close */,    7 /* poll */,         56 /* clone */,
		                     57 /* fork */,    232 /* epoll_wait */, 281 /* epoll_pwait */,
		                     47 /* recvmsg */, 299 /* recvmmsg */,   4 /* stat */ };
	static const int reads[] = { 0 /* read */, 19 /* readv */, 45 /* recvfrom */ };

	for (size_t i = 0; i < ARRAY_SIZE(never); i++)
		assert_false(trap(&m, x86, never[i], FIRST, 0, 0));
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++) {
		assert_true(trap(&m, x86, reads[i], FIRST, 0, 0)); /* of PPP */
		assert_true(trap(&m, x86, reads[i], 999, 0, 0));
		assert_false(trap(&m, x86, reads[i], 1000, 0, 0));
		assert_false(trap(&m, x86, reads[i], 5, 0, 0));
	}
	assert_true(trap(&m, x86, 257, (uint64_t)AT_FDCWD, 0, O_RDWR | O_NONBLOCK));
	assert_true(trap(&m, x86, 257, (uint64_t)AT_FDCWD, 0, O_RDWR | O_CREAT));
	assert_false(trap(&m, x86, 257, (uint64_t)AT_FDCWD, 0, O_RDWR | O_CREAT | O_EXCL));
	assert_false(trap(&m, x86, 257, (uint64_t)AT_FDCWD, 0, O_RDONLY));
	assert_true(trap(&m, x86, 16, 5, 0x89f0, 0)); /* SIOCGPPPSTATS */

	assert_true(trap(&m, x86, 41, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 16));
	assert_true(trap(&m, x86, 41, AF_NETLINK, SOCK_DGRAM, 16));
	assert_false(trap(&m, x86, 41, AF_NETLINK, SOCK_RAW, 0));
	assert_true(trap(&m, x86, 41, 24, SOCK_DGRAM, 1));
	assert_true(trap(&m, x86, 41, 24, SOCK_DGRAM, 255)); /* for its errno */
	assert_true(trap(&m, x86, 41, AF_INET, SOCK_DGRAM, 115));
	assert_true(trap(&m, x86, 41, AF_INET6, SOCK_DGRAM, 115));
	assert_false(trap(&m, x86, 41, AF_INET, SOCK_DGRAM, 17));

	for (int nr = 46; nr; nr = nr == 46 ? 44 : nr == 44 ? 1 : nr == 1 ? 20 : 0) {
		assert_false(trap(&m, x86, nr, 5, 0, 0));
		assert_false(trap(&m, x86, nr, FIRST - 1, 0, 0));
		assert_true(trap(&m, x86, nr, FIRST, 0, 0));
		assert_true(trap(&m, x86, nr, LAST, 0, 0));
		assert_false(trap(&m, x86, nr, LAST + 1, 0, 0));
		assert_false(trap(&m, x86, nr, (uint64_t)-1, 0, 0));
	}
	assert_true(trap(&m, x86, 42, 5, 0, 16));   /* connect, IPv4 */
	assert_true(trap(&m, x86, 42, 5, 0, 28));   /* IPv6 */
	assert_true(trap(&m, x86, 42, 5, 0, 2));    /* AF_UNSPEC */
	assert_true(trap(&m, x86, 42, 5, 0, 38));   /* PPPoL2TP */
	assert_false(trap(&m, x86, 42, 5, 0, 110)); /* Unix */
	assert_true(trap(&m, x86, 54, 5, 270, 1));  /* setsockopt, NETLINK_ADD_MEMBERSHIP */
	assert_true(trap(&m, x86, 54, 5, 273, 3));
	assert_true(trap(&m, x86, 54, 5, SOL_SOCKET, SO_MARK));
	assert_false(trap(&m, x86, 54, 5, SOL_SOCKET, SO_RCVBUF));
	assert_false(trap(&m, x86, 54, 5, 6, 1));         /* TCP_NODELAY */
	assert_true(trap(&m, x86, 16, 5, 0x80047437, 0)); /* PPPIOCGCHAN */
	assert_false(trap(&m, x86, 16, 5, 0x5401, 0));    /* TCGETS */
	assert_true(trap(&m, x86, 72, FIRST, F_DUPFD_CLOEXEC, 0));
	assert_false(trap(&m, x86, 72, FIRST, F_GETFL, 0));
	assert_true(trap(&m, x86, 425, 8, 0, 0));
	assert_true(trap(&m, x86, 317, 1, 8, 0));
	assert_false(trap(&m, x86, 317, 1, 0, 0));

	m = machine_new(&setups[4], program);         /* with files */
	assert_true(trap(&m, x86, 47, 900, 0, 0));    /* recvmsg, of routes */
	assert_true(trap(&m, x86, 299, FIRST, 0, 0)); /* recvmmsg, of PPP */
	assert_false(trap(&m, x86, 47, LAST, 0, 0));
}

/* Likewise of 32-bit programs, and of arm64. */
static void test_some_calls_of_other_machines(void **state)
{
	struct sock_filter program[FILTER_MAX];
	struct machine m = machine_new(&setups[0], program);
	uint32_t x86 = AUDIT_ARCH_X86_64, i386 = AUDIT_ARCH_I386;

	assert_true(trap(&m, i386, 359, AF_NETLINK, SOCK_RAW, 16));
	assert_true(trap(&m, i386, 102, 1, 0, 0));
	assert_false(trap(&m, i386, 102, 3, 0, 0));
	assert_false(trap(&m, i386, 41, AF_NETLINK, SOCK_RAW, 16)); /* dup */
	assert_true(trap(&m, x86, 41 | 0x40000000, AF_NETLINK, SOCK_RAW, 16));
	assert_true(trap(&m, x86, 518 | 0x40000000, FIRST, 0, 0));

	m = machine_new(&setups[2], program);
	assert_true(trap(&m, AUDIT_ARCH_AARCH64, 198, AF_NETLINK, SOCK_RAW, 16));
	assert_true(trap(&m, AUDIT_ARCH_AARCH64, 211, FIRST, 0, 0));
	assert_true(trap(&m, AUDIT_ARCH_AARCH64, 207, FIRST, 0, 0)); /* recvfrom */
	assert_false(trap(&m, AUDIT_ARCH_AARCH64, 207, LAST, 0, 0));
	assert_true(trap(&m, AUDIT_ARCH_ARM, 281, AF_NETLINK, SOCK_RAW, 16));
	assert_false(trap(&m, x86, 41, AF_NETLINK, SOCK_RAW, 16));
}

/* To libseccomp the socket calls of 32-bit x86 are those of socketcall(), which have no numbers of their own. */
static bool is_multiplexed(enum filter_abi abi, int number)
{
	return abi == ABI_I386 && number < -100 && number > -122;
}

static void test_numbers_are_those_of_the_kernel(void **state)
{
	static const uint32_t arches[ABIS] = { SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64, SCMP_ARCH_X86,
		                               SCMP_ARCH_X32, SCMP_ARCH_ARM };
	size_t count;
	const struct filter_call *calls = calls_table(&count);

	for (size_t i = 0; i < count; i++) {
		for (enum filter_abi abi = 0; abi < ABIS; abi++) {
			int number = seccomp_syscall_resolve_name_arch(arches[abi], calls[i].name);

			if (abi == ABI_X32 && number >= 0)
				number &= ~(int)X32_BIT;
			/* Those of the machine's own programs are all there. */
			if (abi == ABI_X86_64 || abi == ABI_ARM64)
				assert_int_equal(calls[i].number[abi], number < 0 ? -1 : number);
			else if (calls[i].number[abi] >= 0 && !is_multiplexed(abi, number))
				assert_int_equal(calls[i].number[abi], number);
		}
	}
	assert_int_equal(filter_abi(AUDIT_ARCH_X86_64, 41), ABI_X86_64);
	assert_int_equal(filter_abi(AUDIT_ARCH_X86_64, 41 | X32_BIT), ABI_X32);
	assert_int_equal(filter_abi(AUDIT_ARCH_S390X, 41), ABIS);
}

static void test_a_table_that_is_too_long(void **state)
{
	static struct filter_call many[FILTER_MAX];
	struct sock_filter program[FILTER_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct filter_call){ .name = "x", .number = { (int)i, -1, -1, -1, -1 } };
	assert_int_equal(filter_build(&setups[0], many, ARRAY_SIZE(many), program), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_those_of_the_kernel),
		cmocka_unit_test(test_some_calls_by_their_numbers),
		cmocka_unit_test(test_some_calls_of_other_machines),
		cmocka_unit_test(test_rows_are_trapped_exactly_when_they_should_be),
		cmocka_unit_test(test_other_calls_are_decided_by_number_alone),
		cmocka_unit_test(test_a_table_that_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
