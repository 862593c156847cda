/* SPDX-License-Identifier: BSD-2-Clause */
/* classic_search.c - see classic_search.h
 *
 * A binary search: an inner node is one comparison and a long jump (conditional jumps reach 255 instructions), a
 * leaf a short row of numbers or runs of them with the two verdicts behind it.
 */
#include "keeper/classic_search.h"

#define LEAF 16 /* runs in a leaf */

struct verdicts {
	uint32_t found, missing;
};

size_t run_append(struct run *runs, size_t count, uint32_t number)
{
	if (count > 0 && runs[count - 1].last + 1 == number) {
		runs[count - 1].last = number;
		return count;
	}
	runs[count] = (struct run){ number, number };
	return count + 1;
}

/* How many instructions add_run() takes. */
static unsigned int run_len(const struct run *r)
{
	return r->first == r->last ? 1 : 2;
}

/* @after: instructions of the leaf behind this run, before its verdicts "missing" and "found". */
static void add_run(struct classic *c, const struct run *r, unsigned int after)
{
	uint8_t to_missing = (uint8_t)after, to_found = (uint8_t)(after + 1);

	if (r->first == r->last) {
		classic_if(c, BPF_JMP | BPF_JEQ | BPF_K, r->first, to_found, 0);
		return;
	}
	/* Runs ascend: what is below this one is in none behind it. */
	classic_if(c, BPF_JMP | BPF_JGE | BPF_K, r->first, 0, (uint8_t)(to_missing + 1));
	classic_if(c, BPF_JMP | BPF_JGT | BPF_K, r->last, 0, to_found);
}

static void add_leaf(struct classic *c, const struct run *runs, size_t count,
                     const struct verdicts *v)
{
	unsigned int after = 0;

	for (size_t i = 0; i < count; i++)
		after += run_len(&runs[i]);
	for (size_t i = 0; i < count; i++) {
		after -= run_len(&runs[i]);
		add_run(c, &runs[i], after);
	}
	classic_do(c, BPF_RET | BPF_K, v->missing);
	classic_do(c, BPF_RET | BPF_K, v->found);
}

/* The depth is the logarithm of what fits into a program: below 10. */
static void add_node(struct classic *c, const struct run *runs, size_t count,
                     const struct verdicts *v)
{
	size_t leaves = (count + LEAF - 1) / LEAF, left = leaves / 2 * LEAF;
	unsigned int right;

	if (leaves <= 1 || c->full) {
		add_leaf(c, runs, count < LEAF ? count : LEAF, v);
		return;
	}
	classic_if(c, BPF_JMP | BPF_JGE | BPF_K, runs[left].first, 0, 1);
	right = classic_do(c, BPF_JMP | BPF_JA, 0);
	add_node(c, runs, left, v);
	classic_land(c, right);
	add_node(c, runs + left, count - left, v);
}

void classic_search(struct classic *c, const struct run *runs, size_t count, uint32_t found,
                    uint32_t missing)
{
	const struct verdicts v = { found, missing };

	add_node(c, runs, count, &v);
}
