// SPDX-License-Identifier: BSD-2-Clause
/* raw_requests.c - requests to the family l2tp in raw netlink */
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/l2tp.h>

#include "raw_requests.h"

static struct l2tp first;

struct l2tp *raw_requests_begin(void (*await)(int answers),
                                int (*hand_over)(struct raw_netlink *nl), int *err)
{
	*err = raw_netlink_open(&first.netlink);
	first.netlink.await = await;
	if (*err == 0 && hand_over)
		*err = hand_over(&first.netlink);
	if (*err == 0)
		*err = raw_netlink_find(&first.netlink);
	return &first;
}

struct l2tp *l2tp_open(void)
{
	struct l2tp *own = malloc(sizeof(*own));

	if (!own || raw_netlink_open(&own->netlink) < 0) {
		free(own);
		return NULL;
	}
	own->netlink.await = first.netlink.await;
	own->netlink.l2tp = first.netlink.l2tp;
	return own;
}

void l2tp_close(struct l2tp *l2tp)
{
	close(l2tp->netlink.sock);
	free(l2tp);
}

static void begin(struct l2tp *l2tp, struct raw_message *request, uint8_t command, uint16_t flags)
{
	raw_begin(request, l2tp->netlink.l2tp, command, flags);
}

static int acknowledged(struct l2tp *l2tp, struct raw_message *request)
{
	return raw_exchange(&l2tp->netlink, request, NULL, NULL);
}

int l2tp_tunnel_create(struct l2tp *l2tp, const struct tunnel_words *words, int sock)
{
	struct raw_message request;

	begin(l2tp, &request, L2TP_CMD_TUNNEL_CREATE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, words->id);
	raw_add_u32(&request, L2TP_ATTR_PEER_CONN_ID, words->peer_id);
	raw_add_u8(&request, L2TP_ATTR_PROTO_VERSION, words->version);
	raw_add_u16(&request, L2TP_ATTR_ENCAP_TYPE,
	            words->over_ip ? L2TP_ENCAPTYPE_IP : L2TP_ENCAPTYPE_UDP);
	raw_add_u32(&request, L2TP_ATTR_FD, (uint32_t)sock);
	return acknowledged(l2tp, &request);
}

int l2tp_tunnel_delete(struct l2tp *l2tp, uint32_t id)
{
	struct raw_message request;

	begin(l2tp, &request, L2TP_CMD_TUNNEL_DELETE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, id);
	return acknowledged(l2tp, &request);
}

int l2tp_session_create(struct l2tp *l2tp, uint32_t id, uint32_t session, uint32_t peer_session,
                        uint16_t pw_type, const char *name)
{
	struct raw_message request;

	begin(l2tp, &request, L2TP_CMD_SESSION_CREATE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, id);
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, session);
	raw_add_u32(&request, L2TP_ATTR_PEER_SESSION_ID, peer_session);
	raw_add_u16(&request, L2TP_ATTR_PW_TYPE, pw_type);
	if (strcmp(name, "-"))
		raw_add_string(&request, L2TP_ATTR_IFNAME, name);
	return acknowledged(l2tp, &request);
}

int l2tp_session_modify(struct l2tp *l2tp, uint32_t id, uint32_t session, uint16_t mtu)
{
	struct raw_message request;

	begin(l2tp, &request, L2TP_CMD_SESSION_MODIFY, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, id);
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, session);
	raw_add_u16(&request, L2TP_ATTR_MTU, mtu);
	return acknowledged(l2tp, &request);
}

int l2tp_session_delete(struct l2tp *l2tp, uint32_t id, uint32_t session)
{
	struct raw_message request;

	begin(l2tp, &request, L2TP_CMD_SESSION_DELETE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, id);
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, session);
	return acknowledged(l2tp, &request);
}

static void note_name(const struct nlmsghdr *answer, void *data)
{
	size_t length;
	const char *name = raw_find(answer, L2TP_ATTR_IFNAME, &length);

	if (name)
		memcpy(data, name, length < NAME_SIZE ? length : NAME_SIZE - 1);
}

int l2tp_session_name(struct l2tp *l2tp, uint32_t id, uint32_t session, char *ret)
{
	struct raw_message request;

	memset(ret, 0, NAME_SIZE);
	begin(l2tp, &request, L2TP_CMD_SESSION_GET, 0);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, id);
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, session);
	return raw_exchange(&l2tp->netlink, &request, note_name, ret);
}

static void note_object(const struct nlmsghdr *answer, void *data)
{
	struct l2tp_objects *found = data;
	size_t length;
	const uint32_t *id = raw_find(answer, L2TP_ATTR_CONN_ID, &length);
	const uint32_t *session = raw_find(answer, L2TP_ATTR_SESSION_ID, &length);

	if (!id || found->count == OBJECTS_MAX)
		return;
	found->object[found->count].id = *id;
	found->object[found->count++].session = session ? *session : 0;
}

int l2tp_dump(struct l2tp *l2tp, uint8_t command, struct l2tp_objects *ret)
{
	struct raw_message request;

	begin(l2tp, &request, command, NLM_F_DUMP);
	return raw_exchange(&l2tp->netlink, &request, note_object, ret);
}
