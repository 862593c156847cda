/* SPDX-License-Identifier: BSD-2-Clause */
/* segment.c - cut a frame from a TAP or TUN into the frames that go on the wire
 *
 * What stays the same over the segments is summed once; for each there is one copy of the headers, a few
 * stores, and one pass over the payload for its checksum.
 *
 * The pseudo header is not computed from the addresses but taken from the checksum field, as the kernel
 * left it there: with a routing header the destination in the IPv6 header is not the one that counts.
 */
#include "packet/segment.h"

#include <errno.h>
#include <string.h>

#include "packet/checksum.h"
#include "packet/inner_headers.h"

#define IP_LEN_MAX 65535

/* A sum that, added to @sum, gives zero modulo 0xffff. */
static uint64_t negative(uint64_t sum)
{
	return 0xffff - checksum_fold(sum);
}

/* Not to be cut: the frame itself, its checksum completed in place. */
static int begin_whole(struct segmenter *s, const struct virtio_net_hdr *vnet, size_t len)
{
	int err = 0;

	if (vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		err = checksum_finish(s->frame, len, vnet->csum_start, vnet->csum_offset);
	s->count = 1;
	s->payload_end = s->payload_max = s->segment_len = (uint32_t)len;
	return err;
}

/* Whether what is there is what the virtio-net header promises; sets protocol and IP version. */
static int expect_kind(struct segmenter *s, uint8_t gso_type, const struct inner_headers *h)
{
	uint8_t protocol = IPPROTO_TCP, ip_version = h->ip_version;

	switch (gso_type) {
	case VIRTIO_NET_HDR_GSO_TCPV4:
		ip_version = 4;
		break;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		ip_version = 6;
		break;
	case VIRTIO_NET_HDR_GSO_UDP_L4:
		protocol = IPPROTO_UDP;
		break;
	default:
		return -EPROTONOSUPPORT;
	}
	if (h->protocol != protocol || h->ip_version != ip_version || h->fragment)
		return -EPROTONOSUPPORT;
	s->protocol = protocol;
	s->ip_version = ip_version;
	return 0;
}

static size_t checksum_field(const struct segmenter *s)
{
	return s->protocol == IPPROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
}

/* The pseudo header's sum without the length, which differs between segments. */
static uint64_t pseudo_sum(const struct segmenter *s, bool partial, size_t len)
{
	const uint8_t *l4 = s->frame + s->l4;
	uint32_t l4_len = (uint32_t)(len - s->l4);
	uint64_t sum;

	/* A complete checksum makes the sum of everything zero, which gives the pseudo header away. If it
	 * was wrong, those of the segments will be. */
	if (partial)
		sum = checksum_load(l4 + checksum_field(s));
	else
		sum = negative(checksum_sum(l4, l4_len));
	return sum + negative(checksum_number(l4_len));
}

/* Sums of the headers with zeros where the segments differ. */
static void sum_headers(struct segmenter *s, uint64_t pseudo)
{
	uint8_t headers[SEGMENT_HEADERS_MAX];
	uint8_t *l3 = headers + s->l3, *l4 = headers + s->l4;

	memcpy(headers, s->frame, s->headers_len);
	checksum_store(l4 + checksum_field(s), 0);
	if (s->protocol == IPPROTO_TCP) {
		s->seq = load_u32(l4 + TCP_SEQ);
		s->flags_word = load_u16(l4 + TCP_FLAGS);
		store_u32(l4 + TCP_SEQ, 0);
		store_u16(l4 + TCP_FLAGS, 0);
	} else {
		store_u16(l4 + UDP_LEN, 0);
	}
	s->l4_sum = pseudo + checksum_sum(l4, s->headers_len - s->l4);

	if (s->ip_version == 4) {
		s->ip_id = load_u16(l3 + IPV4_ID);
		store_u32(l3 + IPV4_TOTAL_LEN, 0); /* and the identification behind it */
		checksum_store(l3 + IPV4_CHECKSUM, 0);
		s->ip_sum = checksum_sum(l3, s->l4 - s->l3);
	}
}

static int begin_cut(struct segmenter *s, const struct virtio_net_hdr *vnet, uint8_t gso_type,
                     size_t len, const struct inner_headers *h)
{
	bool partial = vnet->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	uint32_t payload_len;
	int err = expect_kind(s, gso_type, h);

	if (err < 0)
		return err;
	s->l3 = h->l3;
	s->l4 = h->l4;
	s->headers_len = h->end;
	if (s->headers_len > SEGMENT_HEADERS_MAX || !vnet->gso_size ||
	    (partial && (vnet->csum_start != s->l4 || vnet->csum_offset != checksum_field(s))))
		return -EBADMSG;

	payload_len = (uint32_t)len - s->headers_len;
	s->payload_at = s->headers_len;
	s->payload_end = (uint32_t)len;
	s->payload_max = payload_len < vnet->gso_size ? payload_len : vnet->gso_size;
	s->segment_len = s->headers_len + s->payload_max;
	if (s->segment_len - s->l3 > IP_LEN_MAX)
		return -EBADMSG;
	s->count = payload_len ? (payload_len - 1) / vnet->gso_size + 1 : 1;

	s->no_checksum = s->protocol == IPPROTO_UDP && !partial &&
	                 !checksum_load(s->frame + s->l4 + UDP_CHECKSUM);
	sum_headers(s, s->no_checksum ? 0 : pseudo_sum(s, partial, len));
	return 0;
}

static inline int begin(struct segmenter *s, const struct virtio_net_hdr *vnet, uint8_t *frame,
                        size_t len, bool ethernet)
{
	uint8_t gso_type = vnet->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	struct inner_headers h;

	*s = (struct segmenter){ .frame = frame };
	if (ethernet && len < ETHERNET_HEADER_LEN)
		return -ERANGE;
	if (len > SEGMENT_FRAME_MAX)
		return -EBADMSG;
	if (gso_type == VIRTIO_NET_HDR_GSO_NONE)
		return begin_whole(s, vnet, len);
	if (!(ethernet ? inner_headers_read(frame, len, &h)
	               : inner_headers_read_ip(frame, len, &h)))
		return -EPROTONOSUPPORT;
	return begin_cut(s, vnet, gso_type, len, &h);
}

int segment_begin(struct segmenter *s, const struct virtio_net_hdr *vnet, uint8_t *frame,
                  size_t len)
{
	return begin(s, vnet, frame, len, true);
}

int segment_begin_ip(struct segmenter *s, const struct virtio_net_hdr *vnet, uint8_t *packet,
                     size_t len)
{
	return begin(s, vnet, packet, len, false);
}

static void write_ip(const struct segmenter *s, uint8_t *l3, uint32_t index, size_t ip_len)
{
	uint32_t len_and_id;

	if (s->ip_version == 6) {
		store_u16(l3 + IPV6_PAYLOAD_LEN, (uint32_t)ip_len - IPV6_HEADER_LEN);
		return;
	}
	len_and_id = (uint32_t)ip_len << 16 | (uint16_t)(s->ip_id + index);
	store_u32(l3 + IPV4_TOTAL_LEN, len_and_id);
	checksum_store(l3 + IPV4_CHECKSUM, checksum_value(s->ip_sum + checksum_number(len_and_id)));
}

/* @sum: of the payload and of the length in the pseudo header */
static void write_tcp(const struct segmenter *s, uint8_t *l4, uint32_t index, uint64_t sum)
{
	uint32_t seq = s->seq + index * s->payload_max;
	uint16_t flags = s->flags_word;

	if (index)
		flags &= (uint16_t)~TCP_CWR;
	if (index + 1 < s->count)
		flags &= (uint16_t) ~(TCP_FIN | TCP_PSH);
	store_u32(l4 + TCP_SEQ, seq);
	store_u16(l4 + TCP_FLAGS, flags);
	sum += s->l4_sum + checksum_number(seq) + checksum_number(flags);
	checksum_store(l4 + TCP_CHECKSUM, checksum_value(sum));
}

static void write_udp(const struct segmenter *s, uint8_t *l4, size_t l4_len, uint64_t sum)
{
	store_u16(l4 + UDP_LEN, (uint32_t)l4_len);
	if (s->no_checksum)
		return;
	sum += s->l4_sum + checksum_number((uint32_t)l4_len);
	checksum_store(l4 + UDP_CHECKSUM, checksum_value_nonzero(sum));
}

/* @sum: of the payload, which is not in the headers */
static inline __attribute__((always_inline)) void write_headers(const struct segmenter *s,
                                                                uint8_t *headers, uint32_t index,
                                                                uint32_t payload_len, uint64_t sum)
{
	size_t l4_len = s->headers_len - s->l4 + payload_len;

	write_ip(s, headers + s->l3, index, s->headers_len - s->l3 + payload_len);
	sum += checksum_number((uint32_t)l4_len);
	if (s->protocol == IPPROTO_TCP)
		write_tcp(s, headers + s->l4, index, sum);
	else
		write_udp(s, headers + s->l4, l4_len, sum);
}

static inline __attribute__((always_inline)) bool next(struct segmenter *s, uint8_t *headers,
                                                       bool whole, struct segment *ret)
{
	uint32_t left = s->payload_end - s->payload_at;
	uint32_t payload_len = left < s->payload_max ? left : s->payload_max;
	const uint8_t *payload = s->frame + s->payload_at;
	uint32_t index = s->next;
	uint64_t sum = 0;

	if (index == s->count)
		return false;
	s->next++;
	s->payload_at += payload_len;
	*ret = (struct segment){
		.headers = s->headers_len ? headers : NULL,
		.headers_len = s->headers_len,
		.payload = payload,
		.payload_len = payload_len,
	};
	if (!s->headers_len)
		return true;

	if (whole) {
		sum = checksum_copy(headers + s->headers_len, payload, payload_len);
		ret->payload = headers + s->headers_len;
	} else if (!s->no_checksum) {
		sum = checksum_sum(payload, payload_len);
	}
	memcpy(headers, s->frame, s->headers_len);
	write_headers(s, headers, index, payload_len, sum);
	return true;
}

bool segment_next(struct segmenter *s, uint8_t *headers, struct segment *ret)
{
	return next(s, headers, false, ret);
}

bool segment_next_whole(struct segmenter *s, uint8_t *room, struct segment *ret)
{
	return next(s, room, true, ret);
}

/* In steps of a known length: to call memcpy() for so few octets takes longer than to copy them. */
static inline void copy_start(uint8_t *to, const uint8_t *start, size_t len)
{
	for (size_t i = 0; i < len; i += SEGMENT_ROOM_MORE)
		memcpy(to + i, start + i, SEGMENT_ROOM_MORE);
}

size_t segment_all(struct segmenter *s, const uint8_t *front, size_t front_len, uint8_t *room)
{
	uint8_t start[SEGMENT_FRONT_MAX + SEGMENT_HEADERS_MAX + SEGMENT_ROOM_MORE] = { 0 };
	const uint8_t *payload = s->frame + s->payload_at;
	uint32_t left = s->payload_end - s->payload_at;
	uint8_t *to = room;

	memcpy(start, front, front_len);
	memcpy(start + front_len, s->frame, s->headers_len);
	for (; s->next < s->count; s->next++) {
		uint32_t len = left < s->payload_max ? left : s->payload_max;
		uint8_t *headers = to + front_len;

		copy_start(to, start, front_len + s->headers_len);
		to = headers + s->headers_len;
		write_headers(s, headers, s->next, len, checksum_copy(to, payload, len));
		to += len;
		payload += len;
		left -= len;
	}
	s->payload_at = s->payload_end;
	return (size_t)(to - room);
}
