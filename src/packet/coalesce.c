/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce.c - collect frames of a flow and hand them on as one
 *
 * A frame is merged when it is what segment.c would have made next: headers equal but for the fields
 * that count up, payload of the common size (the last may be shorter), checksums valid and written the
 * one way we write them. PSH ends a flow, since only a last segment has it.
 *
 * The first frame of a flow is verified when a second one comes: alone it needs no opinion of ours (RX-62), but
 * whether its checksum is there at all. A sender on this machine may leave it to whoever needs it (as the fast path's
 * programs do, keeper/fast_path.h), and then even segments of TCP in one frame: the device is told so.
 */
#include "packet/coalesce.h"

#include <linux/if_tun.h>
#include <string.h>

#include "base/hash.h"
#include "packet/checksum.h"
#include "packet/inner_headers.h"
#include "packet/segment.h"

#define IP_LEN_MAX 65535

/* A received frame and what was found in it. */
struct candidate {
	void *owner;
	const uint8_t *frame;
	struct inner_headers at;
	uint32_t payload_len; /* of TCP or UDP, as the IP header has it */
	uint64_t hash;        /* of owner and flow, never 0 */
	bool mergeable;
	bool last; /* nothing can follow it (PSH) */
};

static const struct virtio_net_hdr no_offload;

static uint64_t load_stored_u64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t flow_hash(const struct candidate *k)
{
	const uint8_t *l4 = k->frame + k->at.l4;
	const uint8_t *addresses = k->frame + inner_addresses_at(&k->at);
	uint64_t hash = hash_u64((uintptr_t)k->owner, (uint64_t)load_u32(l4) << 8 | k->at.protocol);

	for (size_t i = 0; i < inner_addresses_len(&k->at); i += 8)
		hash = hash_u64(load_stored_u64(addresses + i), hash);
	return hash ? hash : 1;
}

/* IPv4 without options, fragments or oddities and with a valid checksum; length as the frame's. */
static bool ipv4_fits(const struct candidate *k, size_t len)
{
	const uint8_t *l3 = k->frame + k->at.l3;

	return k->at.l4 - k->at.l3 == IPV4_HEADER_LEN &&
	       load_u16(l3 + IPV4_TOTAL_LEN) == len - k->at.l3 &&
	       !(load_u16(l3 + IPV4_FRAGMENT) & ~IPV4_DONT_FRAGMENT) &&
	       checksum_load(l3 + IPV4_CHECKSUM) != 0xffff && /* we would write 0 */
	       checksum_fold(checksum_sum(l3, IPV4_HEADER_LEN)) == 0xffff;
}

static bool ipv6_fits(const struct candidate *k, size_t len)
{
	const uint8_t *l3 = k->frame + k->at.l3;

	return k->at.l4 - k->at.l3 == IPV6_HEADER_LEN &&
	       load_u16(l3 + IPV6_PAYLOAD_LEN) == len - k->at.l4;
}

static bool tcp_fits(struct candidate *k)
{
	uint16_t flags = load_u16(k->frame + k->at.l4 + TCP_FLAGS) & 0x0fff;

	k->last = flags & TCP_PSH;
	return (flags & ~(TCP_PSH | TCP_ECE)) == TCP_ACK_FLAG;
}

static bool udp_fits(const struct candidate *k, size_t len)
{
	const uint8_t *l4 = k->frame + k->at.l4;

	return load_u16(l4 + UDP_LEN) == len - k->at.l4 && checksum_load(l4 + UDP_CHECKSUM);
}

static uint32_t needed_of_device(const struct candidate *k)
{
	if (k->at.protocol == IPPROTO_UDP)
		return COALESCE_UDP;
	return k->at.ip_version == 4 ? COALESCE_TCP4 : COALESCE_TCP6;
}

static bool is_mergeable(struct candidate *k, uint32_t accepts, size_t len)
{
	if (!(accepts & needed_of_device(k)) || k->at.end >= len || k->at.end > FLOW_HEADERS_MAX)
		return false;
	if (!(k->at.ip_version == 4 ? ipv4_fits(k, len) : ipv6_fits(k, len)))
		return false;
	k->payload_len = (uint32_t)(len - k->at.end);
	return k->at.protocol == IPPROTO_TCP ? tcp_fits(k) : udp_fits(k, len);
}

