/* SPDX-License-Identifier: BSD-2-Clause */
/* attribute.c - see attribute.h */
#include "netlink/attribute.h"

bool attribute_next(struct reader *attributes, struct attribute *ret)
{
	struct reader r = *attributes;
	struct attribute a = { .start = attributes->at };
	uint16_t length = read_u16_host(&r);
	uint16_t type = read_u16_host(&r);

	if (r.failed || length < NLA_HDRLEN)
		return false;
	a.type = type & NLA_TYPE_MASK;
	a.flags = type & (uint16_t)~NLA_TYPE_MASK;
	a.value = read_sub(&r, (size_t)(length - NLA_HDRLEN));
	if (r.failed)
		return false;

	size_t padding = (size_t)(NLA_ALIGN(length) - length);

	if (padding > read_left(&r)) /* the last attribute may lack its padding */
		padding = read_left(&r);
	read_skip(&r, padding);
	*attributes = r;
	*ret = a;
	return true;
}

void attribute_put(struct writer *w, uint16_t type, const void *value, size_t len)
{
	size_t nest = attribute_nest_begin(w, type);

	write_bytes(w, value, len);
	attribute_nest_end(w, nest);
	write_zeros(w, NLA_ALIGN(len) - len);
}

void attribute_put_u8(struct writer *w, uint16_t type, uint8_t value)
{
	attribute_put(w, type, &value, sizeof(value));
}

void attribute_put_u16(struct writer *w, uint16_t type, uint16_t value)
{
	attribute_put(w, type, &value, sizeof(value));
}

void attribute_put_u32(struct writer *w, uint16_t type, uint32_t value)
{
	attribute_put(w, type, &value, sizeof(value));
}

void attribute_put_u64(struct writer *w, uint16_t type, uint64_t value)
{
	attribute_put(w, type, &value, sizeof(value));
}

void attribute_put_string(struct writer *w, uint16_t type, const char *value)
{
	attribute_put(w, type, value, strlen(value) + 1);
}

void attribute_put_flag(struct writer *w, uint16_t type)
{
	attribute_put(w, type, NULL, 0);
}

size_t attribute_nest_begin(struct writer *w, uint16_t type)
{
	size_t nest = write_len(w);

	write_u16_host(w, 0); /* filled in by attribute_nest_end() */
	write_u16_host(w, type);
	return nest;
}

void attribute_nest_end(struct writer *w, size_t nest)
{
	size_t length = write_len(w) - nest;
	uint16_t field = (uint16_t)length;

	if (length > UINT16_MAX)
		w->failed = true;
	if (!w->failed)
		memcpy(w->start + nest, &field, sizeof(field));
}
