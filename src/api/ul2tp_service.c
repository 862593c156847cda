/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_service.c - the family of what the kernel does not have (include/ul2tp_netlink.h) */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "api/device_service.h"
#include "api/ip_socket_service.h"
#include "api/notification.h"
#include "api/ppp_service.h"
#include "api/unit_service.h"
#include "api/request.h"
#include "api/server.h"
#include "api/trace.h"
#include "base/cleanup.h"
#include "config.h"
#include "keeper/fast_reason.h"
#include "keeper/tap.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_family.h"
#include "netlink/ul2tp_session_message.h"
#include "netlink/ul2tp_status_message.h"
#include "netlink/ul2tp_trace.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "path/channel.h"

#define ANSWER_MAX 16384 /* all drop reasons of both directions, with their words */

/* What a client may rely on; a name never changes its meaning. */
static const char *const features[] = {
	"tunnel-udp", "tunnel-ip",  "session-eth", "drop-reasons",    "labels",
	"endpoint",   "peer-check", "limits",      "shared-endpoint", "debug",
	"ip-sockets", "trace",      "session-ppp",
};
static_assert(ARRAY_SIZE(features) + 4 <= UL2TP_FEATURES_MAX, "they fit into one answer");

/* @why NULL: it is there. */
static void feature_put(struct ul2tp_status *status, const char *name, const char *why)
{
	if (why)
		status->lacks[status->lack_count++] = (struct ul2tp_status_lack){ name, why };
	else
		status->features[status->feature_count++] = name;
}

static const char *device_why(const struct server *server)
{
	if (!server->tun_error)
		return NULL;
	return tap_words(server->tun_error) ?: "ul2tpd could not open /dev/net/tun";
}

/* What there is, and what this system lets us do. */
static void features_put(struct ul2tp_status *status, const struct server *server)
{
	const char *device = device_why(server);

	memcpy(status->features, features, sizeof(features));
	status->feature_count = ARRAY_SIZE(features);
	if (server->divert == DIVERT_WAY_ANY)
		feature_put(
			status, "managed",
			"nothing can take data out of programs' sockets: see the log of ul2tpd");
	else
		feature_put(status,
		            server->divert == DIVERT_WAY_EBPF ? "managed-ebpf" : "managed-raw",
		            NULL);
	feature_put(status, "interface", device);
	feature_put(status, "ppp-unit", device);
	feature_put(status, "fast-path",
	            server->fast_path ? NULL : fast_reason_text(server->fast_why).words);
}

static size_t begin(struct writer *w, const struct nl_message *request, uint16_t flags,
                    enum ul2tp_command command)
{
	struct nl_header header = nl_answer_header(request, UL2TP_FAMILY_ID, flags);

	return ul2tp_message_begin(w, &header, command);
}

static int answer(struct request *r, struct writer *w, size_t start)
{
	if (!nl_message_end(w, start))
		return -EMSGSIZE;
	connection_answer(r->c, w->start, write_len(w));
	return 0;
}

static int status_get(struct request *r, const struct ul2tp_request *in)
{
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	size_t start = begin(&w, &r->message, 0, UL2TP_CMD_STATUS_GET);
	struct ul2tp_status status = {
		.version = UL2TP_VERSION,
		.limits = r->c->netns->limits,
		.usage = r->c->netns->usage,
	};

	features_put(&status, r->c->server);
	ul2tp_status_put(&w, &status);
	return answer(r, &w, start);
}

static int socket_set(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_socket_set set = ul2tp_socket_set_read(in);
	int err = set.keep_rights ? request_check_privilege(r, GENL_ADMIN) : 0;

	if (err < 0)
		return err;
	if (set.keep_rights)
		r->c->rights_kept = true;
	if (set.has_cap_ack)
		r->c->options.cap_ack = set.cap_ack;
	if (set.has_ext_ack)
		r->c->options.ext_ack = set.ext_ack;
	if (set.has_stop)
		r->c->stops = set.stop;
	if (set.token)
		r->c->token = set.token;
	if (set.drop_rights)
		r->c->rights_dropped = true;
	return 0;
}

