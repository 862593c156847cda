/* SPDX-License-Identifier: BSD-2-Clause */
/* translation.c - see translation.h */
#include "launcher/translation.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include "netlink/attribute.h"
#include "netlink/l2tp_family.h"

/* Attributes are found in a message by reading, and changed in the same octets by writing. */
struct place {
	uint8_t *message;
	const struct nl_message *m;
};

static void set(const struct place *p, const uint8_t *at, const void *value, size_t len)
{
	memcpy(p->message + (at - p->m->start), value, len);
}

static void replace_u16(const struct place *p, struct reader value, uint16_t from, uint16_t to)
{
	const uint8_t *at = value.at;

	if (read_u16_host(&value) == from && !value.failed)
		set(p, at, &to, sizeof(to));
}

static void replace_u32(const struct place *p, struct reader value, uint32_t from, uint32_t to)
{
	const uint8_t *at = value.at;

	if (read_u32_host(&value) == from && !value.failed)
		set(p, at, &to, sizeof(to));
}

static void replace_groups(const struct place *p, struct reader groups, uint32_t from, uint32_t to)
{
	struct attribute group, a;

	while (attribute_next(&groups, &group))
		while (attribute_next(&group.value, &a))
			if (a.type == CTRL_ATTR_MCAST_GRP_ID)
				replace_u32(p, a.value, from, to);
}

/* What nlctrl says and is asked: the numbers are in attributes. */
static void replace_control(const struct place *p, const struct l2tp_numbers *from,
                            const struct l2tp_numbers *to)
{
	struct reader attributes;
	struct attribute a;
	uint8_t command;

	if (genl_header_read(p->m, &command, &attributes) < 0)
		return;
	while (attribute_next(&attributes, &a)) {
		if (a.type == CTRL_ATTR_FAMILY_ID)
			replace_u16(p, a.value, from->family, to->family);
		else if (a.type == CTRL_ATTR_MCAST_GROUPS)
			replace_groups(p, a.value, from->group, to->group);
	}
}

static bool read_one(const void *octets, size_t len, struct nl_message *ret)
{
	struct reader datagram = reader_over(octets, len);

	return nl_message_next(&datagram, ret);
}

static void replace_type(const struct place *p, uint16_t type)
{
	set(p, p->m->start + offsetof(struct nlmsghdr, nlmsg_type), &type, sizeof(type));
}

void translate_request(void *octets, size_t len, const struct l2tp_numbers *from,
                       const struct l2tp_numbers *to, uint32_t port)
{
	struct nl_message m;
	struct place p = { octets, &m };

	if (!read_one(octets, len, &m))
		return;
	set(&p, m.start + offsetof(struct nlmsghdr, nlmsg_pid), &port, sizeof(port));
	if (m.type == from->family)
		replace_type(&p, to->family);
	else if (m.type == GENL_ID_CTRL)
		replace_control(&p, from, to);
}

/* Behind the error number: the request as the program wrote it, as much as is quoted. */
static void restore_quote(const struct place *p, const void *request, size_t request_len)
{
	struct reader quote = p->m->payload;
	size_t len;

	read_skip(&quote, sizeof(int));
	len = read_left(&quote) < NLMSG_HDRLEN ? 0 : NLMSG_HDRLEN;
	if (len && !(p->m->flags & NLM_F_CAPPED))
		len = read_left(&quote) < request_len ? read_left(&quote) : request_len;
	if (len && len <= request_len)
		set(p, quote.at, request, len);
}

void translate_answer(void *octets, size_t len, const struct l2tp_numbers *from,
                      const struct l2tp_numbers *to, const void *request, size_t request_len)
{
	struct nl_message m;
	struct place p = { octets, &m };

	if (!read_one(octets, len, &m))
		return;
	if (m.type == from->family)
		replace_type(&p, to->family);
	else if (m.type == GENL_ID_CTRL)
		replace_control(&p, from, to);
	else if (m.type == NLMSG_ERROR && request)
		restore_quote(&p, request, request_len);
}

static bool is_name(struct reader value, const char *name)
{
	size_t len = read_left(&value);
	const char *text = (const char *)read_bytes(&value, len);

	return text && strnlen(text, len) == strlen(name) && memcmp(text, name, strlen(name)) == 0;
}

bool control_question_read(const struct nl_message *m, uint16_t family,
                           struct control_question *ret)
{
	bool by_name = false, named = false, numbered = false;
	struct reader attributes;
	struct attribute a;

	if (m->type != GENL_ID_CTRL || !nl_message_is_request(m) ||
	    genl_header_read(m, &ret->command, &attributes) < 0)
		return false;
	while (attribute_next(&attributes, &a)) {
		if (a.type == CTRL_ATTR_FAMILY_NAME) {
			by_name = true;
			named = is_name(a.value, L2TP_GENL_NAME);
		} else if (a.type == CTRL_ATTR_FAMILY_ID) {
			numbered = read_u16_host(&a.value) == family && !a.value.failed;
		}
	}
	ret->about_l2tp = by_name ? named : numbered;
	return true;
}

bool control_message_names(const struct nl_message *m, const char *name)
{
	struct reader attributes;
	struct attribute a;
	uint8_t command;

	if (m->type != GENL_ID_CTRL || genl_header_read(m, &command, &attributes) < 0 ||
	    command != CTRL_CMD_NEWFAMILY)
		return false;
	while (attribute_next(&attributes, &a))
		if (a.type == CTRL_ATTR_FAMILY_NAME)
			return is_name(a.value, name);
	return false;
}

uint16_t control_message_number(const struct nl_message *m)
{
	struct reader attributes;
	struct attribute a;
	uint8_t command;

	if (m->type != GENL_ID_CTRL || genl_header_read(m, &command, &attributes) < 0)
		return 0;
	while (attribute_next(&attributes, &a))
		if (a.type == CTRL_ATTR_FAMILY_ID)
			return read_u16_host(&a.value);
	return 0;
}
