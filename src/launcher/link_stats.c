/* SPDX-License-Identifier: BSD-2-Clause */
/* link_stats.c - see link_stats.h */
#include "launcher/link_stats.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"
#include "netlink/message.h"

#define KIND "tun" /* of TAPs, too */

/* The first members of struct rtnl_link_stats and rtnl_link_stats64, in their order. */
static const struct {
	uint8_t counter; /* enum ul2tp_device_counter */
	bool add;
} fields[] = {
	{ UL2TP_DEVICE_COUNTER_RX_PACKETS, false }, { UL2TP_DEVICE_COUNTER_TX_PACKETS, false },
	{ UL2TP_DEVICE_COUNTER_RX_OCTETS, false },  { UL2TP_DEVICE_COUNTER_TX_OCTETS, false },
	{ UL2TP_DEVICE_COUNTER_RX_ERRORS, true },   { UL2TP_DEVICE_COUNTER_TX_ERRORS, true },
	{ UL2TP_DEVICE_COUNTER_RX_DROPPED, true },  { UL2TP_DEVICE_COUNTER_TX_DROPPED, true },
};

/* NULL: it is too short for them. */
static const uint8_t *numbers(struct reader value, size_t width)
{
	return read_bytes(&value, width * ARRAY_SIZE(fields));
}

static bool is_ours(struct reader info)
{
	struct attribute a;
	bool ours = false;

	while (attribute_next(&info, &a))
		if (a.type == IFLA_INFO_KIND)
			ours = read_left(&a.value) == sizeof(KIND) &&
			       memcmp(a.value.at, KIND, sizeof(KIND)) == 0;
	return ours;
}

static void name_read(struct reader value, char ret[IFNAMSIZ])
{
	size_t len = read_left(&value);

	memset(ret, 0, IFNAMSIZ);
	if (len <= IFNAMSIZ)
		read_copy(&value, ret, len);
	ret[IFNAMSIZ - 1] = '\0';
}

static bool link_read(struct reader payload, struct link_stats *ret)
{
	bool ours = false, elsewhere = false;
	struct attribute a;

	read_skip(&payload, offsetof(struct ifinfomsg, ifi_index));
	ret->ifindex = read_u32_host(&payload);
	read_skip(&payload, sizeof(struct ifinfomsg) - offsetof(struct ifinfomsg, ifi_index) -
	                            sizeof(uint32_t));
	while (attribute_next(&payload, &a)) {
		if (a.type == IFLA_IFNAME)
			name_read(a.value, ret->name);
		else if (a.type == IFLA_STATS)
			ret->stats32 = numbers(a.value, sizeof(uint32_t));
		else if (a.type == IFLA_STATS64)
			ret->stats64 = numbers(a.value, sizeof(uint64_t));
		else if (a.type == IFLA_LINKINFO)
			ours = is_ours(a.value);
		else if (a.type == IFLA_TARGET_NETNSID)
			elsewhere = true;
	}
	return ours && !elsewhere && (ret->stats32 || ret->stats64);
}

/* Which kind it is of is not said. */
static bool stats_read(struct reader payload, struct link_stats *ret)
{
	struct attribute a;

	read_skip(&payload, offsetof(struct if_stats_msg, ifindex));
	ret->ifindex = read_u32_host(&payload);
	read_skip(&payload, sizeof(uint32_t)); /* filter_mask */
	while (attribute_next(&payload, &a))
		if (a.type == IFLA_STATS_LINK_64)
			ret->stats64 = numbers(a.value, sizeof(uint64_t));
	return ret->stats64;
}

bool link_stats_next(struct reader *datagram, struct link_stats *ret)
{
	struct nl_message m;

	while (nl_message_next(datagram, &m)) {
		*ret = (struct link_stats){ 0 };
		if ((m.type == RTM_NEWLINK && link_read(m.payload, ret)) ||
		    (m.type == RTM_NEWSTATS && stats_read(m.payload, ret)))
			return true;
	}
	return false;
}

static uint64_t mended(size_t field, uint64_t own, const uint64_t *counters)
{
	return (fields[field].add ? own : 0) + counters[fields[field].counter];
}

void link_stats_set(uint8_t *datagram, const uint8_t *copy_of, const struct link_stats *l,
                    const uint64_t counters[UL2TP_DEVICE_COUNTER_MAX_PLUS_1])
{
	for (size_t i = 0; l->stats32 && i < ARRAY_SIZE(fields); i++) {
		uint8_t *at = datagram + (l->stats32 - copy_of) + i * sizeof(uint32_t);
		uint32_t value;

		memcpy(&value, at, sizeof(value));
		value = (uint32_t)mended(i, value, counters);
		memcpy(at, &value, sizeof(value));
	}
	for (size_t i = 0; l->stats64 && i < ARRAY_SIZE(fields); i++) {
		uint8_t *at = datagram + (l->stats64 - copy_of) + i * sizeof(uint64_t);
		uint64_t value;

		memcpy(&value, at, sizeof(value));
		value = mended(i, value, counters);
		memcpy(at, &value, sizeof(value));
	}
}
