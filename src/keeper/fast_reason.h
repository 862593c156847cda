/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_reason.h - why a session's data does not take the eBPF fast path: one reason for each
 *
 * A session's record says it (keeper/records.h), `ul2tp -s show session` shows it. Names and words are stable; a new
 * reason goes at the end, for records outlive the engine.
 */
#ifndef UL2TP_KEEPER_FAST_REASON_H
#define UL2TP_KEEPER_FAST_REASON_H

#include <stdint.h>

enum fast_reason {
	FAST_USED, /* none: it takes it */
	FAST_OFF,  /* --fast-path off */
	FAST_UNSUPPORTED,
	/* What the session is. */
	FAST_SEQUENCE,
	FAST_CHECKSUM,
	FAST_PROTOCOL,
	FAST_MANAGED,
	FAST_PEER_CHECK,
	FAST_NO_DEVICE,
	FAST_DEVICE_NETNS,
	FAST_ADDRESS,
	FAST_PSEUDOWIRE,
	/* What the host has configured (host_watch.h). */
	FAST_XFRM,
	FAST_NETFILTER,
	FAST_POLICY_RULE,
	FAST_DEVICE_QDISC,
	FAST_DEVICE_FILTER,
	FAST_UNDERLAY_INGRESS,
	FAST_NO_ROUTE,
	FAST_UNDERLAY_KIND,
	FAST_VRF,
	FAST_UNWATCHABLE,
	FAST_IN_DOUBT,
	FAST_IDLE, /* it has had no traffic to speak of */
	FAST_REVERSE_PATH,
	/* What the session's PPP unit does (path/unit_fast.h). */
	FAST_PPP_UNIT,
	FAST_PPP_CHANNELS,
	FAST_PPP_POLICED,
	FAST_PPP_MODE,
	FAST_PPP_FEATURES,
	FAST_DEVICE_DOWN, /* what came would be lost uncounted */
	FAST_CGROUP,
	FAST_SOCKET_LOOKUP,
	FAST_PROMISCUOUS,
	/* FAST_USED, in a record alone: all but TCP that is still to be cut, or that of it which is this host's own. */
	FAST_USED_NO_STREAMS,
	FAST_USED_NO_OWN_STREAMS,
	FAST_REASONS
};

struct fast_reason_text {
	const char *name, *words;
};

/** fast_reason_text() - of any number: a reason that is not known is "unknown" */
struct fast_reason_text fast_reason_text(uint32_t reason);

#endif
