/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_model.h - frames for tests of segmentation and coalescing: made and judged octet by octet
 *
 * Only tests and fuzz targets are linked to it. It shares no code with what is tested; its checksum goes over
 * 16-bit words one at a time.
 */
#ifndef UL2TP_PACKET_FRAME_MODEL_H
#define UL2TP_PACKET_FRAME_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_model {
	uint8_t ip_version, protocol; /* 4 or 6; IPPROTO_TCP or IPPROTO_UDP */
	uint8_t vlan_tags;
	uint16_t vlan_id;           /* of the outermost tag; those within count up */
	bool bare;                  /* an IP packet: no Ethernet header */
	uint8_t tcp_option_len;     /* a multiple of 4 */
	const uint8_t *tcp_options; /* so many octets; NULL: all of them NOP */
	uint8_t ip_option_len;      /* IPv4: a multiple of 4, of NOPs */
	uint8_t extension_len;      /* IPv6: of one hop-by-hop header, 0 or a multiple of 8 */
	uint8_t source_port;        /* the low octet; tells flows apart */
	uint16_t ip_id, fragment;   /* IPv4 */
	uint32_t flow_label;        /* IPv6 */
	uint32_t seq, ack;
	uint16_t flags, window, urgent;
	uint8_t ttl, traffic_class;
	bool no_checksum; /* UDP */
};

/** frame_model_default() - TCP over IPv4, ACK, DF */
struct frame_model frame_model_default(void);

/** frame_model_write() - the frame with valid checksums around @payload_len octets; its length */
size_t frame_model_write(const struct frame_model *m, const uint8_t *payload, size_t payload_len,
                         uint8_t *out);

/** frame_model_headers_len() - octets before the payload; _l3, _l4: before the IP and the transport header */
size_t frame_model_headers_len(const struct frame_model *m);
size_t frame_model_l3(const struct frame_model *m);
size_t frame_model_l4(const struct frame_model *m);

/** model_checksum() - RFC 1071 over 16-bit words: the value for the field, in host order */
uint16_t model_checksum(uint32_t pseudo, const uint8_t *data, size_t len);

/** frame_model_pseudo() - the sum of the pseudo header with @l4_len octets behind it, unfolded, in host order */
uint32_t frame_model_pseudo(const struct frame_model *m, const uint8_t *frame, size_t l4_len);

/** frame_model_valid() - whether lengths and checksums of a frame written after @m are right */
bool frame_model_valid(const struct frame_model *m, const uint8_t *frame, size_t len);

/** model_random() - xorshift: the next of a reproducible sequence; *state not 0 */
uint32_t model_random(uint32_t *state);

#endif