/* Copies the payload to @to. Return: whether the checksum of the whole segment is valid. TCP's 0xffff is as valid as 0,
 * but not what we would write. */
static bool copy_valid(uint8_t *to, const struct flow_headers *h, const uint8_t *frame,
                       uint32_t payload_len)
{
	uint64_t sum = flow_headers_sum(h, frame, payload_len);

	if (h->at.protocol == IPPROTO_TCP &&
	    checksum_load(frame + h->at.l4 + TCP_CHECKSUM) == 0xffff)
		return false;
	sum += checksum_copy(to, frame + h->at.end, payload_len);
	return checksum_fold(sum) == 0xffff;
}

/* --- what is emitted -------------------------------------------------------------------------------- */

/* What the IP header says is behind it; 0: the frame is not that long. */
static uint32_t l4_len(const uint8_t *frame, size_t len, const struct inner_headers *at)
{
	const uint8_t *l3 = frame + at->l3;
	size_t ip_len = at->ip_version == 4 ? load_u16(l3 + IPV4_TOTAL_LEN)
	                                    : load_u16(l3 + IPV6_PAYLOAD_LEN) + IPV6_HEADER_LEN;

	return at->l3 + ip_len <= len && at->l3 + ip_len >= at->end
	               ? (uint32_t)(at->l3 + ip_len - at->l4)
	               : 0;
}

/* Nothing but the sum of the pseudo header stands where TCP's or UDP's checksum is to be. */
static bool checksum_is_left(const uint8_t *frame, size_t len, const struct inner_headers *at)
{
	const uint8_t *l4 = frame + at->l4;
	uint32_t octets = l4_len(frame, len, at);
	uint16_t stored =
		checksum_load(l4 + (at->protocol == IPPROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM));

	return octets && stored &&
	       stored == checksum_fold(checksum_pseudo(frame + inner_addresses_at(at),
	                                               inner_addresses_len(at), at->protocol,
	                                               octets));
}

bool coalesce_is_super(const uint8_t *frame, size_t len, bool is_ip)
{
	struct inner_headers at;

	if (!(is_ip ? inner_headers_read_ip(frame, len, &at) : inner_headers_read(frame, len, &at)))
		return false;
	return at.protocol == IPPROTO_TCP && !at.fragment &&
	       at.l4 + l4_len(frame, len, &at) == len && checksum_is_left(frame, len, &at);
}

/* @at: of TCP or UDP, whole; NULL: of anything else. */
static void describe(const uint8_t *frame, size_t len, uint32_t accepts,
                     const struct inner_headers *at, struct virtio_net_hdr *ret)
{
	uint32_t mtu = accepts >> COALESCE_MTU_SHIFT;

	*ret = no_offload;
	if (!(accepts & COALESCE_PARTIAL) || !at || !checksum_is_left(frame, len, at))
		return;
	ret->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	ret->csum_start = at->l4;
	ret->csum_offset = at->protocol == IPPROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
	if (at->protocol != IPPROTO_TCP || len - at->l3 <= mtu ||
	    mtu <= (uint32_t)(at->end - at->l3))
		return;
	ret->hdr_len = at->end;
	ret->gso_type = at->ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
	ret->gso_size = (uint16_t)(mtu - (at->end - at->l3));
}

