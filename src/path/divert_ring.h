/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_ring.h - where a worker reads the data packets that a filter took out of programs' sockets
 *
 * The ring is the kernel's (BPF_MAP_TYPE_RINGBUF) and mapped: packets are looked at where the filter put them, and
 * their room is given back when the coalescer has written them. Beside it the board by which worker and filter
 * know of each other (keeper/divert.h).
 */
#ifndef UL2TP_PATH_DIVERT_RING_H
#define UL2TP_PATH_DIVERT_RING_H

#include <stdint.h>

#include "path/intake.h"
#include "path/worker.h"

/* A worker that has a ring wakes so often to say that it lives; twice is well below DIVERT_BEAT_NS_MAX. */
#define DIVERT_BEAT_MS 400

struct divert_ring;

/**
 * divert_ring_new() - map a ring; its worker says from now on that it lives. API thread
 * @ring, @board: descriptors, which become the ring's, on failure too
 * @max_sessions: how many the board counts lost packets of
 *
 * Return: NULL: it can not be mapped.
 */
struct divert_ring *divert_ring_new(struct worker *w, int ring, int board, uint32_t max_sessions);

/** divert_ring_read() - the worker reads it from now on. API thread */
void divert_ring_read(struct divert_ring *ring);

/** divert_ring_free() - when the worker has ended; NULL is fine */
void divert_ring_free(struct divert_ring *ring);

/** divert_ring_lost() - where packets of a session are counted that found the ring full; NULL: nowhere */
uint64_t *divert_ring_lost(const struct divert_ring *ring, uint32_t session_index);

/** divert_ring_fd() - readable while there is something in it */
int divert_ring_fd(const struct divert_ring *ring);

/* The rest belongs to the worker. */

/** divert_ring_turn() - say that the worker lives, and take what nobody woke it for; each turn of its loop */
void divert_ring_turn(struct divert_ring *ring);

/** divert_ring_drain() - take all that is in it now: before a session goes, whose last packets may be there (TUN-49) */
void divert_ring_drain(struct divert_ring *ring);

/** divert_ring_add() - packets of the socket of @in's endpoint are for it */
void divert_ring_add(struct divert_ring *ring, struct intake *in);
void divert_ring_remove(struct divert_ring *ring, struct intake *in);

#endif
