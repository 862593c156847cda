/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path.bpf.c - L2TP in the kernel's own packet path: programs for tc hooks
 *
 *   fast_egress   on a session's device: puts the headers in front and sends on the underlay
 *   fast_ingress  on the underlay: takes them off and hands the frame to the device
 *   fast_arrived  on the device: sees what fast_ingress sent come out of the backlog
 *   fast_xdp      on the underlay, if asked for: takes the headers off before fast_ingress (fast_path_xdp.bpf.h)
 *
 * What arrives is in fast_path_in.bpf.h; what is different where the frames are of PPP, in fast_path_ppp.bpf.h; checksums in
 * fast_path_sum.bpf.h.
 *
 * Built by clang -target bpf, loaded by fast_path_load.c once for each network namespace. They take nothing that needs
 * thought: whatever is odd goes on to the engine (TC_ACT_UNSPEC), which can do everything. What is handed up is counted,
 * and until the engine has said that it is through (fast_path_maps.h), all that follows goes up too, so that nothing is
 * overtaken.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/ppp_defs.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#ifdef FAST_SUMS
#include <bpf/bpf_core_read.h>
#endif
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "keeper/fast_path_maps.h"

const volatile struct fast_constants constants = { .lanes = 1 };

/* The sizes of all maps are set before loading. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct fast_in_key);
	__type(value, struct fast_in);
} fast_in SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct fast_in6_key);
	__type(value, struct fast_in);
} fast_in6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct fast_out_key);
	__type(value, struct fast_out);
} fast_out SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_count);
} fast_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_passed);
} fast_passed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_done);
} fast_done SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_watch);
} fast_watch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_front_out);
} fast_front_out SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_front_in);
} fast_front_in SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fast_front_in6);
} fast_front_in6 SEC(".maps");

#define OUTER_OCTETS  (sizeof(struct iphdr) + sizeof(struct udphdr))
#define OUTER6_OCTETS (sizeof(struct ipv6hdr) + sizeof(struct udphdr))
#define MARK_BASE                                                                                  \
	0x4c000000u /* + index of the session: on its way from fast_ingress to fast_arrived */
#define MARK_XDP      0x4d000000u /* likewise, if fast_xdp took it */
#define MARK_SESSIONS 0x00ffffffu
#define NOT_DF        bpf_htons(0xbfff)
#define NOT_FIRST     bpf_htons(0x1fff) /* of a datagram's fragments */
#define NOT_FIRST6    bpf_htons(0xfff8)
/* What is visible once the headers are off: IPv4 or IPv6, whatever it was in. Linux 6.3 and later. */
#define DECAP_L3_IPV4 (1ull << 7)
#define DECAP_L3_IPV6 (1ull << 8)

/* A frame, as it is to be segmented. */
struct frame {
	__u32 len;         /* all of it */
	__u32 headers_len; /* what each segment has in front; 0: it is one packet */
	__u32 segments;
	__u16 check; /* of UDP around it, as it is sent */
};

static __always_inline struct fast_count *count_of(__u32 session)
{
	__u32 index =
		session * constants.lanes + (bpf_get_smp_processor_id() & (constants.lanes - 1));

	return bpf_map_lookup_elem(&fast_counts, &index);
}

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

/* In a lane: programs of one processor do not interrupt each other. */
static __always_inline void count_add(__u64 *counter, __u64 n)
{
	if (constants.lane_each)
		*counter += n;
	else
		add(counter, n);
}

static __always_inline struct fast_watch *watch_get(void)
{
	const __u32 only = 0;

	return bpf_map_lookup_elem(&fast_watch, &only);
}

/* When the last packet went. The clock goes on by the tick, and to read it is a call, so it is read once a tick: of two that
 * find the new tick at once one reads, or both. @tick: of the session, @last_ns: in a lane.
 *
 * Return: 0; -1: nobody watches any more what the host has configured, so nothing may pass by it. */