bool coalesce_left_ip(const uint8_t *packet, size_t len, uint32_t mtu, struct virtio_net_hdr *ret)
{
	struct inner_headers at;

	if (!inner_headers_read_ip(packet, len, &at) || at.fragment ||
	    (at.protocol != IPPROTO_TCP && at.protocol != IPPROTO_UDP) ||
	    at.l4 + l4_len(packet, len, &at) != len ||
	    (at.ip_version == 4 && checksum_fold(checksum_sum(packet, at.l4)) != 0xffff))
		return false;
	describe(packet, len, COALESCE_PARTIAL | mtu << COALESCE_MTU_SHIFT, &at, ret);
	if (!ret->flags || ret->gso_type)
		return ret->flags;
	ret->gso_type = at.protocol == IPPROTO_UDP ? VIRTIO_NET_HDR_GSO_UDP_L4
	                : at.ip_version == 4       ? VIRTIO_NET_HDR_GSO_TCPV4
	                                           : VIRTIO_NET_HDR_GSO_TCPV6;
	ret->gso_size = (uint16_t)(len > at.end ? len - at.end : 1);
	return true;
}

static void emit_frame(const struct coalescer *c, void *owner, uint32_t frames,
                       struct virtio_net_hdr *vnet, const uint8_t *frame, size_t len)
{
	struct iovec iov[2] = {
		{ .iov_base = vnet, .iov_len = sizeof(*vnet) },
		{ .iov_base = (void *)frame, .iov_len = len },
	};
	struct coalesced out = {
		.owner = owner,
		.frames = frames,
		.frame_len = (uint32_t)len,
		.iov_count = 2,
		.iov = iov,
	};

	c->emit(c->arg, &out);
}

static void emit_alone(const struct coalescer *c, void *owner, uint32_t accepts,
                       const struct inner_headers *at, const uint8_t *frame, size_t len)
{
	struct virtio_net_hdr vnet;

	describe(frame, len, accepts, at, &vnet);
	emit_frame(c, owner, 1, &vnet, frame, len);
}

/* The headers of the first frame become those of the whole, the checksum partial as segment.c wants it. */
static void finish_headers(struct coalesce_flow *f)
{
	const struct inner_headers *at = &f->headers.at;
	uint8_t *l3 = f->headers.octets + at->l3, *l4 = f->headers.octets + at->l4;
	uint32_t l4_len = at->end - at->l4 + f->payload_len;
	uint64_t pseudo = checksum_pseudo(f->headers.octets + inner_addresses_at(at),
	                                  inner_addresses_len(at), at->protocol, l4_len);
	size_t checksum = at->protocol == IPPROTO_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;

	if (at->ip_version == 4) {
		store_u16(l3 + IPV4_TOTAL_LEN, IPV4_HEADER_LEN + l4_len);
		checksum_store(l3 + IPV4_CHECKSUM, 0);
		checksum_store(l3 + IPV4_CHECKSUM,
		               checksum_value(checksum_sum(l3, IPV4_HEADER_LEN)));
	} else {
		store_u16(l3 + IPV6_PAYLOAD_LEN, l4_len);
	}
	if (at->protocol == IPPROTO_UDP)
		store_u16(l4 + UDP_LEN, l4_len);
	checksum_store(l4 + checksum, checksum_fold(pseudo));

	f->vnet = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = at->protocol == IPPROTO_UDP ? VIRTIO_NET_HDR_GSO_UDP_L4
		            : at->ip_version == 4       ? VIRTIO_NET_HDR_GSO_TCPV4
		                                        : VIRTIO_NET_HDR_GSO_TCPV6,
		.hdr_len = at->end,
		.gso_size = (uint16_t)f->segment_payload,
		.csum_start = at->l4,
		.csum_offset = (uint16_t)checksum,
	};
}

/* What it has emitted stays where it is, and it goes on elsewhere. */
static void change_room(struct coalescer *c, struct coalesce_flow *f)
{
	uint8_t **next = &c->kept[c->next_kept];
	uint8_t *payload = *next;

	*next = f->payload;
	f->payload = payload;
	c->next_kept = (c->next_kept + 1) % COALESCE_KEPT;
}

static void emit_flow(struct coalescer *c, struct coalesce_flow *f)
{
	size_t headers_len = f->headers.at.end;

	f->hash = 0;
	c->open--;
	if (f->segments == 1) {
		emit_alone(c, f->owner, f->accepts, &f->headers.at, f->frame.iov_base,
		           f->frame.iov_len);
		return;
	}
	finish_headers(f);
	memcpy(f->payload - headers_len, f->headers.octets, headers_len);
	emit_frame(c, f->owner, f->segments, &f->vnet, f->payload - headers_len,
	           headers_len + f->payload_len);
	change_room(c, f);
}

