/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_ppp.bpf.h - sessions of PPP: a part of fast_path.bpf.c
 *
 * Their devices have packets of IP without a link-layer header, and in front of those in the tunnel stand ff 03 and the
 * protocol (RFC 2661 §3.1, RFC 1662 §3.1), which belong to the header that is put in front and taken off. All other
 * protocols, LCP first of all, and what a peer has compressed go to the engine.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_PPP_BPF_H
#define UL2TP_KEEPER_FAST_PATH_PPP_BPF_H

/* Whether those of this Ethernet type are not left to the engine. @ppp: of struct fast_in or fast_out. */
static __always_inline int packet_may(__u16 ppp, __u16 type)
{
	return ppp & (type == bpf_htons(ETH_P_IP) ? FAST_PPP_IP : FAST_PPP_IPV6);
}

static __always_inline int packet_out_read(struct __sk_buff *skb, const struct fast_out *out,
                                           struct frame *f)
{
	if (!packet_may(out->ppp, skb->protocol))
		return -1;
	return packet_read(skb, 0, skb->len, skb->protocol, f);
}

/* A packet gets an Ethernet header, which bpf_redirect_neigh() writes. What wire_write() writes too much is the packet's
 * own. */
static __always_inline int packet_headers_write(struct __sk_buff *skb, const struct fast_out *out,
                                                struct fast_passed *passed, const struct frame *f,
                                                __u64 wire_len, __u16 protocol)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u64 *inner = data + ETH_HLEN + wire_len, start;

	if (data + ETH_HLEN + OUTER6_OCTETS > end || (void *)(inner + 1) > end)
		return -1;
	start = *inner;
	if (wire_write(skb, out, wire_len))
		return -1;
	*inner = start;
	*((__u16 *)inner - 1) = protocol;
	if (out->v6)
		finish_v6(data + ETH_HLEN, out, f);
	else
		finish_v4(data + ETH_HLEN, out, passed, f);
	return 0;
}

static __always_inline int encapsulate_packet(struct __sk_buff *skb, const struct fast_out *out,
                                              struct fast_passed *passed, const struct frame *f)
{
	const __u16 protocol = bpf_htons(skb->protocol == bpf_htons(ETH_P_IP) ? PPP_IP : PPP_IPV6);
	const __u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L4_UDP;
	__u64 wire_len = out->wire_len;

	if ((void *)(long)skb->data + sizeof(struct iphdr) > (void *)(long)skb->data_end ||
	    !is_between(&wire_len, OUTER_OCTETS, FAST_WIRE_MAX))
		return -1;
	if (bpf_skb_adjust_room(skb, wire_len, BPF_ADJ_ROOM_MAC,
	                        flags | (out->v6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6
	                                         : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4)))
		return -1;
	if (bpf_skb_change_head(skb, ETH_HLEN, 0) ||
	    !is_between(&wire_len, OUTER_OCTETS, FAST_WIRE_MAX) ||
	    packet_headers_write(skb, out, passed, f, wire_len, protocol))
		return -2;
	return 0;
}

/* The Ethernet type of a packet in PPP; @at: where it begins, behind its protocol. 0: it is none of IP. */
static __always_inline __u16 packet_type(struct __sk_buff *skb, __u32 at)
{
	__u16 protocol;

	if (bpf_skb_load_bytes(skb, at - PROTOCOL_OCTETS, &protocol, sizeof(protocol)))
		return 0;
	if (protocol == bpf_htons(PPP_IP))
		return bpf_htons(ETH_P_IP);
	return protocol == bpf_htons(PPP_IPV6) ? bpf_htons(ETH_P_IPV6) : 0;
}

/* in_take() of a session of PPP, whose device takes packets without link-layer header. */
static __always_inline int in_take_packet(struct __sk_buff *skb, const struct fast_in *in, __u32 at,
                                          int is_open, __u16 check, struct fast_passed *passed,
                                          struct fast_count *count)
{
	__u32 session = in->session, packet_at = at + in->header_len;
	__u16 type = packet_type(skb, packet_at);
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO |
	              (type == bpf_htons(ETH_P_IP) ? DECAP_L3_IPV4 : DECAP_L3_IPV6);
	struct frame f;
	int is_frame = type && !packet_read(skb, packet_at, skb->len - packet_at, type, &f);

	if (!is_frame || !is_open || !packet_may(in->ppp, type) ||
	    !in_header_matches(skb, in, at) || !in_sum_is_right(skb, in, at, check) ||
	    time_note(&passed->rx_tick, &count->rx_last_ns) ||
	    bpf_skb_adjust_room(skb, ETH_HLEN - (__s32)packet_at, BPF_ADJ_ROOM_MAC, flags))
		return pass_up_rx(skb, passed, at, is_frame);
	count_rx(count, &f, packet_at - at);
	skb->mark = MARK_BASE + session;
	return bpf_redirect(in->device, BPF_F_INGRESS);
}

#endif
