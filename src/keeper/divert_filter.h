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
struct divert_session {
	uint32_t key; /* as in the packet: v3: session id; v2: tunnel id << 16 | session id */
	uint32_t
		need; /* v3: octets of header, cookie and sublayer; what is shorter goes to the program (RX-7) */
};

/**
 * divert_filter_build() - the program that drops data packets of @sessions
 * @version:  2 or 3, the tunnel's
 * @sessions: in ascending order of .key, no key twice; borrowed
 *
 * Runs of consecutive ids cost two instructions, single ids one or two: about 3000 single ids fit.
 *
 * Return: 0; -E2BIG too many sessions for one program; -ENOMEM.
 */
int divert_filter_build(struct classic *ret, unsigned int version,
                        const struct divert_session *sessions, size_t count);

/** divert_filter_build_all() - the program that drops all data packets of @version */
void divert_filter_build_all(struct classic *ret, unsigned int version);

#endif
