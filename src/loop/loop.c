/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - see loop.h */
#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/monotonic.h"

#define EVENTS_MAX 64

struct loop {
	int epoll;
	uint64_t now_ms;
	atomic_bool is_lent;
	pthread_mutex_t turn;  /* of what is lent: its thread has it, but while it sleeps */
	unsigned int borrowed; /* how often; whoever has the turn may look */
	void (*between)(void *arg);
	void *between_arg;
	struct watch *put_off;
	uint64_t again_ms; /* when to try them */
	int pending;       /* of events, how many are not delivered yet */
	struct epoll_event events[EVENTS_MAX];
};

struct loop *loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		free(loop);
		return NULL;
	}
	pthread_mutex_init(&loop->turn, NULL);
	loop->now_ms = monotonic_ms();
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->epoll);
	free(loop);
}

int loop_add(struct loop *loop, struct watch *watch, int fd, uint32_t events, watch_fn *ready)
{
	struct epoll_event e = { .events = events, .data.ptr = watch };

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		return -errno;
	watch->fd = fd;
	watch->ready = ready;
	watch->events = events;
	return 0;
}

static void put_off(struct loop *loop, struct watch *watch)
{
	watch->put_off = true;
	watch->next_put_off = loop->put_off;
	loop->put_off = watch;
}

static void put_off_no_longer(struct loop *loop, struct watch *watch)
{
	struct watch **at = &loop->put_off;

	while (*at != watch)
		at = &(*at)->next_put_off;
	*at = watch->next_put_off;
	watch->put_off = false;
}

void loop_add_surely(struct loop *loop, struct watch *watch, int fd, uint32_t events,
                     watch_fn *ready)
{
	int err = loop_add(loop, watch, fd, events, ready);

	if (err == 0)
		return;
	watch->fd = fd;
	watch->ready = ready;
	watch->events = events;
	if (!loop->put_off)
		loop->again_ms = monotonic_ms() + LOOP_AGAIN_MS;
	put_off(loop, watch);
	log_event(LOG_WARNING, "not-watched",
	          "error=\"%s\" effect=\"packets wait, until it can be: it is tried again\"",
	          strerror(-err));
}

bool loop_puts_off(const struct loop *loop)
{
	return loop->put_off;
}

static void try_again(struct loop *loop)
{
	struct watch *all = loop->put_off, *next;

	loop->put_off = NULL;
	loop->again_ms = loop->now_ms + LOOP_AGAIN_MS;
	for (struct watch *watch = all; watch; watch = next) {
		next = watch->next_put_off;
		watch->put_off = loop_add(loop, watch, watch->fd, watch->events, watch->ready) < 0;
		if (watch->put_off)
			put_off(loop, watch);
	}
}

void loop_events(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = watch };

	if (watch->put_off)
		watch->events = events;
	else if (events != watch->events &&
	         epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &e) == 0)
		watch->events = events;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	if (watch->fd < 0)
		return;
	if (watch->put_off)
		put_off_no_longer(loop, watch);
	else
		epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->fd = -1;
	for (int i = 0; i < loop->pending; i++)
		if (loop->events[i].data.ptr == watch)
			loop->events[i].data.ptr = NULL;
}

void loop_between(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	loop->between = fn;
	loop->between_arg = arg;
}

/* One that was called is forgotten, so that it can remove itself and its memory. */
static void call_ready(struct loop *loop, bool urgent)
{
	for (int i = 0; i < loop->pending; i++) {
		struct watch *watch = loop->events[i].data.ptr;

		if (!watch || watch->urgent != urgent)
			continue;
		if (loop->between)
			loop->between(loop->between_arg);
		watch = loop->events[i].data.ptr;
		if (!watch) /* it was removed in between */
			continue;
		loop->events[i].data.ptr = NULL;
		watch->ready(watch, loop->events[i].events);
	}
}

static void call_all(struct loop *loop, int n)
{
	loop->pending = n;
	call_ready(loop, true);
	call_ready(loop, false);
	loop->pending = 0;
}

void loop_lend(struct loop *loop)
{
	pthread_mutex_lock(&loop->turn);
	atomic_store(&loop->is_lent, true);
}

bool loop_borrow(struct loop *loop)
{
	if (!atomic_load(&loop->is_lent) || pthread_mutex_trylock(&loop->turn) != 0)
		return false;
	loop->borrowed++;
	loop->now_ms = monotonic_ms();
	return true;
}

void loop_return(struct loop *loop)
{
	pthread_mutex_unlock(&loop->turn);
}

/* Of a watch that went in the meantime something may have been reported: it is asked again. */
static int wait_lending(struct loop *loop, int timeout_ms)
{
	const unsigned int borrowed = loop->borrowed;
	int n;

	pthread_mutex_unlock(&loop->turn);
	n = epoll_wait(loop->epoll, loop->events, EVENTS_MAX, timeout_ms);
	pthread_mutex_lock(&loop->turn);
	if (n > 0 && loop->borrowed != borrowed)
		n = epoll_wait(loop->epoll, loop->events, EVENTS_MAX, 0);
	return n;
}

int loop_once(struct loop *loop, int timeout_ms)
{
	int n = atomic_load_explicit(&loop->is_lent, memory_order_relaxed)
	                ? wait_lending(loop, timeout_ms)
	                : epoll_wait(loop->epoll, loop->events, EVENTS_MAX, timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	loop->now_ms = monotonic_ms();
	if (loop->put_off && loop->now_ms >= loop->again_ms)
		try_again(loop);
	call_all(loop, n);
	return 0;
}

void loop_ready(struct loop *loop)
{
	int n;

	while ((n = epoll_wait(loop->epoll, loop->events, EVENTS_MAX, 0)) > 0)
		call_all(loop, n);
}

int loop_fd(const struct loop *loop)
{
	return loop->epoll;
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}
