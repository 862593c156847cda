/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.h - spread a 64-bit key over a table
 *
 * The finaliser of MurmurHash3 (Austin Appleby, public domain): every input bit changes every
 * output bit with about equal probability. @seed keeps a peer from choosing colliding ids.
 */
#ifndef UL2TP_BASE_HASH_H
#define UL2TP_BASE_HASH_H

#include <stdint.h>

static inline uint64_t hash_u64(uint64_t key, uint64_t seed)
{
	key ^= seed;
	key ^= key >> 33;
	key *= UINT64_C(0xff51afd7ed558ccd);
	key ^= key >> 33;
	key *= UINT64_C(0xc4ceb9fe1a85ec53);
	key ^= key >> 33;
	return key;
}

#endif
