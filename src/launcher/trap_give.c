/* SPDX-License-Identifier: BSD-2-Clause */
/* trap_give.c - a trapped call returns a descriptor, and at which number; see trap.h
 *
 * The filter knows stand-ins by their numbers (struct descriptor_range). One is chosen and taken in two steps: by one of a
 * process's threads at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/trap.h"
#include "launcher/trap_listener.h"

/* ADDFD, and then the answer. SECCOMP_ADDFD_FLAG_SEND does both in one step, but if we are killed while the program has yet
 * to take the descriptor, the kernel takes it back and lets the call return 0: a socket that is the program's standard
 * input. In two steps the call is made again by the next supervisor. -EBADF: the number is past the program's RLIMIT_NOFILE,
 * and nothing was answered; others: the call has failed with it. */
static int try_add(struct trap *t, int fd, uint32_t number, uint32_t flags, bool cloexec)
{
	struct seccomp_notif_addfd add = {
		.id = t->notif.id,
		.flags = flags,
		.srcfd = (uint32_t)fd,
		.newfd = number,
		.newfd_flags = cloexec ? O_CLOEXEC : 0,
	};
	int given = trap_listener_ask(t->launcher->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);

	if (given < 0) {
		if (given == -ENOENT)
			t->answered = true;
		else if (given != -EBADF)
			trap_fail(t, given);
		return given;
	}
	trap_return(t, given);
	return given;
}

static int add(struct trap *t, int fd, uint32_t number, uint32_t flags, bool cloexec)
{
	int given = try_add(t, fd, number, flags, cloexec);

	if (given == -EBADF) {
		given = -EMFILE; /* which it is natively */
		trap_fail(t, given);
	}
	return given;
}

/* The lowest number from @first to @last that the program does not use; 0: none. */
static unsigned int free_number(const struct trap *t, unsigned int first, unsigned int last)
{
	char path[48];
	struct stat st;

	for (unsigned int n = first; n <= last; n++) {
		snprintf(path, sizeof(path), "/proc/%u/fd/%u", t->notif.pid, n);
		if (lstat(path, &st) < 0)
			return n;
	}
	return 0;
}

/* Of the process. Its lock is held until places_put(). */
static struct ppp_places *places_get(const struct trap *t)
{
	const pid_t process = trap_process(t);
	const unsigned int bucket = (unsigned int)process % GIVE_LOCKS;
	struct ppp_places *places = &t->launcher->ppp_places[bucket];

	pthread_mutex_lock(&t->launcher->give_locks[bucket]);
	if (places->process != process)
		*places = (struct ppp_places){ .process = process,
			                       .next = t->launcher->ppp_range.first };
	return places;
}

static void places_put(const struct trap *t, const struct ppp_places *places)
{
	pthread_mutex_unlock(&t->launcher->give_locks[places - t->launcher->ppp_places]);
}

/* Of @range, as the program's RLIMIT_NOFILE is now; 0: none. */
static unsigned int last_allowed(const struct descriptor_range *range, pid_t process)
{
	struct rlimit limit;

	if (prlimit(process, RLIMIT_NOFILE, NULL, &limit) < 0 || limit.rlim_cur > range->last)
		return range->last;
	return limit.rlim_cur > range->first ? (unsigned int)limit.rlim_cur - 1 : 0;
}

/* A free number of ppp_range; 0: none. Programs with thousands fill it and go on opening: so the search begins at the
 * number that was given last, and of a range that was full one number is looked at each time, which may have become free. */
static unsigned int ppp_number(const struct trap *t, struct ppp_places *places)
{
	const struct descriptor_range *range = &t->launcher->ppp_range;
	unsigned int last = range->last, number;

	if (!range->first)
		return 0;
	if (places->full) {
		places->next = places->next < last ? places->next + 1 : range->first;
		number = free_number(t, places->next, places->next);
		if (number > 0 && number > last_allowed(range, places->process))
			number = 0;
	} else {
		last = last_allowed(range, places->process);
		if (!last)
			return 0;
		number = free_number(t, places->next, last);
		if (!number)
			number = free_number(t, range->first,
			                     places->next - 1 < last ? places->next - 1 : last);
	}
	places->full = !number;
	if (number)
		places->next = number;
	else
		places->was_full = true;
	return number;
}

void trap_note_unit(const struct trap *t, int number, uint32_t unit)
{
	const struct descriptor_range *range = &t->launcher->ppp_range;
	struct ppp_places *places;

	if (number < (int)range->first || number > (int)range->last)
		return;
	places = places_get(t);
	places->unit_at[(unsigned int)number - range->first] = unit + 1;
	places_put(t, places);
}