/* --- what is held ----------------------------------------------------------------------------------- */

static struct coalesce_flow *find_flow(struct coalescer *c, uint64_t hash, const void *owner)
{
	for (struct coalesce_flow *f = c->flows; c->open && f < c->flows + COALESCE_FLOWS; f++)
		if (f->hash == hash && f->owner == owner)
			return f;
	return NULL;
}

static struct coalesce_flow *oldest_flow(struct coalescer *c)
{
	struct coalesce_flow *oldest = NULL;

	for (struct coalesce_flow *f = c->flows; f < c->flows + COALESCE_FLOWS; f++)
		if (f->hash && (!oldest || f->serial < oldest->serial))
			oldest = f;
	return oldest;
}

static struct coalesce_flow *free_flow(struct coalescer *c)
{
	if (c->open == COALESCE_FLOWS)
		emit_flow(c, oldest_flow(c));
	for (struct coalesce_flow *f = c->flows;; f++)
		if (!f->hash)
			return f;
}

static void count_payload(struct coalesce_flow *f, uint32_t payload_len)
{
	f->segments++;
	f->payload_len += payload_len;
	f->next_seq += payload_len;
	f->next_id++;
}

static uint16_t ip_id(const struct inner_headers *at, const uint8_t *frame)
{
	return at->ip_version == 4 ? load_u16(frame + at->l3 + IPV4_ID) : 0;
}

static uint32_t tcp_seq(const struct inner_headers *at, const uint8_t *frame)
{
	return at->protocol == IPPROTO_TCP ? load_u32(frame + at->l4 + TCP_SEQ) : 0;
}

static void start_flow(struct coalescer *c, const struct candidate *k, uint32_t accepts)
{
	struct coalesce_flow *f = free_flow(c);

	c->open++;
	c->last = f;
	f->owner = k->owner;
	f->accepts = accepts;
	f->hash = k->hash;
	f->serial = c->serial++;
	f->segments = 0;
	f->segment_payload = k->payload_len;
	f->payload_len = 0;
	f->frame = (struct iovec){ .iov_base = (void *)k->frame,
		                   .iov_len = k->at.end + k->payload_len };
	flow_headers_set(&f->headers, k->frame, &k->at);
	f->next_id = ip_id(&k->at, k->frame);
	f->next_seq = tcp_seq(&k->at, k->frame);
	count_payload(f, k->payload_len);
}

/* Whether the frame is the one that cutting the flow would give next. Its checksum is looked at later. */
static bool follows(const struct coalesce_flow *f, uint32_t accepts, const uint8_t *frame,
                    size_t len)
{
	const struct inner_headers *at = &f->headers.at;

	return len > at->end && len - at->end <= f->segment_payload &&
	       at->end - at->l3 + f->payload_len + (len - at->end) <= IP_LEN_MAX &&
	       f->accepts == accepts && flow_headers_match(&f->headers, frame, len) &&
	       (at->ip_version == 6 || ip_id(at, frame) == f->next_id) &&
	       (at->protocol == IPPROTO_UDP || tcp_seq(at, frame) == f->next_seq);
}

static bool is_last(const struct coalesce_flow *f, const uint8_t *frame)
{
	const struct inner_headers *at = &f->headers.at;

	return at->protocol == IPPROTO_TCP && frame[at->l4 + TCP_FLAGS + 1] & TCP_PSH;
}

static bool first_is_valid(const struct coalesce_flow *f)
{
	return f->segments > 1 ||
	       copy_valid(f->payload, &f->headers, f->frame.iov_base, f->payload_len);
}

