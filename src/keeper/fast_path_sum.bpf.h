/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_sum.bpf.h - checksums of UDP: a part of fast_path.bpf.c, in one of the two objects that are made of it
 *
 * What the kernel knows of a packet's checksums stands in its sk_buff, which is read where the kernel's own BTF says that
 * it is; without BTF the other object is loaded, and tunnels with checksums are the engine's.
 *
 * Sums are of 16-bit words as they stand in memory. All headers in front of an inner frame are an even number of octets, so
 * nothing is ever swapped.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_SUM_BPF_H
#define UL2TP_KEEPER_FAST_PATH_SUM_BPF_H

#ifdef FAST_SUMS

#define HAS_SUMS 1

/* Of linux/skbuff.h; libbpf puts the running kernel's offsets in place of these. */
struct sk_buff {
	unsigned char *head, *data;
	__u16 csum_start, csum_offset; /* CHECKSUM_PARTIAL: from .head on; and from there on */
	__u8 ip_summed : 2;
} __attribute__((preserve_access_index));

#define CHECKSUM_UNNECESSARY 1
#define CHECKSUM_PARTIAL     3

extern void *bpf_cast_to_kern_ctx(void *) __ksym;

/* Longer ones are left to the engine: the verifier tries all lengths, each time. */
#define SUM_MAX   2048
#define SUM_PIECE 512  /* octets: as many as bpf_csum_diff() takes in all kernels */
#define SUM_COPY  128  /* octets that the stack has room for */
#define SUM_NONE  (-1) /* it could not be had */

#define TCP_CHECK 16 /* where it is in the header */
#define UDP_CHECK 6

static __always_inline __u8 summed_of(const struct sk_buff *kern)
{
	return BPF_CORE_READ_BITFIELD(kern, ip_summed);
}

/* Where the checksum begins that is left to the card, counted as all else here. */
static __always_inline __u32 start_of(const struct sk_buff *kern)
{
	return kern->csum_start - (__u32)((__u64)kern->data - (__u64)kern->head);
}

/* Of @len octets from @at on. Where they are in the packet's first piece, in place. A function of its own, so that it is
 * verified once. */
__noinline __s64 octets_sum(struct __sk_buff *skb, __u32 at, __u32 len)
{
	__u32 copy[SUM_COPY / 4];
	__s64 sum = 0;
	__u64 rest;

	if (at > SUM_MAX || len > SUM_MAX)
		return SUM_NONE;
	for (int i = 0; i < SUM_MAX / SUM_PIECE && len >= SUM_PIECE; i++) {
		void *from = (void *)(long)skb->data + at;

		if (from + SUM_PIECE > (void *)(long)skb->data_end)
			break;
		sum = bpf_csum_diff(NULL, 0, from, SUM_PIECE, sum);
		at += SUM_PIECE;
		len -= SUM_PIECE;
	}
	for (int i = 0; i < SUM_MAX / SUM_COPY && len >= SUM_COPY; i++) {
		if (bpf_skb_load_bytes(skb, at, copy, SUM_COPY))
			return SUM_NONE;
		sum = bpf_csum_diff(NULL, 0, copy, SUM_COPY, sum);
		at += SUM_COPY;
		len -= SUM_COPY;
	}
	rest = len;
	if (!rest)
		return sum;
	if (!is_between(&rest, 1, SUM_COPY - 1))
		return SUM_NONE;
	copy[rest / 4] = 0;
	if (bpf_skb_load_bytes(skb, at, copy, rest))
		return SUM_NONE;
	rest = (rest + 3) & ~3ull;
	if (!is_between(&rest, 4, SUM_COPY))
		return SUM_NONE;
	return bpf_csum_diff(NULL, 0, copy, rest, sum);
}

/* Adds what octets_sum() has said. Return: 0 or -1 */
static __always_inline int sum_add(__u64 *sum, __s64 more)
{
	if (more < 0)
		return -1;
	*sum += (__u32)more;
	return 0;
}

static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return fold(sum);
}

/* --- in ----------------------------------------------------------------------------------------------- */

/* Whether the checksum of UDP at @at, which is one, is right: as skb_csum_unnecessary() has it, or counted. What the kernel
 * believes of it is not believed of the inner packet: bpf_skb_adjust_room() takes it away. @addresses: octets of them, which
 * stand in front of UDP. */
static __always_inline int sum_is_right(struct __sk_buff *skb, __u32 at, __u32 addresses)
{
	const struct sk_buff *kern = bpf_cast_to_kern_ctx(skb);
	__u8 summed = summed_of(kern);
	__u64 sum;

	/* What UDP_GRO has put together is not one packet, whatever stands in it. */
	if (skb->gso_size)
		return summed == CHECKSUM_PARTIAL && kern->csum_offset == TCP_CHECK &&
		       (__s32)start_of(kern) > (__s32)at;
	if (summed == CHECKSUM_UNNECESSARY)
		return 1;
	if (summed == CHECKSUM_PARTIAL)
		return (__s32)start_of(kern) >= (__s32)at;
	sum = bpf_htons(IPPROTO_UDP) + bpf_htons(skb->len - at);
	return !sum_add(&sum, octets_sum(skb, at - addresses, skb->len - at + addresses)) &&
	       sum_fold(sum) == 0xffff;
}

/* --- out ---------------------------------------------------------------------------------------------- */

/* Of a packet whose checksum of TCP or UDP is left to the card: from there on its octets will add up to what its field says,
 * inverted, as lco_csum() has it. */
static __always_inline int left_sum(struct __sk_buff *skb, const struct sk_buff *kern, __u64 *sum)
{
	__u32 start = start_of(kern), field = kern->csum_offset;
	__u16 says;

	/* That of SCTP is none of this kind. */
	if ((field != TCP_CHECK && field != UDP_CHECK) || start & 1 || start > skb->len ||
	    bpf_skb_load_bytes(skb, start + field, &says, sizeof(says)))
		return -1;
	*sum += (__u16)~says;
	return sum_add(sum, octets_sum(skb, 0, start));
}

/* The checksum of UDP, as its field has it, of the frame with the headers of @out. Return: 0; -1: it can not be told. A super-packet
 * is the engine's: it can not be asked for the checksums of its segments. */
static __always_inline int sum_out(struct __sk_buff *skb, const struct fast_out *out,
                                   const struct frame *f, __u16 *ret)
{
	const struct sk_buff *kern = bpf_cast_to_kern_ctx(skb);
	__u64 sum = out->udp_sum + 2 * bpf_htons(f->len + out->header_len + sizeof(struct udphdr));

	if (skb->gso_size)
		return -1;
	if (out->ppp && skb->protocol != bpf_htons(ETH_P_IP))
		sum += (__u16)~bpf_htons(PPP_IP) + bpf_htons(PPP_IPV6);
	if (summed_of(kern) == CHECKSUM_PARTIAL ? left_sum(skb, kern, &sum)
	                                        : sum_add(&sum, octets_sum(skb, 0, f->len)))
		return -1;
	*ret = ~sum_fold(sum);
	if (!*ret)
		*ret = 0xffff; /* 0 is none */
	return 0;
}

#else

#define HAS_SUMS 0

static __always_inline int sum_is_right(struct __sk_buff *skb, __u32 at, __u32 addresses)
{
	return 0;
}

static __always_inline int sum_out(struct __sk_buff *skb, const struct fast_out *out,
                                   const struct frame *f, __u16 *ret)
{
	return -1;
}

#endif

#endif
