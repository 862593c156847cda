/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_tunnel_message.c - see ul2tp_tunnel_message.h */
#include "netlink/ul2tp_tunnel_message.h"

#include <errno.h>
#include <string.h>

#include "netlink/attribute.h"

static void options_put(struct writer *w, const struct ul2tp_tunnel_options *o)
{
	if (o->label[0])
		attribute_put_string(w, UL2TP_ATTR_LABEL, o->label);
	if (o->device[0])
		attribute_put_string(w, UL2TP_ATTR_DEVICE, o->device);
	if (o->mark)
		attribute_put_u32(w, UL2TP_ATTR_MARK, o->mark);
	if (o->tos)
		attribute_put_u8(w, UL2TP_ATTR_TOS, o->tos);
	if (o->ttl)
		attribute_put_u8(w, UL2TP_ATTR_TTL, o->ttl);
	if (o->has_peer_check)
		attribute_put_u8(w, UL2TP_ATTR_PEER_CHECK, o->peer_check);
}

static struct ul2tp_tunnel_options options_read(const struct attributes *a)
{
	struct ul2tp_tunnel_options o = {
		.mark = attributes_u32(a, UL2TP_ATTR_MARK),
		.tos = attributes_u8(a, UL2TP_ATTR_TOS),
		.ttl = attributes_u8(a, UL2TP_ATTR_TTL),
		.has_peer_check = attributes_has(a, UL2TP_ATTR_PEER_CHECK),
		.peer_check = attributes_u8(a, UL2TP_ATTR_PEER_CHECK),
	};

	/* The policy has bounded both. */
	strcpy(o.label, attributes_string(a, UL2TP_ATTR_LABEL));
	strcpy(o.device, attributes_string(a, UL2TP_ATTR_DEVICE));
	return o;
}

void ul2tp_tunnel_message_put(struct writer *w, const struct ul2tp_tunnel_message *t)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_L2TP | NLA_F_NESTED);

	tunnel_message_put(w, &t->l2tp);
	attribute_nest_end(w, nest);
	options_put(w, &t->options);
	attribute_put_u64(w, UL2TP_ATTR_CREATED, t->created);
	ul2tp_accounts_put(w, &t->accounts);
	ul2tp_debug_tunnel_put(w, &t->debug);
}

int ul2tp_tunnel_message_read(struct reader octets, struct ul2tp_tunnel_message *ret)
{
	struct ul2tp_tunnel_message t;
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0 ||
	    tunnel_message_read(attributes_value(&a, UL2TP_ATTR_L2TP), &t.l2tp) < 0 ||
	    ul2tp_drops_read(attributes_value(&a, UL2TP_ATTR_RX_DROPS), &t.accounts.rx_drops) < 0 ||
	    ul2tp_drops_read(attributes_value(&a, UL2TP_ATTR_TX_DROPS), &t.accounts.tx_drops) < 0 ||
	    ul2tp_debug_read(attributes_value(&a, UL2TP_ATTR_DEBUG), &t.debug) < 0)
		return -EBADMSG;
	ul2tp_counters_read(attributes_value(&a, UL2TP_ATTR_COUNTERS), t.accounts.counters);
	t.options = options_read(&a);
	t.created = attributes_u64(&a, UL2TP_ATTR_CREATED);
	*ret = t;
	return 0;
}

void ul2tp_tunnel_create_put(struct writer *w, const struct ul2tp_tunnel_create *t)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_L2TP | NLA_F_NESTED);

	tunnel_create_put(w, &t->l2tp);
	attribute_nest_end(w, nest);
	options_put(w, &t->options);
}

int ul2tp_tunnel_create_read(const struct ul2tp_request *r, struct ul2tp_tunnel_create *ret,
                             struct extack *ea)
{
	struct ul2tp_tunnel_create t = { .options = options_read(&r->top) };
	int err = tunnel_create_read(&r->l2tp, &t.l2tp, ea);

	if (err < 0)
		return err;
	*ret = t;
	return 0;
}

void ul2tp_tunnel_set_put(struct writer *w, const struct ul2tp_tunnel_set *set)
{
	ul2tp_tunnel_get_put(w, set->conn_id);
	if (set->has_label)
		attribute_put_string(w, UL2TP_ATTR_LABEL, set->label);
	if (set->has_peer_check)
		attribute_put_u8(w, UL2TP_ATTR_PEER_CHECK, set->peer_check);
}

int ul2tp_tunnel_set_read(const struct ul2tp_request *r, struct ul2tp_tunnel_set *ret,
                          struct extack *ea)
{
	struct ul2tp_tunnel_set set = {
		.has_label = attributes_has(&r->top, UL2TP_ATTR_LABEL),
		.has_peer_check = attributes_has(&r->top, UL2TP_ATTR_PEER_CHECK),
		.peer_check = attributes_u8(&r->top, UL2TP_ATTR_PEER_CHECK),
	};
	int err = l2tp_conn_id_read(&r->l2tp, &set.conn_id, ea);

	if (err < 0)
		return err;
	strcpy(set.label, attributes_string(&r->top, UL2TP_ATTR_LABEL));
	*ret = set;
	return 0;
}

void ul2tp_tunnel_get_put(struct writer *w, uint32_t conn_id)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_L2TP | NLA_F_NESTED);

	tunnel_select_put(w, conn_id);
	attribute_nest_end(w, nest);
}
