/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_in.bpf.h - what arrives: a part of fast_path.bpf.c, until a frame is handed to its interface */
#ifndef UL2TP_KEEPER_FAST_PATH_IN_BPF_H
#define UL2TP_KEEPER_FAST_PATH_IN_BPF_H

#define PROTOCOL_OCTETS   2 /* of PPP */
#define ADDRESSES_OCTETS  8 /* right in front of UDP */
#define ADDRESSES6_OCTETS 32

/* The start of an L2TP packet: as much as names its session. */
struct l2tp_start {
	__u16 flags;
	__u16 ids[3]; /* v3: reserved, session id; v2: tunnel id, session id, payload */
};

struct arrival {
	struct iphdr ip;
	struct udphdr udp;
	struct l2tp_start l2tp;
};

struct arrival6 {
	struct ipv6hdr ip;
	struct udphdr udp;
	struct l2tp_start l2tp;
};

/* Whole words of a packet; without a call, where they are in its first piece. */
static __always_inline int peek(struct __sk_buff *skb, __u32 at, __u32 *to, __u32 octets)
{
	const __u32 *from = (void *)(long)skb->data + at;

	if ((void *)from + octets > (void *)(long)skb->data_end)
		return bpf_skb_load_bytes(skb, at, to, octets);
#pragma unroll
	for (__u32 i = 0; i < octets / sizeof(*to); i++)
		to[i] = from[i];
	return 0;
}

static __always_inline __u16 ip_sum(const struct iphdr *ip)
{
	const __u16 *word = (const void *)ip;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += word[i];
	return fold(sum);
}

/* Version and id of a data packet, as in keys. Return: whether it is one. */
static __always_inline int start_read(const struct l2tp_start *l2tp, __u32 *version, __u32 *id)
{
	if (l2tp->flags & bpf_htons(0x8000)) /* a control message */
		return 0;
	*version = bpf_ntohs(l2tp->flags) & 0x000f;
	if (*version == 3)
		*id = (__u32)l2tp->ids[1] | (__u32)l2tp->ids[2] << 16;
	else
		*id = (__u32)l2tp->ids[0] | (__u32)l2tp->ids[1] << 16;
	return *version == 2 || *version == 3;
}

/* Behind the IP header of the first fragment of a datagram. */
struct fragment6 {
	__u8 next_header, reserved;
	__be16 offset;
	__be32 id;
	struct udphdr udp;
	struct l2tp_start l2tp;
};

#define FRAGMENT6_OCTETS 8

/* Of whole words. */
static __always_inline int key_differs(const void *a, const void *b, __u32 octets)
{
	const __u32 *x = a, *y = b;
	__u32 differs = 0;

#pragma unroll
	for (__u32 i = 0; i < octets / sizeof(*x); i++)
		differs |= x[i] ^ y[i];
	return differs != 0;
}

/* Of a session. */
static __always_inline __u32 front_index_in(__u32 id)
{
	return front_index(id ^ id >> 8 ^ id >> 16 ^ id >> 24);
}

/* As out_find(), of either family: a copy of IPv4's has the same members, and a shorter key behind them. */
static __always_inline const struct fast_in *in_get(void *sessions, void *fronts, const void *key,
                                                    __u32 octets, __u32 id)
{
	struct fast_watch *watch = watch_get();
	struct fast_front_in6 *front;
	const struct fast_in *found;
	__u32 index;
	__u64 written;

	if (!constants.fronts || !watch)
		return bpf_map_lookup_elem(sessions, key);
	index = front_index_in(id);
	front = bpf_map_lookup_elem(fronts, &index);
	if (front && front->written == watch->written && !key_differs(&front->key, key, octets))
		return &front->value;
	written = front_written(watch);
	found = bpf_map_lookup_elem(sessions, key);
	if (!front || !found)
		return found;
	__builtin_memcpy(&front->key, key, octets);
	front->value = *found;
	front->written = written;
	return &front->value;
}

static __always_inline const struct fast_in *in_find(const struct arrival *a)
{
	struct fast_in_key key = {
		.netns = constants.netns,
		.peer = a->ip.saddr,
		.local = a->ip.daddr,
		.peer_port = a->udp.source,
		.local_port = a->udp.dest,
	};

	return start_read(&a->l2tp, &key.version, &key.id)
	               ? in_get(&fast_in, &fast_front_in, &key, sizeof(key), key.id)
	               : NULL;
}