static __always_inline int time_note(__u64 *tick, __u64 *last_ns)
{
	__u64 now = bpf_jiffies64(), ns; /* no call: the verifier reads it in place */
	const struct fast_watch *watch;

	if (*tick == now)
		return 0;
	watch = watch_get();
	ns = bpf_ktime_get_coarse_ns();
	if (!watch || (__s64)(ns - watch->seen_ns) > (__s64)FAST_WATCH_NS)
		return -1;
	*tick = now;
	*last_ns = ns;
	return 0;
}

/* This processor's copy. Programs on one processor do not interrupt each other; where they do, there are no copies
 * (constants.fronts). */
static __always_inline __u32 front_index(__u32 number)
{
	return bpf_get_smp_processor_id() * FAST_FRONTS + (number & (FAST_FRONTS - 1));
}

/* Atomic, so that what is looked up afterwards is not older than this, on any machine. */
static __always_inline __u64 front_written(struct fast_watch *watch)
{
	return __sync_fetch_and_add(&watch->written, 0);
}

/* Octets of L2TP packets with @header_len in front of each. */
static __always_inline __u64 l2tp_octets(const struct frame *f, __u32 header_len)
{
	return f->len + (__u64)f->segments * header_len + (__u64)(f->segments - 1) * f->headers_len;
}

/* A super-packet must be one of TCP without IP options or extension headers, as long as it says it is. @at: where its IP
 * header is, @len: from there on, @type: of Ethernet. Anything else is not understood: -1. */
static __always_inline int packet_read(struct __sk_buff *skb, __u32 at, __u32 len, __u16 type,
                                       struct frame *f)
{
	__u32 l4 = at, said;
	struct tcphdr tcp;

	*f = (struct frame){ .len = len, .segments = 1 };
	if (!skb->gso_size)
		return 0;
	if (type == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, l4, &ip, sizeof(ip)) || ip.version != 4 ||
		    ip.ihl != 5 || ip.protocol != IPPROTO_TCP)
			return -1;
		said = bpf_ntohs(ip.tot_len);
		l4 += sizeof(ip);
	} else if (type == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(skb, l4, &ip, sizeof(ip)) || ip.version != 6 ||
		    ip.nexthdr != IPPROTO_TCP)
			return -1;
		said = sizeof(ip) + bpf_ntohs(ip.payload_len);
		l4 += sizeof(ip);
	} else {
		return -1;
	}
	if (said != len || bpf_skb_load_bytes(skb, l4, &tcp, sizeof(tcp)))
		return -1;
	f->headers_len = l4 - at + tcp.doff * 4;
	if (f->headers_len >= len)
		return -1;
	f->segments = (len - f->headers_len + skb->gso_size - 1) / skb->gso_size;
	return 0;
}

/* Likewise of Ethernet; @at: where that header is. */
static __always_inline int frame_read(struct __sk_buff *skb, __u32 at, __u32 len, struct frame *f)
{
	__u16 type = 0;

	if (skb->gso_size &&
	    bpf_skb_load_bytes(skb, at + ETH_HLEN - sizeof(type), &type, sizeof(type)))
		return -1;
	if (packet_read(skb, at + ETH_HLEN, len - ETH_HLEN, type, f))
		return -1;
	f->len = len;
	if (f->headers_len)
		f->headers_len += ETH_HLEN;
	return 0;
}

/* To be called right before a helper that takes so many octets: verifiers before Linux 6.6 forget the bounds of a
 * number that was spilled in between. The empty asm keeps the compiler from merging the two comparisons into one,
 * which no verifier understands. */
