/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_gate.h - when a direction of a session may take the fast path, so that nothing is overtaken
 *
 * The fast path's programs count what they hand up to us, and hand up everything until we have said that all of it is
 * through (keeper/fast_path_maps.h). The gate counts what has come of it, and says so when none is on its way any
 * more. It looks only every FAST_GATE_TICK_MS, so that a session whose packets go up now and then does not swing to
 * and fro.
 *
 * The other way round, when a session leaves the fast path: on its way out, a packet of the fast path is in the
 * underlay's queue before the next one is handed up. On its way in, it may still wait in a processor's backlog; so the
 * first packet that comes up waits until all have come out of there (the programs count that too), which is a matter
 * of microseconds.
 *
 * The programs are attached when a session becomes busy, and nobody knows how many packets were on their way before
 * they counted. While nothing waits to be read, what they have counted and we have not is in flight for a few
 * microseconds only. So the least difference seen in FAST_GATE_LOOKS looks is the constant one of the two counts.
 *
 * One worker's.
 */
#ifndef UL2TP_PATH_FAST_GATE_H
#define UL2TP_PATH_FAST_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "keeper/fast_path.h"
#include "keeper/records.h"

#define FAST_GATE_TICK_MS 10
#define FAST_GATE_LOOKS   8 /* at nothing to read, from which follows what was not counted */

struct fast_gate {
	const uint64_t *passed; /* NULL: there is no fast path, and nothing here does anything */
	uint64_t *done;
	const struct session_record *record;
	const struct fast_count
		*counts; /* of reception: the session's lanes; NULL: of transmission */
	uint32_t lanes;
	int fd;                 /* what we read from */
	uint64_t taken;         /* how many have come */
	uint64_t now;           /* .passed at this look */
	uint64_t seen;          /* .passed when it was looked at last */
	uint64_t lost;          /* of those sent to the device: did not come out of the backlog */
	bool fresh;             /* some may have come before they were counted */
	bool settled;           /* .done says all there is to say */
	bool in_step;           /* .taken and .passed have counted the same packets */
	uint32_t looks;         /* until they have */
	int64_t ahead;          /* the least that .passed was ahead in them */
	struct list *unsettled; /* of the worker */
	struct list in_unsettled;
};

/** fast_gate_init() - no fast path */
void fast_gate_init(struct fast_gate *g);

/**
 * fast_gate_open_rx(), fast_gate_open_tx() - of the session with this record; what is on its way is waited for
 * @unsettled: of the worker
 * @fd: what its packets are read from
 * @board: NULL: no fast path
 */
void fast_gate_open_rx(struct fast_gate *g, struct list *unsettled, const struct fast_board *board,
                       const struct session_record *record, uint32_t index, int fd);
void fast_gate_open_tx(struct fast_gate *g, struct list *unsettled, const struct fast_board *board,
                       const struct session_record *record, uint32_t index, int fd);

/** fast_gate_close() - the session's worker gives it up */
void fast_gate_close(struct fast_gate *g);

/** fast_gate_shut() - both directions of a session: it has sequence numbers now; from the receiving worker */
void fast_gate_shut(const struct fast_board *board, uint32_t index);

void fast_gate_unsettle(struct fast_gate *g);

/** fast_gate_take() - a packet has come up */
static inline void fast_gate_take(struct fast_gate *g)
{
	if (!g->passed)
		return;
	g->taken++;
	if (g->settled)
		fast_gate_unsettle(g);
}

/** fast_gates_tick() - all that has come is through: say so of those of which nothing else is on its way
 * @holds: whether something of a gate waits in the worker itself */
void fast_gates_tick(struct list *unsettled, bool (*holds)(const struct fast_gate *g));

#endif
