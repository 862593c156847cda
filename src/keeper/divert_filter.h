/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_filter.h - the classic filter by which a program's socket lets go the data packets of a tunnel
 *
 * It is what a program without eBPF can do: drop, at the program's socket, what somebody else receives (a raw
 * socket, raw_filter.h). It knows the sessions by their ids, which stand in it as numbers, so it is built anew
 * whenever one comes or goes. All else reaches the program: RX-1 to RX-7.
 */
#ifndef UL2TP_KEEPER_DIVERT_FILTER_H
#define UL2TP_KEEPER_DIVERT_FILTER_H

#include "keeper/classic.h"

/* A session as the filter sees it. */
struct filter_session {
	uint32_t key;    /* as in the packet: v3: session id; v2: tunnel id << 16 | session id */
	uint8_t version; /* 2 or 3, the tunnel's */
	uint8_t least; /* octets of header, cookie and sublayer; what is shorter goes to the program (RX-7) */
};

/** filter_session_compare() - for qsort() and bsearch(): by version, then by key */
int filter_session_compare(const void *a, const void *b);

/**
 * divert_filter_build() - the program that drops data packets of @sessions
 * @sessions: ascending, none twice; borrowed
 *
 * Runs of consecutive ids cost two instructions, single ids one or two: about 3000 single ids fit.
 *
 * Return: 0; -E2BIG too many sessions for one program; -ENOMEM.
 */
int divert_filter_build(struct classic *ret, const struct filter_session *sessions, size_t count);

/** divert_filter_build_all() - the program that drops all data packets of versions 2 and 3 */
void divert_filter_build_all(struct classic *ret);

#endif
