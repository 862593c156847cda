/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_pump.c - see netlink_pump.h
 *
 * Descriptors are watched once at a time (EPOLLONESHOT), and watched again by whoever has taken what came. This
 * thread waits for no lock, so one call that takes long delays nobody else's notifications.
 *
 * When a program has read is not told to us. Stand-ins with something kept, or whose lock was taken, are tried
 * again a millisecond later, and ever more seldom up to 16 ms while nothing changes.
 *
 * A stand-in is known here by its inode; if it has gone the table does not find it.
 */
#include "launcher/netlink_pump.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"

#define EVENTS    64
#define PAUSE_MIN 1 /* milliseconds */
#define PAUSE_MAX 16
#define WAKE      UINT64_MAX

struct netlink_pump {
	struct launcher *launcher;
	pthread_t thread;
	atomic_bool stop;
	int epoll, wake;
	pthread_mutex_t lock; /* guards the following */
	ino_t *waiting;
	size_t count, size;
};

static bool is_waiting(const struct netlink_pump *p, ino_t ino)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->waiting[i] == ino)
			return true;
	return false;
}

static void add_waiting(struct netlink_pump *p, ino_t ino)
{
	pthread_mutex_lock(&p->lock);
	if (!is_waiting(p, ino)) {
		if (p->count == p->size) {
			size_t size = p->size ? 2 * p->size : 16;
			ino_t *larger = realloc(p->waiting, size * sizeof(*larger));

			if (larger) {
				p->waiting = larger;
				p->size = size;
			}
		}
		if (p->count < p->size)
			p->waiting[p->count++] = ino;
	}
	pthread_mutex_unlock(&p->lock);
}

static void set_watch(struct netlink_socket *n, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events | EPOLLONESHOT, .data.u64 = n->object.ino };
	int epoll = n->launcher->pump->epoll;

	if (fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0 && errno == ENOENT)
		epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

void netlink_pump_watch(struct netlink_socket *n)
{
	if (n->forward.port)
		set_watch(n, n->forward.fd, EPOLLIN);
	if (n->links[LINK_ANYONE].subscribed)
		set_watch(n, n->links[LINK_ANYONE].fd, EPOLLIN);
}

void netlink_pump_pause(struct netlink_socket *n)
{
	if (n->forward.port)
		set_watch(n, n->forward.fd, 0);
	if (n->links[LINK_ANYONE].subscribed)
		set_watch(n, n->links[LINK_ANYONE].fd, 0);
}

void netlink_pump_wait(struct netlink_socket *n)
{
	const uint64_t one = 1;

	add_waiting(n->launcher->pump, n->object.ino);
	/* The pump looks at those that wait before it sleeps; woken by itself it would never pause. */
	if (pthread_equal(pthread_self(), n->launcher->pump->thread))
		return;
	if (write(n->launcher->pump->wake, &one, sizeof(one)) < 0)
		return; /* it is awake */
}

/* Return: whether something moved. */
static bool serve(struct netlink_pump *p, ino_t ino)
{
	struct object *o = object_find(&p->launcher->objects, ino);
	struct netlink_socket *n;
	bool moved = false;

	if (!o)
		return false;
	n = netlink_socket_of(o);
	if (o->ops == &netlink_socket_ops && pthread_mutex_trylock(&n->lock) == 0) {
		netlink_borrow(n);
		moved = netlink_serve_rest(n);
		netlink_end(n);
	} else if (o->ops == &netlink_socket_ops) {
		add_waiting(p, ino);
	}
	object_put(&p->launcher->objects, o);
	return moved;
}

static ino_t *take_waiting(struct netlink_pump *p, size_t *count)
{
	ino_t *taken;

	pthread_mutex_lock(&p->lock);
	taken = p->waiting;
	*count = p->count;
	p->waiting = NULL;
	p->count = p->size = 0;
	pthread_mutex_unlock(&p->lock);
	return taken;
}

/* Those that still have something kept put themselves back. */
static bool serve_waiting(struct netlink_pump *p)
{
	size_t count;
	AUTO_MEMORY ino_t *inos = take_waiting(p, &count);
	bool moved = false;

	for (size_t i = 0; i < count; i++)
		moved |= serve(p, inos[i]);
	return moved;
}

static bool has_waiting(struct netlink_pump *p)
{
	bool has;

	pthread_mutex_lock(&p->lock);
	has = p->count > 0;
	pthread_mutex_unlock(&p->lock);
	return has;
}

static void *run(void *arg)
{
	struct netlink_pump *p = arg;
	struct epoll_event events[EVENTS];
	int pause = PAUSE_MIN;

	while (!p->stop) {
		bool waiting = has_waiting(p);
		int n = epoll_wait(p->epoll, events, EVENTS, waiting ? pause : -1);
		uint64_t count;

		for (int i = 0; i < n; i++)
			if (events[i].data.u64 != WAKE)
				serve(p, (ino_t)events[i].data.u64);
			else if (read(p->wake, &count, sizeof(count)) > 0 && !waiting)
				pause = PAUSE_MIN;
		if (waiting)
			pause = serve_waiting(p)        ? PAUSE_MIN
			        : 2 * pause < PAUSE_MAX ? 2 * pause
			                                : PAUSE_MAX;
	}
	return NULL;
}

int netlink_pump_start(struct launcher *l, struct netlink_pump **ret)
{
	struct netlink_pump *p = calloc(1, sizeof(*p));
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = WAKE };
	int err;

	if (!p)
		return -ENOMEM;
	p->launcher = l;
	pthread_mutex_init(&p->lock, NULL);
	p->epoll = epoll_create1(EPOLL_CLOEXEC);
	p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = p->epoll < 0 || p->wake < 0 || epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->wake, &event) < 0
	              ? -errno
	              : -pthread_create(&p->thread, NULL, run, p);
	if (err < 0) {
		if (p->epoll >= 0)
			close(p->epoll);
		if (p->wake >= 0)
			close(p->wake);
		free(p);
		return err;
	}
	*ret = p;
	return 0;
}

void netlink_pump_stop(struct netlink_pump *p)
{
	const uint64_t one = 1;

	if (!p)
		return;
	p->stop = true;
	if (write(p->wake, &one, sizeof(one)) > 0)
		pthread_join(p->thread, NULL);
	close(p->epoll);
	close(p->wake);
	free(p->waiting);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
