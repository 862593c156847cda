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
		counter_add(&u->tx.counters->drops[TX_DROP_FILTERED], 1);
		return false;
	}
	if (!c->active || ppp_filter_run(c->active, true, protocol, info, len))
		counter_set(&u->tx.counters->last_ms, loop_now_ms(u->tx.worker->loop));
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

/* Steps 7 and 8. Information in two pieces. */
static void forward(struct unit *u, uint32_t flags, uint16_t protocol, const struct iovec info[2])
{
	if (flags & SC_MULTILINK && !(flags & SC_LOOP_TRAFFIC))
		unit_multilink_send(u, protocol, info);
	else
		unit_send(u, protocol, info[0].iov_base, info[0].iov_len, info[1].iov_base,
		          info[1].iov_len);
}

/* Step 6. */
static void send_compressed(struct unit *u, uint32_t flags, uint16_t protocol,
                            const struct iovec info[2])
{
	uint8_t *room = frame_room_take(&u->tx.worker->sent_room,
	                                info[0].iov_len + info[1].iov_len + MPPE_OVERHEAD);
	size_t len;

	switch (ppp_compression_send(&u->complete->compression, flags, protocol, info, room,
	                             &len)) {
	case PPP_SEND_PLAIN:
		forward(u, flags, protocol, info);
		break;
	case PPP_SEND_COMPRESSED:
		forward(u, flags, PPP_COMP, (struct iovec[]){ { NULL, 0 }, { room, len } });
		break;
	case PPP_SEND_NOT:
		unit_drop_sent(u, TX_DROP_NOT_COMPRESSED, true);
		break;
	}
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
		unit_complete_look(u, true, info, len);
	pieces[0] = (struct iovec){ packet.head, packet.head_len };
	pieces[1] = (struct iovec){ (void *)(info + packet.payload_at), len - packet.payload_at };
	if (ppp_compression_sends(&c->compression, protocol))
		send_compressed(u, flags, packet.protocol, pieces);
	else
		forward(u, flags, packet.protocol, pieces);
}
