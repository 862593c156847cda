/* SPDX-License-Identifier: BSD-2-Clause */
/* flow_headers.h - what the headers of a flow's frames have in common, and whether a frame has it
 *
 * For the coalescer, which asks of each frame whether it has the headers of a flow that is known. What may differ are fields
 * that count up, lengths, checksums and PSH. The rest is compared word by word, and its part of the checksums is
 * summed once.
 */
#ifndef UL2TP_PACKET_FLOW_HEADERS_H
#define UL2TP_PACKET_FLOW_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/inner_headers.h"

#define FLOW_HEADERS_MAX 128 /* Ethernet, two VLAN tags, IPv4 or IPv6, TCP */

struct flow_headers {
	struct inner_headers at;
	uint8_t octets[FLOW_HEADERS_MAX]; /* of the flow's first frame */
	uint8_t same[FLOW_HEADERS_MAX];   /* the bits that all its frames have in common */
	uint64_t ip_sum;                  /* IPv4: of these */
	uint64_t
		transport_sum; /* of these behind the IP header, and of the pseudo header but for the length */
};

/**
 * flow_headers_set() - from the first frame of a flow
 * @frame: of TCP or UDP, without IP options or extension headers
 * @at:    where its headers are; .end at most FLOW_HEADERS_MAX
 */
void flow_headers_set(struct flow_headers *h, const uint8_t *frame, const struct inner_headers *at);

/**
 * flow_headers_match() - whether @frame has them
 * @len: of the frame
 *
 * If so, the lengths in it say how long it is, its IPv4 checksum is valid and written as we would, and UDP has one. Whether
 * that of TCP or UDP is valid, flow_headers_sum() helps to say.
 */
bool flow_headers_match(const struct flow_headers *h, const uint8_t *frame, size_t len);

/** flow_headers_sum() - of the pseudo header and the header of TCP or UDP of the flow's first frame or one that matches, its checksum
 * included; @payload_len: of this frame */
uint64_t flow_headers_sum(const struct flow_headers *h, const uint8_t *frame, uint32_t payload_len);

#endif
