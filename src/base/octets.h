/* SPDX-License-Identifier: BSD-2-Clause */
/* octets.h - numbers in network order at an address that is known to hold them
 *
 * For the packet path, where lengths were looked at before; outside bytes are read by reader.h.
 */
#ifndef UL2TP_BASE_OCTETS_H
#define UL2TP_BASE_OCTETS_H

#include <stdint.h>

static inline uint16_t load_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t load_u32(const uint8_t *at)
{
	return (uint32_t)load_u16(at) << 16 | load_u16(at + 2);
}

/* The low 16 bits. */
static inline void store_u16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void store_u32(uint8_t *at, uint32_t value)
{
	store_u16(at, value >> 16);
	store_u16(at + 2, value);
}

#endif
