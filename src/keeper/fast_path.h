/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path.h - sessions whose data the kernel moves itself, by eBPF programs on tc hooks
 *
 * The engine says which sessions are of the kind (struct fast_wish); whether the host's configuration allows it is
 * decided here, and may change at any time. The programs (fast_path.bpf.c) are on the session's device and on the
 * underlay, the interface through which its packets go and come. Maps are one set for all namespaces, programs are
 * loaded for each, since they can not ask where they are.
 *
 * What the programs counted and what they handed up stands in the board, which the engine has mapped too. When the
 * keeper ends, by whatever cause, its programs are gone: they hang on its descriptors and on its devices.
 *
 * Keeper's main thread.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_H
#define UL2TP_KEEPER_FAST_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "keeper/bequest.h"
#include "keeper/fast_path_maps.h"
#include "keeper/fast_reason.h"
#include "keeper/host_watch.h"
#include "keeper/keeper.h"

struct managed;
struct records;
struct server;

/* The arrays of fast_path_maps.h, each with an entry for each session but .counts, which has .lanes. */
struct fast_board {
	const struct fast_count *counts;
	const struct fast_passed *passed;
	struct fast_done *done;
	uint32_t lanes, sessions;
	bool sums; /* tunnels may have checksums of UDP */
};

struct fast_path;

/**
 * fast_path_open() - load the programs on trial, make the maps
 * @options: .fast_path, .fast_path_xdp, .fast_path_streams, .max_sessions
 * @host: outlives it
 * @ret: set on success; NULL: sessions are told @*why
 * @why: FAST_OFF, or with mode auto FAST_UNSUPPORTED
 *
 * Return: 0; with mode require also -errno in words: it can not be had here.
 */
int fast_path_open(const struct keeper_options *options, struct host_watches *host,
                   struct fast_path **ret, enum fast_reason *why, struct extack *ea);

/** fast_path_close() - all programs are gone when it returns */
void fast_path_close(struct fast_path *f);

/** fast_path_board() - mapped; engines inherit it */
const struct fast_board *fast_path_board(const struct fast_path *f);

/**
 * fast_path_session() - what the engine says of a session; replaces what it said before
 *
 * The session's record (.fast_reason) says what came of it, now and later. A session of PPP may get another device,
 * or lose it: what it has counted stays. Return: 0; -ENOENT no such endpoint or device; -EINVAL; -ENOMEM.
 */
int fast_path_session(struct server *s, uint32_t index, const struct fast_wish *wish);

/** fast_path_forget() - the session goes */
void fast_path_forget(struct server *s, uint32_t index);

/**
 * fast_path_socket_shut() - a program's socket is closed, or no longer what it was: nothing on it is fast from now on
 *
 * Until the engine says again what its sessions are, if it does.
 */
void fast_path_socket_shut(struct server *s, const struct managed *m);

/** fast_path_socket_forget() - it goes, and was shut */
void fast_path_socket_forget(struct managed *m);

/** fast_path_verdict_changed() - the host's configuration in @netns is another: decide again for those it concerns */
void fast_path_verdict_changed(struct server *s, struct netns_id netns,
                               const struct host_news *news);

/** fast_path_turn() - when fast_path_due() says so, and whenever it is no trouble: take up what has become worth it */
void fast_path_turn(struct server *s, uint64_t now_ms);

/** fast_path_due() - monotonic; UINT64_MAX: there is nothing to do */
uint64_t fast_path_due(const struct fast_path *f, uint64_t now_ms);

/**
 * fast_path_leave() - to the keeper of another release: what was counted, and of which sessions
 *
 * First all programs are taken off, and the engine gets all packets, until fast_path_stay() or the heir's engine says what
 * its sessions are. @f: NULL is fine, here and for the other. At home.
 */
void fast_path_leave(struct server *s, struct bequest *b);
void fast_path_stay(struct server *s);

/** fast_path_inherit() - where there is no fast path any more, what was counted is lost. 0; -EBADMSG; -errno */
int fast_path_inherit(struct fast_path *f, struct inheritance *i);

/** fast_path_drop() - take all that is ours out of a namespace that goes */
void fast_path_drop(struct server *s, struct netns_id netns);

#endif
