/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - see message.h */
#include "netlink/message.h"

#include <errno.h>

#define NO_MESSAGE SIZE_MAX /* the writer had failed before the message began */

bool nl_message_next(struct reader *datagram, struct nl_message *ret)
{
	struct reader header = *datagram;
	struct nl_message m = { .start = datagram->at };

	m.length = read_u32_host(&header);
	m.type = read_u16_host(&header);
	m.flags = read_u16_host(&header);
	m.sequence = read_u32_host(&header);
	m.port = read_u32_host(&header);
	if (header.failed || m.length < NLMSG_HDRLEN || m.length > read_left(datagram))
		return false;
	m.payload = read_sub(&header, m.length - NLMSG_HDRLEN);

	size_t step = NLMSG_ALIGN((size_t)m.length);

	if (step > read_left(datagram)) /* the last message may lack its padding */
		step = read_left(datagram);
	read_skip(datagram, step);
	*ret = m;
	return true;
}

bool nl_message_is_request(const struct nl_message *m)
{
	return (m->flags & NLM_F_REQUEST) && m->type >= NLMSG_MIN_TYPE;
}

bool nl_message_wants_ack(const struct nl_message *m)
{
	return m->flags & NLM_F_ACK;
}

bool nl_message_is_dump(const struct nl_message *m)
{
	return (m->flags & NLM_F_DUMP) == NLM_F_DUMP;
}

int genl_header_read(const struct nl_message *m, uint8_t *command, struct reader *attributes)
{
	struct reader payload = m->payload;
	uint8_t number = read_u8(&payload);

	read_skip(&payload, GENL_HDRLEN - 1); /* version, reserved: NL-6 */
	if (payload.failed)
		return -EINVAL;
	*command = number;
	*attributes = payload;
	return 0;
}

struct nl_header nl_answer_header(const struct nl_message *request, uint16_t type, uint16_t flags)
{
	return (struct nl_header){
		.type = type,
		.flags = flags,
		.sequence = request->sequence,
		.port = request->port,
	};
}

size_t nl_message_begin(struct writer *w, const struct nl_header *header)
{
	size_t start = w->failed ? NO_MESSAGE : write_len(w);

	write_u32_host(w, 0); /* filled in by nl_message_end() */
	write_u16_host(w, header->type);
	write_u16_host(w, header->flags);
	write_u32_host(w, header->sequence);
	write_u32_host(w, header->port);
	return start;
}

size_t genl_message_begin(struct writer *w, const struct nl_header *header, uint8_t command,
                          uint8_t version)
{
	size_t start = nl_message_begin(w, header);

	write_u8(w, command);
	write_u8(w, version);
	write_u16_host(w, 0);
	return start;
}

bool nl_message_end(struct writer *w, size_t start)
{
	uint32_t length = (uint32_t)(write_len(w) - start);

	if (start == NO_MESSAGE)
		return false;
	if (w->failed) {
		w->at = w->start + start;
		w->failed = false;
		return false;
	}
	memcpy(w->start + start, &length, sizeof(length));
	return true;
}

bool nl_done_put(struct writer *w, const struct nl_message *request)
{
	struct nl_header header = nl_answer_header(request, NLMSG_DONE, NLM_F_MULTI);
	size_t start = nl_message_begin(w, &header);

	write_u32_host(w, 0);
	return nl_message_end(w, start);
}
