/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_program.h - the socket filter that tells data packets from the rest (RX-1 to RX-8)
 *
 * It is written here instruction by instruction, so that neither building nor running ul2tpd needs a BPF compiler or
 * library.
 */
#ifndef UL2TP_KEEPER_DIVERT_PROGRAM_H
#define UL2TP_KEEPER_DIVERT_PROGRAM_H

#include <linux/bpf.h>
#include <stdint.h>

#include "keeper/divert.h"

/* Which session a packet is for: what the filter looks up. */
struct divert_key {
	uint64_t scope; /* cookie of the socket, or of the network namespace */
	uint32_t kind;  /* DIVERT_KEY_* */
	uint32_t id;    /* V2: tunnel id << 16 | session id; V3: session id. Host order */
};

#define DIVERT_KEY_V2                                                                              \
	2 /* packets of version 2; sessions of every tunnel whose version is not 3 (SES-7) */
#define DIVERT_KEY_V3     3     /* packets of every version but 2 (RX-4) */
#define DIVERT_KEY_BY_IDS 0x100 /* the scope is a namespace: any of its sockets */

struct divert_value {
	uint32_t version; /* the tunnel's (RX-6) */
	uint32_t least;   /* octets of header, cookie and sublayer (RX-7) */
	uint32_t index;   /* of the session's record, for BOARD_LOST */
	uint32_t unused;
};

/* Descriptors of what the filter uses. */
struct divert_maps {
	int sessions; /* hash: struct divert_key -> struct divert_value */
	int sockets;  /* hash: cookie of a socket -> cookie of its namespace */
	int ring, board;
};

#define DIVERT_PROGRAM_MAX 256

/** divert_program() - write it; the number of instructions */
uint32_t divert_program(const struct divert_maps *maps, struct bpf_insn insns[DIVERT_PROGRAM_MAX]);

#endif
