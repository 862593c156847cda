/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_status_message.c - see ul2tp_status_message.h */
#include "netlink/ul2tp_status_message.h"

#include <errno.h>

#include "netlink/attribute.h"

static void limits_put(struct writer *w, uint16_t type, const struct ul2tp_limits *limits)
{
	size_t nest = attribute_nest_begin(w, type | NLA_F_NESTED);

	for (uint16_t n = 1; n < UL2TP_LIMIT_MAX_PLUS_1; n++)
		attribute_put_u32(w, n, limits->values[n]);
	attribute_nest_end(w, nest);
}

static int limits_read(const struct attributes *top, uint16_t number, struct ul2tp_limits *ret)
{
	struct attributes a;

	if (policy_parse(&ul2tp_limit_policy, POLICY_LIBERAL, attributes_value(top, number),
	                 top->message, &a, NULL) < 0)
		return -EBADMSG;
	for (uint16_t n = 1; n < UL2TP_LIMIT_MAX_PLUS_1; n++)
		ret->values[n] = attributes_u32(&a, n);
	return 0;
}

void ul2tp_status_put(struct writer *w, const struct ul2tp_status *status)
{
	attribute_put_string(w, UL2TP_ATTR_VERSION, status->version);

	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_FEATURES | NLA_F_NESTED);

	for (size_t i = 0; i < status->feature_count; i++)
		attribute_put_string(w, UL2TP_FEATURE, status->features[i]);
	attribute_nest_end(w, nest);
	limits_put(w, UL2TP_ATTR_LIMITS, &status->limits);
	limits_put(w, UL2TP_ATTR_USAGE, &status->usage);
}

static int features_read(struct reader nest, struct ul2tp_status *status)
{
	struct attribute a;

	while (attribute_next(&nest, &a) && status->feature_count < UL2TP_FEATURES_MAX) {
		size_t len = read_left(&a.value);

		if (a.type != UL2TP_FEATURE)
			continue;
		if (!len || a.value.at[len - 1] != '\0')
			return -EBADMSG;
		status->features[status->feature_count++] = (const char *)a.value.at;
	}
	return 0;
}

int ul2tp_status_read(struct reader octets, struct ul2tp_status *ret)
{
	struct ul2tp_status status = { 0 };
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0 ||
	    !attributes_has(&a, UL2TP_ATTR_VERSION) ||
	    features_read(attributes_value(&a, UL2TP_ATTR_FEATURES), &status) < 0 ||
	    limits_read(&a, UL2TP_ATTR_LIMITS, &status.limits) < 0 ||
	    limits_read(&a, UL2TP_ATTR_USAGE, &status.usage) < 0)
		return -EBADMSG;
	status.version = attributes_string(&a, UL2TP_ATTR_VERSION);
	*ret = status;
	return 0;
}

void ul2tp_limits_set_put(struct writer *w, const struct ul2tp_limits_set *set)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_LIMITS | NLA_F_NESTED);

	for (uint16_t n = 1; n < UL2TP_LIMIT_MAX_PLUS_1; n++)
		if (set->has[n])
			attribute_put_u32(w, n, set->limits.values[n]);
	attribute_nest_end(w, nest);
}

struct ul2tp_limits_set ul2tp_limits_set_read(const struct ul2tp_request *r)
{
	struct ul2tp_limits_set set = { 0 };

	for (uint16_t n = 1; n < UL2TP_LIMIT_MAX_PLUS_1; n++) {
		set.has[n] = attributes_has(&r->limits, n);
		set.limits.values[n] = attributes_u32(&r->limits, n);
	}
	return set;
}

void ul2tp_socket_set_put(struct writer *w, const struct ul2tp_socket_set *set)
{
	if (set->has_cap_ack)
		attribute_put_u8(w, UL2TP_ATTR_CAP_ACK, set->cap_ack);
	if (set->has_ext_ack)
		attribute_put_u8(w, UL2TP_ATTR_EXT_ACK, set->ext_ack);
	if (set->drop_rights)
		attribute_put_u8(w, UL2TP_ATTR_DROP_RIGHTS, 1);
	if (set->keep_rights)
		attribute_put_u8(w, UL2TP_ATTR_KEEP_RIGHTS, 1);
}

struct ul2tp_socket_set ul2tp_socket_set_read(const struct ul2tp_request *r)
{
	return (struct ul2tp_socket_set){
		.has_cap_ack = attributes_has(&r->top, UL2TP_ATTR_CAP_ACK),
		.has_ext_ack = attributes_has(&r->top, UL2TP_ATTR_EXT_ACK),
		.cap_ack = attributes_u8(&r->top, UL2TP_ATTR_CAP_ACK),
		.ext_ack = attributes_u8(&r->top, UL2TP_ATTR_EXT_ACK),
		.drop_rights = attributes_has(&r->top, UL2TP_ATTR_DROP_RIGHTS),
		.keep_rights = attributes_has(&r->top, UL2TP_ATTR_KEEP_RIGHTS),
	};
}

void ul2tp_subscribe_put(struct writer *w, uint32_t group)
{
	attribute_put_u32(w, UL2TP_ATTR_GROUP, group);
}

uint32_t ul2tp_subscribe_read(const struct ul2tp_request *r)
{
	return attributes_u32(&r->top, UL2TP_ATTR_GROUP);
}
