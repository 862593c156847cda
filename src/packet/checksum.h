/* SPDX-License-Identifier: BSD-2-Clause */
/* checksum.h - the internet checksum (RFC 1071)
 *
 * A sum is a uint64_t that is congruent, modulo 0xffff, to the sum of the 16-bit words in the machine's own
 * order: RFC 1071 §2(B) lets us add in any order of octets as long as the result is stored the same
 * way. Sums of parts add with + (a few thousand parts cannot overflow), provided each part
 * but the last has an even length. Nothing here needs alignment.
 */
#ifndef UL2TP_PACKET_CHECKSUM_H
#define UL2TP_PACKET_CHECKSUM_H

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** checksum_load(), checksum_store() - a field of a header that holds a checksum, as it is stored */
static inline uint16_t checksum_load(const uint8_t *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static inline void checksum_store(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

/** checksum_sum() - the sum over @len octets; below 2^48 */
uint64_t checksum_sum(const void *data, size_t len);

/** checksum_copy() - the same while they are copied to @to, which does not overlap */
uint64_t checksum_copy(void *to, const void *data, size_t len);

/** checksum_fold() - a sum in 16 bits, as it is stored in memory; zero only if all summed was zero */
static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}

/** checksum_value() - what goes into a checksum field of TCP, IPv4 or ICMP */
static inline uint16_t checksum_value(uint64_t sum)
{
	return (uint16_t)~checksum_fold(sum);
}

/** checksum_value_nonzero() - the same for UDP, where 0 means "none" (RFC 768) */
static inline uint16_t checksum_value_nonzero(uint64_t sum)
{
	uint16_t value = checksum_value(sum);

	return value ? value : 0xffff;
}

/** checksum_number() - the sum of a 16-bit number in network order; of a greater one, of both its halves */
static inline uint64_t checksum_number(uint32_t host_order)
{
	return htonl(host_order);
}

/**
 * checksum_pseudo() - the sum of the pseudo header of TCP or UDP (RFC 9293 §3.1, RFC 8200 §8.1)
 * @addresses:     source and destination, one behind the other, as in the IP header
 * @addresses_len: of both: 8 or 32
 * @len:           octets of transport header and payload
 */
static inline uint64_t checksum_pseudo(const void *addresses, size_t addresses_len,
                                       uint8_t protocol, uint32_t len)
{
	return checksum_sum(addresses, addresses_len) + checksum_number(protocol) +
	       checksum_number(len);
}

/**
 * checksum_finish() - complete a checksum that was left partial (VIRTIO_NET_HDR_F_NEEDS_CSUM)
 * @frame:  written to at @start + @offset, which holds the sum of the pseudo header
 * @start:  where the sum begins
 * @offset: from there to the field
 *
 * Return: 0; -EBADMSG the field does not lie within the frame, and nothing was written.
 */
int checksum_finish(uint8_t *frame, size_t len, size_t start, size_t offset);

#endif
