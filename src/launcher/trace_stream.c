/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_stream.c - see trace_stream.h */
#include "launcher/trace_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "debug/trace_text.h"
#include "launcher/caller.h"
#include "launcher/daemon_rights.h"
#include "launcher/detached_thread.h"

#define PIPE_OCTETS     (1 << 20)
#define STREAM_LINE_MAX 512

struct trace_stream {
	struct launcher *launcher;
	dev_t dev; /* of the namespace */
	ino_t ino;
	int read_end, write_end;
	int bell;      /* something is wished */
	uint64_t lost; /* the thread's */

	pthread_mutex_t lock; /* what follows: a wish, and how it went */
	pthread_cond_t done;
	unsigned int wishes, granted;
	uint64_t events;
	int netns;
	bool admin;
	int result;

	struct ul2tp *u; /* the thread's; NULL: not connected */
};

/* Into the pipe as a whole, or not at all: it is shorter than PIPE_BUF. */
static bool put(struct trace_stream *s, const char *text, size_t len)
{
	return write(s->write_end, text, len) == (ssize_t)len;
}

static void record_put(struct trace_stream *s, const struct ul2tp_trace_record *r)
{
	char line[STREAM_LINE_MAX];
	struct ul2tp_trace_record lost = { .lost = s->lost };
	FILE *out = fmemopen(line, sizeof(line), "w");
	long len;

	if (!out)
		return;
	if (s->lost)
		trace_line(out, &lost);
	trace_line(out, r);
	fflush(out);
	len = ftell(out);
	fclose(out);
	if (len > 0 && put(s, line, (size_t)len))
		s->lost = 0;
	else
		s->lost++;
}

static void hear(struct trace_stream *s)
{
	const struct ul2tp_trace_record *r;
	int err;

	while ((err = ul2tp_trace_next(s->u, 0, &r)) != 0) {
		if (err == 1 && r->lost)
			s->lost += r->lost;
		else if (err == 1)
			record_put(s, r);
		else if (err != -EBADMSG) { /* ul2tpd, or the namespace, has gone */
			ul2tp_disconnect(s->u);
			s->u = NULL;
			return;
		}
	}
}

static int connect_here(void *arg)
{
	struct trace_stream *s = arg;

	return daemon_rights_connect(s->launcher, s->admin, &s->u);
}

static int grant(struct trace_stream *s)
{
	int err = 0;

	if (!s->events) {
		if (s->u)
			hear(s);
		ul2tp_disconnect(s->u);
		s->u = NULL;
		return 0;
	}
	if (!s->u && s->netns < 0)
		return 0;
	if (!s->u)
		err = in_netns(s->launcher, s->netns, connect_here, s);
	if (!err)
		err = ul2tp_trace(s->u, s->events);
	if (err < 0 && s->u) {
		ul2tp_disconnect(s->u);
		s->u = NULL;
	}
	return err == -EPERM ? -EACCES : err;
}

static void heed(struct trace_stream *s)
{
	uint64_t count;

	pthread_mutex_lock(&s->lock);
	if (read(s->bell, &count, sizeof(count)) > 0) {
		s->result = grant(s);
		s->granted = s->wishes;
		pthread_cond_broadcast(&s->done);
	}
	pthread_mutex_unlock(&s->lock);
}

static void *run(void *arg)
{
	struct trace_stream *s = arg;

	for (;;) {
		struct pollfd watched[] = {
			{ .fd = s->bell, .events = POLLIN },
			{ .fd = s->u ? ul2tp_fd(s->u) : -1, .events = POLLIN },
		};

		if (poll(watched, ARRAY_SIZE(watched), -1) < 0 && errno != EINTR)
			return NULL;
		if (watched[1].revents)
			hear(s);
		if (watched[0].revents)
			heed(s);
	}
}

static int descriptors_open(struct trace_stream *s, int netns)
{
	struct stat st;
	int ends[2];

	if (fstat(netns, &st) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	s->read_end = ends[0];
	s->write_end = ends[1];
	fcntl(s->write_end, F_SETFL, O_NONBLOCK);
	fcntl(s->write_end, F_SETPIPE_SZ,
	      PIPE_OCTETS); /* if that is too much it keeps its 64 KiB */
	s->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return s->bell < 0 ? -errno : 0;
}

struct trace_stream *trace_stream_new(struct launcher *l, int netns)
{
	struct trace_stream *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return NULL;
	s->launcher = l;
	s->read_end = s->write_end = s->bell = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->done, NULL);
	err = descriptors_open(s, netns);
	if (!err)
		err = detached_thread_start(run, s);
	if (!err)
		return s;
	fd_auto_close(&s->read_end);
	fd_auto_close(&s->write_end);
	fd_auto_close(&s->bell);
	free(s);
	errno = -err;
	return NULL;
}

bool trace_stream_is_of(const struct trace_stream *s, int netns)
{
	struct stat st;

	return fstat(netns, &st) == 0 && st.st_dev == s->dev && st.st_ino == s->ino;
}

int trace_stream_want(struct trace_stream *s, uint64_t events, int netns, bool admin)
{
	const uint64_t one = 1;
	unsigned int wish;
	int err;

	pthread_mutex_lock(&s->lock);
	s->events = events;
	s->netns = netns;
	s->admin = admin;
	wish = ++s->wishes;
	if (write(s->bell, &one, sizeof(one)) < 0)
		s->granted = wish;
	while ((int)(s->granted - wish) < 0)
		pthread_cond_wait(&s->done, &s->lock);
	err = s->result;
	s->netns = -1;
	pthread_mutex_unlock(&s->lock);
	return err;
}

int trace_stream_open(const struct trace_stream *s, bool nonblock)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->read_end);
	fd = open(path, O_RDONLY | O_CLOEXEC | (nonblock ? O_NONBLOCK : 0));
	return fd < 0 ? -errno : fd;
}