/* @frame follows */
static bool merge(struct coalescer *c, struct coalesce_flow *f, const uint8_t *frame, size_t len)
{
	uint32_t payload_len = (uint32_t)len - f->headers.at.end;
	bool last = is_last(f, frame);

	if (!first_is_valid(f) ||
	    !copy_valid(f->payload + f->payload_len, &f->headers, frame, payload_len))
		return false;
	count_payload(f, payload_len);
	if (last)
		f->headers.octets[f->headers.at.l4 + TCP_FLAGS + 1] |= TCP_PSH;
	if (last || payload_len < f->segment_payload || f->segments == COALESCE_SEGMENTS)
		emit_flow(c, f);
	return true;
}

uint32_t coalesce_accepts_of(uint32_t offloads)
{
	uint32_t accepts = 0;

#ifdef TUN_F_USO4
	const uint32_t uso = TUN_F_USO4 | TUN_F_USO6;
#else
	const uint32_t uso = 0x20 | 0x40; /* Linux 6.2 */
#endif

	if (offloads & TUN_F_TSO4)
		accepts |= COALESCE_TCP4;
	if (offloads & TUN_F_TSO6)
		accepts |= COALESCE_TCP6;
	if ((offloads & uso) == uso)
		accepts |= COALESCE_UDP;
	return accepts;
}

void coalesce_init(struct coalescer *c, uint8_t *room, coalesce_emit *emit, void *arg)
{
	*c = (struct coalescer){ .emit = emit, .arg = arg };
	room += COALESCE_PAGE;
	for (size_t i = 0; i < COALESCE_FLOWS; i++, room += COALESCE_FLOW_OCTETS)
		c->flows[i].payload = room;
	for (size_t i = 0; i < COALESCE_KEPT; i++, room += COALESCE_FLOW_OCTETS)
		c->kept[i] = room;
}

/* Most frames go on where the one before stopped: it need not be found out where their headers are, nor of which flow they
 * are. */
static bool add_to_last(struct coalescer *c, const void *owner, uint32_t accepts,
                        const uint8_t *frame, size_t len)
{
	struct coalesce_flow *f = c->last;

	return f && f->hash && f->owner == owner && follows(f, accepts, frame, len) &&
	       merge(c, f, frame, len);
}

static inline void add(struct coalescer *c, void *owner, uint32_t accepts, const uint8_t *frame,
                       size_t len, bool ethernet)
{
	struct candidate k = { .owner = owner, .frame = frame };
	struct coalesce_flow *f = NULL;

	if (add_to_last(c, owner, accepts, frame, len))
		return;
	if (accepts && (ethernet ? inner_headers_read(frame, len, &k.at)
	                         : inner_headers_read_ip(frame, len, &k.at))) {
		if (k.at.fragment) {
			coalesce_flush_owner(c, owner); /* of which flow it is, it does not say */
		} else if (k.at.protocol == IPPROTO_TCP || k.at.protocol == IPPROTO_UDP) {
			k.hash = flow_hash(&k);
			k.mergeable = is_mergeable(&k, accepts, len);
			f = find_flow(c, k.hash, owner);
		}
	}
	if (f) {
		c->last = f;
		if (follows(f, accepts, frame, len) && merge(c, f, frame, len))
			return;
		emit_flow(c, f);
	}
	if (k.mergeable && !k.last)
		start_flow(c, &k, accepts);
	else
		emit_alone(c, owner, accepts, k.hash ? &k.at : NULL, frame, len);
}

void coalesce_add(struct coalescer *c, void *owner, uint32_t accepts, const uint8_t *frame,
                  size_t len)
{
	add(c, owner, accepts, frame, len, true);
}

void coalesce_add_ip(struct coalescer *c, void *owner, uint32_t accepts, const uint8_t *packet,
                     size_t len)
{
	add(c, owner, accepts, packet, len, false);
}

void coalesce_flush(struct coalescer *c)
{
	while (c->open)
		emit_flow(c, oldest_flow(c));
}

void coalesce_written(struct coalescer *c)
{
	c->next_kept = 0;
}

void coalesce_flush_owner(struct coalescer *c, const void *owner)
{
	for (struct coalesce_flow *f = c->flows; c->open && f < c->flows + COALESCE_FLOWS; f++)
		if (f->hash && f->owner == owner)
			emit_flow(c, f);
}
