/* SPDX-License-Identifier: BSD-2-Clause */
/* filter_test.c - classic BPF over PPP frames */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "base/cleanup.h"
#include "ppp/filter.h"

#define NEW(program, ret) ppp_filter_new(program, ARRAY_SIZE(program), ret)

static const uint8_t info[] = { 0x45, 2, 3, 4, 5 };

static uint32_t run(const struct sock_filter *program, size_t count)
{
	struct ppp_filter *f;
	uint32_t value;

	assert_int_equal(ppp_filter_new(program, count, &f), 0);
	value = ppp_filter_run(f, true, 0x0021, info, sizeof(info));
	ppp_filter_free(f);
	return value;
}

#define RUN(...)                                                                                   \
	run((const struct sock_filter[]){ __VA_ARGS__ },                                           \
	    ARRAY_SIZE(((const struct sock_filter[]){ __VA_ARGS__ })))

static void it_sees_direction_protocol_and_information(void **state)
{
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_RET | BPF_A, 0)),
	                 0x01000021);
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 3), BPF_STMT(BPF_RET | BPF_A, 0)),
	                 0x21450203);
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 7), BPF_STMT(BPF_RET | BPF_A, 0)),
	                 0x0405);
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_RET | BPF_A, 0)),
	                 9);
	assert_int_equal(RUN(BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 4),
	                     BPF_STMT(BPF_MISC | BPF_TXA, 0), BPF_STMT(BPF_RET | BPF_A, 0)),
	                 20);
}

static void what_is_not_there_ends_it(void **state)
{
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 8), BPF_STMT(BPF_RET | BPF_K, 1)),
	                 0);
	assert_int_equal(RUN(BPF_STMT(BPF_LDX | BPF_IMM, UINT32_MAX),
	                     BPF_STMT(BPF_LD | BPF_W | BPF_IND, UINT32_MAX - 2),
	                     BPF_STMT(BPF_RET | BPF_K, 1)),
	                 0);
	assert_int_equal(RUN(BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), BPF_STMT(BPF_RET | BPF_K, 1)),
	                 0);
}

static void it_computes_and_jumps(void **state)
{
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_IMM, 7), BPF_STMT(BPF_ST, 3),
	                     BPF_STMT(BPF_LDX | BPF_MEM, 3), BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0),
	                     BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
	                     BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 8),
	                     BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 4), BPF_STMT(BPF_ALU | BPF_NEG, 0),
	                     BPF_STMT(BPF_RET | BPF_A, 0)),
	                 (uint32_t)-32);
	assert_int_equal(RUN(BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2),
	                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x21, 0, 1),
	                     BPF_STMT(BPF_RET | BPF_K, 5), BPF_STMT(BPF_RET | BPF_K, 6)),
	                 5);
	assert_int_equal(RUN(BPF_STMT(BPF_JMP | BPF_JA, 1), BPF_STMT(BPF_RET | BPF_K, 5),
	                     BPF_STMT(BPF_RET | BPF_K, 6)),
	                 6);
}

static void refused(struct sock_filter instruction)
{
	struct sock_filter program[] = { instruction, BPF_STMT(BPF_RET | BPF_K, 0) };
	struct ppp_filter *f;

	assert_int_equal(NEW(program, &f), -EINVAL);
}

static void what_could_do_harm_is_refused(void **state)
{
	static const struct sock_filter endless[] = { BPF_STMT(BPF_LD | BPF_IMM, 0) };
	struct ppp_filter *f;

	assert_int_equal(ppp_filter_new(NULL, 0, &f), -EINVAL);
	assert_int_equal(NEW(endless, &f), -EINVAL);
	refused((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
	refused((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0));
	refused((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 1));
	refused((struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, UINT32_MAX));
	refused((struct sock_filter)BPF_STMT(BPF_ST, BPF_MEMWORDS));
	refused((struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, BPF_MEMWORDS));
	refused((struct sock_filter)BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0));
	refused((struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 32));
	refused((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF));
	refused((struct sock_filter)BPF_STMT(0xffff, 0));
}

static void memory_is_written_before_it_is_loaded(void **state)
{
	static const struct sock_filter on_one_way_only[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_ST, 2),
		BPF_STMT(BPF_LD | BPF_MEM, 2),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct ppp_filter *f;

	refused((struct sock_filter)BPF_STMT(BPF_LD | BPF_MEM, 0));
	refused((struct sock_filter)BPF_STMT(BPF_LDX | BPF_MEM, 0));
	assert_int_equal(NEW(on_one_way_only, &f), -EINVAL);
	assert_int_equal(RUN(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2),
	                     BPF_STMT(BPF_LD | BPF_IMM, 7), BPF_STMT(BPF_JMP | BPF_JA, 0),
	                     BPF_STMT(BPF_ST, 2), BPF_STMT(BPF_LD | BPF_MEM, 2),
	                     BPF_STMT(BPF_RET | BPF_A, 0)),
	                 7);
}

static void it_has_one_instruction_or_4096(void **state)
{
	static struct sock_filter program[BPF_MAXINSNS + 1];
	struct ppp_filter *f;

	for (size_t i = 0; i <= BPF_MAXINSNS; i++)
		program[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 3);
	assert_int_equal(ppp_filter_new(program, BPF_MAXINSNS + 1, &f), -EINVAL);
	assert_int_equal(run(program, BPF_MAXINSNS), 3);
	assert_int_equal(run(program, 1), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_sees_direction_protocol_and_information),
		cmocka_unit_test(what_is_not_there_ends_it),
		cmocka_unit_test(it_computes_and_jumps),
		cmocka_unit_test(what_could_do_harm_is_refused),
		cmocka_unit_test(memory_is_written_before_it_is_loaded),
		cmocka_unit_test(it_has_one_instruction_or_4096),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
