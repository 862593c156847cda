/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_device_message.c - see ul2tp_device_message.h */
#include "netlink/ul2tp_device_message.h"

#include <errno.h>

#include "netlink/attribute.h"

void ul2tp_device_request_put(struct writer *w, const struct ul2tp_device_request *request)
{
	attribute_put(w, UL2TP_ATTR_DEVICE_INDEX, request->ifindex,
	              request->count * sizeof(request->ifindex[0]));
}

int ul2tp_device_request_read(const struct ul2tp_request *r, struct ul2tp_device_request *ret,
                              struct extack *ea)
{
	struct reader numbers = attributes_value(&r->top, UL2TP_ATTR_DEVICE_INDEX);

	ret->count = 0;
	while (read_left(&numbers) && ret->count < UL2TP_DEVICES_MAX)
		ret->ifindex[ret->count++] = read_u32_host(&numbers);
	if (!ret->count || numbers.failed)
		return extack_fail(ea, -EINVAL, UL2TP_BLAME(UL2TP_ATTR_DEVICE_INDEX),
		                   "device_index is numbers of interfaces, of 4 octets each");
	return 0;
}

static void counters_put(struct writer *w, const uint64_t *counters)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_COUNTERS | NLA_F_NESTED);

	for (uint16_t n = 1; n < UL2TP_DEVICE_COUNTER_MAX_PLUS_1; n++)
		attribute_put_u64(w, n, counters[n]);
	attribute_nest_end(w, nest);
}

void ul2tp_device_message_put(struct writer *w, const struct ul2tp_device_message *m)
{
	attribute_put_u32(w, UL2TP_ATTR_DEVICE_INDEX, m->ifindex);
	attribute_put_string(w, UL2TP_ATTR_DEVICE, m->name);
	counters_put(w, m->counters);
}

int ul2tp_device_message_read(struct reader octets, struct ul2tp_device_message *ret)
{
	struct reader value, counters;
	struct attributes a;
	struct attribute one;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0)
		return -EBADMSG;
	*ret = (struct ul2tp_device_message){ 0 };
	value = attributes_value(&a, UL2TP_ATTR_DEVICE_INDEX);
	ret->ifindex = read_u32_host(&value);
	if (value.failed)
		return -EBADMSG;
	value = attributes_value(&a, UL2TP_ATTR_DEVICE);
	if (read_left(&value) < sizeof(ret->name))
		read_copy(&value, ret->name, read_left(&value));
	counters = attributes_value(&a, UL2TP_ATTR_COUNTERS);
	while (attribute_next(&counters, &one))
		if (one.type < UL2TP_DEVICE_COUNTER_MAX_PLUS_1)
			ret->counters[one.type] = read_u64_host(&one.value);
	return 0;
}
