/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.c - from the table of calls to a seccomp program; see filter.h
 *
 * The program has a section for each way to call the kernel that the machine knows. A section asks for one
 * number after the other; after each number stand the tests of its cases:
 *
 *	if nr != 46 skip                    socket  (41): AF_NETLINK and 16, or ...
 *	    A = args[0] .. not in range: next case
 *	    trap
 *	    allow
 *	if nr != ...
 *	allow
 *
 * Only the number and the architecture are loaded before a call's row was found: the kernel then knows of
 * all others that they are always allowed (seccomp_cache_prepare() in its sources).
 */
#include "launcher/filter.h"

#include <elf.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <string.h>

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define JUMP (BPF_JMP | BPF_K)

struct assembler {
	struct sock_filter *at;
	unsigned int count;
	bool failed;
};

static unsigned int emit(struct assembler *a, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (a->count >= FILTER_MAX) {
		a->failed = true;
		return 0;
	}
	a->at[a->count] = (struct sock_filter){ code, jt, jf, k };
	return a->count++;
}

static void emit_return(struct assembler *a, uint32_t action)
{
	emit(a, BPF_RET | BPF_K, 0, 0, action);
}

/* A jump whose target is not known yet. */
struct pending {
	unsigned int at;
	bool when_true; /* which of its two sides */
};

static void lands_here(struct assembler *a, struct pending jump)
{
	unsigned int distance = a->count - jump.at - 1;

	if (distance > UINT8_MAX)
		a->failed = true;
	if (jump.when_true)
		a->at[jump.at].jt = (uint8_t)distance;
	else
		a->at[jump.at].jf = (uint8_t)distance;
}

static struct pending emit_unless(struct assembler *a, uint16_t comparison, uint32_t k)
{
	return (struct pending){ emit(a, JUMP | comparison, 0, 0, k), false };
}

static struct pending emit_if(struct assembler *a, uint16_t comparison, uint32_t k)
{
	return (struct pending){ emit(a, JUMP | comparison, 0, 0, k), true };
}

static struct descriptor_range range_of(const struct filter_setup *setup, uint8_t kind)
{
	struct descriptor_range range = setup->ppp_range;

	if (kind == TEST_IN_RANGE)
		return setup->range;
	if (kind == TEST_IN_PPP_RANGE)
		return range;
	if (setup->route_range.first)
		range.first = setup->route_range.first;
	if (kind == TEST_IN_RECEIVE_RANGE && setup->receive)
		range.last = setup->range.last;
	return range;
}

/* Leaves the jumps that are taken when the test fails in @jumps; how many. */
static unsigned int emit_test(struct assembler *a, const struct filter_setup *setup,
                              const struct filter_test *test, struct pending *jumps)
{
	struct descriptor_range range;

	if (test->kind == TEST_NONE)
		return 0;
	/* Both kinds of machine are little-endian: the lower half comes first. */
	emit(a, LOAD, 0, 0, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * test->argument));
	if (test->mask != UINT32_MAX)
		emit(a, BPF_ALU | BPF_AND | BPF_K, 0, 0, test->mask);
	switch (test->kind) {
	case TEST_EQUAL:
		jumps[0] = emit_unless(a, BPF_JEQ, test->value);
		return 1;
	case TEST_AT_MOST:
		jumps[0] = emit_if(a, BPF_JGT, test->value);
		return 1;
	default:
		range = range_of(setup, test->kind);
		jumps[0] = emit_unless(a, BPF_JGE, range.first);
		jumps[1] = emit_if(a, BPF_JGT, range.last);
		return 2;
	}
}

static void emit_case(struct assembler *a, const struct filter_setup *setup,
                      const struct filter_case *c)
{
	struct pending jumps[2 * FILTER_TESTS];
	unsigned int count = 0;

	for (size_t i = 0; i < FILTER_TESTS; i++)
		count += emit_test(a, setup, &c->tests[i], jumps + count);
	emit_return(a, SECCOMP_RET_USER_NOTIF);
	for (unsigned int i = 0; i < count; i++)
		lands_here(a, jumps[i]);
}

