/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_entry.h - a session as it stands in the maps of the fast path's programs (fast_path_maps.h)
 *
 * Where its packets are found when they come, and how its frames are sent. Keeper's main thread.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_ENTRY_H
#define UL2TP_KEEPER_FAST_PATH_ENTRY_H

#include "keeper/fast_path_private.h"

struct endpoint;

/** fast_entry_is_sound() - whether programs can be told of such a session; @local: of its endpoint */
bool fast_entry_is_sound(const struct fast_wish *wish, const union address *local);

/** fast_entry_place() - under which keys it stands: from s->wish and s->device. Entries under other keys go */
void fast_entry_place(struct fast_path *f, struct fast_session *s, const union address *local);

/** fast_entry_streams() - which TCP that is still to be cut goes by the programs: .streams of struct fast_out */
enum fast_streams fast_entry_streams(const struct fast_path *f, const struct fast_session *s,
                                     const struct endpoint *e);

/**
 * fast_entry_write() - replace both entries, unless that stands there
 * @closed: nothing of it is fast now; @mtu_bytes does not matter then
 *
 * Return: 0 or -errno.
 */
int fast_entry_write(const struct fast_path *f, struct fast_session *s, const struct endpoint *e,
                     uint32_t mtu_bytes, bool closed);

/** fast_entry_shut() - both as they are, but closed; if there are any. Return: 0 or -errno */
int fast_entry_shut(const struct fast_path *f, struct fast_session *s);

/** fast_entry_remove() - both, if there are any */
void fast_entry_remove(struct fast_path *f, struct fast_session *s);

#endif
