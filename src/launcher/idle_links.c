/* SPDX-License-Identifier: BSD-2-Clause */
/* idle_links.c - see idle_links.h */
#include "launcher/idle_links.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/monotonic.h"

#define IDLE_MAX 16   /* connections that wait */
#define IDLE_MS  1000 /* so long */

struct idle {
	struct daemon_link link;
	ino_t netns;
	bool rights;
	uint64_t since_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct idle idle[IDLE_MAX];
static unsigned int idle_count;

bool idle_link_take(ino_t netns, bool rights, struct daemon_link *ret)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (unsigned int i = idle_count; i-- > 0 && !found;) {
		if (idle[i].netns != netns || idle[i].rights != rights)
			continue;
		*ret = idle[i].link;
		idle[i] = idle[--idle_count];
		found = true;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

void idle_link_put(ino_t netns, bool rights, struct daemon_link *link)
{
	pthread_mutex_lock(&lock);
	if (link->fd >= 0 && idle_count < IDLE_MAX) {
		idle[idle_count++] = (struct idle){ *link, netns, rights, monotonic_ms() };
		link->fd = -1;
		link->buffer = NULL;
	}
	pthread_mutex_unlock(&lock);
	daemon_link_close(link);
}

void idle_links_age(void)
{
	struct daemon_link old[IDLE_MAX];
	uint64_t now = monotonic_ms();
	unsigned int count = 0;

	pthread_mutex_lock(&lock);
	for (unsigned int i = idle_count; i-- > 0;) {
		if (now - idle[i].since_ms < IDLE_MS)
			continue;
		old[count++] = idle[i].link;
		idle[i] = idle[--idle_count];
	}
	pthread_mutex_unlock(&lock);
	while (count-- > 0)
		daemon_link_close(&old[count]);
}
