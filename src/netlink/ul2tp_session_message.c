/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_session_message.c - see ul2tp_session_message.h */
#include "netlink/ul2tp_session_message.h"

#include <errno.h>
#include <string.h>

#include "netlink/attribute.h"

void ul2tp_session_message_put(struct writer *w, const struct ul2tp_session_message *s)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_L2TP | NLA_F_NESTED);

	session_message_put(w, &s->l2tp);
	attribute_nest_end(w, nest);
	if (s->label[0])
		attribute_put_string(w, UL2TP_ATTR_LABEL, s->label);
	attribute_put_u8(w, UL2TP_ATTR_L2SPEC_TYPE, s->l2spec_type);
	attribute_put_u64(w, UL2TP_ATTR_CREATED, s->created);
	if (s->mtu)
		attribute_put_u32(w, UL2TP_ATTR_MTU, s->mtu);
	if (s->fast_path) {
		attribute_put_string(w, UL2TP_ATTR_FAST_PATH, s->fast_path);
		attribute_put_string(w, UL2TP_ATTR_FAST_PATH_WORDS, s->fast_path_words);
	}
	ul2tp_accounts_put(w, &s->accounts);
	ul2tp_debug_session_put(w, &s->debug);
}

int ul2tp_session_message_read(struct reader octets, struct ul2tp_session_message *ret)
{
	struct ul2tp_session_message s;
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0 ||
	    session_message_read(attributes_value(&a, UL2TP_ATTR_L2TP), &s.l2tp) < 0 ||
	    ul2tp_drops_read(attributes_value(&a, UL2TP_ATTR_RX_DROPS), &s.accounts.rx_drops) < 0 ||
	    ul2tp_drops_read(attributes_value(&a, UL2TP_ATTR_TX_DROPS), &s.accounts.tx_drops) < 0 ||
	    ul2tp_debug_read(attributes_value(&a, UL2TP_ATTR_DEBUG), &s.debug) < 0)
		return -EBADMSG;
	ul2tp_counters_read(attributes_value(&a, UL2TP_ATTR_COUNTERS), s.accounts.counters);
	strcpy(s.label, attributes_string(&a, UL2TP_ATTR_LABEL)); /* the policy has bounded it */
	s.l2spec_type = attributes_u8(&a, UL2TP_ATTR_L2SPEC_TYPE);
	s.created = attributes_u64(&a, UL2TP_ATTR_CREATED);
	s.mtu = attributes_u32(&a, UL2TP_ATTR_MTU);
	s.fast_path = attributes_string(&a, UL2TP_ATTR_FAST_PATH);
	s.fast_path_words = attributes_string(&a, UL2TP_ATTR_FAST_PATH_WORDS);
	*ret = s;
	return 0;
}

void ul2tp_session_create_put(struct writer *w, const struct session_create *s, const char *label)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_L2TP | NLA_F_NESTED);

	session_create_put(w, s);
	attribute_nest_end(w, nest);
	if (label && label[0])
		attribute_put_string(w, UL2TP_ATTR_LABEL, label);
}

const char *ul2tp_label_read(const struct ul2tp_request *r)
{
	return attributes_string(&r->top, UL2TP_ATTR_LABEL);
}

void ul2tp_session_set_put(struct writer *w, const struct ul2tp_session_set *set)
{
	ul2tp_session_get_put(w, &set->select);
	if (set->has_label)
		attribute_put_string(w, UL2TP_ATTR_LABEL, set->label);
}

int ul2tp_session_set_read(const struct ul2tp_request *r, struct ul2tp_session_set *ret,
                           struct extack *ea)
{
	struct ul2tp_session_set set = { .has_label = attributes_has(&r->top, UL2TP_ATTR_LABEL) };
	int err = session_select_read(&r->l2tp, &set.select, ea);

	if (err < 0)
		return err;
	strcpy(set.label, attributes_string(&r->top, UL2TP_ATTR_LABEL));
	*ret = set;
	return 0;
}

void ul2tp_session_get_put(struct writer *w, const struct session_select *select)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_L2TP | NLA_F_NESTED);

	session_select_put(w, select);
	attribute_nest_end(w, nest);
}