unsigned int trap_files_on_unit(const struct trap *t, uint32_t unit, int ret[PPP_PLACES_MAX])
{
	const struct descriptor_range *range = &t->launcher->ppp_range;
	struct ppp_places *places = places_get(t);
	unsigned int count = 0;

	for (unsigned int n = range->first; n && n <= range->last; n++) {
		const uint32_t noted = places->unit_at[n - range->first];

		if (noted == unit + 1 || (!noted && !places->was_full))
			ret[count++] = (int)n;
	}
	places_put(t, places);
	return count;
}

bool trap_has_ppp_room(const struct trap *t)
{
	struct ppp_places *places = places_get(t);
	const bool has = ppp_number(t, places);

	places_put(t, places);
	return has;
}

static int give_in_ppp_range(struct trap *t, int fd, bool cloexec)
{
	struct ppp_places *places = places_get(t);
	const unsigned int number = ppp_number(t, places);
	int given;

	if (number)
		places->unit_at[number - t->launcher->ppp_range.first] = 0;
	given = number ? try_add(t, fd, number, SECCOMP_ADDFD_FLAG_SETFD, cloexec) : -EBADF;
	if (given == -EBADF)
		given = add(t, fd, 0, 0, cloexec);
	places_put(t, places);
	return given;
}

/* The lowest that is free and allowed; 0: none. */
static unsigned int route_number(const struct trap *t, pid_t process)
{
	const struct descriptor_range *range = &t->launcher->route_range;
	const unsigned int last = range->first ? last_allowed(range, process) : 0;

	return last ? free_number(t, range->first, last) : 0;
}

static int give_in_route_range(struct trap *t, int fd, bool cloexec)
{
	const pid_t process = trap_process(t);
	pthread_mutex_t *lock = &t->launcher->give_locks[(unsigned int)process % GIVE_LOCKS];
	unsigned int number;
	int given;

	pthread_mutex_lock(lock);
	number = route_number(t, process);
	given = number ? try_add(t, fd, number, SECCOMP_ADDFD_FLAG_SETFD, cloexec) : -EBADF;
	if (given == -EBADF)
		given = add(t, fd, 0, 0, cloexec);
	pthread_mutex_unlock(lock);
	return given;
}

/* The program has a lower RLIMIT_NOFILE than the one that our numbers were chosen by. */
static int refuse_past_limit(struct trap *t)
{
	struct launcher *l = t->launcher;

	launcher_say_once(
		l, ONCE_LIMIT,
		"process %d has lowered its limit of descriptors (ulimit -n) below %u, which "
		"stand-ins need: lower it before ul2tp run",
		trap_process(t), l->range.last + 1);
	trap_fail(t, -EMFILE);
	return -EMFILE;
}

int trap_give_from(struct trap *t, int fd, unsigned int first, bool cloexec)
{
	struct launcher *l = t->launcher;
	pid_t process = trap_process(t);
	pthread_mutex_t *lock = &l->give_locks[(unsigned int)process % GIVE_LOCKS];
	unsigned int number;
	int given;

	pthread_mutex_lock(lock);
	number = free_number(t, first < l->range.first ? l->range.first : first, l->range.last);
	if (number == 0) {
		launcher_say_once(
			l, ONCE_RANGE_FULL,
			"process %d has something at all of the numbers from %u to %u, which "
			"stand-ins need",
			process, l->range.first, l->range.last);
		trap_fail(t, -EMFILE);
		given = -EMFILE;
	} else {
		given = try_add(t, fd, number, SECCOMP_ADDFD_FLAG_SETFD, cloexec);
		if (given == -EBADF)
			given = refuse_past_limit(t);
	}
	pthread_mutex_unlock(lock);
	return given;
}

int trap_give(struct trap *t, int fd, enum give_where where, bool cloexec)
{
	int given = where == GIVE_LOWEST           ? add(t, fd, 0, 0, cloexec)
	            : where == GIVE_IN_RANGE       ? trap_give_from(t, fd, 0, cloexec)
	            : where == GIVE_IN_ROUTE_RANGE ? give_in_route_range(t, fd, cloexec)
	                                           : give_in_ppp_range(t, fd, cloexec);

	launcher_trace(t->launcher, 2, "%u: descriptor %d", t->notif.pid, given);
	return given;
}
