/* SPDX-License-Identifier: BSD-2-Clause */
/* reaper.c - see reaper.h
 *
 * While nobody waits, one thread at a time deletes, so that what comes meanwhile makes one group; the others
 * close. The lock guards the queues. The main thread forks engines, in which a lock that one of these threads
 * held would stay held, of the allocator too: so there are none during a fork (reaper_rest()). Nor would
 * ThreadSanitizer look at what was forked beside threads.
 */
#include "keeper/reaper.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "keeper/delete_many.h"

/* Others that are removed by the same request of the user come within this time. */
#define GATHER_NS (10 * 1000 * 1000)

/* No descriptor wakes who waits for an interface to go, so it is looked at: the kernel needs some ms. */
#define LOOK_NS (300 * 1000)

/* Sessions that come and go one after the other: as many a second as there are threads in the 20 ms one takes. */
#define THREADS 8

struct batch {
	int *fd;
	size_t count, room;
};

struct worker {
	struct reaper *reaper;
	pthread_t thread;
	struct batch
		going; /* interfaces being deleted, then closed; the worker changes it under the lock */
	bool closing; /* those of .going, some of which go only by that */
};

struct reaper {
	const struct netns_home *home;
	pthread_mutex_t lock;
	pthread_cond_t wake, hurry, done;
	struct batch waiting; /* interfaces */
	struct batch closing; /* other descriptors */
	struct worker workers[THREADS];
	unsigned int started;
	unsigned int deleting; /* threads that gather or delete */
	bool hurried;          /* the main thread waits */
	bool ending;
};

static int batch_add(struct batch *b, int fd)
{
	if (b->count == b->room) {
		size_t room = b->room ? b->room * 2 : 64;
		int *grown = realloc(b->fd, room * sizeof(*grown));

		if (!grown)
			return -1;
		b->fd = grown;
		b->room = room;
	}
	b->fd[b->count++] = fd;
	return 0;
}

static bool batch_is_gone(const struct batch *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (!delete_is_done(b->fd[i]))
			return false;
	return true;
}

static struct timespec after(long ns)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += ns;
	if (at.tv_nsec >= 1000 * 1000 * 1000) {
		at.tv_sec++;
		at.tv_nsec -= 1000 * 1000 * 1000;
	}
	return at;
}

/* The lock is held before and after. */
static void gather(struct reaper *r)
{
	struct timespec until = after(GATHER_NS);

	while (!r->hurried && !r->ending &&
	       pthread_cond_timedwait(&r->hurry, &r->lock, &until) == 0)
		;
}

/* The lock is held before and after. */
static void delete_waiting(struct reaper *r, struct worker *w)
{
	r->deleting++;
	gather(r);
	w->going = r->waiting;
	r->waiting = (struct batch){ 0 };
	pthread_mutex_unlock(&r->lock);
	delete_many(r->home, w->going.fd, w->going.count);
	pthread_mutex_lock(&r->lock);

	struct batch batch = w->going;

	w->closing = !batch_is_gone(&batch);
	w->going = (struct batch){ 0 };
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < batch.count; i++)
		close(batch.fd[i]);
	free(batch.fd);
	pthread_mutex_lock(&r->lock);
	w->closing = false;
	r->deleting--;
}

static void close_one(struct reaper *r)
{
	int fd = r->closing.fd[--r->closing.count];

	pthread_mutex_unlock(&r->lock);
	close(fd);
	pthread_mutex_lock(&r->lock);
}

static bool may_delete(const struct reaper *r)
{
	return r->waiting.count > 0 && (r->deleting == 0 || r->hurried || r->ending);
}

/* The lock is held before and after. Return: whether there was anything to do */
static bool work(struct reaper *r, struct worker *w)
{
	if (may_delete(r))
		delete_waiting(r, w);
	else if (r->closing.count > 0)
		close_one(r);
	else
		return false;
	return true;
}

/* There is no thread. The lock is held before and after. */
static void work_alone(struct reaper *r)
{
	r->hurried = true;
	while (work(r, &r->workers[0]))
		;
	r->hurried = false;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct reaper *r = w->reaper;

	netns_go_home(r->home); /* it was made wherever the main thread was, and would keep that */
	pthread_mutex_lock(&r->lock);
	for (;;) {
		while (work(r, w))
			;
		pthread_cond_broadcast(&r->done);
		if (r->ending)
			break;
		pthread_cond_wait(&r->wake, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void conditions_init(struct reaper *r)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	pthread_cond_init(&r->hurry, &monotonic);
	pthread_cond_init(&r->done, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void reaper_go_on(struct reaper *r)
{
	r->ending = false;
	for (; r->started < THREADS; r->started++) {
		struct worker *w = &r->workers[r->started];

		w->reaper = r;
		if (pthread_create(&w->thread, NULL, worker_main, w) != 0)
			break;
	}
}

struct reaper *reaper_start(const struct netns_home *home)
{
	struct reaper *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->home = home;
	conditions_init(r);
	reaper_go_on(r);
	return r;
}

static void hand_over(struct reaper *r, struct batch *to, int fd)
{
	if (fd < 0)
		return;
	pthread_mutex_lock(&r->lock);
	if (batch_add(to, fd) < 0)
		close(fd);
	if (r->started > 0)
		pthread_cond_signal(&r->wake);
	else
		work_alone(r);
	pthread_mutex_unlock(&r->lock);
}

void reaper_take(struct reaper *r, int fd)
{
	hand_over(r, &r->waiting, fd);
}

void reaper_close(struct reaper *r, int fd)
{
	hand_over(r, &r->closing, fd);
}

/* The lock is held. */
static bool names_are_free(const struct reaper *r)
{
	if (r->waiting.count > 0)
		return false;
	for (unsigned int i = 0; i < THREADS; i++)
		if (r->workers[i].closing || !batch_is_gone(&r->workers[i].going))
			return false;
	return true;
}

/* The lock is held. */
static void hurry_up(struct reaper *r)
{
	r->hurried = true;
	pthread_cond_broadcast(&r->hurry);
	pthread_cond_signal(&r->wake);
}

bool reaper_wait_names(struct reaper *r)
{
	bool waited = false;

	pthread_mutex_lock(&r->lock);
	while (!names_are_free(r)) {
		struct timespec until = after(LOOK_NS);

		waited = true;
		hurry_up(r);
		pthread_cond_timedwait(&r->done, &r->lock, &until);
	}
	r->hurried = false;
	pthread_mutex_unlock(&r->lock);
	return waited;
}

void reaper_rest(struct reaper *r)
{
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_broadcast(&r->hurry);
	pthread_cond_broadcast(&r->wake);
	pthread_mutex_unlock(&r->lock);
	for (; r->started > 0; r->started--)
		pthread_join(r->workers[r->started - 1].thread, NULL);
}

void reaper_free(struct reaper *r)
{
	if (!r)
		return;
	reaper_rest(r);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->wake);
	pthread_cond_destroy(&r->hurry);
	pthread_cond_destroy(&r->done);
	free(r->waiting.fd);
	free(r->closing.fd);
	free(r);
}
