/* SPDX-License-Identifier: BSD-2-Clause */
/* vj.h - headers of TCP over IPv4 made short, and long again (Van Jacobson; RFC 1144)
 *
 * Each direction has a table of connections, by number, that both ends fill alike. What changes from one packet of
 * a connection to the next is sent as differences. One thread's; no allocation after vj_new().
 */
#ifndef UL2TP_PPP_VJ_H
#define UL2TP_PPP_VJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VJ_SLOT_MAX   254 /* the highest number of a connection (PPP-SMAXCID) */
#define VJ_HEADER_MAX 120 /* IPv4 and TCP, both with all options they can have */

/* As struct vjstat of SIOCGPPPSTATS has them (PPP-64). */
struct vj_counters {
	uint32_t packets, compressed, searches, misses; /* sent: of TCP that could be compressed */
	uint32_t uncompressed_in;                       /* received, and good */
	uint32_t compressed_in; /* received with a header of three octets or more, good or not */
	uint32_t errors_in;     /* about a connection that is not there, or cut off */
	uint32_t tossed; /* received after an error, before a packet that names its connection */
};

/* A packet with another header: .head, then what it had from .payload_at on. */
struct vj_packet {
	uint16_t
		protocol; /* 0021 as it was, 002d compressed, 002f it tells its header for those to come */
	uint16_t head_len, payload_at; /* of 0021 as it was: 0 and 0 */
	uint8_t head[VJ_HEADER_MAX];
};

struct vj;

/** vj_new() - highest numbers of connections sent and received, 0 to VJ_SLOT_MAX. NULL: out of memory */
struct vj *vj_new(unsigned int max_sent, unsigned int max_received);
void vj_free(struct vj *vj);

/**
 * vj_compress() - an IPv4 packet on its way out
 * @omit_number: the number of a connection may be left out where it is that of the packet before
 */
void vj_compress(struct vj *vj, bool omit_number, const uint8_t *packet, size_t len,
                 struct vj_packet *ret);

/** vj_restore() - a received frame's information, @protocol 002d or 002f. -EBADMSG: it is to be dropped, and counted */
int vj_restore(struct vj *vj, uint16_t protocol, const uint8_t *info, size_t len,
               struct vj_packet *ret);

/** vj_toss() - something was lost: what does not name its connection can not be trusted any more */
void vj_toss(struct vj *vj);

/** vj_counters() - so far */
const struct vj_counters *vj_counters(const struct vj *vj);

#endif
