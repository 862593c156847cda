/* SPDX-License-Identifier: BSD-2-Clause */
/* segment.h - one frame as a TAP or TUN hands it over becomes the frames that go on the wire
 *
 * With IFF_VNET_HDR the kernel gives TCP (and UDP_SEGMENT) data up to 64 KiB at once and leaves
 * segmentation and checksums to us. For each segment new headers are written where the caller says, right behind
 * the L2TP header it will put there; the payload stays where it is, or is copied behind them while it is summed
 * anyway (segment_next_whole()), which is cheaper than that the system gathers pieces of 1400 octets. No allocation.
 *
 *	struct segmenter s;
 *	struct segment part;
 *
 *	if (segment_begin(&s, &vnet, frame, len) == 0)
 *		while (segment_next(&s, room_for_headers, &part))
 *			... send part.headers and part.payload as one packet ...
 */
#ifndef UL2TP_PACKET_SEGMENT_H
#define UL2TP_PACKET_SEGMENT_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif

#define SEGMENT_HEADERS_MAX 200   /* Ethernet, VLAN tags, IP with options, TCP or UDP */
#define SEGMENT_FRAME_MAX   65600 /* a longer frame is refused */

struct segment {
	const uint8_t *
		headers; /* where segment_next() was told to write them; NULL if headers_len is 0 */
	size_t headers_len;
	const uint8_t
		*payload; /* within the frame given to segment_begin(), or right behind headers */
	size_t payload_len;
};

/* Filled by segment_begin(). Callers read count, headers_len, segment_len; the rest belongs to segment.c. */
struct segmenter {
	uint32_t count;       /* of segments in all, at least 1 */
	uint32_t headers_len; /* octets each segment writes as headers: 0 to SEGMENT_HEADERS_MAX */
	uint32_t
		segment_len; /* headers and payload of every segment but the last, which may be shorter */

	uint8_t *frame;
	uint32_t payload_at, payload_end,
		payload_max; /* offsets in frame; payload of a full segment */
	uint32_t next;       /* index of the segment to come */
	uint16_t l3, l4;     /* offsets in frame */
	uint8_t protocol, ip_version;
	bool no_checksum;    /* UDP without */
	uint16_t flags_word; /* of TCP, offset 12, as stored */
	uint16_t ip_id;
	uint32_t seq;
	uint64_t ip_sum,
		l4_sum; /* of the headers without the fields that differ between segments */
};

/**
 * segment_begin() - look at a frame and prepare to cut it
 * @vnet:  as read in front of the frame, in the machine's order; hdr_len is not trusted
 * @frame: from the destination address on; must stay until the last segment was sent. A frame that is
 *         not to be cut is sent as it is, all of it as payload (headers_len 0), and its checksum is
 *         completed in place
 *
 * Return: 0; -ERANGE fewer than 14 octets (TX_DROP_RUNT); -EBADMSG what @vnet says does not fit the
 *         frame, -EPROTONOSUPPORT a kind of segmentation we did not ask for, or above something that
 *         is not TCP or UDP directly over IP (both TX_DROP_MALFORMED).
 */
int segment_begin(struct segmenter *s, const struct virtio_net_hdr *vnet, uint8_t *frame,
                  size_t len);

/**
 * segment_begin_ip() - the same of an IP packet, as a TUN hands it over
 * @packet: from the IP header on
 *
 * Return: as segment_begin(), but for -ERANGE: a packet of any length is taken.
 */
int segment_begin_ip(struct segmenter *s, const struct virtio_net_hdr *vnet, uint8_t *packet,
                     size_t len);

/**
 * segment_next() - write the headers of the next segment, checksums complete
 * @headers: room for s->headers_len octets; not used if that is 0
 *
 * IPv4 identification counts up, TCP sequence moves on, CWR stays on the first, FIN and PSH on the last
 * segment, as when the kernel cuts.
 *
 * Return: false when there are no more.
 */
bool segment_next(struct segmenter *s, uint8_t *headers, struct segment *ret);

/** segment_next_whole() - the same with the payload copied behind the headers, if there are any: @room is for
 * s->segment_len octets */
bool segment_next_whole(struct segmenter *s, uint8_t *room, struct segment *ret);

#define SEGMENT_FRONT_MAX 64
#define SEGMENT_ROOM_MORE 32 /* octets that may be written behind what is returned */

/**
 * segment_all() - all of them, one right behind the other, each behind the same octets
 * @s:     that segment_next() was not called with; its headers_len is not 0
 * @front: at most SEGMENT_FRONT_MAX octets
 * @room:  for s->count times @front_len and s->segment_len, and SEGMENT_ROOM_MORE; not the frame's
 *
 * The same octets as segment_next_whole() writes, in less time.
 *
 * Return: how many octets.
 */
size_t segment_all(struct segmenter *s, const uint8_t *front, size_t front_len, uint8_t *room);

#endif
