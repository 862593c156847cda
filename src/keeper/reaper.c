/* SPDX-License-Identifier: BSD-2-Clause */
/* reaper.c - see reaper.h
 *
 * The lock guards the queue. The main thread forks engines, in which a lock that this thread held would stay
 * held: so the thread does not log, and is idle during a fork (reaper_wait()), for others have locks as well, as
 * the allocator of AddressSanitizer has.
 */
#include "keeper/reaper.h"

#include <net/if.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/link.h"
#include "keeper/tap.h"

/* Others that are removed by the same request of the user come within this time. */
#define GATHER_NS (10 * 1000 * 1000)

struct batch {
	int *fd;
	size_t count, room;
};

struct reaper {
	const struct netns_home *home;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, done;
	struct batch waiting; /* interfaces */
	struct batch closing; /* other descriptors */
	bool busy; /* the thread is starting, or a batch is being gathered or deleted, or one is being closed */
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

/* Whether the interface is in the namespace with inode @ino; if so it is put into @group. */
static bool gather(int link, int fd, ino_t ino, uint32_t group)
{
	AUTO_FD netns = netns_of_device(fd);
	char name[IFNAMSIZ];

	if (netns < 0 || netns_ino(netns) != ino || tap_name(fd, name) < 0)
		return false;
	return link_set_group(link, name, group) == 0;
}

/* A number nobody else uses for a group: those people choose are small. */
static uint32_t group_number(void)
{
	uint32_t group;

	if (getrandom(&group, sizeof(group), GRND_NONBLOCK) != sizeof(group))
		group = (uint32_t)getpid();
	return group | 1u << 31;
}

/* Move those of @b that are in the namespace we entered, its first among them, to @gone. */
static void gather_all(struct batch *b, struct batch *gone, int link, ino_t ino, uint32_t group)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++)
		if (gather(link, b->fd[i], ino, group))
			gone->fd[gone->count++] = b->fd[i];
		else
			b->fd[kept++] = b->fd[i];
	b->count = kept;
}

/* Delete the interfaces of @b that are in the same namespace as its first; their descriptors leave @b. */
static void delete_namespace(const struct reaper *r, struct batch *b)
{
	AUTO_FD netns = netns_of_device(b->fd[0]);
	AUTO_MEMORY int *fds = calloc(b->count, sizeof(*fds));
	struct batch gone = { .fd = fds };
	AUTO_FD link = -1;

	if (fds && netns >= 0 && (!r->home->may_enter || netns_go(netns) == 0))
		link = link_socket();
	if (link >= 0) {
		uint32_t group = group_number();

		gather_all(b, &gone, link, netns_ino(netns), group);
		if (gone.count > 0)
			link_delete_group(link, group);
	}
	if (gone.count == 0) {
		/* Deleted already, with its namespace or by its user; else closing must do. */
		close(b->fd[0]);
		b->fd[0] = b->fd[--b->count];
	}
	for (size_t i = 0; i < gone.count; i++)
		close(gone.fd[i]);
}

static void delete_batch(const struct reaper *r, struct batch *b)
{
	while (b->count > 0)
		delete_namespace(r, b);
	if (r->home->may_enter)
		netns_go_home(r->home);
	free(b->fd);
}

/* The lock is held before and after. */
static void delete_waiting(struct reaper *r)
{
	const struct timespec gathering = { .tv_nsec = GATHER_NS };
	struct batch batch;

	if (!r->ending) {
		pthread_mutex_unlock(&r->lock);
		nanosleep(&gathering, NULL);
		pthread_mutex_lock(&r->lock);
	}
	batch = r->waiting;
	r->waiting = (struct batch){ 0 };
	pthread_mutex_unlock(&r->lock);
	delete_batch(r, &batch);
	pthread_mutex_lock(&r->lock);
}

static void close_one(struct reaper *r)
{
	int fd = r->closing.fd[--r->closing.count];

	pthread_mutex_unlock(&r->lock);
	close(fd);
	pthread_mutex_lock(&r->lock);
}

static bool has_work(const struct reaper *r)
{
	return r->waiting.count > 0 || r->closing.count > 0;
}

static void *reaper_main(void *arg)
{
	struct reaper *r = arg;

	pthread_mutex_lock(&r->lock);
	for (;;) {
		r->busy = false;
		pthread_cond_broadcast(&r->done);
		while (!has_work(r) && !r->ending)
			pthread_cond_wait(&r->wake, &r->lock);
		if (!has_work(r))
			break;
		r->busy = true;
		if (r->waiting.count > 0)
			delete_waiting(r);
		else
			close_one(r);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

struct reaper *reaper_start(const struct netns_home *home)
{
	struct reaper *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->home = home;
	r->busy = true;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->wake, NULL);
	pthread_cond_init(&r->done, NULL);
	if (pthread_create(&r->thread, NULL, reaper_main, r) != 0) {
		free(r);
		return NULL;
	}
	return r;
}

static void hand_over(struct reaper *r, struct batch *to, int fd)
{
	if (fd < 0)
		return;
	pthread_mutex_lock(&r->lock);
	if (batch_add(to, fd) < 0)
		close(fd);
	pthread_cond_signal(&r->wake);
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

bool reaper_wait(struct reaper *r)
{
	bool waited = false;

	pthread_mutex_lock(&r->lock);
	while (r->busy || has_work(r)) {
		waited = true;
		pthread_cond_wait(&r->done, &r->lock);
	}
	pthread_mutex_unlock(&r->lock);
	return waited;
}

void reaper_free(struct reaper *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->wake);
	pthread_cond_destroy(&r->done);
	free(r->waiting.fd);
	free(r->closing.fd);
	free(r);
}
