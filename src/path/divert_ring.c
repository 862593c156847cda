/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_ring.c - see divert_ring.h
 *
 * What the kernel documents of its ring (Documentation/bpf/ringbuf.rst): a page with the consumer's position, which
 * is ours to write; a page with the producer's; then the records, mapped twice in a row so that none is ever in two
 * pieces. A record starts with its length and two flags, and takes a multiple of 8 octets.
 */
#include "path/divert_ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "keeper/divert.h"
#include "path/outbox.h"
#include "path/receive.h"

#define BATCH   256 /* records until the coalescer is flushed and their room given back */
#define BATCHES 8   /* until others of the worker get their turn */

struct divert_ring {
	struct watch watch;
	struct letter letter;
	struct worker *worker;
	int fd;
	_Atomic uint64_t *consumer;       /* writable page */
	const _Atomic uint64_t *producer; /* read-only pages: this, then the records twice */
	const uint8_t *records;
	uint64_t *board;
	size_t board_octets;
	uint32_t max_sessions;
	struct buckets intakes; /* by cookie */
	struct intake *last;    /* found last; packets come in trains */
};

static size_t page(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static void *map(int fd, size_t octets, int protection, size_t offset)
{
	void *at = mmap(NULL, octets, protection, MAP_SHARED, fd, (off_t)offset);

	return at == MAP_FAILED ? NULL : at;
}

static bool ring_map(struct divert_ring *ring, int board)
{
	uint8_t *shared;

	ring->consumer = map(ring->fd, page(), PROT_READ | PROT_WRITE, 0);
	shared = map(ring->fd, page() + 2 * DIVERT_RING_OCTETS, PROT_READ, page());
	if (shared) {
		ring->producer = (const _Atomic uint64_t *)shared;
		ring->records = shared + page();
	}
	ring->board_octets = (BOARD_LOST + (size_t)ring->max_sessions) * sizeof(uint64_t);
	ring->board_octets = (ring->board_octets + page() - 1) & ~(page() - 1);
	ring->board = map(board, ring->board_octets, PROT_READ | PROT_WRITE, 0);
	return ring->consumer && ring->producer && ring->board;
}

void divert_ring_free(struct divert_ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		munmap((void *)ring->consumer, page());
	if (ring->producer)
		munmap((void *)ring->producer, page() + 2 * DIVERT_RING_OCTETS);
	if (ring->board)
		munmap(ring->board, ring->board_octets);
	buckets_release(&ring->intakes);
	close(ring->fd);
	free(ring);
}

uint64_t *divert_ring_lost(const struct divert_ring *ring, uint32_t session_index)
{
	return session_index < ring->max_sessions ? &ring->board[BOARD_LOST + session_index] : NULL;
}

int divert_ring_fd(const struct divert_ring *ring)
{
	return ring->fd;
}

static struct intake *intake_of(struct divert_ring *ring, uint64_t cookie)
{
	struct bucket_node *node;

	if (ring->last && ring->last->endpoint->at.cookie == cookie)
		return ring->last;
	node = buckets_first(&ring->intakes, hash_u64(cookie, ring->worker->seed));
	for (; node; node = buckets_next(node)) {
		struct intake *in = container_of(node, struct intake, by_cookie);

		if (in->endpoint->at.cookie == cookie)
			return ring->last = in;
	}
	return NULL;
}

/* Of a socket whose tunnel has gone there is nothing to be said. */
static void take_record(struct divert_ring *ring, const uint8_t *octets, size_t room)
{
	struct divert_record record;
	struct intake *in;

	if (room < sizeof(record))
		return;
	memcpy(&record, octets, sizeof(record));
	in = intake_of(ring, record.cookie);
	if (!in)
		return;
	octets += sizeof(record);
	room -= sizeof(record);
	if (record.kind == DIVERT_NOTICE && room >= DIVERT_NOTICE_OCTETS)
		receive_notice(in, octets, DIVERT_NOTICE_OCTETS);
	else if (record.kind == DIVERT_DATA && room >= record.len)
		receive_diverted(in, octets, record.len, record.gso);
}

/* Return: whether it ended for want of records. */
static bool take_batch(struct divert_ring *ring)
{
	uint64_t at = atomic_load_explicit(ring->consumer, memory_order_relaxed);
	uint64_t end = atomic_load_explicit(ring->producer, memory_order_acquire);
	int count = 0;

	receive_begin(ring->worker);
	for (; at < end && count < BATCH; count++) {
		const uint8_t *record = ring->records + (at & (DIVERT_RING_OCTETS - 1));
		uint32_t header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		uint32_t len = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			break; /* being written; its writer wakes us */
		if (!(header & BPF_RINGBUF_DISCARD_BIT))
			take_record(ring, record + BPF_RINGBUF_HDR_SZ, len);
		at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7u;
	}
	receive_end(ring->worker);
	atomic_store_explicit(ring->consumer, at, memory_order_release);
	return count < BATCH;
}

/* While we are here nobody needs to wake us; what came between the last look and the end of that time is seen
 * because the loop asks the ring, not the wake-up. */
static void ring_ready(struct watch *watch, uint32_t events)
{
	struct divert_ring *ring = container_of(watch, struct divert_ring, watch);

	__atomic_store_n(&ring->board[BOARD_BUSY], 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < BATCHES && !take_batch(ring); i++)
		;
	__atomic_store_n(&ring->board[BOARD_BUSY], 0, __ATOMIC_SEQ_CST);
}

void divert_ring_turn(struct divert_ring *ring)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	__atomic_store_n(&ring->board[BOARD_BEAT],
	                 (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec,
	                 __ATOMIC_RELAXED);
	if (ring->watch.fd >= 0 &&
	    atomic_load_explicit(ring->consumer, memory_order_relaxed) <
	            atomic_load_explicit(ring->producer, memory_order_acquire))
		ring_ready(&ring->watch, EPOLLIN);
}

void divert_ring_drain(struct divert_ring *ring)
{
	uint64_t end = atomic_load_explicit(ring->producer, memory_order_acquire);

	while (atomic_load_explicit(ring->consumer, memory_order_relaxed) < end &&
	       !take_batch(ring))
		;
}

void divert_ring_add(struct divert_ring *ring, struct intake *in)
{
	buckets_insert(&ring->intakes, &in->by_cookie,
	               hash_u64(in->endpoint->at.cookie, ring->worker->seed));
}

void divert_ring_remove(struct divert_ring *ring, struct intake *in)
{
	if (ring->last == in)
		ring->last = NULL;
	buckets_remove(&ring->intakes, &in->by_cookie);
}

static void open_start(struct letter *letter)
{
	struct divert_ring *ring = container_of(letter, struct divert_ring, letter);

	ring->board[BOARD_BUSY] = 0; /* an engine may have died while it read */
	divert_ring_turn(ring);
	ring->worker->ring = ring;
}

static void open_read(struct letter *letter)
{
	struct divert_ring *ring = container_of(letter, struct divert_ring, letter);

	loop_add_surely(ring->worker->loop, &ring->watch, ring->fd, EPOLLIN, ring_ready);
}

static void post(struct divert_ring *ring, void (*open)(struct letter *))
{
	ring->letter.open = open;
	mailbox_post(&ring->worker->mailbox, &ring->letter);
	mailbox_wait(&ring->worker->mailbox);
}

void divert_ring_read(struct divert_ring *ring)
{
	post(ring, open_read);
}

struct divert_ring *divert_ring_new(struct worker *w, int ring_fd, int board, uint32_t max_sessions)
{
	struct divert_ring *ring = calloc(1, sizeof(*ring));
	AUTO_FD board_fd = board;

	if (!ring) {
		close(ring_fd);
		return NULL;
	}
	*ring = (struct divert_ring){
		.watch.fd = -1, .worker = w, .fd = ring_fd, .max_sessions = max_sessions
	};
	if (!ring_map(ring, board_fd)) {
		divert_ring_free(ring);
		return NULL;
	}
	post(ring, open_start);
	return ring;
}
