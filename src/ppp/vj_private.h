/* SPDX-License-Identifier: BSD-2-Clause */
/* vj_private.h - what the two directions of vj.h share */
#ifndef UL2TP_PPP_VJ_PRIVATE_H
#define UL2TP_PPP_VJ_PRIVATE_H

#include "base/list.h"
#include "base/octets.h"
#include "ppp/vj.h"

#define PROTOCOL_IP              0x0021
#define PROTOCOL_VJ_COMPRESSED   0x002d
#define PROTOCOL_VJ_UNCOMPRESSED 0x002f

/* The mask of changes (RFC 1144 §3.2.2). The last two stand for combinations of flags that real changes do not make. */
enum {
	CHANGED_URGENT = 0x01,
	CHANGED_WINDOW = 0x02,
	CHANGED_ACK = 0x04,
	CHANGED_SEQ = 0x08,
	PUSH = 0x10,
	CHANGED_ID = 0x20,
	CHANGED_NUMBER = 0x40,
	CHANGES = CHANGED_URGENT | CHANGED_WINDOW | CHANGED_ACK | CHANGED_SEQ,
	ECHOED = CHANGED_URGENT | CHANGED_WINDOW |
	         CHANGED_SEQ, /* seq and ack by what was sent last */
	STREAMED = CHANGES,   /* seq by what was sent last */
};

/* Offsets in an IPv4 header. */
enum {
	IPV4_TOTAL_LEN = 2,
	IPV4_ID = 4,
	IPV4_FRAGMENT = 6,
	IPV4_TTL = 8,
	IPV4_PROTOCOL = 9,
	IPV4_CHECKSUM = 10,
	IPV4_SOURCE = 12,
	IPV4_HEADER_MIN = 20,
};

/* Offsets in a TCP header. */
enum {
	TCP_SEQ = 4,
	TCP_ACK = 8,
	TCP_HEADER_LEN = 12,
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_CHECKSUM = 16,
	TCP_URGENT_AT = 18,
	TCP_OPTIONS = 20,
	TCP_HEADER_MIN = 20,
};

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_HAS_ACK = 0x10,
	TCP_URG = 0x20,
};

struct vj_slot {
	struct list by_use; /* of those that are sent: the latest first */
	uint8_t number;
	uint8_t ip_len, len; /* of the IP header, of both; len 0: not in use */
	uint8_t header[VJ_HEADER_MAX];
};

struct vj {
	struct vj_slot *sent, *received;
	unsigned int max_received;
	struct list by_use;
	int last_sent, last_received; /* numbers; -1: none */
	bool toss;
	struct vj_counters counters;
};

/** vj_headers_len() - of the IPv4 and TCP headers in front of @packet, all of which are there; 0: they are not.
 * @ip_len: of the first. The protocol is not looked at, for in a frame of 002f it is a number */
static inline size_t vj_headers_len(const uint8_t *packet, size_t len, size_t *ip_len)
{
	size_t tcp_len;

	if (len < IPV4_HEADER_MIN + TCP_HEADER_MIN || packet[0] >> 4 != 4)
		return 0;
	*ip_len = 4 * (size_t)(packet[0] & 0xf);
	if (*ip_len < IPV4_HEADER_MIN || len < *ip_len + TCP_HEADER_MIN)
		return 0;
	tcp_len = 4 * (size_t)(packet[*ip_len + TCP_HEADER_LEN] >> 4);
	if (tcp_len < TCP_HEADER_MIN || len < *ip_len + tcp_len)
		return 0;
	return *ip_len + tcp_len;
}

#endif
