/* SPDX-License-Identifier: BSD-2-Clause */
/* link_stats_test.c - counters in messages of rtnetlink: found, and replaced where they stand */
#include "launcher/link_stats.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"
#include "netlink/message.h"

#define ROOM 4096

static const uint64_t counters[UL2TP_DEVICE_COUNTER_MAX_PLUS_1] = {
	[UL2TP_DEVICE_COUNTER_RX_PACKETS] = 101,
	[UL2TP_DEVICE_COUNTER_RX_OCTETS] = 102,
	[UL2TP_DEVICE_COUNTER_RX_ERRORS] = 103,
	[UL2TP_DEVICE_COUNTER_RX_DROPPED] = 104,
	[UL2TP_DEVICE_COUNTER_TX_PACKETS] = 201,
	[UL2TP_DEVICE_COUNTER_TX_OCTETS] = UINT64_C(1) << 32 | 202,
	[UL2TP_DEVICE_COUNTER_TX_ERRORS] = 203,
	[UL2TP_DEVICE_COUNTER_TX_DROPPED] = 204,
};

/* All counters are 7, which no rule leaves. */
static void put_link(struct writer *w, int ifindex, const char *name, const char *kind,
                     bool elsewhere)
{
	const struct nl_header header = { .type = RTM_NEWLINK };
	const struct ifinfomsg info = { .ifi_index = ifindex };
	struct rtnl_link_stats stats32;
	struct rtnl_link_stats64 stats64;
	size_t start = nl_message_begin(w, &header), nest;

	for (size_t i = 0; i < sizeof(stats32) / sizeof(__u32); i++)
		((__u32 *)&stats32)[i] = 7;
	for (size_t i = 0; i < sizeof(stats64) / sizeof(__u64); i++)
		((__u64 *)&stats64)[i] = 7;
	write_bytes(w, &info, sizeof(info));
	attribute_put_string(w, IFLA_IFNAME, name);
	attribute_put(w, IFLA_STATS, &stats32, sizeof(stats32));
	attribute_put(w, IFLA_STATS64, &stats64, sizeof(stats64));
	nest = attribute_nest_begin(w, IFLA_LINKINFO);
	attribute_put_string(w, IFLA_INFO_KIND, kind);
	attribute_nest_end(w, nest);
	if (elsewhere)
		attribute_put_u32(w, IFLA_TARGET_NETNSID, 3);
	assert_true(nl_message_end(w, start));
}

static void ours_are_found_among_others(void **state)
{
	uint8_t octets[4 * ROOM];
	struct writer w = writer_over(octets, sizeof(octets));
	struct reader datagram;
	struct link_stats l;

	put_link(&w, 1, "veth0", "veth", false);
	put_link(&w, 5, "l2tpeth0", "tun", false);
	put_link(&w, 6, "tunnel0", "tunnel", false);
	put_link(&w, 7, "l2tpeth0", "tun", true);
	put_link(&w, 8, "ppp0", "tun", false);
	datagram = reader_over(octets, write_len(&w));
	assert_true(link_stats_next(&datagram, &l));
	assert_int_equal(l.ifindex, 5);
	assert_string_equal(l.name, "l2tpeth0");
	assert_non_null(l.stats32);
	assert_non_null(l.stats64);
	assert_true(link_stats_next(&datagram, &l));
	assert_int_equal(l.ifindex, 8);
	assert_false(link_stats_next(&datagram, &l));
}

static void packets_are_replaced_and_errors_added(void **state)
{
	uint8_t octets[ROOM], copy[ROOM];
	struct writer w = writer_over(octets, sizeof(octets));
	struct rtnl_link_stats64 wide;
	struct rtnl_link_stats narrow;
	struct reader datagram;
	struct link_stats l;

	put_link(&w, 5, "l2tpeth0", "tun", false);
	memcpy(copy, octets, sizeof(copy));
	datagram = reader_over(octets, write_len(&w));
	assert_true(link_stats_next(&datagram, &l));
	link_stats_set(copy, octets, &l, counters);
	memcpy(&wide, copy + (l.stats64 - octets), sizeof(wide));
	memcpy(&narrow, copy + (l.stats32 - octets), sizeof(narrow));
	assert_int_equal(wide.rx_packets, 101);
	assert_int_equal(wide.rx_bytes, 102);
	assert_int_equal(wide.rx_errors, 110);
	assert_int_equal(wide.rx_dropped, 111);
	assert_int_equal(wide.tx_packets, 201);
	assert_true(wide.tx_bytes == (UINT64_C(1) << 32 | 202));
	assert_int_equal(wide.tx_errors, 210);
	assert_int_equal(wide.tx_dropped, 211);
	assert_int_equal(wide.multicast, 7);
	assert_int_equal(narrow.rx_packets, 101);
	assert_int_equal(narrow.tx_bytes, 202);
	assert_int_equal(narrow.tx_dropped, 211);
	assert_int_equal(narrow.multicast, 7);
	/* ... and nothing else. */
	memcpy(copy + (l.stats64 - octets), l.stats64, 64);
	memcpy(copy + (l.stats32 - octets), l.stats32, 32);
	assert_memory_equal(copy, octets, write_len(&w));
}

static void statistics_alone_are_found_by_number(void **state)
{
	const struct nl_header header = { .type = RTM_NEWSTATS };
	const struct if_stats_msg about = { .ifindex = 9, .filter_mask = 1 };
	const struct rtnl_link_stats64 stats = { .tx_packets = 1 };
	uint8_t octets[ROOM];
	struct writer w = writer_over(octets, sizeof(octets));
	size_t start = nl_message_begin(&w, &header);
	struct reader datagram;
	struct link_stats l;

	write_bytes(&w, &about, sizeof(about));
	attribute_put(&w, IFLA_STATS_LINK_64, &stats, sizeof(stats));
	assert_true(nl_message_end(&w, start));
	datagram = reader_over(octets, write_len(&w));
	assert_true(link_stats_next(&datagram, &l));
	assert_int_equal(l.ifindex, 9);
	assert_string_equal(l.name, "");
	assert_null(l.stats32);
	link_stats_set(octets, octets, &l, counters);
	assert_int_equal(((const struct rtnl_link_stats64 *)l.stats64)->tx_packets, 201);
}

static void what_is_cut_off_is_left_alone(void **state)
{
	uint8_t octets[ROOM];
	struct writer w = writer_over(octets, sizeof(octets));
	size_t len;

	put_link(&w, 5, "l2tpeth0", "tun", false);
	len = write_len(&w);
	for (size_t cut = 0; cut < len; cut++) {
		struct reader datagram = reader_over(octets, cut);
		struct link_stats l;

		assert_false(link_stats_next(&datagram, &l));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ours_are_found_among_others),
		cmocka_unit_test(packets_are_replaced_and_errors_added),
		cmocka_unit_test(statistics_alone_are_found_by_number),
		cmocka_unit_test(what_is_cut_off_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
