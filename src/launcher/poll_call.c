/* SPDX-License-Identifier: BSD-2-Clause */
/* poll_call.c - see poll_call.h */
#include "launcher/poll_call.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "launcher/object.h"
#include "launcher/ppp_stand_in.h"

#define NOT_LOOKED_AT (-1)
#define NOT_OPEN      (-2)

/* A file of /dev/ppp has these and those that nobody needs to ask for. */
#define OF_A_FILE  (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM)
#define OF_A_FRAME (POLLIN | POLLRDNORM)

/* What the program asked, and the same with duplicates of its descriptors. */
struct poll_pair {
	struct pollfd theirs[POLL_LOOKED_AT];
	struct pollfd ours[POLL_LOOKED_AT];
	size_t count;
};

static bool may_be_file(const struct trap *t, int number)
{
	const struct descriptor_range *range = &t->launcher->ppp_range;

	return number >= 0 && (unsigned int)number >= range->first &&
	       (unsigned int)number <= range->last;
}

static bool any_may_be_file(const struct trap *t, const struct poll_pair *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (may_be_file(t, p->theirs[i].fd))
			return true;
	return false;
}

/* A duplicate of the file of /dev/ppp at @number; -1: there is none, or it has not hung up. */
static int hung_up_file(const struct trap *t, int number)
{
	struct object *o = may_be_file(t, number) ? trap_object(t, number) : NULL;
	struct pollfd own = { .fd = -1 };

	if (!o)
		return -1;
	if (o->ops->is_file)
		own.fd = trap_descriptor_of(t, o, number);
	object_put(&t->launcher->objects, o);
	if (own.fd >= 0 && poll(&own, 1, 0) == 1 && own.revents & POLLHUP)
		return own.fd;
	if (own.fd >= 0)
		close(own.fd);
	return -1;
}

/* Duplicates of those files; of what they can not say any more they are not asked. False: there is none. */
static bool take_hung_up(const struct trap *t, struct poll_pair *p)
{
	bool any = false;

	for (size_t i = 0; i < p->count; i++) {
		const int fd = hung_up_file(t, p->theirs[i].fd);

		p->ours[i] = (struct pollfd){ .fd = fd < 0 ? NOT_LOOKED_AT : fd };
		if (fd < 0)
			continue;
		p->ours[i].events = p->theirs[i].events & OF_A_FILE;
		if (ppp_stand_in_not_empty(fd) < 0)
			p->ours[i].events &= ~OF_A_FRAME;
		any = true;
	}
	return any;
}

/* Duplicates of all others; those that the program does not have are NOT_OPEN. */
static int take_others(const struct trap *t, struct poll_pair *p)
{
	for (size_t i = 0; i < p->count; i++) {
		int fd;

		if (p->ours[i].fd >= 0 || p->theirs[i].fd < 0)
			continue;
		fd = trap_descriptor(t, p->theirs[i].fd);
		if (fd < 0 && fd != -EBADF)
			return fd;
		p->ours[i].fd = fd < 0 ? NOT_OPEN : fd;
		p->ours[i].events = p->theirs[i].events;
	}
	return 0;
}

/* The results alone: another thread may change what is asked. Return: how many descriptors have one; -EFAULT */
static int64_t write_results(const struct trap *t, const struct poll_pair *p)
{
	uint64_t at = trap_argument(t, 0) + offsetof(struct pollfd, revents);
	int64_t found = 0;

	for (size_t i = 0; i < p->count; i++, at += sizeof(struct pollfd)) {
		const short revents = p->ours[i].fd == NOT_OPEN ? POLLNVAL : p->ours[i].revents;
		int err = trap_write(t, at, &revents, sizeof(revents));

		if (err < 0)
			return err;
		found += revents != 0;
	}
	return found;
}

static void close_all(const struct poll_pair *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->ours[i].fd >= 0)
			close(p->ours[i].fd);
}

/* Of ppoll(), before it looks at any descriptor. */
static bool is_refused(const struct trap *t)
{
	const uint64_t limit = trap_argument(t, 2), mask = trap_argument(t, 3);
	uint64_t signals;
	struct timespec time;

	if (t->notif.data.nr != SYS_ppoll)
		return false;
	if (limit && (trap_read(t, limit, &time, sizeof(time)) < 0 || time.tv_sec < 0 ||
	              time.tv_nsec < 0 || time.tv_nsec >= 1000000000))
		return true;
	return mask && (trap_argument(t, 4) != sizeof(signals) ||
	                trap_read(t, mask, &signals, sizeof(signals)) < 0);
}

void poll_call(struct trap *t)
{
	struct poll_pair p = { .count = (uint32_t)trap_argument(t, 1) };

	if (p.count > POLL_LOOKED_AT ||
	    trap_read(t, trap_argument(t, 0), p.theirs, p.count * sizeof(p.theirs[0])) < 0 ||
	    !any_may_be_file(t, &p) || is_refused(t) || !take_hung_up(t, &p)) {
		trap_continue(t);
		return;
	}
	if (take_others(t, &p) < 0 || poll(p.ours, p.count, 0) < 0)
		trap_continue(t);
	else
		trap_result(t, write_results(t, &p));
	close_all(&p);
}
