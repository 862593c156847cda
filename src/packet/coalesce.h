/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce.h - frames of one flow that arrived in a batch become one frame for the TAP
 *
 * The mirror of segment.c: what a batch brings for a session is collected while it is TCP segments (or
 * UDP datagrams of one size) that follow one another, and written as one frame with a virtio-net header of
 * up to 64 KiB. Frames are merged only if segment.c would make of the result the very frames that came, octet
 * for octet; the rules are those of the kernel's GRO and a little stricter. A frame with a wrong
 * checksum, and whatever else does not fit, is handed on alone and untouched.
 *
 * Several flows of several sessions may be open at a time. The order within a flow is kept; between flows it may
 * change, as in GRO. Payloads are copied behind one another while their checksums are verified, since the system takes
 * longer to gather small pieces. A frame that stays alone is not copied, so all must stay where they are until
 * coalesce_flush(). No allocation.
 *
 * What is emitted need not be written at once: the octets of a frame of several stay, too, until COALESCE_KEPT others have
 * been emitted.
 */
#ifndef UL2TP_PACKET_COALESCE_H
#define UL2TP_PACKET_COALESCE_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "packet/flow_headers.h"

#define COALESCE_FLOWS    8  /* open at a time; a ninth ends the oldest */
#define COALESCE_SEGMENTS 64 /* in one frame */
#define COALESCE_KEPT     16 /* frames of several that stay where they are, once emitted */

/* What coalesce_init() is given: for each flow a page in front, at the end of which stand the headers, and the payload, which
 * so begins a page, as it does in what the system copies it to: some processors copy slowly otherwise. */
#define COALESCE_PAGE        4096
#define COALESCE_FLOW_OCTETS (COALESCE_PAGE + 65536)
#define COALESCE_ROOM_OCTETS ((COALESCE_FLOWS + COALESCE_KEPT) * COALESCE_FLOW_OCTETS)

/* A frame for a device, one writev(). */
struct coalesced {
	void *owner;        /* as given to coalesce_add() */
	uint32_t frames;    /* how many received frames are in it */
	uint32_t frame_len; /* octets without the virtio-net header */
	uint32_t iov_count;
	/* [0] the virtio-net header, [1] the frame. The header and this array are good during the call, the frame's octets
	 * for longer, see above. */
	struct iovec *iov;
};

/* Takes a frame. Must not call the coalescer. */
typedef void coalesce_emit(void *arg, const struct coalesced *frame);

/* An open flow. Belongs to coalesce.c. */
struct coalesce_flow {
	void *owner;
	uint32_t accepts;
	uint64_t hash;   /* of owner and flow key; 0: not in use */
	uint64_t serial; /* of its first frame */
	uint32_t segments, segment_payload, payload_len;
	uint32_t next_seq; /* TCP */
	uint16_t next_id;  /* IPv4 */
	struct flow_headers headers;
	struct virtio_net_hdr vnet;
	struct iovec frame; /* its first frame, as it came; emitted if no other follows */
	uint8_t *payload;   /* of all its frames, once there are two */
};

struct coalescer {
	coalesce_emit *emit;
	void *arg;
	uint64_t serial;
	uint32_t open;              /* flows in use */
	struct coalesce_flow *last; /* that a frame was added to; it may have been emitted since */
	struct coalesce_flow flows[COALESCE_FLOWS];
	uint8_t *kept[COALESCE_KEPT]; /* payloads of frames that were emitted, in turn */
	uint32_t next_kept;
};

/**
 * coalesce_init() - an empty coalescer; kept by a worker over its batches
 * @room: COALESCE_ROOM_OCTETS, which begin a page; the caller's, for as long as the coalescer is used
 */
void coalesce_init(struct coalescer *c, uint8_t *room, coalesce_emit *emit, void *arg);

enum coalesce_accepts {
	COALESCE_TCP4 = 1,    /* TUN_F_TSO4 */
	COALESCE_TCP6 = 2,    /* TUN_F_TSO6 */
	COALESCE_UDP = 4,     /* TUN_F_USO4 and TUN_F_USO6 */
	COALESCE_PARTIAL = 8, /* tell it of checksums that were left to the receiver */
};

/* ... and above these the device's MTU, if TCP that is longer is to be told it as segments. */
#define COALESCE_MTU_SHIFT 8

/** coalesce_accepts_of() - what a TAP or TUN with these TUN_F_* takes */
uint32_t coalesce_accepts_of(uint32_t offloads);

/**
 * coalesce_add() - a received frame, in the order of arrival
 * @owner:   whose device it goes to (a session); frames of different owners are never merged
 * @accepts: enum coalesce_accepts of that device; 0: hand it on at once
 * @frame:   complete Ethernet frame without FCS; not changed, must stay until coalesce_flush()
 *
 * Emits what ends by it: nothing, an older frame of its flow, or that and the frame itself.
 */
void coalesce_add(struct coalescer *c, void *owner, uint32_t accepts, const uint8_t *frame,
                  size_t len);

/** coalesce_add_ip() - the same for a TUN: @packet is an IP packet, or whatever its owner takes for one */
void coalesce_add_ip(struct coalescer *c, void *owner, uint32_t accepts, const uint8_t *packet,
                     size_t len);

/** coalesce_is_super() - whether these octets are one frame of many segments of TCP, whose checksum a sender on this
 * machine has left to whoever needs it; @is_ip: an IP packet */
bool coalesce_is_super(const uint8_t *frame, size_t len, bool is_ip);

/**
 * coalesce_left_ip() - what a sender on this machine has left to whoever needs it of a packet of IP, for those who can not be told:
 * its checksum and, if it is of TCP and longer than @mtu, to cut it
 * @ret: cuts it, or makes of it the one packet it is, by segment_begin_ip(); the packet is not written to
 *
 * Return: whether something was left.
 */
bool coalesce_left_ip(const uint8_t *packet, size_t len, uint32_t mtu, struct virtio_net_hdr *ret);

/** coalesce_flush() - emit all that is held, oldest first; at the end of a batch */
void coalesce_flush(struct coalescer *c);

/** coalesce_written() - nothing that was emitted is needed any more: what comes next is put together where the processor
 * still has it in its cache */
void coalesce_written(struct coalescer *c);

/** coalesce_flush_owner() - emit what is held for @owner; before anything of its is written past the coalescer */
void coalesce_flush_owner(struct coalescer *c, const void *owner);

#endif
