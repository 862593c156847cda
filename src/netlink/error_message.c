/* SPDX-License-Identifier: BSD-2-Clause */
/* error_message.c - see error_message.h; netlink_ack() of the kernel as seen from outside */
#include "netlink/error_message.h"

#include <errno.h>
#include <string.h>

#include "netlink/attribute.h"

#define ERRNO_MAX 4095 /* as in the kernel */

/* What to say, or NULL. */
static const char *words_choose(int error, const struct extack *ea, const struct nl_fault *fault)
{
	if (error && ea && ea->text[0])
		return ea->text;
	if (fault && fault->trailing)
		return "bytes leftover after parsing attributes"; /* the kernel's words */
	return NULL;
}

/* Words may repeat what the client sent. They stay one line that does nothing to a terminal. */
static void text_put(struct writer *w, const char *text)
{
	size_t nest = attribute_nest_begin(w, NLMSGERR_ATTR_MSG);
	size_t len = strlen(text) + 1;

	for (size_t i = 0; i < len - 1; i++) {
		uint8_t octet = (uint8_t)text[i];

		write_u8(w, octet < ' ' || octet == 0x7f ? '?' : octet);
	}
	write_u8(w, 0);
	attribute_nest_end(w, nest);
	write_zeros(w, NLA_ALIGN(len) - len);
}

static void words_put(struct writer *w, const char *text, const struct nl_fault *fault)
{
	if (text)
		text_put(w, text);
	if (fault && fault->offset)
		attribute_put_u32(w, NLMSGERR_ATTR_OFFS, fault->offset);
	if (fault && fault->row)
		policy_row_put(w, NLMSGERR_ATTR_POLICY | NLA_F_NESTED, fault->row);
}

bool nl_error_put(struct writer *w, const struct nl_message *request, int error,
                  const struct extack *ea, const struct nl_fault *fault,
                  struct nl_socket_options options)
{
	const char *text = options.ext_ack ? words_choose(error, ea, fault) : NULL;
	const struct nl_fault *blame = options.ext_ack && error ? fault : NULL;
	bool words = text || (blame && (blame->offset || blame->row));
	bool whole = error && !options.cap_ack;
	uint16_t flags = (uint16_t)((whole ? 0 : NLM_F_CAPPED) | (words ? NLM_F_ACK_TLVS : 0));
	struct nl_header header = nl_answer_header(request, NLMSG_ERROR, flags);
	size_t start = nl_message_begin(w, &header);
	size_t quoted = whole ? request->length : NLMSG_HDRLEN;

	write_u32_host(w, (uint32_t)error);
	write_bytes(w, request->start, quoted);
	write_zeros(w, NLMSG_ALIGN(quoted) - quoted);
	if (words)
		words_put(w, text, blame);
	return nl_message_end(w, start);
}

/* The attributes after the quoted request. Text without its NUL is not taken. */
static void words_read(struct reader *words, struct nl_error *ret)
{
	struct attribute a;

	while (attribute_next(words, &a)) {
		size_t len = read_left(&a.value);

		if (a.type == NLMSGERR_ATTR_MSG && len && a.value.at[len - 1] == '\0')
			ret->text = (const char *)a.value.at;
		else if (a.type == NLMSGERR_ATTR_OFFS)
			ret->offset = read_u32_host(&a.value);
	}
}

int nl_error_read(const struct nl_message *m, struct nl_error *ret)
{
	struct reader r = m->payload;
	int error = (int)read_u32_host(&r);
	struct reader quoted = r;
	size_t length = read_u32_host(&quoted);

	if (quoted.failed || error > 0 || error < -ERRNO_MAX)
		return -EBADMSG;
	*ret = (struct nl_error){ .error = error, .text = "" };
	if (!(m->flags & NLM_F_ACK_TLVS))
		return 0;
	read_skip(&r, m->flags & NLM_F_CAPPED ? NLMSG_HDRLEN : NLMSG_ALIGN(length));
	if (!r.failed)
		words_read(&r, ret);
	return 0;
}

int nl_done_read(const struct nl_message *m)
{
	struct reader r = m->payload;
	int status = (int)read_u32_host(&r);

	return r.failed || status > 0 || status < -ERRNO_MAX ? -EBADMSG : status;
}
