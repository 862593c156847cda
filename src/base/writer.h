/* SPDX-License-Identifier: BSD-2-Clause */
/* writer.h - the mirror of reader.h: bytes we make
 *
 * A writer fills a borrowed range. Writing past the end writes nothing and marks the writer failed,
 * and it stays failed; the caller checks once at the end. Plain names write network order, _host
 * names the machine's own.
 */
#ifndef UL2TP_BASE_WRITER_H
#define UL2TP_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct writer {
	uint8_t *start; /* borrowed */
	uint8_t *at;    /* next byte to write */
	uint8_t *end;
	bool failed; /* something did not fit */
};

/** writer_over() - a writer into @size octets at @data, which must outlive it */
static inline struct writer writer_over(void *data, size_t size)
{
	uint8_t *start = data;

	return (struct writer){ .start = start, .at = start, .end = start + size };
}

/** write_len() - how many octets have been written */
static inline size_t write_len(const struct writer *w)
{
	return (size_t)(w->at - w->start);
}

static inline size_t write_room(const struct writer *w)
{
	return (size_t)(w->end - w->at);
}

/** write_reserve() - @len octets to be filled by the caller; NULL and failed if they do not fit */
static inline uint8_t *write_reserve(struct writer *w, size_t len)
{
	uint8_t *bytes = w->at;

	if (w->failed || write_room(w) < len) {
		w->failed = true;
		return NULL;
	}
	w->at += len;
	return bytes;
}

static inline void write_bytes(struct writer *w, const void *from, size_t len)
{
	uint8_t *to = write_reserve(w, len);

	if (to && len)
		memcpy(to, from, len);
}

static inline void write_zeros(struct writer *w, size_t len)
{
	uint8_t *to = write_reserve(w, len);

	if (to)
		memset(to, 0, len);
}

static inline void write_u8(struct writer *w, uint8_t v)
{
	write_bytes(w, &v, 1);
}

static inline void write_u16(struct writer *w, uint16_t v)
{
	uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	write_bytes(w, b, sizeof(b));
}

static inline void write_u32(struct writer *w, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };

	write_bytes(w, b, sizeof(b));
}

static inline void write_u16_host(struct writer *w, uint16_t v)
{
	write_bytes(w, &v, sizeof(v));
}

static inline void write_u32_host(struct writer *w, uint32_t v)
{
	write_bytes(w, &v, sizeof(v));
}

static inline void write_u64_host(struct writer *w, uint64_t v)
{
	write_bytes(w, &v, sizeof(v));
}

#endif
