/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_complete_receive.c - decryption, VJ and filters on the way in; see unit_complete.h */
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <string.h>

#include "path/counter.h"
#include "path/unit_complete.h"
#include "path/unit_kept.h"
#include "path/worker.h"

struct frame {
	uint16_t protocol;
	const uint8_t *info;
	size_t len;
};

void unit_complete_error(struct unit *u)
{
	if (u->complete->vj)
		vj_toss(u->complete->vj);
}

/* Step 3. What can not be read goes on as it came: the program, which then has it, asks the peer for a reset. */
static bool decompress(struct unit *u, struct frame *f)
{
	struct ppp_compression *c = &u->complete->compression;
	uint8_t *room;

	if (!ppp_compression_receives(c, f->protocol)) {
		ppp_compression_pass(c, f->protocol, f->len);
		return true;
	}
	room = frame_room_take(&u->rx.worker->received_room, f->len);
	switch (ppp_compression_receive(c, f->info, f->len, room, &f->protocol, &f->info,
	                                &f->len)) {
	case PPP_RECEIVED_RESTORED:
		return true;
	case PPP_RECEIVED_AGAIN:
		counter_add(&u->rx.counters->drops[RX_DROP_OUTSIDE_WINDOW], 1);
		counter_add(&u->rx.counters->errors, 1);
		return false;
	case PPP_RECEIVED_UNREADABLE:
	default:
		unit_kept_state(u);
		counter_add(&u->rx.counters->errors, 1);
		unit_complete_error(u);
		return true;
	}
}

/* Step 4. */
static bool restore(struct unit *u, struct frame *f)
{
	struct unit_complete *c = u->complete;
	uint32_t flags = atomic_load_explicit(&u->flags, memory_order_relaxed);
	struct vj_packet packet;
	size_t payload;
	uint8_t *room;

	if (f->protocol != PPP_VJC_COMP && f->protocol != PPP_VJC_UNCOMP)
		return true;
	if (!c->vj || flags & SC_REJ_COMP_TCP) {
		unit_drop_received(u, RX_DROP_NOT_SET_UP);
		return false;
	}
	if (vj_restore(c->vj, f->protocol, f->info, f->len, &packet) < 0) {
		unit_drop_received(u, RX_DROP_UNREADABLE);
		return false;
	}
	payload = f->len - packet.payload_at;
	room = frame_room_take(&u->rx.worker->received_room, packet.head_len + payload);
	memcpy(room, packet.head, packet.head_len);
	if (payload)
		memcpy(room + packet.head_len, f->info + packet.payload_at, payload);
	*f = (struct frame){ packet.protocol, room, packet.head_len + payload };
	return true;
}

void unit_complete_look(struct unit *u, bool outbound, const uint8_t *info, size_t len)
{
	uint32_t flags = atomic_load_explicit(&u->flags, memory_order_relaxed);

	ppp_compression_look(&u->complete->compression, flags, outbound, info, len);
	unit_kept_state(u);
}

void unit_complete_whole(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len)
{
	struct frame frame = { protocol, info, len }, *f = &frame;
	uint32_t flags = atomic_load_explicit(&u->flags, memory_order_relaxed);
	bool restored;

	if (!decompress(u, f))
		return;
	if (ppp_compression_refuses(&u->complete->compression, flags)) {
		unit_drop_received(u, RX_DROP_UNREADABLE);
		return;
	}
	restored = f->protocol == PPP_VJC_COMP || f->protocol == PPP_VJC_UNCOMP;
	if (!restore(u, f))
		return;
	if (f->protocol == PPP_CCP)
		unit_complete_look(u, false, f->info, f->len);
	unit_take(u, f->protocol, f->info, f->len, restored);
}

uint8_t *unit_complete_received_room(struct unit *u, size_t len)
{
	struct worker *w = u->rx.worker;

	if (frame_room_is_full(&w->received_room)) {
		worker_write_received(w);
		frame_room_empty(&w->received_room);
	}
	return frame_room_take(&w->received_room, len);
}

void unit_complete_receive(struct unit *u, struct channel *c, uint16_t protocol,
                           const uint8_t *info, size_t len)
{
	unit_complete_received_room(u, 0); /* enough for what becomes of it */
	if (protocol == PPP_MP)
		unit_multilink_receive(u, c, info, len);
	else
		unit_complete_whole(u, protocol, info, len);
}

bool unit_complete_lets_in(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len)
{
	const struct unit_complete *c = u->complete;

	if (c->pass && !ppp_filter_run(c->pass, false, protocol, info, len)) {
		counter_add(&u->rx.counters->drops[RX_DROP_FILTERED], 1);
		return false;
	}
	if (!c->active || ppp_filter_run(c->active, false, protocol, info, len))
		counter_set(&u->rx.counters->last_ms, loop_now_ms(u->rx.worker->loop));
	return true;
}
