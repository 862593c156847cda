/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_receive.c - frames of a unit on their way to its interface or file; on the worker that receives. See unit.h
 *
 * Source: §6.7 of doc/kernel-behaviour.md.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/ppp_defs.h>

#include "base/cleanup.h"
#include "base/prefix_table.h"
#include "path/counter.h"
#include "path/ppp_end.h"
#include "path/unit_address_entry.h"
#include "path/unit_complete.h"
#include "path/unit_private.h"
#include "path/worker.h"

#define PROTOCOL_LEN 2

#define IPV4_SOURCE_AT 12
#define IPV6_SOURCE_AT 8

/* §6.6 step 1. */
static const struct {
	uint16_t protocol, ethertype;
} nps[UNIT_NPS] = {
	[UNIT_IP] = { PPP_IP, ETH_P_IP },
	[UNIT_IPV6] = { PPP_IPV6, ETH_P_IPV6 },
	[UNIT_IPX] = { PPP_IPX, ETH_P_IPX },
	[UNIT_APPLETALK] = { PPP_AT, ETH_P_PPPTALK },
	[UNIT_MPLS] = { PPP_MPLS_UC, ETH_P_MPLS_UC },
	[UNIT_MPLS_MULTICAST] = { PPP_MPLS_MC, ETH_P_MPLS_MC },
};

static void drop(struct unit *u, enum rx_drop why, uint64_t frames)
{
	counter_add(&u->rx.counters->drops[why], frames);
}

void unit_drop_received(struct unit *u, enum rx_drop why)
{
	drop(u, why, 1);
	counter_add(&u->rx.counters->errors, 1);
	if (u->complete)
		unit_complete_error(u);
}

/* One under a reason and as dropped: it is none of the packets received. */
static void refuse(struct unit *u, enum rx_drop why)
{
	drop(u, why, 1);
	counter_add(&u->rx.counters->dropped, 1);
}

void unit_receive_short(struct unit *u)
{
	counter_add(&u->rx.counters->length_errors, 1);
	unit_drop_received(u, RX_DROP_PPP_SHORT);
}

/* The taker of a flow: which protocol its frames are of stands in front of them. */
static void write_to_device(struct frame_taker *taker, const struct coalesced *frame)
{
	struct unit_flow *flow = container_of(taker, struct unit_flow, taker);
	struct unit *u = flow->unit;

	if (u->rx.device < 0)
		drop(u, RX_DROP_NO_DEVICE, frame->frames);
	else
		frame_writer_put(u->rx.worker->writer, u->rx.device,
		                 &(struct iovec){ &flow->pi, sizeof(flow->pi) }, frame);
}

static void refused_by_device(struct frame_taker *taker, const struct coalesced *frame, int err)
{
	drop(container_of(taker, struct unit_flow, taker)->unit, rx_drop_of_errno(-err),
	     frame->frames);
}

void unit_flows_init(struct unit *u)
{
	for (enum unit_np np = 0; np < UNIT_NPS; np++)
		u->rx.flows[np] = (struct unit_flow){
			.taker = { write_to_device, refused_by_device },
			.unit = u,
			.pi = { .proto = htons(nps[np].ethertype) },
		};
}

/* PPP-40 */
static void to_file(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len)
{
	uint8_t octets[PROTOCOL_LEN] = { (uint8_t)(protocol >> 8), (uint8_t)protocol };
	struct iovec pieces[] = { { octets, sizeof(octets) }, { (void *)info, len } };

	counter_add(&u->rx.counters->control_packets, 1);
	counter_add(&u->rx.counters->control_octets, len);
	if (!u->rx.file)
		drop(u, RX_DROP_NO_DEVICE, 1);
	else if (ppp_end_write(u->rx.file, pieces, ARRAY_SIZE(pieces)) < 0)
		drop(u, RX_DROP_FILE_FULL, 1);
}

/* Of one that shares its device, whose table says whose the address is. */
static bool is_its_own(const struct unit *u, enum unit_np np, const uint8_t *info, size_t len)
{
	const uint8_t family = np == UNIT_IPV6 ? AF_INET6 : AF_INET;
	struct reader r = reader_over(info, len);
	const uint8_t *source;

	if (np != UNIT_IP && np != UNIT_IPV6)
		return false;
	read_skip(&r, np == UNIT_IPV6 ? IPV6_SOURCE_AT : IPV4_SOURCE_AT);
	source = read_bytes(&r, prefix_octets(family));
	return source && unit_of_source(prefix_table_match(u->rx.sources, family, source)) == u;
}

/* What is refused here has not been received, as far as is counted. */
static bool may_come_in(struct unit *u, enum unit_np np, const uint8_t *info, size_t len)
{
	enum rx_drop why = RX_DROP_NONE;

	if (u->rx.sources && !is_its_own(u, np, info, len))
		why = RX_DROP_SOURCE;
	else if (u->rx.policer.rate &&
	         !policer_passes(&u->rx.policer, len, loop_now_ms(u->rx.worker->loop)))
		why = RX_DROP_POLICED;
	if (why)
		refuse(u, why);
	return !why;
}

void unit_take(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len, bool restored)
{
	enum unit_np np = unit_np_of(protocol);
	uint32_t accepts = restored ? u->rx.accepts & ~COALESCE_PARTIAL : u->rx.accepts;

	if (np != UNIT_NPS && !may_come_in(u, np, info, len))
		return;
	counter_add(&u->rx.counters->packets, 1);
	counter_add(&u->rx.counters->octets, len);
	if (np == UNIT_NPS) {
		to_file(u, protocol, info, len);
		return;
	}
	if (!u->complete)
		counter_set(&u->rx.counters->last_ms, loop_now_ms(u->rx.worker->loop));
	else if (!unit_complete_lets_in(u, protocol, info, len))
		return;
	if (atomic_load_explicit(&u->np_mode[np], memory_order_relaxed))
		drop(u, RX_DROP_NP_MODE, 1);
	else
		coalesce_add_ip(&u->rx.worker->coalescer, &u->rx.flows[np].taker,
		                np <= UNIT_IPV6 ? accepts : 0, info, len);
}

void unit_receive(struct unit *u, struct channel *c, uint16_t protocol, const uint8_t *info,
                  size_t len)
{
	if (u->complete) {
		unit_complete_receive(u, c, protocol, info, len);
		return;
	}
	switch (protocol) {
	case PPP_VJC_COMP:
	case PPP_VJC_UNCOMP:
	case PPP_MP:
		unit_drop_received(u, RX_DROP_NOT_SET_UP);
		break;
	default:
		unit_take(u, protocol, info, len, false);
	}
}
