/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_xdp.bpf.h - the headers off before the system makes an sk_buff: a part of fast_path.bpf.c
 *
 * fast_xdp, on the underlay, does to an ordinary packet what fast_ingress would, but before GRO, which so puts together
 * the TCP flows within. What then comes to fast_ingress is the inner frame, with struct fast_meta in front of it, which says
 * whose it is. Until there its Ethernet addresses are zero: nobody's, so that it is nobody's frame should fast_ingress
 * be gone meanwhile, while the link-layer header is the same for all of a session, as GRO wants it.
 *
 * What it does not take it leaves as it is. If the session is known, that has been counted as handed up here, which
 * fast_ingress is told in the same way: the packets behind it may be taken here before it comes there.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_XDP_BPF_H
#define UL2TP_KEEPER_FAST_PATH_XDP_BPF_H

/* The same for all packets of a flow, or GRO keeps them apart. */
struct fast_meta {
	__u32 magic;    /* constants.meta */
	__u32 underlay; /* ifindex: on another interface it is not to be believed */
	__u32 session;
	__u32 device;       /* ifindex; 0: the packet is as it was, and counted */
	__u16 addresses[6]; /* of the inner Ethernet header */
};

/* Puts the struct fast_meta in front of what begins at x->data. Return: 0; -1: this driver has no room for it. */
static __always_inline int meta_put(struct xdp_md *x, __u32 session, __u32 device,
                                    const struct ethhdr *eth)
{
	struct fast_meta *meta;

	if (bpf_xdp_adjust_meta(x, -(int)sizeof(*meta)))
		return -1;
	meta = (void *)(long)x->data_meta;
	if ((void *)(meta + 1) > (void *)(long)x->data)
		return -1;
	meta->magic = constants.meta;
	meta->underlay = x->ingress_ifindex;
	meta->session = session;
	meta->device = device;
	__builtin_memcpy(meta->addresses, eth, sizeof(meta->addresses));
	return 0;
}

static __always_inline int xdp_pass_up(struct xdp_md *x, struct fast_passed *passed, __u32 session)
{
	const struct ethhdr none = { 0 };

	if (!meta_put(x, session, 0, &none))
		add(&passed->rx, 1);
	return XDP_PASS;
}

/* Whether the packet is addressed to the underlay itself, and what is in it is something GRO can merge. */
static __always_inline int xdp_may(const struct xdp_md *x, const struct fast_in *in,
                                   const struct ethhdr *outer, const struct ethhdr *inner)
{
	const __u16 *to = (const void *)outer->h_dest, *mac = (const void *)in->mac;

	return in->xdp && x->ingress_ifindex == in->underlay && to[0] == mac[0] &&
	       to[1] == mac[1] && to[2] == mac[2] &&
	       (inner->h_proto == bpf_htons(ETH_P_IP) || inner->h_proto == bpf_htons(ETH_P_IPV6));
}

/* Whole. Return: XDP_PASS, or XDP_DROP if it can not be made as it was. */
static __always_inline int xdp_decapsulate(struct xdp_md *x, const struct fast_in *in, int octets,
                                           const struct ethhdr *eth)
{
	struct ethhdr *to;

	if (bpf_xdp_adjust_head(x, octets))
		return -1;
	if (meta_put(x, in->session, in->device, eth))
		return bpf_xdp_adjust_head(x, -octets) ? -2 : -1;
	to = (void *)(long)x->data;
	if ((void *)(to + 1) > (void *)(long)x->data_end)
		return -2;
	__builtin_memset(to, 0, 2 * ETH_ALEN);
	to->h_proto = eth->h_proto;
	return 0;
}