static __always_inline const struct fast_in *in6_find(const struct arrival6 *a)
{
	struct fast_in6_key key = {
		.netns = constants.netns,
		.peer_port = a->udp.source,
		.local_port = a->udp.dest,
	};

	__builtin_memcpy(key.peer, &a->ip.saddr, sizeof(key.peer));
	__builtin_memcpy(key.local, &a->ip.daddr, sizeof(key.local));
	return start_read(&a->l2tp, &key.version, &key.id)
	               ? in_get(&fast_in6, &fast_front_in6, &key, sizeof(key), key.id)
	               : NULL;
}

/* Whole, valid, and as long as its headers say: nothing of it is believed before. */
static __always_inline int in_is_plain(__u32 len, const struct arrival *a)
{
	return a->ip.ttl && !(a->ip.frag_off & NOT_DF) && ip_sum(&a->ip) == 0xffff &&
	       bpf_ntohs(a->ip.tot_len) + ETH_HLEN == len &&
	       bpf_ntohs(a->udp.len) + sizeof(a->ip) == bpf_ntohs(a->ip.tot_len);
}

static __always_inline int in6_is_plain(__u32 len, const struct arrival6 *a)
{
	return bpf_ntohs(a->ip.payload_len) + ETH_HLEN + sizeof(a->ip) == len &&
	       a->udp.len == a->ip.payload_len;
}

/* Whether the checksum of UDP, @check, is right, or there need be none. @at: where L2TP begins. */
static __always_inline int in_sum_is_right(struct __sk_buff *skb, const struct fast_in *in,
                                           __u32 at, __u16 check)
{
	__u32 addresses =
		skb->protocol == bpf_htons(ETH_P_IP) ? ADDRESSES_OCTETS : ADDRESSES6_OCTETS;

	return check ? sum_is_right(skb, at - sizeof(struct udphdr), addresses) : in->zero;
}

/* Whether an L2TP header is not the one that is expected, cookie and all: an even number of octets. */
static __always_inline int header_differs(const void *header, const void *expected, __u32 len)
{
	const __u32 *a = header, *b = expected;
	__u32 differs = 0;

#pragma unroll
	for (__u32 i = 0; i < FAST_HEADER_MAX / 4; i++) {
		if (len >= 4 * (i + 1))
			differs |= a[i] ^ b[i];
		else if (len > 4 * i)
			differs |= (a[i] ^ b[i]) & bpf_htonl(0xffff0000);
	}
	return differs != 0;
}

/* @at: where it is. Of PPP without the protocol. */
static __always_inline int in_header_matches(struct __sk_buff *skb, const struct fast_in *in,
                                             __u32 at)
{
	__u32 header[FAST_HEADER_MAX / 4], len = in->header_len;

	if (in->ppp)
		len -= PROTOCOL_OCTETS;
	return !peek(skb, at, header, sizeof(header)) && !header_differs(header, in->header, len);
}

/* The Ethernet header of the frame that begins at @at + @header_len. */
static __always_inline int inner_read(struct __sk_buff *skb, __u32 at, __u64 header_len,
                                      struct ethhdr *eth)
{
	const struct ethhdr *from;

	if (!is_between(&header_len, FAST_HEADER_MIN, FAST_HEADER_MAX))
		return -1;
	from = (void *)(long)skb->data + at + header_len;
	if ((void *)(from + 1) > (void *)(long)skb->data_end)
		return bpf_skb_load_bytes(skb, at + header_len, eth, sizeof(*eth));
	*eth = *from;
	return 0;
}

/* Counts what the engine will receive of it. With UDP_GRO and UDP_SEGMENT one sk_buff is many datagrams; TCP segments
 * in one frame are one. */
static __always_inline int pass_up_rx(const struct __sk_buff *skb, struct fast_passed *passed,
                                      __u32 at, int is_frame)
{
	__u32 payload = skb->len - at, size = skb->gso_size;

	add(&passed->rx, size && !is_frame ? (payload + size - 1) / size : 1);
	return TC_ACT_UNSPEC;
}

/* What is left must be at least as long as an IP header, or the system refuses: hence the flag. */
static __always_inline int decapsulate(struct __sk_buff *skb, __s32 octets,
                                       const struct ethhdr *eth)
{
	__s32 left = (__s32)skb->len - ETH_HLEN - octets;
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	struct ethhdr *outer;

	if (skb->protocol == bpf_htons(ETH_P_IPV6) && left < (__s32)sizeof(struct ipv6hdr))
		flags |= DECAP_L3_IPV4;
	if (bpf_skb_adjust_room(skb, -octets, BPF_ADJ_ROOM_MAC, flags))
		return -1;
	if (constants.xdp) /* see meta_take() */
		return bpf_skb_store_bytes(skb, 0, eth, sizeof(*eth), 0) ? -2 : 0;
	outer = (void *)(long)skb->data;
	if ((void *)(outer + 1) > (void *)(long)skb->data_end)
		return -2;
	*outer = *eth;
	return 0;
}

