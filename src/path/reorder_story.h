/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder_story.h - for tests: what happens to the packets of a session, written down
 *
 * A packet is known by its number; what happens to it is a word: "5" delivered, "5+" delivered out of order, "5h" held,
 * "5H" held in front of another, "5x" dropped on arrival for its number, "5d" a duplicate, "5f" no room, "5e" expired.
 * Unnumbered packets are "u".
 */
#ifndef UL2TP_PATH_REORDER_STORY_H
#define UL2TP_PATH_REORDER_STORY_H

#include "path/reorder.h"

#define UNNUMBERED UINT32_MAX
#define OCTETS     100

struct reorder_story {
	struct reorder_pool pool;
	struct reorder r;
	struct reorder_entry entries[REORDER_HELD_MAX + 1];
	uint32_t used;
	uint32_t timeout_ms;
	uint64_t now_ms;
	uint32_t errors, seq_discards, oos_packets; /* as L2TP_ATTR_STATS would have them */
	char text[4096];
};

extern struct reorder_story story;

/** start() - a session of this version of L2TP, to which nothing has happened */
void start(uint8_t version, uint32_t timeout_ms);

/** receive() - a packet of this number comes now */
void receive(uint32_t ns);

/** happened() - since it was last asked: these words, and no others */
void happened(const char *words);

/** story_goes() - packets come, and then these words have happened
 * @comes: their numbers, or "u"; "100ms": so much later
 */
void story_goes(const char *comes, const char *words);

/** counted() - since the start */
void counted(uint32_t errors, uint32_t seq_discards, uint32_t oos_packets);

#endif
