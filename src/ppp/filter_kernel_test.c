/* SPDX-License-Identifier: BSD-2-Clause */
/* filter_kernel_test.c - the running kernel refuses the same programs, and says the same of frames
 *
 * A datagram's filter (SO_ATTACH_FILTER) is checked and run as a unit's is. What it answers is how much of the datagram
 * arrives: so answers are compared up to the length of the frame.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ppp/filter.h"

#define PROGRAMS    40000
#define FRAMES      4 /* of each program that is accepted */
#define COUNT_MAX   14
#define HEAD        4
#define INFO_MAX    80
#define PROTOCOL    0x0021
#define MASK_RESULT 63 /* of an answer that is computed: less than most frames have */

static uint32_t random_state;

/* Return: less than @below */
static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

static uint16_t pick_code(void)
{
	static const uint16_t codes[] = {
		BPF_LD | BPF_W | BPF_ABS,
		BPF_LD | BPF_H | BPF_ABS,
		BPF_LD | BPF_B | BPF_ABS,
		BPF_LD | BPF_W | BPF_IND,
		BPF_LD | BPF_H | BPF_IND,
		BPF_LD | BPF_B | BPF_IND,
		BPF_LD | BPF_W | BPF_LEN,
		BPF_LDX | BPF_W | BPF_LEN,
		BPF_LDX | BPF_B | BPF_MSH,
		BPF_LD | BPF_IMM,
		BPF_LDX | BPF_IMM,
		BPF_LD | BPF_MEM,
		BPF_LDX | BPF_MEM,
		BPF_ST,
		BPF_STX,
		BPF_ST,
		BPF_STX,
		BPF_ALU | BPF_ADD | BPF_K,
		BPF_ALU | BPF_SUB | BPF_X,
		BPF_ALU | BPF_MUL | BPF_K,
		BPF_ALU | BPF_DIV | BPF_X,
		BPF_ALU | BPF_DIV | BPF_K,
		BPF_ALU | BPF_MOD | BPF_X,
		BPF_ALU | BPF_MOD | BPF_K,
		BPF_ALU | BPF_AND | BPF_K,
		BPF_ALU | BPF_OR | BPF_X,
		BPF_ALU | BPF_XOR | BPF_X,
		BPF_ALU | BPF_LSH | BPF_X,
		BPF_ALU | BPF_RSH | BPF_X,
		BPF_ALU | BPF_LSH | BPF_K,
		BPF_ALU | BPF_RSH | BPF_K,
		BPF_ALU | BPF_NEG,
		BPF_JMP | BPF_JA,
		BPF_JMP | BPF_JEQ | BPF_X,
		BPF_JMP | BPF_JGT | BPF_K,
		BPF_JMP | BPF_JGE | BPF_X,
		BPF_JMP | BPF_JSET | BPF_K,
		BPF_MISC | BPF_TAX,
		BPF_MISC | BPF_TXA,
		BPF_RET | BPF_K,
		BPF_RET | BPF_A,
	};

	if (!pick(100))
		return (uint16_t)pick(pick(2) ? 0x100 : 0x10000);
	return codes[pick(ARRAY_SIZE(codes))];
}

/* Not of the places beside a packet, which differ (filter.h). */
static uint32_t pick_k(uint16_t code)
{
	switch (BPF_CLASS(code)) {
	case BPF_LD:
	case BPF_LDX:
		if (BPF_MODE(code) == BPF_MEM)
			return pick(20) ? pick(3) : pick(BPF_MEMWORDS + 2);
		if (BPF_MODE(code) == BPF_IMM)
			return pick(2) ? pick(INFO_MAX) : pick(UINT32_MAX);
		return pick(20) ? pick(INFO_MAX) : pick((uint32_t)SKF_LL_OFF);
	case BPF_ST:
	case BPF_STX:
		return pick(20) ? pick(3) : pick(BPF_MEMWORDS + 2);
	case BPF_JMP:
		return BPF_OP(code) == BPF_JA ? pick(3) : pick(UINT32_MAX);
	default:
		return pick(4) ? pick(34) : pick(UINT32_MAX);
	}
}

static size_t write_program(struct sock_filter *program)
{
	size_t count = 4 + pick(COUNT_MAX - 4);

	for (size_t i = 0; i < count; i++) {
		uint16_t code = pick_code();

		program[i] = (struct sock_filter){
			.code = code,
			.jt = (uint8_t)pick(4),
			.jf = (uint8_t)pick(4),
			.k = pick_k(code),
		};
	}
	if (pick(8)) {
		program[count - 2] =
			(struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, MASK_RESULT);
		program[count - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	}
	return count;
}

/* Return: what arrives of the frame. */
static size_t ask_kernel(const int pair[2], const uint8_t *frame, size_t len)
{
	uint8_t back[HEAD + INFO_MAX];
	ssize_t got;

	assert_int_equal(send(pair[0], frame, len, MSG_DONTWAIT), len);
	got = recv(pair[1], back, sizeof(back), MSG_DONTWAIT);
	if (got < 0) {
		assert_int_equal(errno, EAGAIN);
		return 0;
	}
	assert_true(got > 0);
	return (size_t)got;
}

static void compare_answers(const int pair[2], const struct ppp_filter *f)
{
	for (int i = 0; i < FRAMES; i++) {
		bool outbound = pick(2);
		uint8_t frame[HEAD + INFO_MAX] = { outbound, 0, PROTOCOL >> 8, PROTOCOL & 0xff };
		size_t len = pick(4) ? INFO_MAX : pick(INFO_MAX);
		uint32_t answer;

		for (size_t at = 0; at < len; at++)
			frame[HEAD + at] = (uint8_t)pick(UINT8_MAX + 1);
		answer = ppp_filter_run(f, outbound, PROTOCOL, frame + HEAD, len);
		assert_int_equal(ask_kernel(pair, frame, HEAD + len),
		                 answer < HEAD + len ? answer : HEAD + len);
	}
}

/* Return: whether it is accepted. */
static bool compare(const int pair[2], struct sock_filter *program, size_t count)
{
	struct sock_fprog attached = { .len = (unsigned short)count, .filter = program };
	int theirs = setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof(attached));
	struct ppp_filter *f;
	int ours;

	theirs = theirs ? -errno : 0;
	ours = ppp_filter_new(program, count, &f);
	assert_int_equal(ours, theirs);
	if (ours)
		return false;
	compare_answers(pair, f);
	ppp_filter_free(f);
	return true;
}

static void any_program(void **state)
{
	struct sock_filter program[COUNT_MAX];
	unsigned int accepted = 0;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	random_state = 0x2545f491;
	for (int i = 0; i < PROGRAMS; i++)
		accepted += compare(pair, program, write_program(program));
	close(pair[0]);
	close(pair[1]);
	/* both are compared often */
	assert_in_range(accepted, PROGRAMS / 20, PROGRAMS - PROGRAMS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