static __always_inline int is_between(__u64 *octets, __u64 least, __u64 most)
{
	asm volatile("" : "+r"(*octets));
	if (*octets > most)
		return 0;
	asm volatile("" : "+r"(*octets));
	return *octets >= least;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

#include "keeper/fast_path_sum.bpf.h"

/* --- out ---------------------------------------------------------------------------------------------- */

static __always_inline int pass_up_tx(struct fast_passed *passed)
{
	add(&passed->tx, 1);
	return TC_ACT_UNSPEC;
}

/* Of IP and UDP. */
static __always_inline __u32 outer_octets(int v6)
{
	return v6 ? OUTER6_OCTETS : OUTER_OCTETS;
}

/* Whether each packet fits the way to the peer whole. */
static __always_inline int out_fits(const struct __sk_buff *skb, const struct fast_out *out,
                                    const struct frame *f)
{
	__u32 each = f->headers_len ? f->headers_len + skb->gso_size : f->len;
	__u32 headers_len = out->header_len + outer_octets(out->v6);

	return each + headers_len <= out->mtu && f->len + headers_len <= 0xffff;
}

/* What is in .wire is that there is none. */
static __always_inline void check_write(struct udphdr *udp, const struct frame *f)
{
	if (HAS_SUMS)
		udp->check = f->check;
}

/* Fills in what differs from packet to packet, in headers that are there: lengths, identification, checksum. */
static __always_inline void finish_v4(struct iphdr *ip, const struct fast_out *out,
                                      struct fast_passed *passed, const struct frame *f)
{
	struct udphdr *udp = (void *)(ip + 1);
	__u32 len = f->len + out->header_len + OUTER_OCTETS;
	__u16 id = __sync_fetch_and_add(&passed->next_id, f->segments);

	ip->tot_len = bpf_htons(len);
	ip->id = bpf_htons(id);
	ip->check = ~fold((__u32)out->header_sum + bpf_htons(len) + bpf_htons(id));
	udp->len = bpf_htons(len - sizeof(*ip));
	check_write(udp, f);
}

static __always_inline void finish_v6(struct ipv6hdr *ip, const struct fast_out *out,
                                      const struct frame *f)
{
	struct udphdr *udp = (void *)(ip + 1);
	__u32 len = f->len + out->header_len + sizeof(*udp);

	ip->payload_len = udp->len = bpf_htons(len);
	check_write(udp, f);
}

/* Writes up to six octets more than @wire_len: the frame's Ethernet header comes there afterwards. */
static __always_inline int wire_write(struct __sk_buff *skb, const struct fast_out *out,
                                      __u64 wire_len)
{
	__u64 *to = (void *)(long)skb->data + ETH_HLEN;

#pragma unroll
	for (int i = 0; i < FAST_WIRE_MAX / 8; i++) {
		if (i * sizeof(*to) >= wire_len)
			break;
		if ((void *)(to + i + 1) > (void *)(long)skb->data_end)
			return -1;
		to[i] = ((const __u64 *)out->wire)[i];
	}
	return 0;
}

/* The frame's Ethernet header is in front of all others: it belongs behind them. The outer one is written by
 * bpf_redirect_neigh(), which wants no multicast address there. */
static __always_inline int headers_write(struct __sk_buff *skb, const struct fast_out *out,
                                         struct fast_passed *passed, const struct frame *f,
                                         __u64 wire_len)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ethhdr *eth = data, *inner = data + ETH_HLEN + wire_len;

	if (wire_write(skb, out, wire_len) || data + ETH_HLEN + OUTER6_OCTETS > end ||
	    (void *)(inner + 1) > end)
		return -1;
	__builtin_memcpy(inner, eth, sizeof(*eth));
	eth->h_dest[0] = 0;
	if (out->v6)
		finish_v6(data + ETH_HLEN, out, f);
	else
		finish_v4(data + ETH_HLEN, out, passed, f);
	return 0;
}

/* Room for all headers behind the Ethernet header. Return: 0, or -1 with the frame as it was, or -2. */
static __always_inline int encapsulate(struct __sk_buff *skb, const struct fast_out *out,
                                       struct fast_passed *passed, const struct frame *f)
{
	const __u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |
	                    BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH;
	__u64 wire_len = out->wire_len;

	if (!is_between(&wire_len, OUTER_OCTETS, FAST_WIRE_MAX))
		return -1;
	if (bpf_skb_adjust_room(skb, wire_len + ETH_HLEN, BPF_ADJ_ROOM_MAC,
	                        flags | (out->v6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6
	                                         : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4)))
		return -1;
	if (!is_between(&wire_len, OUTER_OCTETS, FAST_WIRE_MAX) ||
	    headers_write(skb, out, passed, f, wire_len))
		return -2;
	return 0;
}