static int check_group(struct request *r, const struct ul2tp_request *in)
{
	uint32_t group = ul2tp_subscribe_read(in);

	if (group == L2TP_FAMILY_GROUP_ID)
		return 0;
	return extack_fail(&r->ea, -ENOENT, UL2TP_BLAME(UL2TP_ATTR_GROUP),
	                   "there is no multicast group %u; nlctrl tells the number of l2tp's",
	                   group);
}

static int subscribe(struct request *r, const struct ul2tp_request *in)
{
	struct connection *c = r->c;
	int err = check_group(r, in);

	if (err < 0 || c->subscribed)
		return err;
	err = netns_may_add(c->netns, UL2TP_LIMIT_SUBSCRIBERS, 1, &r->ea);
	if (err < 0)
		return err;
	c->subscribed = true;
	c->netns->usage.values[UL2TP_LIMIT_SUBSCRIBERS]++;
	return 0;
}

static int unsubscribe(struct request *r, const struct ul2tp_request *in)
{
	int err = check_group(r, in);

	if (err < 0 || !r->c->subscribed)
		return err;
	r->c->subscribed = false;
	r->c->netns->usage.values[UL2TP_LIMIT_SUBSCRIBERS]--;
	return 0;
}

static int tunnel_create(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_tunnel_create params;
	AUTO_FD fd = request_take_socket(r, &in->l2tp);
	struct tunnel *t;
	int err = ul2tp_tunnel_create_read(in, &params, &r->ea);

	if (!err)
		err = dataplane_tunnel_add(r->c->server->dataplane, r->c->netns, r->c->client.slot,
		                           &params, fd, &t, &r->ea);
	if (err < 0)
		return err;
	notify_tunnel(r, L2TP_CMD_TUNNEL_CREATE, t);
	return 0;
}

static void label_set(char to[RECORD_LABEL_MAX], const char *label)
{
	static_assert(UL2TP_LABEL_MAX < RECORD_LABEL_MAX, "a label fits its record");
	memset(to, 0, RECORD_LABEL_MAX);
	memcpy(to, label, strlen(label));
}

static int tunnel_set(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_tunnel_set set;
	struct tunnel *t;
	int err = ul2tp_tunnel_set_read(in, &set, &r->ea);

	if (!err)
		err = request_tunnel_find(r, &in->l2tp, &t);
	if (err < 0)
		return err;
	if (set.has_label)
		label_set(t->record->label, set.label);
	if (set.has_peer_check)
		dataplane_peer_check_set(r->c->server->dataplane, t, set.peer_check);
	notify_tunnel(r, L2TP_CMD_TUNNEL_MODIFY, t);
	return 0;
}

/* Whoever holds the socket may say so: it is looked at, and nothing else is taken from the request. */
static int socket_changed(struct request *r, const struct ul2tp_request *in)
{
	AUTO_FD fd = connection_take_descriptor(r->c);
	struct tunnel *t;

	if (fd < 0)
		return extack_fail(&r->ea, -EBADF, 0,
		                   "no descriptor came with the request (SCM_RIGHTS)");
	return dataplane_socket_changed(r->c->server->dataplane, fd, &t, &r->ea);
}

static bool tunnel_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                       const struct tunnel *t)
{
	struct ul2tp_tunnel_message m;
	size_t start = begin(w, request, flags, UL2TP_CMD_TUNNEL_GET);

	ul2tp_tunnel_message_of(t, &m);
	ul2tp_tunnel_message_put(w, &m);
	return nl_message_end(w, start);
}

static void message_of(const struct session *s, struct ul2tp_session_message *ret)
{
	ul2tp_session_message_of(s, ret);
	if (s->channel)
		channel_device_name(s->channel, ret->debug.device);
}