static __always_inline void count_rx(struct fast_count *count, const struct frame *f,
                                     __u32 header_len)
{
	count_add(&count->rx_packets, f->segments);
	count_add(&count->rx_bytes, l2tp_octets(f, header_len));
	count_add(&count->rx_sent, 1);
}

#include "keeper/fast_path_ppp.bpf.h"

/* A packet of a session's: hand its frame to the device, if it is one of the ordinary kind. @at: where L2TP starts,
 * @is_plain: there is nothing odd in front of it, @check: the checksum of UDP. */
static __always_inline int in_take(struct __sk_buff *skb, const struct fast_in *in, __u32 at,
                                   int is_plain, __u16 check)
{
	__u32 session = in->session, header_len = in->header_len;
	struct fast_passed *passed = bpf_map_lookup_elem(&fast_passed, &session);
	struct fast_done *done = bpf_map_lookup_elem(&fast_done, &session);
	struct fast_count *count = count_of(session);
	struct ethhdr eth;
	struct frame f;
	int err, is_frame, is_open;

	if (!passed || !done || !count)
		return TC_ACT_UNSPEC;
	/* Only from the underlay. Whether it may come by another interface is for the system to say (rp_filter, or
	 * what the socket is bound to): handed up. */
	is_open = !in->closed && passed->rx == done->rx && is_plain && skb->ifindex == in->underlay;
	if (in->ppp)
		return in_take_packet(skb, in, at, is_open, check, passed, count);
	is_frame = !frame_read(skb, at + header_len, skb->len - at - header_len, &f);
	if (!is_frame || !is_open || !in_header_matches(skb, in, at) ||
	    inner_read(skb, at, header_len, &eth) || !in_sum_is_right(skb, in, at, check) ||
	    time_note(&passed->rx_tick, &count->rx_last_ns))
		return pass_up_rx(skb, passed, at, is_frame);
	err = decapsulate(skb, (__s32)(at + header_len), &eth);
	if (err == -1)
		return pass_up_rx(skb, passed, at, is_frame);
	if (err)
		return TC_ACT_SHOT;
	count_rx(count, &f, header_len);
	skb->mark = MARK_BASE + session;
	return bpf_redirect(in->device, BPF_F_INGRESS);
}

/* A fragmented datagram is left to the engine. Its first fragment is counted as handed up; the others name no port. */
static __always_inline int take_v4(struct __sk_buff *skb)
{
	const struct fast_in *in;
	struct arrival a;

	if (peek(skb, ETH_HLEN, (__u32 *)&a, sizeof(a)) || a.ip.version != 4 || a.ip.ihl != 5 ||
	    a.ip.protocol != IPPROTO_UDP || a.ip.frag_off & NOT_FIRST)
		return TC_ACT_UNSPEC;
	in = in_find(&a);
	return in ? in_take(skb, in, ETH_HLEN + OUTER_OCTETS, in_is_plain(skb->len, &a),
	                    a.udp.check)
	          : TC_ACT_UNSPEC;
}

/* Likewise. A packet with other extension headers is not counted: it is rare, and the gates look twice
 * (path/fast_gate.c). */
static __always_inline int take_v6(struct __sk_buff *skb)
{
	const struct fast_in *in;
	struct fragment6 part;
	struct arrival6 a;
	__u32 at = ETH_HLEN + OUTER6_OCTETS;

	if (peek(skb, ETH_HLEN, (__u32 *)&a, sizeof(a)) || a.ip.version != 6)
		return TC_ACT_UNSPEC;
	if (a.ip.nexthdr == IPPROTO_FRAGMENT) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(a.ip), &part, sizeof(part)) ||
		    part.next_header != IPPROTO_UDP || part.offset & NOT_FIRST6)
			return TC_ACT_UNSPEC;
		a.udp = part.udp;
		a.l2tp = part.l2tp;
		at += FRAGMENT6_OCTETS;
	} else if (a.ip.nexthdr != IPPROTO_UDP) {
		return TC_ACT_UNSPEC;
	}
	in = in6_find(&a);
	return in ? in_take(skb, in, at, a.ip.nexthdr == IPPROTO_UDP && in6_is_plain(skb->len, &a),
	                    a.udp.check)
	          : TC_ACT_UNSPEC;
}

#include "keeper/fast_path_xdp.bpf.h"

#endif
