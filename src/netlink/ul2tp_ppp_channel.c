/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ppp_channel.c - see ul2tp_ppp_channel.h */
#include "netlink/ul2tp_ppp_channel.h"

#include <errno.h>

#include "netlink/attribute.h"
#include "netlink/l2tp_family.h"

static int accounts_read(const struct attributes *a, struct ul2tp_accounts *ret)
{
	if (ul2tp_drops_read(attributes_value(a, UL2TP_ATTR_RX_DROPS), &ret->rx_drops) < 0 ||
	    ul2tp_drops_read(attributes_value(a, UL2TP_ATTR_TX_DROPS), &ret->tx_drops) < 0)
		return -EBADMSG;
	ul2tp_counters_read(attributes_value(a, UL2TP_ATTR_COUNTERS), ret->counters);
	return 0;
}

static void session_put(struct writer *w, const struct ul2tp_ppp_channel_report *c)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_L2TP | NLA_F_NESTED);

	attribute_put_u32(w, L2TP_ATTR_CONN_ID, c->conn_id);
	attribute_put_u32(w, L2TP_ATTR_SESSION_ID, c->session_id);
	attribute_nest_end(w, nest);
	ul2tp_accounts_put(w, &c->accounts);
}

void ul2tp_ppp_channel_put(struct writer *w, const struct ul2tp_ppp_channel_report *c)
{
	attribute_put_u32(w, UL2TP_ATTR_PPP_CHANNEL, c->number);
	attribute_put_u8(w, UL2TP_ATTR_PPP_STATE, c->state);
	attribute_put_u32(w, UL2TP_ATTR_PPP_FILES, c->files);
	if (c->has_unit)
		attribute_put_u32(w, UL2TP_ATTR_PPP_UNIT, c->unit);
	if (c->has_bridge)
		attribute_put_u32(w, UL2TP_ATTR_PPP_BRIDGE, c->bridge);
	if (c->has_session)
		session_put(w, c);
}

static int session_read(const struct attributes *a, struct ul2tp_ppp_channel_report *c)
{
	struct reader nest = attributes_value(a, UL2TP_ATTR_L2TP);
	struct attributes l2tp;

	if (policy_parse(&l2tp_policy, POLICY_LIBERAL, nest, nest.at, &l2tp, NULL) < 0 ||
	    !attributes_has(&l2tp, L2TP_ATTR_CONN_ID) ||
	    !attributes_has(&l2tp, L2TP_ATTR_SESSION_ID))
		return -EBADMSG;
	c->has_session = true;
	c->conn_id = attributes_u32(&l2tp, L2TP_ATTR_CONN_ID);
	c->session_id = attributes_u32(&l2tp, L2TP_ATTR_SESSION_ID);
	return accounts_read(a, &c->accounts);
}

int ul2tp_ppp_channel_read(struct reader octets, struct ul2tp_ppp_channel_report *ret)
{
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0 ||
	    !attributes_has(&a, UL2TP_ATTR_PPP_CHANNEL))
		return -EBADMSG;
	*ret = (struct ul2tp_ppp_channel_report){
		.number = attributes_u32(&a, UL2TP_ATTR_PPP_CHANNEL),
		.state = attributes_u8(&a, UL2TP_ATTR_PPP_STATE),
		.files = attributes_u32(&a, UL2TP_ATTR_PPP_FILES),
		.has_unit = attributes_has(&a, UL2TP_ATTR_PPP_UNIT),
		.unit = attributes_u32(&a, UL2TP_ATTR_PPP_UNIT),
		.has_bridge = attributes_has(&a, UL2TP_ATTR_PPP_BRIDGE),
		.bridge = attributes_u32(&a, UL2TP_ATTR_PPP_BRIDGE),
	};
	return attributes_has(&a, UL2TP_ATTR_L2TP) ? session_read(&a, ret) : 0;
}
