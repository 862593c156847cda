/* SPDX-License-Identifier: BSD-2-Clause */
/* checksum.c - the internet checksum, 64 octets a step
 *
 * 64-bit lanes each collect the two 32-bit halves of what they are given, so no carry is lost and none
 * has to be looked at. The compiler makes of it what the machine has; where that is x86-64,
 * the loop exists twice and the one with 256-bit registers is taken if there are such.
 */
#include "packet/checksum.h"

#include <errno.h>
#include <string.h>

#define LANES_LEN 32
#define BLOCK_LEN (2 * LANES_LEN)

/* Four lanes. */
typedef uint64_t lanes __attribute__((vector_size(LANES_LEN)));

/* @to: where they are copied to; NULL, known to the compiler: nowhere */
static inline __attribute__((always_inline)) uint64_t sum_blocks(uint8_t *to, const uint8_t *at,
                                                                 size_t blocks)
{
	const lanes low = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };
	lanes a = { 0 }, b = { 0 }, v, w;

	for (; blocks; blocks--, at += BLOCK_LEN) {
		memcpy(&v, at, LANES_LEN);
		memcpy(&w, at + LANES_LEN, LANES_LEN);
		if (to) {
			memcpy(to, &v, LANES_LEN);
			memcpy(to + LANES_LEN, &w, LANES_LEN);
			to += BLOCK_LEN;
		}
		a += (v & low) + (v >> 32);
		b += (w & low) + (w >> 32);
	}
	a += b;
	return a[0] + a[1] + a[2] + a[3];
}

static uint64_t sum_blocks_any(const uint8_t *at, size_t blocks)
{
	return sum_blocks(NULL, at, blocks);
}

static uint64_t copy_blocks_any(uint8_t *to, const uint8_t *at, size_t blocks)
{
	return sum_blocks(to, at, blocks);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static uint64_t sum_blocks_avx2(const uint8_t *at, size_t blocks)
{
	return sum_blocks(NULL, at, blocks);
}

__attribute__((target("avx2"))) static uint64_t copy_blocks_avx2(uint8_t *to, const uint8_t *at,
                                                                 size_t blocks)
{
	return sum_blocks(to, at, blocks);
}
#endif

static uint64_t sum_long(const uint8_t *at, size_t blocks)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return sum_blocks_avx2(at, blocks);
#endif
	return sum_blocks_any(at, blocks);
}

static uint64_t copy_long(uint8_t *to, const uint8_t *at, size_t blocks)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return copy_blocks_avx2(to, at, blocks);
#endif
	return copy_blocks_any(to, at, blocks);
}

/* Of what is less than a block. */
static uint64_t sum_rest(const uint8_t *at, size_t len)
{
	uint64_t sum = 0;

	for (; len >= 8; len -= 8, at += 8) {
		uint64_t v;

		memcpy(&v, at, sizeof(v));
		sum += (v & UINT32_MAX) + (v >> 32);
	}
	if (len & 4) {
		uint32_t v;

		memcpy(&v, at, sizeof(v));
		sum += v;
		at += sizeof(v);
	}
	if (len & 3) { /* padded with zeros, as RFC 1071 has it */
		uint8_t v[4] = { at[0], len & 2 ? at[1] : 0, (len & 3) == 3 ? at[2] : 0, 0 };
		uint32_t word;

		memcpy(&word, v, sizeof(word));
		sum += word;
	}
	return sum;
}

uint64_t checksum_sum(const void *data, size_t len)
{
	const uint8_t *at = data;
	size_t whole = len - len % BLOCK_LEN;
	uint64_t sum = whole ? sum_long(at, whole / BLOCK_LEN) : 0;

	return sum + sum_rest(at + whole, len - whole);
}

uint64_t checksum_copy(void *to, const void *data, size_t len)
{
	const uint8_t *at = data;
	size_t whole = len - len % BLOCK_LEN;
	uint64_t sum = whole ? copy_long(to, at, whole / BLOCK_LEN) : 0;

	memcpy((uint8_t *)to + whole, at + whole, len - whole);
	return sum + sum_rest(at + whole, len - whole);
}

int checksum_finish(uint8_t *frame, size_t len, size_t start, size_t offset)
{
	uint16_t value;

	if (start > len || offset > len - start || len - start - offset < sizeof(value))
		return -EBADMSG;
	/* The field holds the pseudo header's sum and so is summed with the rest. */
	value = checksum_value_nonzero(checksum_sum(frame + start, len - start));
	memcpy(frame + start + offset, &value, sizeof(value));
	return 0;
}
