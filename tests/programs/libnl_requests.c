// SPDX-License-Identifier: BSD-2-Clause
/* libnl_requests.c - requests to the family l2tp through libnl
 *
 * libnl chooses the netlink port and takes no answer that does not carry it. It asks for the family with
 * NLM_F_ACK, so that an acknowledgement follows the answer, and dumps with REQUEST|ACK|DUMP, which has none. What it
 * makes of the errno of a refusal is its own; so that is kept on its way.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <string.h>

#include <linux/l2tp.h>

#include "libnl_requests.h"

struct l2tp {
	struct nl_sock *sock;
};

static int family;

struct l2tp *l2tp_open(void)
{
	struct l2tp *l2tp = calloc(1, sizeof(*l2tp));

	l2tp->sock = nl_socket_alloc();
	if (l2tp->sock && genl_connect(l2tp->sock) == 0)
		return l2tp;
	l2tp_close(l2tp);
	return NULL;
}

void l2tp_close(struct l2tp *l2tp)
{
	nl_socket_free(l2tp->sock);
	free(l2tp);
}

struct l2tp *libnl_requests_begin(void)
{
	struct l2tp *l2tp = l2tp_open();

	family = l2tp ? genl_ctrl_resolve(l2tp->sock, L2TP_GENL_NAME) : -1;
	return family < 0 ? NULL : l2tp;
}

uint32_t libnl_requests_port(const struct l2tp *l2tp)
{
	return nl_socket_get_local_port(l2tp->sock);
}

static int note_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *data)
{
	*(int *)data = error->error;
	return NL_STOP;
}

static int note_from(struct nl_msg *message, void *data)
{
	return nlmsg_get_src(message)->nl_pid == 0 ? NL_OK : -NLE_PERM;
}

/* Sends, and receives what answers; takes the message. Return: 0 or a negative errno. */
static int exchange(struct l2tp *l2tp, struct nl_msg *request, nl_recvmsg_msg_cb_t each, void *data)
{
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	bool dump = (nlmsg_hdr(request)->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int refused = 0, err = nl_send_auto(l2tp->sock, request);

	nlmsg_free(request);
	nl_cb_err(callbacks, NL_CB_CUSTOM, note_error, &refused);
	nl_cb_set(callbacks, NL_CB_MSG_IN, NL_CB_CUSTOM, note_from, NULL);
	if (each)
		nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, each, data);
	if (err >= 0)
		err = nl_recvmsgs(l2tp->sock, callbacks);
	if (err >= 0 && each && !dump && !refused)
		err = nl_wait_for_ack(l2tp->sock);
	nl_cb_put(callbacks);
	return refused ? refused : err < 0 ? -EPROTO : 0;
}

static struct nl_msg *begin(uint8_t command, int flags)
{
	struct nl_msg *message = nlmsg_alloc();

	genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, NLM_F_REQUEST | flags, command,
	            L2TP_GENL_VERSION);
	return message;
}

int l2tp_tunnel_create(struct l2tp *l2tp, const struct tunnel_words *words, int sock)
{
	struct nl_msg *request = begin(L2TP_CMD_TUNNEL_CREATE, NLM_F_ACK);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, words->id);
	nla_put_u32(request, L2TP_ATTR_PEER_CONN_ID, words->peer_id);
	nla_put_u8(request, L2TP_ATTR_PROTO_VERSION, words->version);
	nla_put_u16(request, L2TP_ATTR_ENCAP_TYPE,
	            words->over_ip ? L2TP_ENCAPTYPE_IP : L2TP_ENCAPTYPE_UDP);
	nla_put_u32(request, L2TP_ATTR_FD, (uint32_t)sock);
	return exchange(l2tp, request, NULL, NULL);
}

int l2tp_tunnel_delete(struct l2tp *l2tp, uint32_t id)
{
	struct nl_msg *request = begin(L2TP_CMD_TUNNEL_DELETE, 0);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	return exchange(l2tp, request, NULL, NULL);
}

int l2tp_session_create(struct l2tp *l2tp, uint32_t id, uint32_t session, uint32_t peer_session,
                        uint16_t pw_type, const char *name)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_CREATE, NLM_F_ACK);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, session);
	nla_put_u32(request, L2TP_ATTR_PEER_SESSION_ID, peer_session);
	nla_put_u16(request, L2TP_ATTR_PW_TYPE, pw_type);
	if (strcmp(name, "-"))
		nla_put_string(request, L2TP_ATTR_IFNAME, name);
	return exchange(l2tp, request, NULL, NULL);
}

int l2tp_session_modify(struct l2tp *l2tp, uint32_t id, uint32_t session, uint16_t mtu)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_MODIFY, NLM_F_ACK);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, session);
	nla_put_u16(request, L2TP_ATTR_MTU, mtu);
	return exchange(l2tp, request, NULL, NULL);
}

int l2tp_session_delete(struct l2tp *l2tp, uint32_t id, uint32_t session)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_DELETE, 0);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, session);
	return exchange(l2tp, request, NULL, NULL);
}

static int note_name(struct nl_msg *message, void *data)
{
	struct nlattr *found[L2TP_ATTR_MAX + 1];

	if (genlmsg_parse(nlmsg_hdr(message), 0, found, L2TP_ATTR_MAX, NULL) == 0 &&
	    found[L2TP_ATTR_IFNAME])
		nla_strlcpy(data, found[L2TP_ATTR_IFNAME], NAME_SIZE);
	return NL_OK;
}

int l2tp_session_name(struct l2tp *l2tp, uint32_t id, uint32_t session, char *ret)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_GET, 0);

	memset(ret, 0, NAME_SIZE);
	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, session);
	return exchange(l2tp, request, note_name, ret);
}

static int note_object(struct nl_msg *message, void *data)
{
	struct nlattr *found[L2TP_ATTR_MAX + 1];
	struct l2tp_objects *objects = data;
	int count = objects->count;

	if (genlmsg_parse(nlmsg_hdr(message), 0, found, L2TP_ATTR_MAX, NULL) < 0 ||
	    !found[L2TP_ATTR_CONN_ID] || count == OBJECTS_MAX)
		return NL_SKIP;
	objects->object[count].id = nla_get_u32(found[L2TP_ATTR_CONN_ID]);
	objects->object[count].session =
		found[L2TP_ATTR_SESSION_ID] ? nla_get_u32(found[L2TP_ATTR_SESSION_ID]) : 0;
	objects->count++;
	return NL_OK;
}

int l2tp_dump(struct l2tp *l2tp, uint8_t command, struct l2tp_objects *ret)
{
	return exchange(l2tp, begin(command, NLM_F_ACK | NLM_F_DUMP), note_object, ret);
}
