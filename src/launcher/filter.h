/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.h - the seccomp program that decides which system calls are trapped, made from a table
 *
 * A call that has no row is allowed by its number alone. The kernel notices that of a program and then does
 * not run it for such calls at all, so they cost nothing: receive calls, read, poll and epoll among them.
 *
 * Arguments are compared by their lower 32 bits: what the kernel takes of an int.
 */
#ifndef UL2TP_LAUNCHER_FILTER_H
#define UL2TP_LAUNCHER_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "launcher/launcher.h"

struct trap;

/* How a program calls the kernel. A process may change that from call to call, and by exec. */
enum filter_abi {
	ABI_X86_64,
	ABI_ARM64,
	ABI_I386, /* 32-bit programs on x86-64 */
	ABI_X32,  /* the same, with the 64-bit registers */
	ABI_ARM,  /* 32-bit programs on arm64 */
	ABIS,
};

#if defined(__x86_64__) && !defined(__ILP32__)
#define ABI_NATIVE ABI_X86_64
#elif defined(__aarch64__)
#define ABI_NATIVE ABI_ARM64
#else
#define ABI_NATIVE ABIS /* not one that is served */
#endif

/* x32 calls are those of x86-64 with this bit in their numbers. */
#define X32_BIT 0x40000000U

enum filter_test_kind {
	TEST_NONE, /* holds */
	TEST_EQUAL,
	TEST_AT_MOST,
	TEST_IN_RANGE,     /* one of the numbers of stand-ins */
	TEST_IN_PPP_RANGE, /* one of those of PPP */
	TEST_IN_RECEIVE_RANGE, /* one of those whose receive calls are trapped: of PPP and of routes, with .receive of all */
	TEST_IN_READ_RANGE, /* one of those whose read() is: of PPP and of routes */
};

struct filter_test {
	uint8_t argument;
	uint8_t kind;
	uint32_t mask;
	uint32_t value;
};

#define FILTER_TESTS 3

/* What must be asked for at start for a row, or one of its cases, to be there at all. */
enum filter_need {
	NEED_NOTHING,
	NEED_FILES, /* a case then is for programs that call natively alone */
	NEED_RECEIVES, /* .receive or .files; else the kernel knows that it never has to ask about such a call */
};

/* Trapped if all of these hold. */
struct filter_case {
	struct filter_test tests[FILTER_TESTS];
	enum filter_need need;
};

struct filter_call {
	const char *name;
	int number[ABIS]; /* -1: there is none, or programs of that kind need not be trapped */
	void (*handler)(struct trap *t);
	bool any_abi; /* the handler is for all; otherwise those of 32-bit programs are refused */
	bool is_send; /* options.trap_all_sends is about this one */
	bool is_open; /* always trapped with .files */
	enum filter_need need;
	const struct filter_case *cases; /* trapped if one of them holds */
	size_t case_count;               /* 0: always trapped */
};

struct filter_setup {
	enum filter_abi native;
	struct descriptor_range range;       /* of all stand-ins */
	struct descriptor_range ppp_range;   /* of those of PPP, its lower part; 0 to 0: none */
	struct descriptor_range route_range; /* just below: of NETLINK_ROUTE; first 0: none */
	bool receive, files, all_sends;
};

#define FILTER_MAX 1024

/**
 * filter_build() - the program for @calls
 * @program: receives at most FILTER_MAX instructions
 *
 * Return: how many; -E2BIG the table is too long.
 */
int filter_build(const struct filter_setup *setup, const struct filter_call *calls,
                 size_t call_count, struct sock_filter *program);

/** filter_abi() - which one a trapped call was made by; ABIS: none of these */
enum filter_abi filter_abi(uint32_t audit_arch, uint32_t number);

/** filter_audit_arch() - the kernel's name for it */
uint32_t filter_audit_arch(enum filter_abi abi);

#endif
