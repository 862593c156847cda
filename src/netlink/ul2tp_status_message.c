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

static void lack_put(struct writer *w, const struct ul2tp_status_lack *lack)
{
	size_t nest = attribute_nest_begin(w, UL2TP_FEATURE_LACKING | NLA_F_NESTED);

	attribute_put_string(w, UL2TP_FEATURE, lack->feature);
	attribute_put_string(w, UL2TP_FEATURE_WORDS, lack->words);
	attribute_nest_end(w, nest);
}

void ul2tp_status_put(struct writer *w, const struct ul2tp_status *status)
{
	attribute_put_string(w, UL2TP_ATTR_VERSION, status->version);

	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_FEATURES | NLA_F_NESTED);

	for (size_t i = 0; i < status->feature_count; i++)
		attribute_put_string(w, UL2TP_FEATURE, status->features[i]);
	for (size_t i = 0; i < status->lack_count; i++)
		lack_put(w, &status->lacks[i]);
	attribute_nest_end(w, nest);
	limits_put(w, UL2TP_ATTR_LIMITS, &status->limits);
	limits_put(w, UL2TP_ATTR_USAGE, &status->usage);
}

/* What a string attribute says; NULL: it has no end. */
static const char *string_read(const struct attribute *a)
{
	size_t len = read_left(&a->value);

	return len && a->value.at[len - 1] == '\0' ? (const char *)a->value.at : NULL;
}

static int lack_read(struct reader nest, struct ul2tp_status *status)
{
	struct ul2tp_status_lack lack = { 0 };
	struct attribute a;

	while (attribute_next(&nest, &a))
		if (a.type == UL2TP_FEATURE)
			lack.feature = string_read(&a);
		else if (a.type == UL2TP_FEATURE_WORDS)
			lack.words = string_read(&a);
	if (!lack.feature || !lack.words)
		return -EBADMSG;
	if (status->lack_count < UL2TP_LACKS_MAX)
		status->lacks[status->lack_count++] = lack;
	return 0;
}

static int feature_read(const struct attribute *a, struct ul2tp_status *status)
{
	const char *name = string_read(a);

	if (!name)
		return -EBADMSG;
	if (status->feature_count < UL2TP_FEATURES_MAX)
		status->features[status->feature_count++] = name;
	return 0;
}

static int features_read(struct reader nest, struct ul2tp_status *status)
{
	struct attribute a;
	int err = 0;

	while (!err && attribute_next(&nest, &a))
		if (a.type == UL2TP_FEATURE)
			err = feature_read(&a, status);
		else if (a.type == UL2TP_FEATURE_LACKING)
			err = lack_read(a.value, status);
	return err;
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
	if (set->has_stop)
		attribute_put_u8(w, UL2TP_ATTR_STOP_AT_REFUSAL, set->stop);
	if (set->token)
		attribute_put_u64(w, UL2TP_ATTR_TOKEN, set->token);
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
		.has_stop = attributes_has(&r->top, UL2TP_ATTR_STOP_AT_REFUSAL),
		.stop = attributes_u8(&r->top, UL2TP_ATTR_STOP_AT_REFUSAL),
		.token = attributes_u64(&r->top, UL2TP_ATTR_TOKEN),
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
