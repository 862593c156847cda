/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_reason.c - see fast_reason.h */
#include "keeper/fast_reason.h"

#include <assert.h>

#include "base/cleanup.h"

/* clang-format off */
static const struct fast_reason_text reasons[] = {
	/*                          name                in words */
	[FAST_USED]             = { "used",             "data takes the fast path" },
	[FAST_OFF]              = { "off",              "ul2tpd was started with --fast-path off" },
	[FAST_UNSUPPORTED]      = { "unsupported",      "this kernel, or what ul2tpd may do in it, does not allow it" },
	[FAST_SEQUENCE]         = { "sequence",         "the session has sequence numbers or reorders" },
	[FAST_CHECKSUM]         = { "checksum",         "the tunnel has UDP checksums, for which this kernel lacks BTF" },
	[FAST_PROTOCOL]         = { "protocol",         "the tunnel is over IP protocol 115" },
	[FAST_MANAGED]          = { "managed",          "the program's own socket is of a kind that the fast path does not follow" },
	[FAST_PEER_CHECK]       = { "peer-check",       "the fast path can not check the peer as the tunnel asks" },
	[FAST_NO_DEVICE]        = { "no-device",        "the session has no interface of its own" },
	[FAST_DEVICE_NETNS]     = { "device-netns",     "the interface is in another network namespace" },
	[FAST_ADDRESS]          = { "address",          "the tunnel's local address or port is not specific" },
	[FAST_PSEUDOWIRE]       = { "pseudowire",       "the fast path does not carry this pseudowire" },
	[FAST_XFRM]             = { "xfrm",             "an IPsec policy matches the tunnel's packets" },
	[FAST_NETFILTER]        = { "netfilter",        "netfilter rules or BPF programs there can apply to the tunnel's packets" },
	[FAST_POLICY_RULE]      = { "policy-rule",      "a policy routing rule can apply to the tunnel's packets" },
	[FAST_DEVICE_QDISC]     = { "device-qdisc",     "the interface has a queueing discipline of its own" },
	[FAST_DEVICE_FILTER]    = { "device-filter",    "the interface has a filter or an XDP program" },
	[FAST_UNDERLAY_INGRESS] = { "underlay-ingress", "the underlay has an ingress filter or an XDP program" },
	[FAST_NO_ROUTE]         = { "no-route",         "there is no route to the peer" },
	[FAST_UNDERLAY_KIND]    = { "underlay-kind",    "the fast path does not work over such an underlay" },
	[FAST_VRF]              = { "vrf",              "the underlay is in a VRF" },
	[FAST_UNWATCHABLE]      = { "unwatchable",      "the host's configuration can not be watched" },
	[FAST_IN_DOUBT]         = { "in-doubt",         "the host's configuration is being read or has not been applied yet" },
	[FAST_IDLE]             = { "idle",             "the session has had too little traffic to be worth it" },
	[FAST_REVERSE_PATH]     = { "reverse-path",     "the underlay's rp_filter takes nothing from this peer" },
	[FAST_PPP_UNIT]         = { "ppp-unit",         "no PPP unit with an interface of its own is connected to the session" },
	[FAST_PPP_CHANNELS]     = { "ppp-channels",     "the PPP unit has more than one channel" },
	[FAST_PPP_POLICED]      = { "ppp-policed",      "the PPP unit has a rate" },
	[FAST_PPP_MODE]         = { "ppp-mode",         "the PPP unit lets neither IPv4 nor IPv6 pass, or has all looped" },
	[FAST_PPP_FEATURES]     = { "ppp-features",     "the PPP unit filters, compresses, encrypts or fragments" },
	[FAST_DEVICE_DOWN]      = { "device-down",      "the interface is down" },
	[FAST_CGROUP]           = { "cgroup",           "a BPF program sees what sockets of the tunnel's control group send or receive" },
	[FAST_SOCKET_LOOKUP]    = { "socket-lookup",    "a BPF program chooses the socket for what comes to the network namespace" },
	[FAST_PROMISCUOUS]      = { "promiscuous",      "the interface is promiscuous, and a capture would see what comes in alone" },
	[FAST_USED_NO_STREAMS]  = { "used",             "data takes the fast path, all but streams of TCP, which go faster without" },
	[FAST_USED_NO_OWN_STREAMS] = { "used",          "data takes the fast path, all but this host's own streams of TCP, which go faster without" },
};
/* clang-format on */
static_assert(ARRAY_SIZE(reasons) == FAST_REASONS, "each reason has a row");

struct fast_reason_text fast_reason_text(uint32_t reason)
{
	if (reason >= FAST_REASONS)
		return (struct fast_reason_text){ "unknown",
			                          "for a reason this program has no words for" };
	return reasons[reason];
}