/* A packet of a session's, see in_take(). */
static __always_inline int xdp_take(struct xdp_md *x, const struct fast_in *in, __u32 at,
                                    int is_plain, __u16 check)
{
	void *data = (void *)(long)x->data, *end = (void *)(long)x->data_end;
	__u32 session = in->session, octets = end - data - at;
	struct fast_passed *passed = bpf_map_lookup_elem(&fast_passed, &session);
	struct fast_done *done = bpf_map_lookup_elem(&fast_done, &session);
	struct fast_count *count = count_of(session);
	__u64 header_len = in->header_len;
	struct ethhdr eth;
	int err;

	if (!passed || !done || !count || data + at + FAST_HEADER_MAX > end ||
	    !is_between(&header_len, FAST_HEADER_MIN, FAST_HEADER_MAX) ||
	    data + at + header_len + sizeof(eth) > end)
		return XDP_PASS;
	eth = *(struct ethhdr *)(data + at + header_len);
	if (!xdp_may(x, in, data, &eth))
		return XDP_PASS;
	if (in->closed || passed->rx != done->rx || !is_plain || check || !in->zero ||
	    header_differs(data + at, in->header, in->header_len) ||
	    time_note(&passed->rx_tick, &count->rx_last_ns))
		return xdp_pass_up(x, passed, session);
	err = xdp_decapsulate(x, in, at + header_len, &eth);
	if (err)
		return err == -1 ? XDP_PASS : XDP_DROP;
	count_add(&count->rx_packets, 1);
	count_add(&count->rx_bytes, octets);
	count_add(&count->rx_sent, 1);
	return XDP_PASS;
}

static __always_inline int xdp_v4(struct xdp_md *x)
{
	void *data = (void *)(long)x->data, *end = (void *)(long)x->data_end;
	const struct arrival *a = data + ETH_HLEN;
	const struct fast_in *in;

	if ((void *)(a + 1) > end || a->ip.version != 4 || a->ip.ihl != 5 ||
	    a->ip.protocol != IPPROTO_UDP || a->ip.frag_off & NOT_DF)
		return XDP_PASS;
	in = in_find(a);
	return in ? xdp_take(x, in, ETH_HLEN + OUTER_OCTETS, in_is_plain(end - data, a),
	                     a->udp.check)
	          : XDP_PASS;
}

static __always_inline int xdp_v6(struct xdp_md *x)
{
	void *data = (void *)(long)x->data, *end = (void *)(long)x->data_end;
	const struct arrival6 *a = data + ETH_HLEN;
	const struct fast_in *in;

	if ((void *)(a + 1) > end || a->ip.version != 6 || a->ip.nexthdr != IPPROTO_UDP)
		return XDP_PASS;
	in = in6_find(a);
	return in ? xdp_take(x, in, ETH_HLEN + OUTER6_OCTETS, in6_is_plain(end - data, a),
	                     a->udp.check)
	          : XDP_PASS;
}

SEC("xdp")
int fast_xdp(struct xdp_md *x)
{
	const struct ethhdr *eth = (void *)(long)x->data;

	if ((void *)(eth + 1) > (void *)(long)x->data_end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return xdp_v4(x);
	return eth->h_proto == bpf_htons(ETH_P_IPV6) ? xdp_v6(x) : XDP_PASS;
}

/* What fast_xdp has said of this. Return: what becomes of it; NOT_SAID: fast_ingress is to look at it. A program that writes
 * in place would be given a copy of what others look at, without what stands in front. */
#define NOT_SAID (-2)
#define VLAN_ID  0xfff

static __always_inline int meta_take(struct __sk_buff *skb)
{
	const struct fast_meta *at = (void *)(long)skb->data_meta;
	struct fast_meta meta;

	if ((void *)(at + 1) > (void *)(long)skb->data || at->magic != constants.meta ||
	    at->underlay != skb->ifindex)
		return NOT_SAID;
	meta = *at;
	if (!meta.device)
		return TC_ACT_UNSPEC;
	/* fast_xdp could not see the VLAN tag. With a VLAN id the packet was not the tunnel's: dropped. A tag with a
	 * priority only is taken off, as the system would. */
	if (skb->vlan_present && (skb->vlan_tci & VLAN_ID || bpf_skb_vlan_pop(skb)))
		return TC_ACT_SHOT;
	if (bpf_skb_store_bytes(skb, 0, meta.addresses, sizeof(meta.addresses), 0))
		return TC_ACT_SHOT;
	/* What the card said of checksums was about the outer packet. */
	bpf_csum_level(skb, BPF_CSUM_LEVEL_RESET);
	skb->mark = MARK_XDP + meta.session;
	return bpf_redirect(meta.device, BPF_F_INGRESS);
}

/* The octets stay in front of the packet wherever it goes: make them invalid, so that nothing believes them again. */
static __always_inline void meta_forget(struct __sk_buff *skb)
{
	struct fast_meta *meta = (void *)(long)skb->data_meta;

	if ((void *)(meta + 1) <= (void *)(long)skb->data)
		meta->magic = 0;
}

#endif
