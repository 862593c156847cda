/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_maps.h - what the fast path's programs, the keeper and the engine tell each other
 *
 * Included by fast_path.bpf.c, which knows neither the C library nor the rest of the project. Addresses, ports and ids
 * stand in network order, as in packets; everything else in the machine's.
 *
 *   fast_in, fast_in6 (by IPv6)
 *                where a packet that came on the underlay belongs (keeper writes, programs read)
 *   fast_out     how a frame of a device is sent (keeper writes, programs read)
 *   fast_count   what went by the fast path (programs write, everybody reads)
 *   fast_passed  what the programs handed up to the engine (programs write, the engine reads)
 *   fast_done    how many of those are through (the engine writes, programs read)
 *   fast_watch   that the keeper watches what the host has configured, and what of the first three is still so (keeper writes,
 *                programs read)
 *   fast_front_out, fast_front_in, fast_front_in6
 *                of each processor, what it has found in them last: its own copies, good while nothing in them has been written
 *                since. So seldom is anything looked up in a hash (programs only)
 *
 * Of a session of PPP the frame is a packet of IP without a link-layer header. In front of it, as a part of the header, stand
 * ff 03 and the protocol, which of .header and .wire is that of IPv4: the programs make it, or expect, that of the packet.
 *
 * A direction of a session is fast while passed and done are equal: then nothing that was handed up can be overtaken.
 */
#ifndef UL2TP_KEEPER_FAST_PATH_MAPS_H
#define UL2TP_KEEPER_FAST_PATH_MAPS_H

#include <linux/types.h>

#define FAST_HEADER_MIN 6  /* of L2TP: version 2 */
#define FAST_HEADER_MAX 24 /* of L2TP and PPP; room for a multiple of eight */
#define FAST_WIRE_MAX   (48 + FAST_HEADER_MAX)
#define FAST_LANES_MAX  8 /* counters of a session, so that processors seldom share one */

/* Of a session of PPP: that it is one, and the protocols that are not left to the engine. */
#define FAST_PPP      1
#define FAST_PPP_IP   2
#define FAST_PPP_IPV6 4

/* Written into the programs before they are loaded. */
struct fast_constants {
	__u32 fronts;    /* of how many processors there are copies; 0: of none */
	__u32 netns;     /* number of the namespace, ours: a program can not ask where it is */
	__u32 lanes;     /* a power of two */
	__u32 xdp;       /* fast_xdp may have taken the headers off */
	__u32 meta;      /* random: nobody else says it of a packet */
	__u32 lane_each; /* no two programs that run at once count in the same lane */
};

/* Who sends to whom, and to which session. */
struct fast_in_key {
	__u32 netns;       /* number of the namespace */
	__u32 version;     /* 2 or 3 */
	__u32 peer, local; /* addresses */
	__u16 peer_port, local_port;
	__u32 id; /* session id of v3; of v2 tunnel id and session id, as they follow each other */
};

struct fast_in6_key {
	__u32 netns;
	__u32 version;
	__u32 peer[4], local[4];
	__u16 peer_port, local_port;
	__u32 id;
};

struct fast_in {
	__u32 session;                /* index of its record */
	__u32 closed;                 /* not fast now, but what is handed up is counted */
	__u32 device;                 /* ifindex */
	__u32 underlay;               /* ifindex of where it must come from */
	__u32 header_len;             /* of L2TP and PPP: all that is in front of the inner frame */
	__u8 xdp;                     /* fast_xdp may take it */
	__u8 zero;                    /* one without a checksum is taken, as the socket takes it */
	__u16 ppp;                    /* FAST_PPP and what else, if it is of PPP */
	__u8 mac[8];                  /* the underlay's, then two of zero */
	__u8 header[FAST_HEADER_MAX]; /* as it must be */
};

/* Whether TCP that is still to be cut is taken, too. */
enum fast_streams {
	FAST_NO_STREAMS,
	FAST_FORWARDED, /* of others, but not of this host's own */
	FAST_ALL_STREAMS,
};

struct fast_out_key {
	__u32 netns;
	__u32 device; /* ifindex */
};

struct fast_out {
	__u32 session;
	__u32 closed;
	__u32 underlay; /* ifindex */
	__u32 mark, priority;
	__u32 mtu;                /* of the way to the peer, IP header included */
	__u32 header_len;         /* of L2TP and PPP */
	__u8 v6;                  /* the outer header is of IPv6 */
	__u8 sums;                /* packets have a checksum of UDP */
	__u8 streams;             /* enum fast_streams */
	__u16 ppp;                /* as in struct fast_in */
	__u32 hop_family, hop[4]; /* struct bpf_redir_neigh: whose link-layer address packets get */
	__u32 header_sum; /* IPv4: of the header without what is zero in .wire; folded, not inverted */
	__u32 udp_sum; /* with .sums: of the pseudo header and those of UDP and L2TP, without lengths */
	__u32 wire_len;
	/* Headers of IP, UDP and L2TP; zero is what each packet has its own of: lengths, identification, checksum. */
	__u8 wire[FAST_WIRE_MAX];
};

/* One lane of one session: index session * lanes + lane. A super-frame counts as the packets it is cut into. */
struct fast_count {
	__u64 tx_packets, tx_bytes, tx_last_ns; /* bytes from the L2TP header on; CLOCK_MONOTONIC */
	__u64 rx_packets, rx_bytes, rx_last_ns;
	/* On the way to the device, and come out of the processor's backlog there. A super-frame is as many as came:
	 * one, or what GRO made of what fast_xdp sent. */
	__u64 rx_sent, rx_seen;
};

/* Of each session. */
struct fast_passed {
	__u64 rx,
		tx; /* 0: no program counts yet; they begin at FAST_PASSED_FROM past a multiple of 2^32 */
	__u64 rx_tick,
		tx_tick; /* of the clock, in which .rx_last_ns, .tx_last_ns of a lane were written last */
	__u64 next_id; /* IPv4: identification of the next packet: without DF each has its own */
};

#define FAST_PASSED_FROM 1 /* so that the engine's 0 does not open what it has not looked at */

struct fast_done {
	__u64 rx, tx; /* FAST_CLOSED: not fast whatever was passed */
};

#define FAST_CLOSED (~0ull)

/* One for all. */
struct fast_watch {
	__u64 seen_ns; /* when it last did; CLOCK_MONOTONIC */
	__u64 written; /* how often something has been written in fast_in, fast_in6 or fast_out: counted afterwards */
};

#define FAST_FRONTS 32 /* copies of each kind and processor; a power of two */

/* .written of struct fast_watch before it was looked up; so 0, which that begins behind, is none. */
struct fast_front_out {
	__u64 written;
	struct fast_out_key key;
	struct fast_out value;
};

struct fast_front_in {
	__u64 written;
	struct fast_in value;
	struct fast_in_key key;
};

struct fast_front_in6 {
	__u64 written;
	struct fast_in value;
	struct fast_in6_key key;
};

#define FAST_WATCH_NS 5000000000ull /* a keeper that was not heard of for so long hangs */

#endif
