/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch_test.c - what an administrator configures is seen within a second, and so is its end */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "keeper/host_watch_fixture.h"

#define FILTER "bpf bytecode '1,6 0 0 4294967295,' flowid 1:1"

static void policies_of_ipsec(void **state)
{
	struct host_watch_fixture *f = begin(false);

	during(f, &f->v4, "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 action block",
	       FAST_XFRM, "ip xfrm policy flush");
	during(f, &f->v4,
	       "ip xfrm policy add dir in src 192.0.2.0/25 dst 0.0.0.0/0 proto udp sport 1702 action block",
	       FAST_XFRM,
	       "ip xfrm policy del dir in src 192.0.2.0/25 dst 0.0.0.0/0 proto udp sport 1702");
	during(f, &f->v6,
	       "ip xfrm policy add dir out src ::/0 dst 2001:db8::/64 tmpl proto esp mode transport",
	       FAST_XFRM, "ip xfrm policy flush");
	during(f, &f->v4, "ip xfrm policy setdefault out block", FAST_XFRM,
	       "ip xfrm policy setdefault out accept");
	during(f, &f->v4,
	       "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 action block limit time-hard 1",
	       FAST_XFRM, "sleep 1");
	end(f);
}

static void policies_of_ipsec_for_others(void **state)
{
	struct host_watch_fixture *f = begin(false);

	do_("ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.3 action block && "
	    "ip xfrm policy add dir in src 192.0.2.1 dst 192.0.2.2 action block && "
	    "ip xfrm policy add dir fwd src 192.0.2.0/24 dst 192.0.2.0/24 action block && "
	    "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 proto tcp action block && "
	    "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 proto udp dport 1701 action block && "
	    "ip xfrm policy add dir out src 0.0.0.0/0 dst 0.0.0.0/0 mark 5 mask 0xff action block && "
	    "ip xfrm policy add dir out src 0.0.0.0/0 dst 0.0.0.0/0 if_id 42 action block && "
	    "ip xfrm policy add dir in src 0.0.0.0/0 dst 0.0.0.0/0 if_id 42 action block && "
	    "ip xfrm policy add dir out src ::/0 dst 2001:db9::/64 action block && "
	    /* The last, whose news come after those of the others. */
	    "ip xfrm policy add dir out src ::/0 dst 2001:db8::/64 action block");
	expect(f, &f->v6, FAST_XFRM);
	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	f->v4.mark = 0x105;
	assert_int_equal(verdict(f, &f->v4), FAST_XFRM);
	end(f);
}

static void rules_of_nftables(void **state)
{
	struct host_watch_fixture *f = begin(false);

	do_("nft 'add table ip t; add chain ip t in { type filter hook input priority 0; }; "
	    "add chain ip t fw { type filter hook forward priority 0; policy drop; }; add chain ip t any; "
	    "add rule ip t any drop'");
	expect(f, &f->v4, FAST_USED);
	during(f, &f->v4, "nft add rule ip t in udp dport 1701 drop", FAST_NETFILTER,
	       "nft flush chain ip t in");
	during(f, &f->v4, "nft 'add chain ip t in { policy drop; }'", FAST_NETFILTER,
	       "nft 'add chain ip t in { policy accept; }'");
	during(f, &f->v6,
	       "nft 'add table inet t; add chain inet t out { type filter hook output priority 0; }; "
	       "add rule inet t out counter'",
	       FAST_NETFILTER, "nft delete table inet t");
	do_("nft add rule ip t in drop");
	expect(f, &f->v4, FAST_NETFILTER);
	assert_int_equal(verdict(f, &f->v6), FAST_USED);
	do_("nft flush ruleset");
	expect(f, &f->v4, FAST_USED);
	end(f);
}

static void rules_of_nftables_for_devices(void **state)
{
	struct host_watch_fixture *f = begin(false);

	during(f, &f->v4,
	       "nft 'add table netdev t; add chain netdev t c { type filter hook ingress device under priority 0; policy drop; }'",
	       FAST_NETFILTER, "nft delete table netdev t");
	during(f, &f->v4,
	       "nft 'add table netdev t; add chain netdev t c { type filter hook ingress devices = { other, eth } priority 0; }; "
	       "add rule netdev t c drop'",
	       FAST_NETFILTER, "nft delete table netdev t");
	do_("nft 'add table netdev t; add chain netdev t c { type filter hook ingress device other priority 0; policy drop; }; "
	    "add table ip t; add chain ip t in { type filter hook input priority 0; policy drop; }'");
	expect(f, &f->v4, FAST_NETFILTER);
	assert_int_equal(verdict(f, &f->v6), FAST_USED);
	end(f);
}

static void rules_of_iptables(void **state)
{
	struct host_watch_fixture *f;

	if (!can("command -v iptables-legacy >/dev/null")) {
		print_message("# needs iptables-legacy\n");
		return;
	}
	f = begin(true);
	if (!can("iptables-legacy -L >/dev/null 2>&1 && ip6tables-legacy -t raw -L >/dev/null 2>&1")) {
		print_message("# this kernel has no tables of that kind\n");
		end(f);
		return;
	}
	during(f, &f->v4, "iptables-legacy -A INPUT -p udp -j DROP", FAST_NETFILTER,
	       "iptables-legacy -D INPUT -p udp -j DROP");
	during(f, &f->v4, "iptables-legacy -P OUTPUT DROP", FAST_NETFILTER,
	       "iptables-legacy -P OUTPUT ACCEPT");
	during(f, &f->v6, "ip6tables-legacy -t raw -A PREROUTING -j NOTRACK", FAST_NETFILTER,
	       "ip6tables-legacy -t raw -F");
	do_("iptables-legacy -A FORWARD -j DROP; iptables-legacy -N own; iptables-legacy -A own -j DROP; "
	    "ip6tables-legacy -A INPUT -j DROP");
	expect(f, &f->v6, FAST_NETFILTER);
	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	end(f);
}

