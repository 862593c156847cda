/* SPDX-License-Identifier: BSD-2-Clause */
/* l2tp_service.c - the kernel's family: its nine commands and two dumps (kernel-behaviour §1.4 to §1.10) */
#include <assert.h>
#include <errno.h>

#include "api/notification.h"
#include "api/request.h"
#include "api/server.h"
#include "base/cleanup.h"
#include "netlink/l2tp_family.h"
#include "netlink/session_message.h"
#include "netlink/tunnel_message.h"

#define ANSWER_MAX 1024

/* NL-30 */
static int noop(struct request *r, const struct attributes *a)
{
	uint8_t octets[64];
	struct writer w = writer_over(octets, sizeof(octets));
	struct nl_header header = nl_answer_header(&r->message, L2TP_FAMILY_ID, 0);
	size_t start = genl_message_begin(&w, &header, L2TP_CMD_NOOP, L2TP_GENL_VERSION);

	nl_message_end(&w, start);
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}

static int tunnel_create(struct request *r, const struct attributes *a)
{
	struct ul2tp_tunnel_create params = { 0 };
	AUTO_FD fd = request_take_socket(r, a);
	struct tunnel *t;
	int err = tunnel_create_read(a, &params.l2tp, &r->ea);

	if (err < 0)
		return err;
	err = dataplane_tunnel_add(r->c->server->dataplane, r->c->netns, r->c->client.slot, &params,
	                           fd, &t, &r->ea);
	if (err < 0)
		return err;
	notify_tunnel(r, L2TP_CMD_TUNNEL_CREATE, t);
	return 0;
}

static int tunnel_delete(struct request *r, const struct attributes *a)
{
	struct tunnel *t;
	int err = request_tunnel_find(r, a, &t);

	if (err < 0)
		return err;
	notify_tunnel(r, L2TP_CMD_TUNNEL_DELETE, t);
	dataplane_tunnel_remove(r->c->server->dataplane, t);
	return 0;
}

/* NL-51: changes nothing, and says so to everyone. */
static int tunnel_modify(struct request *r, const struct attributes *a)
{
	struct tunnel *t;
	int err = request_tunnel_find(r, a, &t);

	if (err < 0)
		return err;
	notify_tunnel(r, L2TP_CMD_TUNNEL_MODIFY, t);
	return 0;
}

static bool tunnel_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                       const struct tunnel *t)
{
	struct nl_header header = nl_answer_header(request, L2TP_FAMILY_ID, flags);
	size_t start = genl_message_begin(w, &header, L2TP_CMD_TUNNEL_GET, L2TP_GENL_VERSION);
	struct tunnel_message m = tunnel_message_of(t);

	tunnel_message_put(w, &m);
	return nl_message_end(w, start);
}

static bool session_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                        const struct session *s)
{
	struct nl_header header = nl_answer_header(request, L2TP_FAMILY_ID, flags);
	size_t start = genl_message_begin(w, &header, L2TP_CMD_SESSION_GET, L2TP_GENL_VERSION);
	struct session_message m = session_message_of(s);

	session_message_put(w, &m);
	return nl_message_end(w, start);
}

static int tunnel_get(struct request *r, const struct attributes *a)
{
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct tunnel *t;
	int err = request_tunnel_find(r, a, &t);

	if (err < 0)
		return err;
	if (!tunnel_put(&w, &r->message, L2TP_TUNNEL_REPLY_FLAGS, t))
		return -EMSGSIZE;
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}

static int session_create(struct request *r, const struct attributes *a)
{
	struct session_create params;
	struct session *s;
	struct tunnel *t;
	int err = request_tunnel_find(r, a, &t);

	if (!err)
		err = session_create_read(a, t->record->version, &params, &r->ea);
	if (!err)
		err = dataplane_session_add(r->c->server->dataplane, t, r->c->client.slot, &params,
		                            "", &s, &r->ea);
	if (err < 0)
		return err;
	if (session_can_be_found(s))
		notify_session(r, L2TP_CMD_SESSION_CREATE, s);
	return 0;
}

static int session_find(struct request *r, const struct attributes *a, struct session **ret)
{
	struct session_select select;
	int err = session_select_read(a, &select, &r->ea);

	return err < 0 ? err : request_session_find(r, &select, ret);
}

static int session_delete(struct request *r, const struct attributes *a)
{
	struct session *s;
	int err = session_find(r, a, &s);

	if (err < 0)
		return err;
	notify_session(r, L2TP_CMD_SESSION_DELETE, s);
	dataplane_session_remove(r->c->server->dataplane, s);
	return 0;
}

static int session_modify(struct request *r, const struct attributes *a)
{
	struct session_modify change = session_modify_read(a);
	struct session *s;
	int err = session_find(r, a, &s);

	if (err < 0)
		return err;
	dataplane_session_modify(r->c->server->dataplane, s, &change);
	notify_session(r, L2TP_CMD_SESSION_MODIFY, s);
	return 0;
}

static int session_get(struct request *r, const struct attributes *a)
{
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct session *s;
	int err = session_find(r, a, &s);

	if (err < 0)
		return err;
	if (!session_put(&w, &r->message, L2TP_SESSION_REPLY_FLAGS, s))
		return -EMSGSIZE;
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}

/* clang-format off */
static int (*const commands[])(struct request *, const struct attributes *) = {
	[L2TP_CMD_NOOP]           = noop,
	[L2TP_CMD_TUNNEL_CREATE]  = tunnel_create,
	[L2TP_CMD_TUNNEL_DELETE]  = tunnel_delete,
	[L2TP_CMD_TUNNEL_MODIFY]  = tunnel_modify,
	[L2TP_CMD_TUNNEL_GET]     = tunnel_get,
	[L2TP_CMD_SESSION_CREATE] = session_create,
	[L2TP_CMD_SESSION_DELETE] = session_delete,
	[L2TP_CMD_SESSION_MODIFY] = session_modify,
	[L2TP_CMD_SESSION_GET]    = session_get,
};
/* clang-format on */
static_assert(ARRAY_SIZE(commands) == L2TP_CMD_MAX + 1, "each command has a function");

int l2tp_serve(struct request *r)
{
	struct attributes a;
	int err = policy_parse(&l2tp_policy, POLICY_LIBERAL, r->generic.attributes,
	                       r->message.start, &a, &r->ea);

	if (!err)
		err = commands[r->generic.command->number](r, &a);
	r->fault = attributes_fault(&a, &r->ea);
	return err;
}

bool l2tp_dump_next(struct connection *c, struct writer *w)
{
	return c->dump.command == L2TP_CMD_TUNNEL_GET ? dump_tunnels(c, w, tunnel_put)
	                                              : dump_sessions(c, w, session_put);
}
