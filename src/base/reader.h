/* SPDX-License-Identifier: BSD-2-Clause */
/* reader.h - the only way bytes from outside are read
 *
 * A reader walks over a borrowed byte range. Reading past the end gives zero and marks the reader
 * failed, and it stays failed; so a decoder reads straight down and checks once, before it acts on
 * a value. Plain names read network order; the _host names read the machine's own order, which is
 * what netlink uses.
 */
#ifndef UL2TP_BASE_READER_H
#define UL2TP_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
	const uint8_t *at;  /* next byte to read; borrowed */
	const uint8_t *end; /* one past the last */
	bool failed;        /* something was read that is not there */
};

/** reader_over() - a reader over @len octets at @data, which must outlive it; NULL if there are none */
static inline struct reader reader_over(const void *data, size_t len)
{
	const uint8_t *start = data;

	return (struct reader){ .at = start, .end = len > 0 ? start + len : start };
}

/** read_left() - how many octets have not been read */
static inline size_t read_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

/** read_bytes() - borrow the next @len octets; NULL and failed if there are fewer */
static inline const uint8_t *read_bytes(struct reader *r, size_t len)
{
	const uint8_t *bytes = r->at;

	if (r->failed || read_left(r) < len) {
		r->failed = true;
		r->at = r->end;
		return NULL;
	}
	r->at += len;
	return bytes;
}

static inline void read_skip(struct reader *r, size_t len)
{
	read_bytes(r, len);
}

/** read_copy() - copy the next @len octets to @to, zeros if there are fewer */
static inline void read_copy(struct reader *r, void *to, size_t len)
{
	const uint8_t *bytes = read_bytes(r, len);

	if (bytes)
		memcpy(to, bytes, len);
	else
		memset(to, 0, len);
}

/** read_sub() - a reader over the next @len octets, which it cannot leave; failed if @r fails */
static inline struct reader read_sub(struct reader *r, size_t len)
{
	const uint8_t *bytes = read_bytes(r, len);

	if (!bytes)
		return (struct reader){ .at = r->end, .end = r->end, .failed = true };
	return reader_over(bytes, len);
}

static inline uint8_t read_u8(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 1);

	return b ? b[0] : 0;
}

static inline uint16_t read_u16(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 2);

	if (!b)
		return 0;
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t read_u32(struct reader *r)
{
	const uint8_t *b = read_bytes(r, 4);

	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint16_t read_u16_host(struct reader *r)
{
	uint16_t v;

	read_copy(r, &v, sizeof(v));
	return v;
}

static inline uint32_t read_u32_host(struct reader *r)
{
	uint32_t v;

	read_copy(r, &v, sizeof(v));
	return v;
}

static inline uint64_t read_u64_host(struct reader *r)
{
	uint64_t v;

	read_copy(r, &v, sizeof(v));
	return v;
}

#endif
