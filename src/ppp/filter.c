/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.c - see filter.h */
#include "ppp/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 4 /* direction, 0, protocol */

struct view {
	uint8_t head[HEAD];
	const uint8_t *info;
	size_t len; /* of both */
};

struct machine {
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS]; /* never loaded before it is written */
};

static bool alu_known(const struct sock_filter *i)
{
	bool by_x = BPF_SRC(i->code) == BPF_X;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return true;
	case BPF_DIV:
	case BPF_MOD:
		return by_x || i->k;
	case BPF_LSH:
	case BPF_RSH:
		return by_x || i->k < 32;
	case BPF_NEG:
		return !by_x;
	default:
		return false;
	}
}

/* What stands beside a packet in the kernel has the highest places. */
static bool load_known(const struct sock_filter *i)
{
	switch (i->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LDX | BPF_B | BPF_MSH:
		return i->k < (uint32_t)SKF_LL_OFF;
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
		return true;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
		return i->k < BPF_MEMWORDS;
	default:
		return false;
	}
}

/* @left: instructions behind this one */
static bool jump_known(const struct sock_filter *i, size_t left)
{
	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return BPF_SRC(i->code) == BPF_K && i->k < left;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET:
		return i->jt < left && i->jf < left;
	default:
		return false;
	}
}

static bool instruction_known(const struct sock_filter *i, size_t left)
{
	if (i->code > UINT8_MAX)
		return false;
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		return load_known(i);
	case BPF_ST:
	case BPF_STX:
		return i->code == BPF_CLASS(i->code) && i->k < BPF_MEMWORDS;
	case BPF_ALU:
		return alu_known(i);
	case BPF_JMP:
		return jump_known(i, left);
	case BPF_RET:
		return i->code == (BPF_RET | BPF_K) || i->code == (BPF_RET | BPF_A);
	default:
		return i->code == (BPF_MISC | BPF_TAX) || i->code == (BPF_MISC | BPF_TXA);
	}
}

/* Return: whether each cell of memory that is loaded was written on every way to there. Jumps go forwards, so all that
 * lead to an instruction are known when it is looked at. Behind a BPF_RET the kernel goes on as if it were passed. */
static bool cells_written(const struct sock_filter *program, size_t count)
{
	uint16_t by_jumps
		[BPF_MAXINSNS]; /* a bit of each cell that was written on all ways that jump here */
	uint16_t written = 0;

	memset(by_jumps, 0xff, count * sizeof(by_jumps[0]));
	for (size_t at = 0; at < count; at++) {
		const struct sock_filter *i = &program[at];
		uint16_t *behind = by_jumps + at + 1;

		written &= by_jumps[at];
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX:
			if (BPF_MODE(i->code) == BPF_MEM && !(written >> i->k & 1))
				return false;
			break;
		case BPF_ST:
		case BPF_STX:
			written |= (uint16_t)(1u << i->k);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA) {
				behind[i->k] &= written;
			} else {
				behind[i->jt] &= written;
				behind[i->jf] &= written;
			}
			written = UINT16_MAX; /* only by jumps */
			break;
		default:
			break;
		}
	}
	return true;
}

int ppp_filter_new(const struct sock_filter *program, size_t count, struct ppp_filter **ret)
{
	struct ppp_filter *f;

	if (!count || count > BPF_MAXINSNS || BPF_CLASS(program[count - 1].code) != BPF_RET)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (!instruction_known(&program[i], count - i - 1))
			return -EINVAL;
	if (!cells_written(program, count))
		return -EINVAL;
	f = malloc(sizeof(*f) + count * sizeof(f->at[0]));
	if (!f)
		return -ENOMEM;
	f->count = (uint32_t)count;
	memcpy(f->at, program, count * sizeof(f->at[0]));
	*ret = f;
	return 0;
}

void ppp_filter_free(struct ppp_filter *f)
{
	free(f);
}

/* @octets: 1, 2 or 4, in network order. Return: false: they are not all there, which ends the program. */
static bool load(const struct view *v, uint64_t at, uint32_t octets, uint32_t *ret)
{
	uint32_t value = 0;

	if (at + octets > v->len)
		return false;
	for (uint64_t i = at; i < at + octets; i++)
		value = value << 8 | (i < HEAD ? v->head[i] : v->info[i - HEAD]);
	*ret = value;
	return true;
}

static uint32_t load_octets(uint16_t code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

static bool run_load(struct machine *m, const struct view *v, const struct sock_filter *i)
{
	uint32_t value = i->k;

	switch (BPF_MODE(i->code)) {
	case BPF_ABS:
		if (!load(v, i->k, load_octets(i->code), &value))
			return false;
		break;
	case BPF_IND:
		if (!load(v, (uint32_t)(m->x + i->k), load_octets(i->code), &value))
			return false;
		break;
	case BPF_MSH:
		if (!load(v, i->k, 1, &value))
			return false;
		value = 4 * (value & 0xf);
		break;
	case BPF_LEN:
		value = (uint32_t)v->len;
		break;
	case BPF_MEM:
		value = m->memory[i->k];
		break;
	default: /* BPF_IMM */
		break;
	}
	*(BPF_CLASS(i->code) == BPF_LD ? &m->a : &m->x) = value;
	return true;
}

/* Return: false: a division by 0, which ends the program. */
static bool run_alu(struct machine *m, const struct sock_filter *i)
{
	uint32_t by = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		m->a += by;
		break;
	case BPF_SUB:
		m->a -= by;
		break;
	case BPF_MUL:
		m->a *= by;
		break;
	case BPF_AND:
		m->a &= by;
		break;
	case BPF_OR:
		m->a |= by;
		break;
	case BPF_XOR:
		m->a ^= by;
		break;
	case BPF_LSH:
		m->a <<= by & 31;
		break;
	case BPF_RSH:
		m->a >>= by & 31;
		break;
	case BPF_NEG:
		m->a = -m->a;
		break;
	default: /* BPF_DIV, BPF_MOD */
		if (!by)
			return false;
		m->a = BPF_OP(i->code) == BPF_DIV ? m->a / by : m->a % by;
		break;
	}
	return true;
}

/* Return: how many instructions are left out. */
static uint32_t run_jump(const struct machine *m, const struct sock_filter *i)
{
	uint32_t with = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return m->a == with ? i->jt : i->jf;
	case BPF_JGT:
		return m->a > with ? i->jt : i->jf;
	case BPF_JGE:
		return m->a >= with ? i->jt : i->jf;
	case BPF_JSET:
		return m->a & with ? i->jt : i->jf;
	default: /* BPF_JA */
		return i->k;
	}
}

static uint32_t run(const struct ppp_filter *f, const struct view *v)
{
	struct machine m = { 0 };

	for (const struct sock_filter *i = f->at;; i++) {
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX:
			if (!run_load(&m, v, i))
				return 0;
			break;
		case BPF_ST:
			m.memory[i->k] = m.a;
			break;
		case BPF_STX:
			m.memory[i->k] = m.x;
			break;
		case BPF_ALU:
			if (!run_alu(&m, i))
				return 0;
			break;
		case BPF_JMP:
			i += run_jump(&m, i);
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		default:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
			break;
		}
	}
}

uint32_t ppp_filter_run(const struct ppp_filter *f, bool outbound, uint16_t protocol,
                        const uint8_t *info, size_t len)
{
	struct view v = {
		.head = { outbound, 0, (uint8_t)(protocol >> 8), (uint8_t)protocol },
		.info = info,
		.len = HEAD + len,
	};

	return run(f, &v);
}
