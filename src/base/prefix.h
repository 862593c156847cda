/* SPDX-License-Identifier: BSD-2-Clause */
/* prefix.h - an IP prefix: an address and how many of its bits count */
#ifndef UL2TP_BASE_PREFIX_H
#define UL2TP_BASE_PREFIX_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#define PREFIX_OCTETS 16

/* Zeroed and then filled, so that equal ones are equal octet by octet. */
struct prefix {
	uint8_t octets
		[PREFIX_OCTETS]; /* network order; of IPv4 the first four; bits that do not count are 0 */
	uint8_t bits;
	uint8_t family; /* AF_INET, AF_INET6; 0: there is none */
};

/** prefix_bits_max() - of an address of @family; 0: it is none of IP */
static inline unsigned int prefix_bits_max(unsigned int family)
{
	return family == AF_INET ? 32 : family == AF_INET6 ? 128 : 0;
}

static inline size_t prefix_octets(unsigned int family)
{
	return prefix_bits_max(family) / 8;
}

/** prefix_make() - the first @bits of @address, which has prefix_octets(); @bits: at most prefix_bits_max() */
static inline struct prefix prefix_make(uint8_t family, const uint8_t *address, unsigned int bits)
{
	struct prefix p = { .family = family, .bits = (uint8_t)bits };

	memcpy(p.octets, address, bits / 8);
	if (bits % 8)
		p.octets[bits / 8] = (uint8_t)(address[bits / 8] & (0xff00u >> bits % 8));
	return p;
}

static inline bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/** prefix_has() - whether @address, which has prefix_octets() of its family, is one of @p */
static inline bool prefix_has(const struct prefix *p, const uint8_t *address)
{
	unsigned int whole = p->bits / 8, rest = p->bits % 8;

	return memcmp(p->octets, address, whole) == 0 &&
	       (!rest || ((p->octets[whole] ^ address[whole]) & (0xff00u >> rest) & 0xff) == 0);
}

#endif
