/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - wait for descriptors, and call whom they belong to
 *
 * One loop belongs to one thread; it is the only owner of epoll. A callback runs to completion and may
 * remove any watch, its own included: what was already reported for it is then not delivered.
 *
 * A thread that sleeps in its loop touches nothing that is its own. Another, which has something to be done there, can
 * borrow the loop for as long, and do it itself: that costs neither of them a change of threads.
 */
#ifndef UL2TP_LOOP_LOOP_H
#define UL2TP_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

struct watch;

/** @events: EPOLLIN, EPOLLOUT, EPOLLERR, EPOLLHUP */
typedef void watch_fn(struct watch *watch, uint32_t events);

struct watch {
	int fd; /* borrowed; -1: not in a loop */
	watch_fn *ready;
	uint32_t events; /* what is waited for; loop.c's */
	bool urgent;     /* of those that are ready at once it comes before others */
	bool put_off;    /* waited for later; loop.c's, like the next of these */
	struct watch *next_put_off;
};

struct loop;

/** loop_new() - NULL with errno set: out of memory or descriptors */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/** loop_add() - call @watch->ready when @fd has any of @events; level triggered. Negative errno */
int loop_add(struct loop *loop, struct watch *watch, int fd, uint32_t events, watch_fn *ready);

/**
 * loop_add_surely() - loop_add(), for who can not refuse anything any more
 *
 * Where the system has no room (ENOMEM, ENOSPC: /proc/sys/fs/epoll/max_user_watches), that is logged, and it is tried again
 * LOOP_AGAIN_MS later, until it works or loop_remove() is called. Who calls loop_once() sees to it that this has its turn.
 */
void loop_add_surely(struct loop *loop, struct watch *watch, int fd, uint32_t events,
                     watch_fn *ready);

#define LOOP_AGAIN_MS 100

/** loop_puts_off() - whether anything is to be tried again, so that loop_once() is to wait for LOOP_AGAIN_MS at most */
bool loop_puts_off(const struct loop *loop);

/** loop_events() - wait for @events from now on; costs nothing if that is what is waited for */
void loop_events(struct loop *loop, struct watch *watch, uint32_t events);

/** loop_remove() - harmless on a zeroed watch whose .fd is -1 */
void loop_remove(struct loop *loop, struct watch *watch);

/**
 * loop_between() - call @fn before each callback, too: for what must not wait until all that are ready had their turn
 *
 * One for each loop; @fn: NULL: none any more.
 */
void loop_between(struct loop *loop, void (*fn)(void *arg), void *arg);

/**
 * loop_once() - wait for at most @timeout_ms (-1: for ever), call callbacks
 * Return: 0, or a negative errno of epoll_wait() other than EINTR.
 */
int loop_once(struct loop *loop, int timeout_ms);

/** loop_ready() - call callbacks until nothing is ready any more; without waiting. Each must take its cause away */
void loop_ready(struct loop *loop);

/** loop_fd() - which another loop can wait for, EPOLLIN: something is ready */
int loop_fd(const struct loop *loop);

/** loop_lend() - from now on others can borrow it; called by its own thread, before the first loop_once() */
void loop_lend(struct loop *loop);

/**
 * loop_borrow() - be its thread, while that sleeps; any other thread
 *
 * All that is its thread's is the caller's until loop_return(), and loop_now_ms() is now. Return: false: it is awake, or
 * somebody else has it, or it was never lent.
 */
bool loop_borrow(struct loop *loop);

/** loop_return() - its thread may go on; it sleeps for as long as it was going to */
void loop_return(struct loop *loop);

/** loop_now_ms() - CLOCK_MONOTONIC in milliseconds, read once each loop_once() after waiting */
uint64_t loop_now_ms(const struct loop *loop);

#endif
