/* SPDX-License-Identifier: BSD-2-Clause */
/* gauge.c - see gauge.h */
#include "packet/gauge.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <string.h>

#include "base/reader.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define UDP_HEADER 8

/* Of the octets behind the virtio-net header, up to and with the UDP header; the length that stands in it. */
static size_t read_headers(struct reader *r, const struct virtio_net_hdr *hdr)
{
	size_t udp_len;

	read_skip(r, hdr->csum_start);
	read_skip(r, 4);
	udp_len = read_u16(r);
	read_skip(r, 2);
	return udp_len;
}

static struct gauge_note *note_new(struct gauge *g)
{
	if (g->next - g->oldest == GAUGE_NOTES)
		g->oldest++;
	return &g->at[g->next++ % GAUGE_NOTES];
}

int gauge_note(struct gauge *g, const void *octets, size_t len)
{
	struct reader r = reader_over(octets, len);
	struct gauge_note *note;
	struct virtio_net_hdr hdr;
	size_t udp_len, head_len;

	read_copy(&r, &hdr, sizeof(hdr));
	udp_len = read_headers(&r, &hdr);
	if (r.failed || !(hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) || udp_len <= UDP_HEADER)
		return -EBADMSG;
	head_len = udp_len - UDP_HEADER < GAUGE_HEAD ? udp_len - UDP_HEADER : GAUGE_HEAD;
	if (read_left(&r) < head_len)
		return -EBADMSG;
	note = note_new(g);
	*note = (struct gauge_note){ .udp_len = (uint16_t)udp_len, .head_len = (uint16_t)head_len };
	if ((hdr.gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_UDP_L4)
		note->size = hdr.gso_size;
	read_copy(&r, note->head, head_len);
	return 0;
}

static bool is_about(const struct gauge_note *note, const struct raw_datagram *d)
{
	return note->udp_len == d->len + UDP_HEADER && note->head_len <= d->len &&
	       memcmp(note->head, d->payload, note->head_len) == 0;
}

static void forget_used_up(struct gauge *g)
{
	while (g->oldest != g->next && !g->at[g->oldest % GAUGE_NOTES].udp_len)
		g->oldest++;
}

bool gauge_find(struct gauge *g, const struct raw_datagram *d, size_t *size)
{
	for (unsigned int i = g->oldest; i != g->next; i++) {
		struct gauge_note *note = &g->at[i % GAUGE_NOTES];

		if (!is_about(note, d))
			continue;
		*size = note->size < d->len ? note->size : 0;
		note->udp_len = 0;
		forget_used_up(g);
		return true;
	}
	return false;
}
