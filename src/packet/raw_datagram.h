/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_datagram.h - a UDP datagram as a raw socket of IPPROTO_UDP gives it
 *
 * Such a socket gets a copy before UDP has looked at it, so what UDP does is done here: lengths and checksum.
 * Pure; runs on workers. Nothing is copied: the payload is a borrow.
 */
#ifndef UL2TP_PACKET_RAW_DATAGRAM_H
#define UL2TP_PACKET_RAW_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

enum raw_checksum {
	RAW_CHECKSUM_GOOD,
	RAW_CHECKSUM_NONE, /* the field is 0: the sender made none */
	RAW_CHECKSUM_PARTIAL, /* the field has the sum of the pseudo header: the sender is on this machine and left
	                       * the rest to hardware that there was not. It may be several datagrams (gauge.h) */
	RAW_CHECKSUM_BAD,
};

struct raw_datagram {
	uint16_t source_port, port; /* host order */
	enum raw_checksum checksum;
	const uint8_t *destination; /* address, 4 or 16 octets */
	const uint8_t *payload;
	size_t len;
};

/**
 * raw_datagram_read_v4() - from an IPv4 header on
 *
 * Return: 0; -EBADMSG lengths do not fit.
 */
int raw_datagram_read_v4(const void *octets, size_t len, struct raw_datagram *ret);

/**
 * raw_datagram_read_v6() - from a UDP header on
 * @addresses: 32 octets, source and destination
 */
int raw_datagram_read_v6(const void *octets, size_t len, const uint8_t *addresses,
                         struct raw_datagram *ret);

#endif