static bool session_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                        const struct session *s)
{
	struct ul2tp_session_message m;
	size_t start = begin(w, request, flags, UL2TP_CMD_SESSION_GET);

	message_of(s, &m);
	ul2tp_session_message_put(w, &m);
	return nl_message_end(w, start);
}

/* To everyone, so without the operator's own words. */
static bool v2_tunnel_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                          const struct tunnel *t)
{
	struct ul2tp_tunnel_message m;
	size_t start;

	if (!tunnel_is_v2(t))
		return true;
	start = begin(w, request, flags, UL2TP_CMD_V2_TUNNEL_GET);
	ul2tp_tunnel_message_of(t, &m);
	memset(m.options.label, 0, sizeof(m.options.label));
	ul2tp_tunnel_message_put(w, &m);
	return nl_message_end(w, start);
}

static bool v2_session_put(struct writer *w, const struct nl_message *request, uint16_t flags,
                           const struct session *s)
{
	struct ul2tp_session_message m;
	size_t start;

	if (!tunnel_is_v2(s->tunnel))
		return true;
	start = begin(w, request, flags, UL2TP_CMD_V2_SESSION_GET);
	message_of(s, &m);
	memset(m.label, 0, sizeof(m.label));
	ul2tp_session_message_put(w, &m);
	return nl_message_end(w, start);
}

static int tunnel_get(struct request *r, const struct ul2tp_request *in)
{
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct tunnel *t;
	int err = request_tunnel_find(r, &in->l2tp, &t);

	if (err < 0)
		return err;
	if (!tunnel_put(&w, &r->message, 0, t))
		return -EMSGSIZE;
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}

static int session_create(struct request *r, const struct ul2tp_request *in)
{
	struct session_create params;
	struct session *s;
	struct tunnel *t;
	int err = request_tunnel_find(r, &in->l2tp, &t);

	if (!err)
		err = session_create_read(&in->l2tp, t->record->version, &params, &r->ea);
	if (!err)
		err = dataplane_session_add(r->c->server->dataplane, t, r->c->client.slot, &params,
		                            ul2tp_label_read(in), &s, &r->ea);
	if (err < 0)
		return err;
	if (session_can_be_found(s))
		notify_session(r, L2TP_CMD_SESSION_CREATE, s);
	return 0;
}

static int session_set(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_session_set set;
	struct session *s;
	int err = ul2tp_session_set_read(in, &set, &r->ea);

	if (!err)
		err = request_session_find(r, &set.select, &s);
	if (err < 0)
		return err;
	if (set.has_label)
		label_set(s->record->label, set.label);
	notify_session(r, L2TP_CMD_SESSION_MODIFY, s);
	return 0;
}

static int session_get(struct request *r, const struct ul2tp_request *in)
{
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct session_select select;
	struct session *s;
	int err = session_select_read(&in->l2tp, &select, &r->ea);

	if (!err)
		err = request_session_find(r, &select, &s);
	if (err < 0)
		return err;
	if (!session_put(&w, &r->message, 0, s))
		return -EMSGSIZE;
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}

static int limits_set(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_limits_set set = ul2tp_limits_set_read(in);

	return dataplane_limits_set(r->c->server->dataplane, r->c->netns, &set, &r->ea);
}

static int trace(struct request *r, const struct ul2tp_request *in)
{
	uint64_t events;
	int err = trace_request_read(in, &events, &r->ea);

	return err < 0 ? err : trace_listen(r->c, events, &r->ea);
}

static int upgrade(struct request *r, const struct ul2tp_request *in)
{
	return keeper_upgrade(r->c->server->keeper, &r->ea);
}

