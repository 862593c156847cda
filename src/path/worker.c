/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.c - see worker.h */
#include "path/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "path/divert_ring.h"
#include "path/fast_gate.h"
#include "path/handover.h"
#include "path/ip_delivery.h"
#include "path/outbox.h"
#include "path/receive.h"
#include "path/receiver.h"

#define AT_ONCE         64
#define EXPIRY_TICK_MS  100 /* while packets are held, memory is given back this often (LIM-8) */
#define HELD_OCTETS_MAX (16 << 20)

static int wait_ms(const struct worker *w)
{
	if (!list_empty(&w->fast_unsettled))
		return FAST_GATE_TICK_MS;
	if (!list_empty(&w->holding))
		return EXPIRY_TICK_MS;
	if (loop_puts_off(w->loop))
		return LOOP_AGAIN_MS;
	return w->ring ? DIVERT_BEAT_MS : -1;
}

/* What was done in its place while it slept may mean that it sleeps too long. */
static bool wakes(struct mailbox *m)
{
	const struct worker *w = container_of(m, struct worker, mailbox);

	return w->stop || wait_ms(w) != w->wait_ms;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	char name[16];

	/* The thread itself: another would have to open a file of /proc, which confined it may not. */
	snprintf(name, sizeof(name), "worker-%u", w->number);
	pthread_setname_np(pthread_self(), name);
	w->trace.pid = (uint32_t)gettid();
	mailbox_lend(&w->mailbox, wakes);
	while (!w->stop) {
		w->wait_ms = wait_ms(w);
		loop_once(w->loop, w->wait_ms);
		if (w->ring)
			divert_ring_turn(w->ring);
		if (!list_empty(&w->fast_unsettled) && loop_now_ms(w->loop) >= w->fast_ms) {
			w->fast_ms = loop_now_ms(w->loop) + FAST_GATE_TICK_MS;
			fast_gates_tick(&w->fast_unsettled, receiver_gate_holds);
		}
		if (loop_now_ms(w->loop) >= w->expire_ms) {
			w->expire_ms = loop_now_ms(w->loop) + EXPIRY_TICK_MS;
			receivers_expire(w);
		}
	}
	return NULL;
}

static void open_stop(struct letter *letter)
{
	container_of(letter, struct worker, letter)->stop = true;
}

static struct frame_writer *writer_new(bool naive)
{
	int err = 0;
	struct frame_writer *writer = frame_writer_new(naive ? NULL : &err);

	if (err)
		log_event(
			LOG_NOTICE, "written-one-by-one",
			"error=\"%s\" effect=\"more system calls\" needs=\"CONFIG_AIO, room below fs.aio-max-nr\"",
			strerror(-err));
	return writer;
}

static int worker_open(struct worker *w)
{
	w->loop = loop_new();
	if (!w->loop)
		return -errno;
	w->inbox = inbox_new();
	w->outbox = outbox_new();
	w->delivery = ip_delivery_new();
	w->writer = writer_new(w->at_once == 1);
	w->coalescer_room = aligned_alloc(COALESCE_PAGE, COALESCE_ROOM_OCTETS);
	if (!w->coalescer_room || !w->inbox || !w->outbox || !w->delivery || !w->writer ||
	    held_pool_open(&w->held) < 0 || held_pool_open(&w->waiting) < 0 ||
	    frame_room_open(&w->sent_room) < 0 || frame_room_open(&w->received_room) < 0)
		return -ENOMEM;
	coalesce_init(&w->coalescer, w->coalescer_room, frame_taker_emit, w);
	if (getrandom(&w->seed, sizeof(w->seed), 0) != sizeof(w->seed))
		return -EIO;
	return mailbox_open(&w->mailbox, w->loop);
}

static void worker_close(struct worker *w)
{
	if (w->loop) {
		mailbox_close(&w->mailbox, w->loop);
		loop_free(w->loop);
	}
	for (size_t i = 0; i < ARRAY_SIZE(w->to); i++)
		handover_free(w->to[i]);
	buckets_release(&w->receivers);
	buckets_release(&w->elsewhere);
	buckets_release(&w->ip_bindings);
	held_pool_close(&w->held);
	held_pool_close(&w->waiting);
	frame_room_close(&w->sent_room);
	frame_room_close(&w->received_room);
	trace_ring_close(&w->trace.ring);
	free(w->coalescer_room);
	frame_writer_free(w->writer);
	inbox_free(w->inbox);
	outbox_free(w->outbox);
	ip_delivery_free(w->delivery);
	free(w);
}

/* Signals are the keeper's business. */
static int start_thread(struct worker *w, unsigned int number)
{
	char name[16];
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	snprintf(name, sizeof(name), "worker-%u", number);
	trace_name(&w->trace, 0, name);
	err = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return -err;
	return 0;
}

struct worker *worker_new(unsigned int number, bool naive)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return NULL;
	w->number = number;
	w->mailbox.fd = -1;
	w->at_once = naive ? 1 : AT_ONCE;
	w->reorder_pool = (struct reorder_pool){ .packets_max = HELD_SMALL_COUNT,
		                                 .octets_max = HELD_OCTETS_MAX };
	list_init(&w->holding);
	list_init(&w->fast_unsettled);
	err = worker_open(w);
	if (!err)
		err = start_thread(w, number);
	if (err < 0) {
		worker_close(w);
		errno = -err;
		return NULL;
	}
	return w;
}

static void open_alone(struct letter *letter)
{
	frame_writer_alone(container_of(letter, struct worker, letter)->writer);
}

void worker_write_alone(struct worker *w)
{
	w->letter.open = open_alone;
	mailbox_post(&w->mailbox, &w->letter);
}

void worker_stop(struct worker *w)
{
	w->letter.open = open_stop;
	mailbox_post(&w->mailbox, &w->letter);
	pthread_join(w->thread, NULL);
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	worker_stop(w);
	worker_close(w);
}
