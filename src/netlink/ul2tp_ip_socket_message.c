/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ip_socket_message.c - see ul2tp_ip_socket_message.h */
#include "netlink/ul2tp_ip_socket_message.h"

#include <errno.h>

#include "netlink/attribute.h"
#include "netlink/ul2tp_accounts.h"

static void octets_put(struct writer *w, uint16_t type, const struct reader *r)
{
	if (read_left(r))
		attribute_put(w, type, r->at, read_left(r));
}

void ul2tp_ip_socket_open_put(struct writer *w, const struct ul2tp_ip_socket_open *open)
{
	attribute_put_u16(w, UL2TP_ATTR_FAMILY, open->family);
	attribute_put_u16(w, UL2TP_ATTR_PORT, open->port);
	attribute_put_u64(w, UL2TP_ATTR_SOCKET_COOKIE, open->cookie);
}

struct ul2tp_ip_socket_open ul2tp_ip_socket_open_read(const struct ul2tp_request *r)
{
	return (struct ul2tp_ip_socket_open){
		.family = attributes_u16(&r->top, UL2TP_ATTR_FAMILY),
		.port = attributes_u16(&r->top, UL2TP_ATTR_PORT),
		.cookie = attributes_u64(&r->top, UL2TP_ATTR_SOCKET_COOKIE),
	};
}

void ul2tp_ip_socket_send_put(struct writer *w, const struct ul2tp_ip_socket_send *send)
{
	octets_put(w, UL2TP_ATTR_NAME, &send->name);
	attribute_put(w, UL2TP_ATTR_DATA, send->data.at, read_left(&send->data));
	octets_put(w, UL2TP_ATTR_CONTROL, &send->control);
	attribute_put_u32(w, UL2TP_ATTR_MSG_FLAGS, send->flags);
}

struct ul2tp_ip_socket_send ul2tp_ip_socket_send_read(const struct ul2tp_request *r)
{
	return (struct ul2tp_ip_socket_send){
		.name = attributes_value(&r->top, UL2TP_ATTR_NAME),
		.data = attributes_value(&r->top, UL2TP_ATTR_DATA),
		.control = attributes_value(&r->top, UL2TP_ATTR_CONTROL),
		.flags = attributes_u32(&r->top, UL2TP_ATTR_MSG_FLAGS),
	};
}

void ul2tp_ip_socket_option_put(struct writer *w, const struct ul2tp_ip_socket_option *option)
{
	attribute_put_u32(w, UL2TP_ATTR_OPTION_LEVEL, option->level);
	attribute_put_u32(w, UL2TP_ATTR_OPTION, option->option);
	octets_put(w, UL2TP_ATTR_OPTION_VALUE, &option->value);
}

struct ul2tp_ip_socket_option ul2tp_ip_socket_option_read(const struct ul2tp_request *r)
{
	return (struct ul2tp_ip_socket_option){
		.level = attributes_u32(&r->top, UL2TP_ATTR_OPTION_LEVEL),
		.option = attributes_u32(&r->top, UL2TP_ATTR_OPTION),
		.value = attributes_value(&r->top, UL2TP_ATTR_OPTION_VALUE),
	};
}

void ul2tp_ip_socket_state_put(struct writer *w, const struct ul2tp_ip_socket_state *state)
{
	octets_put(w, UL2TP_ATTR_NAME, &state->name);
	octets_put(w, UL2TP_ATTR_PEER_NAME, &state->peer_name);
	attribute_put_u8(w, UL2TP_ATTR_CONNECTED, state->connected);
	ul2tp_accounts_put(w, &state->accounts);
}

int ul2tp_ip_socket_state_read(struct reader octets, struct ul2tp_ip_socket_state *ret)
{
	struct ul2tp_ip_socket_state state;
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0)
		return -EBADMSG;
	state = (struct ul2tp_ip_socket_state){
		.name = attributes_value(&a, UL2TP_ATTR_NAME),
		.peer_name = attributes_value(&a, UL2TP_ATTR_PEER_NAME),
		.connected = attributes_u8(&a, UL2TP_ATTR_CONNECTED),
	};
	if (!read_left(&state.name))
		return -EBADMSG;
	if (ul2tp_drops_read(attributes_value(&a, UL2TP_ATTR_RX_DROPS), &state.accounts.rx_drops) <
	    0)
		return -EBADMSG;
	ul2tp_counters_read(attributes_value(&a, UL2TP_ATTR_COUNTERS), state.accounts.counters);
	*ret = state;
	return 0;
}
