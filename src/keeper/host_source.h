/* SPDX-License-Identifier: BSD-2-Clause */
/* host_source.h - one subsystem of the kernel that tells by netlink what is configured, and when it changes
 *
 * Two sockets in one namespace: news come on the one, questions are answered on the other. What comes is handed on
 * message by message, as a reader that can not leave it. A source that lost news is stale until it is read anew.
 */
#ifndef UL2TP_KEEPER_HOST_SOURCE_H
#define UL2TP_KEEPER_HOST_SOURCE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"

struct host_source {
	int news;    /* multicast, non-blocking; -1: not open */
	int ask;     /* -1: not open */
	int err;     /* why it can not be watched, -errno; 0: it can */
	bool absent; /* this kernel has not loaded it: nothing is configured, and it is not open */
	uint32_t seq;
	bool stale;             /* something may have changed since it was read */
	uint64_t read_after_ms; /* not to be read again before: reading took long */
};

#define HOST_SOURCE_NONE ((struct host_source){ .news = -1, .ask = -1 })

/* @type: nlmsg_type. @payload: what follows the netlink header; borrowed. May not ask. */
typedef void host_message_fn(void *arg, uint16_t type, struct reader *payload);

/**
 * host_source_open() - two sockets of @protocol in the namespace the caller is in; .err and .absent say how it went
 * @module: that has the protocol, if it may be absent; NULL: it may not
 */
void host_source_open(struct host_source *s, int protocol, const char *module, const int *groups,
                      size_t count);
void host_source_close(struct host_source *s);

/** host_source_news() - .news is readable: give each message; marks the source stale when some were lost */
void host_source_news(struct host_source *s, host_message_fn *each, void *arg);

/**
 * host_source_ask() - send a question and hand on each message of its answer
 * @request: complete but for flags and number; NLM_F_DUMP or NLM_F_ACK decides how the answer ends
 *
 * Return: 0; what the kernel answered; -E2BIG more messages than HOST_MESSAGES_MAX, -EINTR it changed while being
 *         read: then not all were handed on.
 */
int host_source_ask(struct host_source *s, struct nlmsghdr *request, uint16_t flags,
                    host_message_fn *each, void *arg);

#define HOST_MESSAGES_MAX 65536

/** host_source_is_due() - it is stale and may be read again */
bool host_source_is_due(const struct host_source *s, uint64_t now_ms);

/** host_source_was_read() - between @start_ms and @end_ms: reading is to take no more than a tenth of our time
 * @err: as of host_source_ask(); it stays stale unless that is 0 */
void host_source_was_read(struct host_source *s, int err, uint64_t start_ms, uint64_t end_ms);

/* A netlink attribute. */
struct host_attr {
	uint16_t type; /* without flags */
	struct reader value;
};

/** host_attr_next() - false: no more, or @r failed */
bool host_attr_next(struct reader *r, struct host_attr *ret);

/** host_attr_text() - whether the value is this string, with or without its end */
bool host_attr_is(const struct host_attr *a, const char *text);

#endif