static void rules_of_policy_routing(void **state)
{
	struct host_watch_fixture *f = begin(false);

	during(f, &f->v4, "ip rule add from 192.0.2.0/24 table 7 pref 100", FAST_POLICY_RULE,
	       "ip rule del pref 100");
	during(f, &f->v6, "ip -6 rule add ipproto udp dport 1702 prohibit pref 100",
	       FAST_POLICY_RULE, "ip -6 rule del pref 100");
	during(f, &f->v4, "ip rule add not fwmark 51820 table 7 pref 100", FAST_POLICY_RULE,
	       "ip rule del pref 100");
	during(f, &f->v4, "ip rule add uidrange 0-0 table 7 pref 100", FAST_POLICY_RULE,
	       "ip rule del pref 100");
	during(f, &f->v4, "ip rule add pref 100 lookup local && ip rule del pref 0",
	       FAST_POLICY_RULE, "ip rule add pref 0 lookup local && ip rule del pref 100");
	do_("ip rule add to 198.51.100.0/24 table 7 && ip rule add fwmark 7 table 7 && ip rule add iif eth table 7 && "
	    "ip rule add ipproto tcp table 7 && ip rule add sport 1-1700 table 7 && "
	    "ip rule add from 192.0.2.2 prohibit && ip -6 rule add blackhole pref 90");
	expect(f, &f->v6, FAST_POLICY_RULE);
	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	f->v4.mark = 7;
	assert_int_equal(verdict(f, &f->v4), FAST_POLICY_RULE);
	end(f);
}

static void disciplines_and_filters(void **state)
{
	struct host_watch_fixture *f = begin(true);

	during(f, &f->v4, "tc qdisc add dev eth root " SHAPER, FAST_DEVICE_QDISC,
	       "tc qdisc del dev eth root");
	during(f, &f->v4, "tc qdisc replace dev eth root handle 5: " SHAPER, FAST_DEVICE_QDISC,
	       "tc qdisc del dev eth root");
	do_("tc qdisc add dev eth clsact && tc qdisc add dev under handle ffff: ingress && "
	    "tc qdisc add dev under root " SHAPER " && tc qdisc add dev other root " SHAPER);
	expect(f, &f->v4, FAST_USED);
	during(f, &f->v4, "tc filter add dev eth egress " FILTER, FAST_DEVICE_FILTER,
	       "tc filter del dev eth egress");
	during(f, &f->v4, "tc filter add dev eth ingress " FILTER, FAST_DEVICE_FILTER,
	       "tc filter del dev eth ingress");
	during(f, &f->v4, "tc filter add dev under ingress " FILTER, FAST_UNDERLAY_INGRESS,
	       "tc filter del dev under ingress");
	end(f);
}

static void a_device_that_goes(void **state)
{
	struct host_watch_fixture *f = begin(true);

	during(f, &f->v4, "ip link set eth down", FAST_DEVICE_DOWN, "ip link set eth up");
	do_("ip link del eth");
	expect(f, &f->v4, FAST_NO_DEVICE);
	do_("ip link set lo up && ip link del under");
	f->device = 1;
	expect(f, &f->v4, FAST_NO_ROUTE);
	end(f);
}

static void a_capture(void **state)
{
	struct host_watch_fixture *f = begin(false);

	during(f, &f->v4, "ip link set eth promisc on", FAST_PROMISCUOUS,
	       "ip link set eth promisc off");
	do_("ip link set under promisc on"); /* sees both ways, with headers */
	expect(f, &f->v4, FAST_USED);
	end(f);
}

static void interfaces_in_a_bridge(void **state)
{
	struct host_watch_fixture *f = begin(false);

	if (!can("ip link add br type bridge 2>/dev/null")) {
		print_message("# this kernel has no bridge\n");
		end(f);
		return;
	}
	during(f, &f->v4, "ip link set under master br", FAST_UNDERLAY_KIND,
	       "ip link set under nomaster");
	do_("ip link set eth master br"); /* which makes it promiscuous */
	expect(f, &f->v4, FAST_USED);
	end(f);
}

static void a_namespace_that_is_to_go(void **state)
{
	struct host_watch_fixture *f = begin(true);

	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	host_watch_drop(&f->watches, f->netns);
	assert_int_equal(verdict(f, &f->v4), FAST_UNWATCHABLE);
	assert_true(f->watches.look_ms == UINT64_MAX);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_of_ipsec),
		cmocka_unit_test(policies_of_ipsec_for_others),
		cmocka_unit_test(rules_of_nftables),
		cmocka_unit_test(rules_of_nftables_for_devices),
		cmocka_unit_test(rules_of_iptables),
		cmocka_unit_test(rules_of_policy_routing),
		cmocka_unit_test(disciplines_and_filters),
		cmocka_unit_test(a_device_that_goes),
		cmocka_unit_test(a_capture),
		cmocka_unit_test(interfaces_in_a_bridge),
		cmocka_unit_test(a_namespace_that_is_to_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