/* How frames of a device are sent; NULL: none of ours is there. */
static __always_inline const struct fast_out *out_find(__u32 device)
{
	const struct fast_out_key key = { .netns = constants.netns, .device = device };
	struct fast_watch *watch = watch_get();
	struct fast_front_out *front;
	const struct fast_out *found;
	__u32 index;
	__u64 written;

	if (!constants.fronts || !watch)
		return bpf_map_lookup_elem(&fast_out, &key);
	index = front_index(device);
	front = bpf_map_lookup_elem(&fast_front_out, &index);
	if (front && front->written == watch->written && front->key.device == device &&
	    front->key.netns == key.netns)
		return &front->value;
	written = front_written(watch);
	found = bpf_map_lookup_elem(&fast_out, &key);
	if (!front || !found)
		return found;
	front->key = key;
	front->value = *found;
	front->written = written;
	return &front->value;
}

#include "keeper/fast_path_in.bpf.h"

/* --- programs ----------------------------------------------------------------------------------------- */

/* What is forwarded came by an interface. */
static __always_inline int stream_is_taken(const struct __sk_buff *skb, const struct fast_out *out)
{
	return out->streams == FAST_ALL_STREAMS ||
	       (out->streams == FAST_FORWARDED && skb->ingress_ifindex);
}

SEC("tc")
int fast_egress(struct __sk_buff *skb)
{
	struct fast_passed *passed;
	struct fast_count *count;
	struct fast_done *done;
	const struct fast_out *out;
	struct frame f;
	__u32 session;
	int err;

	/* The engine does not count others either (path/fast_gate.h). */
	if ((skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6)) ||
	    skb->vlan_present)
		return TC_ACT_UNSPEC;
	out = out_find(skb->ifindex);
	if (!out)
		return TC_ACT_UNSPEC;
	session = out->session;
	passed = bpf_map_lookup_elem(&fast_passed, &session);
	done = bpf_map_lookup_elem(&fast_done, &session);
	count = count_of(session);
	if (!passed || !done || !count)
		return TC_ACT_UNSPEC;
	if (out->closed || passed->tx != done->tx ||
	    (skb->gso_size && !stream_is_taken(skb, out)) ||
	    (out->ppp ? packet_out_read(skb, out, &f) : frame_read(skb, 0, skb->len, &f)) ||
	    !out_fits(skb, out, &f) || (out->sums && sum_out(skb, out, &f, &f.check)) ||
	    time_note(&passed->tx_tick, &count->tx_last_ns))
		return pass_up_tx(passed);
	err = out->ppp ? encapsulate_packet(skb, out, passed, &f)
	               : encapsulate(skb, out, passed, &f);
	if (err == -1)
		return pass_up_tx(passed);
	if (err)
		return TC_ACT_SHOT;
	count_add(&count->tx_packets, f.segments);
	count_add(&count->tx_bytes, l2tp_octets(&f, out->header_len));
	skb->mark = out->mark;
	skb->priority = out->priority;
	return bpf_redirect_neigh(out->underlay, (void *)&out->hop_family,
	                          sizeof(struct bpf_redir_neigh), 0);
}

SEC("tc")
int fast_ingress(struct __sk_buff *skb)
{
	if (constants.xdp) {
		int said = meta_take(skb);

		if (said != NOT_SAID)
			return said;
	}
	if (skb->vlan_present || skb->pkt_type != 0 /* PACKET_HOST: to us */)
		return TC_ACT_UNSPEC;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return take_v4(skb);
	return skb->protocol == bpf_htons(ETH_P_IPV6) ? take_v6(skb) : TC_ACT_UNSPEC;
}

SEC("tc")
int fast_arrived(struct __sk_buff *skb)
{
	__u32 base = skb->mark & ~MARK_SESSIONS, segments = skb->gso_segs;
	struct fast_count *count;

	if (base != MARK_BASE && base != MARK_XDP)
		return TC_ACT_UNSPEC;
	count = count_of(skb->mark & MARK_SESSIONS);
	if (!count)
		return TC_ACT_UNSPEC;
	if (constants.xdp)
		meta_forget(skb);
	/* GRO has made one of those that fast_xdp sent. */
	count_add(&count->rx_seen, base == MARK_XDP && segments ? segments : 1);
	skb->mark = 0;
	return TC_ACT_UNSPEC;
}

char fast_path_license[] SEC("license") = "Dual BSD/GPL";
