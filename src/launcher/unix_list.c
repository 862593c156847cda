/* SPDX-License-Identifier: BSD-2-Clause */
/* unix_list.c - see unix_list.h */
#include "launcher/unix_list.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "launcher/launcher.h"

#define AGE_MS             1000
#define SHARE_OF_ALL       50 /* no more than this part of a processor's time is spent with it */
#define WORDS_BEFORE_INODE 6

static struct {
	pthread_mutex_t lock;
	unsigned long long *inodes; /* ascending */
	size_t count;
	unsigned long long read_ms; /* 0: never */
	unsigned long long age_ms;  /* when it is too old */
} list = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int ascending(const void *a, const void *b)
{
	unsigned long long x = *(const unsigned long long *)a, y = *(const unsigned long long *)b;

	return x < y ? -1 : x > y;
}

static bool add(unsigned long long inode, size_t *room)
{
	void *larger;

	if (list.count == *room) {
		*room = *room ? 2 * *room : 256;
		larger = realloc(list.inodes, *room * sizeof(*list.inodes));
		if (!larger)
			return false;
		list.inodes = larger;
	}
	list.inodes[list.count++] = inode;
	return true;
}

/* All that are blanks, or all that are none. */
static void skip(struct reader *line, bool blanks)
{
	while (read_left(line) && (*line->at == ' ') == blanks)
		read_skip(line, 1);
}

bool unix_list_line(struct reader line, unsigned long long *ret)
{
	bool any = false;

	*ret = 0;
	for (int i = 0; i < WORDS_BEFORE_INODE; i++) {
		skip(&line, false);
		skip(&line, true);
	}
	while (read_left(&line) && *line.at >= '0' && *line.at <= '9') {
		*ret = *ret * 10 + (read_u8(&line) - '0');
		any = true;
	}
	return any;
}

/* Of this thread: how long it had to wait for one on a busy machine is nobody's burden. */
static unsigned long long processor_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (unsigned long long)t.tv_sec * 1000 + (unsigned long long)t.tv_nsec / 1000000;
}

static bool read_list(void)
{
	FILE *f = fopen("/proc/thread-self/net/unix", "re");
	unsigned long long started_ms = monotonic_ms(), used_ms = processor_ms(), inode;
	size_t room = list.count;
	char line[512];
	bool all = f;

	list.count = 0;
	while (all && fgets(line, sizeof(line), f))
		if (unix_list_line(reader_over(line, strlen(line)), &inode))
			all = add(inode, &room);
	if (f) {
		all = all && !ferror(f);
		fclose(f);
	}
	list.read_ms = all ? started_ms : 0;
	if (all && list.count)
		qsort(list.inodes, list.count, sizeof(*list.inodes), ascending);
	list.age_ms = (processor_ms() - used_ms) * SHARE_OF_ALL;
	if (list.age_ms < AGE_MS)
		list.age_ms = AGE_MS;
	return all;
}

bool unix_list_lacks(ino_t ino, unsigned long long since_ms)
{
	unsigned long long wanted = ino;
	bool lacks = false;

	pthread_mutex_lock(&list.lock);
	/* Of those that are younger than the list nothing is known until its time has come. */
	if ((list.read_ms && monotonic_ms() - list.read_ms < list.age_ms) || read_list())
		lacks = list.read_ms >= since_ms &&
		        (!list.count || !bsearch(&wanted, list.inodes, list.count,
		                                 sizeof(*list.inodes), ascending));
	pthread_mutex_unlock(&list.lock);
	return lacks;
}