/* clang-format off */
static int (*const commands[UL2TP_CMD_MAX_PLUS_1])(struct request *, const struct ul2tp_request *) = {
	[UL2TP_CMD_STATUS_GET]     = status_get,
	[UL2TP_CMD_SOCKET_SET]     = socket_set,
	[UL2TP_CMD_SUBSCRIBE]      = subscribe,
	[UL2TP_CMD_UNSUBSCRIBE]    = unsubscribe,
	[UL2TP_CMD_TUNNEL_CREATE]  = tunnel_create,
	[UL2TP_CMD_TUNNEL_SET]     = tunnel_set,
	[UL2TP_CMD_TUNNEL_GET]     = tunnel_get,
	[UL2TP_CMD_SESSION_CREATE] = session_create,
	[UL2TP_CMD_SESSION_SET]    = session_set,
	[UL2TP_CMD_SESSION_GET]    = session_get,
	[UL2TP_CMD_LIMITS_SET]     = limits_set,
	[UL2TP_CMD_IPSOCKET_OPEN]  = ip_socket_serve_open,
	[UL2TP_CMD_IPSOCKET_BIND]  = ip_socket_serve_bind,
	[UL2TP_CMD_IPSOCKET_CONNECT] = ip_socket_serve_connect,
	[UL2TP_CMD_IPSOCKET_SEND]  = ip_socket_serve_send,
	[UL2TP_CMD_IPSOCKET_OPTION_SET] = ip_socket_serve_option_set,
	[UL2TP_CMD_IPSOCKET_GET]   = ip_socket_serve_get,
	[UL2TP_CMD_TRACE]          = trace,
	[UL2TP_CMD_SOCKET_CHANGED] = socket_changed,
	[UL2TP_CMD_PPP_OPEN]       = ppp_serve_open,
	[UL2TP_CMD_PPP_CLOSE]      = ppp_serve_close,
	[UL2TP_CMD_PPP_CONNECT]    = ppp_serve_connect,
	[UL2TP_CMD_PPP_IOCTL]      = ppp_serve_ioctl,
	[UL2TP_CMD_PPP_OPTION_SET] = ppp_serve_option_set,
	[UL2TP_CMD_PPP_OPTION_GET] = ppp_serve_option_get,
	[UL2TP_CMD_PPP_GET]        = ppp_serve_get,
	[UL2TP_CMD_UNIT_ADDRESS_ADD]    = unit_serve_address_add,
	[UL2TP_CMD_UNIT_ADDRESS_REMOVE] = unit_serve_address_remove,
	[UL2TP_CMD_UNIT_POLICE]    = unit_serve_police,
	[UL2TP_CMD_UNIT_GET]       = unit_serve_get,
	[UL2TP_CMD_DEVICE_GET]     = device_serve_get,
	[UL2TP_CMD_UPGRADE]        = upgrade,
};
/* clang-format on */

int ul2tp_serve(struct request *r)
{
	struct ul2tp_request in;
	int err = ul2tp_request_read(&r->message, r->generic.command, r->generic.attributes, &in,
	                             &r->ea);

	if (!err)
		err = commands[r->generic.command->number](r, &in);
	r->fault = ul2tp_request_fault(&in, &r->ea);
	return err;
}

bool ul2tp_dump_next(struct connection *c, struct writer *w)
{
	switch (c->dump.command) {
	case UL2TP_CMD_TUNNEL_GET:
		return dump_tunnels(c, w, tunnel_put);
	case UL2TP_CMD_SESSION_GET:
		return dump_sessions(c, w, session_put);
	case UL2TP_CMD_V2_TUNNEL_GET:
		return dump_tunnels(c, w, v2_tunnel_put);
	case UL2TP_CMD_PPP_GET:
		return ppp_dump_next(c, w);
	case UL2TP_CMD_UNIT_GET:
		return unit_dump_next(c, w);
	case UL2TP_CMD_PPP_CHANNEL_GET:
		return ppp_dump_channels(c, w);
	default:
		return dump_sessions(c, w, v2_session_put);
	}
}
