/* SPDX-License-Identifier: BSD-2-Clause */
/* family_numbers.c - see family_numbers.h
 *
 * Families have the same numbers in all namespaces. The kernel gives them out upwards, and groups from the lowest
 * free one, so a number near the top is not taken by a module that is loaded later.
 */
#include "launcher/family_numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"

#define FAMILY_TOP GENL_MAX_ID
#define GROUP_TOP  1023
#define BUFFER     65536

static void take(uint64_t *bits, uint32_t number)
{
	if (number < 1024)
		bits[number / 64] |= UINT64_C(1) << number % 64;
}

static bool is_taken(const uint64_t *bits, uint32_t number)
{
	return bits[number / 64] >> number % 64 & 1;
}

static void note_groups(struct family_numbers *taken, struct reader groups)
{
	struct attribute group, a;

	while (attribute_next(&groups, &group))
		while (attribute_next(&group.value, &a))
			if (a.type == CTRL_ATTR_MCAST_GRP_ID)
				take(taken->groups, read_u32_host(&a.value));
}

void family_numbers_note(struct family_numbers *taken, const struct nl_message *m)
{
	struct reader attributes;
	struct attribute a;
	uint8_t command;

	if (m->type != GENL_ID_CTRL || genl_header_read(m, &command, &attributes) < 0)
		return;
	while (attribute_next(&attributes, &a)) {
		if (a.type == CTRL_ATTR_FAMILY_ID)
			take(taken->families, read_u16_host(&a.value));
		else if (a.type == CTRL_ATTR_MCAST_GROUPS)
			note_groups(taken, a.value);
	}
}

void family_numbers_free_in(const struct family_numbers *taken, uint16_t *family, uint32_t *group)
{
	uint16_t f = FAMILY_TOP - 1;
	uint32_t g = GROUP_TOP;

	while (f > GENL_START_ALLOC && is_taken(taken->families, f))
		f--;
	while (g > 32 && is_taken(taken->groups, g))
		g--;
	*family = f;
	*group = g;
}

static int ask_dump(int fd)
{
	uint8_t octets[NLMSG_HDRLEN + GENL_HDRLEN];
	struct writer w = writer_over(octets, sizeof(octets));
	struct nl_header header = { .type = GENL_ID_CTRL, .flags = NLM_F_REQUEST | NLM_F_DUMP };

	nl_message_end(&w, genl_message_begin(&w, &header, CTRL_CMD_GETFAMILY, 1));
	return send(fd, octets, write_len(&w), 0) < 0 ? -errno : 0;
}

int family_numbers_choose(uint16_t *family, uint32_t *group)
{
	AUTO_FD fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	const struct timeval timeout = { .tv_sec = 10 };
	AUTO_MEMORY uint8_t *buffer = malloc(BUFFER);
	struct family_numbers taken = { 0 };
	bool done = false;
	int err;

	if (fd < 0)
		return -errno;
	if (!buffer)
		return -ENOMEM;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	err = ask_dump(fd);
	while (!err && !done) {
		ssize_t n = recv(fd, buffer, BUFFER, 0);
		struct reader datagram = reader_over(buffer, n < 0 ? 0 : (size_t)n);
		struct nl_message m;

		if (n < 0)
			err = -errno;
		while (nl_message_next(&datagram, &m)) {
			done |= m.type == NLMSG_DONE || m.type == NLMSG_ERROR;
			family_numbers_note(&taken, &m);
		}
	}
	if (!err)
		family_numbers_free_in(&taken, family, group);
	return err;
}
