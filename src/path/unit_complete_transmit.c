/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_complete_transmit.c - filters, VJ and encryption on the way out; see unit_complete.h */
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>

#include "path/counter.h"
#include "path/outbox.h"
#include "path/unit_complete.h"
#include "path/worker.h"

#define PROTOCOL_CONTROL 0x8000 /* and above: no data */

bool unit_complete_lets_out(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len)
{
	const struct unit_complete *c = u->complete;

	if (protocol >= PROTOCOL_CONTROL)
		return true;
	if (c->pass && !ppp_filter_run(c->pass, true, protocol, info, len)) {
		counter_add(&u->tx.drops[TX_DROP_FILTERED], 1);
		return false;
	}
	if (!c->active || ppp_filter_run(c->active, true, protocol, info, len))
		counter_set(&u->tx.counters.last_ms, loop_now_ms(u->tx.worker->loop));
	return true;
}

uint8_t *unit_complete_room(struct unit *u, size_t len)
{
	struct worker *w = u->tx.worker;

	if (frame_room_is_full(&w->sent_room)) {
		outbox_flush(w->outbox);
		frame_room_empty(&w->sent_room);
	}
	return frame_room_take(&w->sent_room, len);
}

static void count_encrypted(struct compstat *stats, size_t plain, size_t encrypted)
{
	stats->unc_bytes += (uint32_t)plain;
	stats->unc_packets++;
	stats->comp_bytes += (uint32_t)encrypted;
	stats->comp_packets++;
}

/* Step 6. Information in two pieces. */
static void send_encrypted(struct unit *u, uint16_t protocol, const struct iovec info[2])
{
	uint8_t *room = frame_room_take(&u->tx.worker->sent_room,
	                                info[0].iov_len + info[1].iov_len + MPPE_OVERHEAD);
	uint32_t flags = atomic_load_explicit(&u->flags, memory_order_relaxed);
	size_t len;

	if (flags & SC_MUST_COMP && !(flags & SC_CCP_UP)) {
		unit_drop_sent(u, TX_DROP_NOT_COMPRESSED, true);
		return;
	}
	len = mppe_encrypt(u->complete->compressor, protocol, info, 2, room);
	if (!len)
		unit_send(u, protocol, info[0].iov_base, info[0].iov_len, info[1].iov_base,
		          info[1].iov_len);
	else if (!(flags & SC_CCP_UP)) /* PPP-62 */
		unit_drop_sent(u, TX_DROP_NOT_COMPRESSED, true);
	else
		unit_send(u, PPP_COMP, NULL, 0, room, len);
	if (len)
		count_encrypted(&u->complete->stats.c, info[0].iov_len + info[1].iov_len, len);
}

void unit_complete_send(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct unit_complete *c = u->complete;
	uint32_t flags = atomic_load_explicit(&u->flags, memory_order_relaxed);
	struct vj_packet packet = { .protocol = protocol };
	struct iovec pieces[2];

	if (protocol == PPP_IP && c->vj && flags & SC_COMP_TCP)
		vj_compress(c->vj, !(flags & SC_NO_TCP_CCID), info, len, &packet);
	else if (protocol == PPP_CCP)
		unit_ccp_look(u, true, info, len);
	pieces[0] = (struct iovec){ packet.head, packet.head_len };
	pieces[1] = (struct iovec){ (void *)(info + packet.payload_at), len - packet.payload_at };
	if (c->compressor && c->state & SC_COMP_RUN && protocol != PPP_LCP && protocol != PPP_CCP)
		send_encrypted(u, packet.protocol, pieces);
	else
		unit_send(u, packet.protocol, packet.head, packet.head_len, pieces[1].iov_base,
		          pieces[1].iov_len);
}