static bool is_needed(const struct filter_setup *setup, const struct filter_call *call,
                      enum filter_abi abi)
{
	if (call->number[abi] < 0)
		return false;
	switch (call->need) {
	case NEED_FILES:
		return setup->files;
	case NEED_RECEIVES:
		return setup->receive || setup->files;
	default:
		return true;
	}
}

/* The number of the call is in A. */
static void emit_call(struct assembler *a, const struct filter_setup *setup,
                      const struct filter_call *call, enum filter_abi abi)
{
	uint32_t number = (uint32_t)call->number[abi] | (abi == ABI_X32 ? X32_BIT : 0);
	struct pending other = emit_unless(a, BPF_JEQ, number);

	if (call->case_count == 0 || (call->is_send && setup->all_sends) ||
	    (call->is_open && setup->files)) {
		emit_return(a, SECCOMP_RET_USER_NOTIF);
	} else {
		for (size_t i = 0; i < call->case_count; i++)
			if (call->cases[i].need == NEED_NOTHING ||
			    (setup->files && abi == setup->native))
				emit_case(a, setup, &call->cases[i]);
		emit_return(a, SECCOMP_RET_ALLOW);
	}
	lands_here(a, other);
}

static void emit_section(struct assembler *a, const struct filter_setup *setup,
                         const struct filter_call *calls, size_t call_count, enum filter_abi abi)
{
	for (size_t i = 0; i < call_count; i++)
		if (is_needed(setup, &calls[i], abi))
			emit_call(a, setup, &calls[i], abi);
	emit_return(a, SECCOMP_RET_ALLOW);
}

int filter_build(const struct filter_setup *setup, const struct filter_call *calls,
                 size_t call_count, struct sock_filter *program)
{
	enum filter_abi compat = setup->native == ABI_X86_64 ? ABI_I386 : ABI_ARM;
	struct assembler a = { .at = program };
	unsigned int to_compat, to_x32 = 0;

	emit(&a, LOAD, 0, 0, offsetof(struct seccomp_data, arch));
	emit(&a, JUMP | BPF_JEQ, 1, 0, filter_audit_arch(setup->native));
	to_compat = emit(&a, BPF_JMP | BPF_JA, 0, 0, 0);
	emit(&a, LOAD, 0, 0, offsetof(struct seccomp_data, nr));
	if (setup->native == ABI_X86_64) {
		emit(&a, JUMP | BPF_JGE, 0, 1, X32_BIT);
		to_x32 = emit(&a, BPF_JMP | BPF_JA, 0, 0, 0);
	}
	emit_section(&a, setup, calls, call_count, setup->native);
	if (to_x32) {
		a.at[to_x32].k = a.count - to_x32 - 1;
		emit_section(&a, setup, calls, call_count, ABI_X32);
	}
	a.at[to_compat].k = a.count - to_compat - 1;
	emit(&a, JUMP | BPF_JEQ, 1, 0, filter_audit_arch(compat));
	emit_return(&a, SECCOMP_RET_ALLOW);
	emit(&a, LOAD, 0, 0, offsetof(struct seccomp_data, nr));
	emit_section(&a, setup, calls, call_count, compat);
	return a.failed ? -E2BIG : (int)a.count;
}

/* AUDIT_ARCH_ARM of the kernel's header names a constant of ELF that elf.h has, too. */
static const uint32_t audit_arches[ABIS] = {
	[ABI_X86_64] = AUDIT_ARCH_X86_64, [ABI_ARM64] = AUDIT_ARCH_AARCH64,
	[ABI_I386] = AUDIT_ARCH_I386,     [ABI_X32] = AUDIT_ARCH_X86_64,
	[ABI_ARM] = AUDIT_ARCH_ARM,
};

uint32_t filter_audit_arch(enum filter_abi abi)
{
	return audit_arches[abi];
}

enum filter_abi filter_abi(uint32_t audit_arch, uint32_t number)
{
	switch (audit_arch) {
	case AUDIT_ARCH_X86_64:
		return number & X32_BIT ? ABI_X32 : ABI_X86_64;
	case AUDIT_ARCH_AARCH64:
		return ABI_ARM64;
	case AUDIT_ARCH_I386:
		return ABI_I386;
	case AUDIT_ARCH_ARM:
		return ABI_ARM;
	default:
		return ABIS;
	}
}
