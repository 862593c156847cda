/* SPDX-License-Identifier: BSD-2-Clause */
/* host_source.c - see host_source.h */
#include "keeper/host_source.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/kernel_module.h"
#include "keeper/kernel_netlink.h"

#define READ_OCTETS 65536
#define READ_SHARE  10
#define RETRY_MS    20

void host_source_open(struct host_source *s, int protocol, const char *module, const int *groups,
                      size_t count)
{
	*s = HOST_SOURCE_NONE;
	s->news = kernel_netlink_news(protocol, groups, count);
	s->ask = kernel_netlink_ask(protocol);
	s->err = s->news < 0 ? s->news : s->ask < 0 ? s->ask : 0;
	if (s->err == -EPROTONOSUPPORT && module && kernel_module_is_absent(module)) {
		s->absent = true;
		s->err = 0;
	}
	s->stale = !s->absent;
}

void host_source_close(struct host_source *s)
{
	if (s->news >= 0)
		close(s->news);
	if (s->ask >= 0)
		close(s->ask);
	*s = HOST_SOURCE_NONE;
}

/* What one message says about the answer it is part of. */
enum part { PART_DATA, PART_END };

struct answer {
	host_message_fn *each;
	void *arg;
	uint32_t seq, count;
	bool interrupted;
	int err;
};

static enum part take_part(struct answer *a, const struct nlmsghdr *m, struct reader *payload)
{
	if (m->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	if (m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR) {
		/* A dump that failed says so at its end; there may be nothing to say. */
		a->err = read_left(payload) ? (int)read_u32_host(payload) : 0;
		return PART_END;
	}
	if (m->nlmsg_type >= NLMSG_MIN_TYPE && ++a->count <= HOST_MESSAGES_MAX)
		a->each(a->arg, m->nlmsg_type, payload);
	return PART_DATA;
}

static uint8_t received[READ_OCTETS];

void host_source_news(struct host_source *s, host_message_fn *each, void *arg)
{
	for (unsigned int i = 0; i < KERNEL_READS_MAX; i++) {
		ssize_t n = kernel_netlink_receive(s->news, received, sizeof(received));
		struct reader datagram, payload;
		struct nlmsghdr m;

		if (n == -EAGAIN)
			return;
		if (n < 0) {
			s->stale = true;
			if (n != -ENOBUFS)
				return;
			continue;
		}
		datagram = reader_over(received, (size_t)n);
		while (kernel_message_next(&datagram, &m, &payload))
			if (m.nlmsg_type >= NLMSG_MIN_TYPE)
				each(arg, m.nlmsg_type, &payload);
	}
}

static int answer_read(struct host_source *s, struct answer *a)
{
	for (;;) {
		ssize_t n = kernel_netlink_receive(s->ask, received, sizeof(received));
		struct reader datagram, payload;
		struct nlmsghdr m;

		if (n < 0)
			return (int)n;
		datagram = reader_over(received, (size_t)n);
		while (kernel_message_next(&datagram, &m, &payload))
			if (m.nlmsg_seq == a->seq && take_part(a, &m, &payload) == PART_END)
				return a->err;
	}
}

int host_source_ask(struct host_source *s, struct nlmsghdr *request, uint16_t flags,
                    host_message_fn *each, void *arg)
{
	struct answer a = { .each = each, .arg = arg, .seq = ++s->seq };
	int err;

	request->nlmsg_flags = NLM_F_REQUEST | flags;
	request->nlmsg_seq = a.seq;
	if (send(s->ask, request, request->nlmsg_len, 0) < 0)
		return -errno;
	err = answer_read(s, &a);
	if (err < 0)
		return err;
	if (a.count > HOST_MESSAGES_MAX)
		return -E2BIG;
	return a.interrupted ? -EINTR : 0;
}

bool host_source_is_due(const struct host_source *s, uint64_t now_ms)
{
	return s->stale && !s->err && now_ms >= s->read_after_ms;
}

void host_source_was_read(struct host_source *s, int err, uint64_t start_ms, uint64_t end_ms)
{
	s->stale = err < 0;
	s->read_after_ms = end_ms + (end_ms - start_ms) * READ_SHARE + (err < 0 ? RETRY_MS : 0);
	if (err == -EPERM || err == -EACCES)
		s->err = err;
}

bool host_attr_next(struct reader *r, struct host_attr *ret)
{
	uint16_t len, type;
	size_t padding;

	if (read_left(r) < NLA_HDRLEN)
		return false;
	len = read_u16_host(r);
	type = read_u16_host(r);
	if (len < NLA_HDRLEN)
		return false;
	ret->type = type & NLA_TYPE_MASK;
	ret->value = read_sub(r, len - (size_t)NLA_HDRLEN);
	padding = NLA_ALIGN((size_t)len) - len;
	read_skip(r, padding < read_left(r) ? padding : read_left(r));
	return !ret->value.failed;
}

bool host_attr_is(const struct host_attr *a, const char *text)
{
	size_t len = read_left(&a->value), want = strlen(text);

	return (len == want || (len == want + 1 && a->value.at[want] == '\0')) &&
	       memcmp(a->value.at, text, want) == 0;
}
