/* SPDX-License-Identifier: BSD-2-Clause */
/* gauge.h - where to cut what a raw socket gives in one piece
 *
 * A sender on the same machine may hand over several datagrams of one size as one (UDP_SEGMENT). A socket of UDP
 * gets them cut; a raw socket gets them as they are, without a word about the size. A packet socket is told the
 * size (PACKET_VNET_HDR), and gets the heads of exactly those packets whose checksum is still partial
 * (keeper/raw_filter.h). So each packet with a partial checksum has a note here: found by its length and its
 * first octets. One without a note must not be guessed about: who crafts a payload could make us cut a header of
 * his out of it.
 *
 * Owned by one worker.
 */
#ifndef UL2TP_PACKET_GAUGE_H
#define UL2TP_PACKET_GAUGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/raw_datagram.h"

#define GAUGE_HEAD 64 /* octets of payload that are compared, if it has as many */
#define GAUGE_NOTES                                                                                \
	256 /* more than a batch; the oldest are of packets that the packet filter dropped */

struct gauge_note {
	uint16_t udp_len; /* 0: no note */
	uint16_t size;    /* of each datagram but the last; 0: it is one */
	uint16_t head_len;
	uint8_t head[GAUGE_HEAD];
};

struct gauge {
	struct gauge_note at[GAUGE_NOTES];
	unsigned int oldest, next; /* the notes from oldest on, before next; numbers only grow */
};

/**
 * gauge_note() - take note of what the packet socket got
 * @octets: a virtio-net header of 10 octets and the beginning of a frame
 *
 * Return: 0; -EBADMSG it is ignored: not one with a partial checksum, or too little of it.
 */
int gauge_note(struct gauge *g, const void *octets, size_t len);

/**
 * gauge_find() - what is noted about @d, oldest first; the note is used up
 * @size: set if there is one; 0, or less than d->len
 */
bool gauge_find(struct gauge *g, const struct raw_datagram *d, size_t *size);

#endif
