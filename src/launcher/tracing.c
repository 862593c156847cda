/* SPDX-License-Identifier: BSD-2-Clause */
/* tracing.c - see tracing.h */
#include "launcher/tracing.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/detached_thread.h"
#include "launcher/file_text.h"
#include "launcher/trace_stream.h"

#define STREAMS_MAX 256 /* namespaces */

/* An "enable" that a program has open to write. */
struct control {
	struct control *next;
	struct launcher *launcher;
	int fd;
	uint64_t events;
	int netns; /* where it was opened */
	bool admin;
};

struct tracing {
	pthread_mutex_t lock; /* all of it */
	uint64_t enabled;
	struct control *controls;
	atomic_uint control_count;
	struct trace_stream *streams[STREAMS_MAX];
	unsigned int stream_count;
};

/* Made when first needed, for good. NULL: out of memory. */
static struct tracing *tracing_of(struct launcher *l)
{
	struct tracing *tr = atomic_load(&l->tracing), *none = NULL;

	if (tr)
		return tr;
	tr = calloc(1, sizeof(*tr));
	if (!tr)
		return NULL;
	pthread_mutex_init(&tr->lock, NULL);
	if (atomic_compare_exchange_strong(&l->tracing, &none, tr))
		return tr;
	free(tr);
	return none;
}

static uint64_t all_events(void)
{
	uint64_t all = 0;

	for (unsigned int i = 0; ul2tp_trace_name(i); i++)
		all |= UINT64_C(1) << i;
	return all;
}

static uint64_t events_of(const char *name)
{
	for (unsigned int i = 0; ul2tp_trace_name(i); i++)
		if (strcmp(ul2tp_trace_name(i), name) == 0)
			return UINT64_C(1) << i;
	return all_events();
}

/* With the lock. */
static struct trace_stream *stream_of(struct launcher *l, struct tracing *tr, int netns)
{
	struct trace_stream *s;

	for (unsigned int i = 0; i < tr->stream_count; i++)
		if (trace_stream_is_of(tr->streams[i], netns))
			return tr->streams[i];
	if (tr->stream_count == STREAMS_MAX)
		return NULL;
	s = trace_stream_new(l, netns);
	if (s)
		tr->streams[tr->stream_count++] = s;
	return s;
}

static void enable(struct tracing *tr, const struct control *c, bool on)
{
	uint64_t enabled = on ? tr->enabled | c->events : tr->enabled & ~c->events;
	struct trace_stream *own;
	int err = 0;

	if (enabled == tr->enabled)
		return;
	tr->enabled = enabled;
	own = stream_of(c->launcher, tr, c->netns);
	for (unsigned int i = 0; i < tr->stream_count; i++)
		if (tr->streams[i] != own)
			trace_stream_want(tr->streams[i], enabled, -1, false);
	if (own)
		err = trace_stream_want(own, enabled, c->netns, c->admin);
	if (err < 0)
		launcher_say(c->launcher, "trace events can not be had: %s", strerror(-err));
}

/* As the kernel reads a number: "0" or "1", and a newline may follow. */
static void written(struct tracing *tr, const struct control *c, const char *octets, size_t len)
{
	if (len > 0 && octets[len - 1] == '\n')
		len--;
	if (len == 1 && (octets[0] == '0' || octets[0] == '1'))
		enable(tr, c, octets[0] == '1');
}

/* With the lock. */
static void control_hear(struct tracing *tr, const struct control *c)
{
	char octets[64];
	ssize_t n;

	while ((n = recv(c->fd, octets, sizeof(octets), MSG_DONTWAIT)) > 0)
		written(tr, c, octets, (size_t)n);
}

/* Everything that was written so far is heeded; with the lock from then on. */
static void settle(struct tracing *tr)
{
	pthread_mutex_lock(&tr->lock);
	for (const struct control *c = tr->controls; c; c = c->next)
		control_hear(tr, c);
}

static void control_free(struct tracing *tr, struct control *c)
{
	struct control **at = &tr->controls;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at) {
		*at = c->next;
		atomic_fetch_sub(&tr->control_count, 1);
	}
	close(c->fd);
	close(c->netns);
	free(c);
}

/* Until the program has closed its last copy. */
static void *attend(void *arg)
{
	struct control *c = arg;
	struct tracing *tr = tracing_of(c->launcher);
	struct pollfd watched = { .fd = c->fd, .events = POLLIN };

	for (;;) {
		if (poll(&watched, 1, -1) < 0 && errno == EINTR)
			continue;
		pthread_mutex_lock(&tr->lock);
		control_hear(tr, c);
		if (watched.revents & (POLLHUP | POLLERR | POLLNVAL)) {
			control_free(tr, c);
			pthread_mutex_unlock(&tr->lock);
			return NULL;
		}
		pthread_mutex_unlock(&tr->lock);
	}
}

void tracing_heed(struct launcher *l)
{
	struct tracing *tr = atomic_load(&l->tracing);

	if (!tr || !atomic_load(&tr->control_count))
		return;
	settle(tr);
	pthread_mutex_unlock(&tr->lock);
}

bool tracing_enabled(struct launcher *l)
{
	struct tracing *tr = atomic_load(&l->tracing);
	bool enabled;

	if (!tr)
		return false;
	settle(tr);
	enabled = tr->enabled;
	pthread_mutex_unlock(&tr->lock);
	return enabled;
}

int tracing_state_open(const struct trap *t, const char *event, mode_t mode)
{
	struct tracing *tr = tracing_of(t->launcher);
	uint64_t events = events_of(event), enabled;

	if (!tr)
		return -ENOMEM;
	settle(tr);
	enabled = tr->enabled & events;
	pthread_mutex_unlock(&tr->lock);
	return file_text_of(t, *event ? FILE_ENABLE : FILE_ENABLE_ALL,
	                    !enabled            ? "0\n"
	                    : enabled == events ? "1\n"
	                                        : "X\n",
	                    mode);
}

static struct control *control_new(const struct trap *t, const char *event, int fd)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->netns = trap_netns(t);
	if (c->netns < 0) {
		free(c);
		return NULL;
	}
	c->launcher = t->launcher;
	c->events = events_of(event);
	c->admin = caller_is_admin(t, c->netns);
	c->fd = fd;
	return c;
}

int tracing_control_open(const struct trap *t, const char *event)
{
	struct tracing *tr = tracing_of(t->launcher);
	struct control *c;
	int ends[2], err;

	if (!tr)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	c = control_new(t, event, ends[0]);
	if (!c) {
		close(ends[0]);
		close(ends[1]);
		return -ENOMEM;
	}
	settle(tr);
	c->next = tr->controls;
	tr->controls = c;
	atomic_fetch_add(&tr->control_count, 1);
	err = detached_thread_start(attend, c);
	if (err < 0)
		control_free(tr, c);
	pthread_mutex_unlock(&tr->lock);
	if (err < 0) {
		close(ends[1]);
		return err;
	}
	return ends[1];
}

int tracing_pipe_open(const struct trap *t, bool nonblock)
{
	struct tracing *tr = tracing_of(t->launcher);
	AUTO_FD netns = trap_netns(t);
	struct trace_stream *s;
	int fd;

	if (!tr)
		return -ENOMEM;
	if (netns < 0)
		return netns;
	settle(tr);
	s = stream_of(t->launcher, tr, netns);
	fd = s ? trace_stream_want(s, tr->enabled, netns, caller_is_admin(t, netns)) : -ENOMEM;
	if (fd >= 0)
		fd = trace_stream_open(s, nonblock);
	pthread_mutex_unlock(&tr->lock);
	return fd;
}
