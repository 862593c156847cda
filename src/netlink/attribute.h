/* SPDX-License-Identifier: BSD-2-Clause */
/* attribute.h - netlink attributes: walking over them, writing them
 *
 * An attribute is a 4-octet header (length with header, type), a value, and padding to a multiple of
 * four. Values are in host order but for addresses and cookies, which are octets.
 */
#ifndef UL2TP_NETLINK_ATTRIBUTE_H
#define UL2TP_NETLINK_ATTRIBUTE_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"

struct attribute {
	uint16_t type;        /* without the two flag bits */
	uint16_t flags;       /* NLA_F_NESTED, NLA_F_NET_BYTEORDER */
	const uint8_t *start; /* its header; borrowed */
	struct reader value;  /* borrowed */
};

/**
 * attribute_next() - read the next attribute
 * @attributes: advanced past the attribute and its padding; not advanced when there is none
 * @ret:	set when true is returned
 *
 * Ends, without saying so, at octets that are not an attribute (shorter than a header, a length below
 * 4 or beyond the end): read_left() then tells how many there are.
 */
bool attribute_next(struct reader *attributes, struct attribute *ret);

/* Writing. @type may carry NLA_F_NESTED. What does not fit marks the writer failed. */

void attribute_put(struct writer *w, uint16_t type, const void *value, size_t len);
void attribute_put_u8(struct writer *w, uint16_t type, uint8_t value);
void attribute_put_u16(struct writer *w, uint16_t type, uint16_t value);
void attribute_put_u32(struct writer *w, uint16_t type, uint32_t value);
/** attribute_put_u64() - never preceded by a pad attribute (NL-26), so perhaps not aligned to 8 */
void attribute_put_u64(struct writer *w, uint16_t type, uint64_t value);
/** attribute_put_string() - with its NUL */
void attribute_put_string(struct writer *w, uint16_t type, const char *value);
/** attribute_put_flag() - an attribute without value: its presence counts */
void attribute_put_flag(struct writer *w, uint16_t type);

/**
 * attribute_nest_begin() - start an attribute that holds attributes
 * @type: with NLA_F_NESTED, or without it as the l2tp family and nlctrl write theirs (NL-2, NL-25)
 *
 * Return: for attribute_nest_end().
 */
size_t attribute_nest_begin(struct writer *w, uint16_t type);

/** attribute_nest_end() - fill in the length; more than 65535 octets mark the writer failed */
void attribute_nest_end(struct writer *w, size_t nest);

#endif
