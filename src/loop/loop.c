/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - see loop.h */
#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cleanup.h"
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
	int pending; /* of events, how many are not delivered yet */
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

void loop_events(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = watch };

	if (events != watch->events && epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &e) == 0)
		watch->events = events;
}

void loop_remove(struct loop *loop, struct watch *watch)
{
	if (watch->fd < 0)
		return;
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
