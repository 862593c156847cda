/* SPDX-License-Identifier: BSD-2-Clause */
/* request.h - from a datagram of messages to commands, and their answers back */
#ifndef UL2TP_API_REQUEST_H
#define UL2TP_API_REQUEST_H

#include "api/connection.h"
#include "base/extack.h"
#include "netlink/policy.h"
#include "tunnel/session.h"
#include "tunnel/tunnel.h"

/* A request on its way through the checks. */
struct request {
	struct connection *c;
	struct nl_message message;
	const struct genl_family *family;
	struct genl_request generic;
	struct extack ea;
	struct nl_fault fault; /* what to blame */
	bool acknowledged;     /* that went with the answer */
};

/** request_serve() - all messages of a datagram, in their order (NL-91) */
void request_serve(struct connection *c, const void *octets, size_t len);

/** request_continue_dump() - write as much of the running dump as the client's socket takes */
void request_continue_dump(struct connection *c);

/** request_answer_all() - send the one message that answers it, and behind it the acknowledgement if that is wanted: one
 * datagram wakes the client once. @w has room for that */
void request_answer_all(struct request *r, struct writer *w);

/** request_check_privilege() - of who connected and who sent it; -EPERM in words */
int request_check_privilege(struct request *r, enum genl_privilege privilege);

/**
 * l2tp_serve(), ul2tp_serve(), control_serve() - a "do" request, privilege checked; answers but not the
 * acknowledgement. Negative errno, with r->ea and r->fault.
 */
int l2tp_serve(struct request *r);
int ul2tp_serve(struct request *r);
int control_serve(struct request *r);

/**
 * l2tp_dump_next(), ul2tp_dump_next(), control_dump_next() - write messages until @w is full
 * Return: whether the dump is complete.
 */
bool l2tp_dump_next(struct connection *c, struct writer *w);
bool ul2tp_dump_next(struct connection *c, struct writer *w);
bool control_dump_next(struct connection *c, struct writer *w);

typedef bool tunnel_put_fn(struct writer *w, const struct nl_message *request, uint16_t flags,
                           const struct tunnel *t);

/** dump_tunnels() - all tunnels of the namespace by ascending id (NL-56), each written by @put */
bool dump_tunnels(struct connection *c, struct writer *w, tunnel_put_fn *put);

typedef bool session_put_fn(struct writer *w, const struct nl_message *request, uint16_t flags,
                            const struct session *s);

/** dump_sessions() - all sessions of the namespace in the order of NL-78, each written by @put */
bool dump_sessions(struct connection *c, struct writer *w, session_put_fn *put);

/** request_tunnel_find() - by CONN_ID; -EINVAL missing, -ENODEV there is none; in words */
int request_tunnel_find(struct request *r, const struct attributes *a, struct tunnel **ret);

/** request_take_socket() - the descriptor that comes with a TUNNEL_CREATE of a managed tunnel, the caller's;
 * negative: it is none, or none came */
int request_take_socket(struct request *r, const struct attributes *a);

/** request_session_find() - NL-70 to NL-74; -ENODEV in words */
int request_session_find(struct request *r, const struct session_select *select,
                         struct session **ret);

#endif
