/* SPDX-License-Identifier: BSD-2-Clause */
/* data_header.h - the L2TP header of a data packet: v2, v3 over UDP, v3 over IP (RFC 2661 §3.1, RFC 3931 §4.1)
 *
 * Received packets are read in two steps, because how long the header is stands in the session and not
 * in the packet: data_header_read() gives the ids; when the session is found, data_sublayer_read()
 * checks the cookie and gives number and payload. Transmitted headers are built once for a session
 * (data_header_build()) and copied in front of each frame; only the number changes.
 *
 * Pure: no socket, no clock. The order of checks is the kernel's, RX-1 to RX-8, RX-20 to RX-25, RX-40 to RX-45.
 */
#ifndef UL2TP_WIRE_DATA_HEADER_H
#define UL2TP_WIRE_DATA_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DATA_HEADER_MAX   20 /* v3/UDP with cookie 8 and sublayer; v2 with numbers needs 10 */
#define DATA_COOKIE_MAX   8
#define DATA_SUBLAYER_LEN 4
#define DATA_NS_MAX_V2    0xffffu
#define DATA_NS_MAX_V3    0xffffffu
#define DATA_UDP_LEN_MIN  14 /* a shorter UDP payload is never data (RX-1, Q-9) */
#define DATA_UDP_START    8  /* of these octets data_header_read_udp() makes all that it says */
#define DATA_VERSION_2    2
#define DATA_VERSION_3    3

enum data_header_kind {
	DATA_HEADER_DATA,
	DATA_HEADER_CONTROL, /* T bit, or session 0 over IP; the rest of struct data_header is zero */
};

/* What a packet says before its session is known. Numbers in host order. */
struct data_header {
	enum data_header_kind kind;
	uint8_t version; /* low 4 bits of the flags, whatever they are; 3 over IP. Not 2: v3 look-up (RX-4) */
	bool over_ip;        /* IP protocol 115; then no version check applies */
	bool has_ns;         /* v2 only: S bit */
	bool has_offset;     /* v2 only: O bit */
	uint16_t tunnel_id;  /* v2 only */
	uint32_t session_id; /* ours, as the packet names it */
	uint8_t len;         /* octets read so far: up to and with the session id */
};

/**
 * data_header_read_udp() - the start of a UDP payload
 * @packet: the payload, borrowed
 *
 * Return: 0; -EBADMSG fewer than 14 octets (RX-1).
 */
int data_header_read_udp(const uint8_t *packet, size_t len, struct data_header *ret);

/**
 * data_header_read_ip() - the start of an IP payload of protocol 115, behind the IP header
 *
 * Return: 0; -EBADMSG fewer than 4 octets, or a control message that is none (RX-20, RX-24, RX-25).
 */
int data_header_read_ip(const uint8_t *packet, size_t len, struct data_header *ret);

/* What the session expects to receive. */
struct data_sublayer_params {
	uint8_t cookie_len;              /* of peer_cookie: 0, 4 or 8 */
	uint8_t cookie[DATA_COOKIE_MAX]; /* peer_cookie */
	bool l2spec;                     /* the default sublayer (type 1) is in use */
};

struct data_sublayer {
	bool has_ns;
	bool cut_off; /* v2: Offset Size reaches past the end. To be dropped as RX_DROP_CUT_OFF, but only
			     * after RX-42 and RX-43 were obeyed, which is why it is no error */
	uint32_t ns;        /* 16 bits (v2) or 24 bits */
	size_t payload_at;  /* octets from the start of the packet to the payload */
	size_t payload_len; /* may be 0 (RX-45) */
};

/**
 * data_sublayer_read() - cookie, number and payload, now that the session is known
 * @header: of the same packet, kind DATA_HEADER_DATA; the caller has compared its version (RX-6)
 *
 * Return: 0; -EBADMSG v3 and too short for its header (RX-7, RX-22), or v2 and too short for its
 *         cookie; -EKEYREJECTED the cookie is another (RX-40).
 */
int data_sublayer_read(const struct data_header *header, const uint8_t *packet, size_t len,
                       const struct data_sublayer_params *params, struct data_sublayer *ret);

/** data_ns_max() - greatest number of a session of a tunnel of this version */
static inline uint32_t data_ns_max(uint8_t version)
{
	return version == DATA_VERSION_2 ? DATA_NS_MAX_V2 : DATA_NS_MAX_V3;
}

/* What a session puts in front of the frames it sends (HDR-1, HDR-2). */
struct data_header_params {
	uint8_t version;    /* not 2: a v3 header */
	bool over_ip;       /* v3: leaves out the first four octets (v2: no difference, Q-12) */
	bool l2spec;        /* v3: default sublayer, present even while send_seq is off */
	bool send_seq;      /* numbers are sent; without effect in v3 without sublayer */
	uint8_t cookie_len; /* v3: 0 to DATA_COOKIE_MAX */
	uint8_t cookie[DATA_COOKIE_MAX]; /* ours */
	uint32_t peer_conn_id;           /* v2: the low 16 bits are sent */
	uint32_t peer_session_id;        /* v2: the low 16 bits are sent */
};

struct data_header_template {
	uint8_t octets[DATA_HEADER_MAX];
	uint8_t len;
	uint8_t ns_offset; /* where the number goes; 0: no number is sent */
	bool short_ns;     /* v2: 16 bits */
};

/** data_header_build() - the header with number 0; again whenever one of @params changes, send_seq included */
void data_header_build(const struct data_header_params *params, struct data_header_template *ret);

/**
 * data_header_number() - put the number into a copy of the template
 * @octets: the copy
 * @ns:     within data_ns_max(); higher bits are cut off
 *
 * Does nothing if the template has no number; whoever counts ns asks t->ns_offset too (SEQ-1).
 */
static inline void data_header_number(const struct data_header_template *t, uint8_t *octets,
                                      uint32_t ns)
{
	uint8_t *at = octets + t->ns_offset;

	if (!t->ns_offset)
		return;
	if (t->short_ns) {
		at[0] = (uint8_t)(ns >> 8);
		at[1] = (uint8_t)ns;
	} else { /* behind the octet that holds the S bit, which the template has set */
		at[1] = (uint8_t)(ns >> 16);
		at[2] = (uint8_t)(ns >> 8);
		at[3] = (uint8_t)ns;
	}
}

#endif
