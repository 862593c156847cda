/* SPDX-License-Identifier: BSD-2-Clause */
/* connection.h - a connection of libul2tp from inside: its state, and one datagram out or in
 *
 * Everything public is in ul2tp.h; this is for the files of this folder.
 */
#ifndef UL2TP_CLIENT_CONNECTION_H
#define UL2TP_CLIENT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ul2tp.h"
#include "base/reader.h"
#include "client/view.h"

/* As large as any datagram of a kernel's dump or ul2tpd's. */
#define DATAGRAM_MAX 65536
#define REQUEST_MAX  16384

enum client_family {
	FAMILY_CONTROL, /* nlctrl */
	FAMILY_L2TP,
	FAMILY_UL2TP,
	FAMILIES,
};

struct ul2tp {
	int fd;
	char *path; /* of ul2tpd's socket */
	enum ul2tp_backend backend;
	int timeout_ms;
	uint32_t sequence;        /* of the last request */
	bool subscribed, tracing; /* tracing: subscribed, to trace events */
	bool stops, never_stops;  /* at a refusal (several.c); neither: not asked yet */
	bool busy;                /* inside a callback: the buffer is being read */
	bool rights_kept;         /* by ul2tp_keep_rights() */
	bool unread; /* at the last -EPIPE: ul2tpd went, and had not read what was sent last */
	/* Connects once more to where ul2tpd was found, with the same options and under the same descriptor. 0; or a negative errno,
	 * also where the thread is in another network namespace than it was: then all stays as it is. NULL: it can not be. */
	int (*renew)(struct ul2tp *u);
	uint16_t family_ids[FAMILIES]; /* 0: the other end has none */
	uint32_t group;                /* of l2tp's events; 0: none */
	struct ul2tp_error error;
	struct reader
		waiting; /* subscribed: messages of the last datagram that have not been handed out */
	uint8_t *datagram; /* DATAGRAM_MAX octets: the last one received */
	/* What was last handed out. */
	struct tunnel_view tunnel;
	struct session_view session;
	struct ppp_channel_view ppp_channel;
	struct ppp_unit_view ppp_unit;
	struct status_view status;
	struct trace_view trace;
};

/**
 * connection_fail() - note why a call fails
 * @argument: the parameter to blame, or ""
 *
 * Return: @code, so that a refusal is one line.
 */
int connection_fail(struct ul2tp *u, int code, const char *argument, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** connection_send() - one datagram, with a descriptor beside it unless @fd is -1. 0 or a negative errno */
int connection_send(struct ul2tp *u, const void *data, size_t length, int fd);

/**
 * connection_receive() - the next datagram of the other end
 * @deadline_ms: as of deadline_after(); INT64_MAX: wait for ever
 * @ret:	 set on success; borrowed, until the next call
 *
 * What others may have sent to a netlink socket is skipped.
 *
 * Return: 0; -ETIMEDOUT; -EPIPE; -ENOBUFS: something was lost; -EMSGSIZE: too long.
 */
int connection_receive(struct ul2tp *u, int64_t deadline_ms, struct reader *ret);

/** deadline_after() - @timeout_ms from now; INT64_MAX if it is negative */
int64_t deadline_after(int timeout_ms);

#endif
