/* SPDX-License-Identifier: BSD-2-Clause */
/* reply_fib.c - answers by way of NETLINK_FIB_LOOKUP
 *
 * The kernel takes whatever a socket of this protocol sends for a question about a route, writes the result into
 * it and sends it back from port 0. Of our message that changes octet 32 to 35, and, if a routing table has the
 * number in octet 26, octets 27 to 31. So they must be where nothing reads: an attribute of type 0 and 16 octets,
 * which every client skips, goes in front of the others (all families we serve have no header of their own beside
 * generic netlink's; for those that have one, its octets move behind the padding, which such a client would see).
 * In NLMSG_ERROR they fall into the quoted request's sequence number and port, where a table that exists would be
 * seen; then octet 26, the low flags of the quote, is given a number that names none.
 *
 * A datagram is one message, so that each has its padding, and the stand-in itself is the sender.
 *
 * Source: nl_fib_input() in net/ipv4/fib_frontend.c, as seen from outside.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "launcher/reply_way.h"
#include "netlink/message.h"

#define PADDING    16 /* octets of the attribute */
#define TABLE_AT   26
#define ANSWER_AT  32
#define SHORTEST   36
#define ATTRIBUTES (NLMSG_HDRLEN + GENL_HDRLEN)

/* Whether there is a routing table with this number where the stand-ins are: ask. */
static bool table_exists(struct reply *r, uint8_t number)
{
	uint8_t octets[SHORTEST] = { 0 };
	struct nlmsghdr header = { .nlmsg_len = sizeof(octets) };
	struct iovec part = { octets, sizeof(octets) };
	int32_t answer;

	memcpy(octets, &header, sizeof(header));
	octets[TABLE_AT] = number;
	if (reply_sender_send(r->sender, &part, 1, 0) < 0 ||
	    recv(r->sender, octets, sizeof(octets), MSG_DONTWAIT) != sizeof(octets))
		return true;
	memcpy(&answer, octets + ANSWER_AT, sizeof(answer));
	return answer != -ENOENT;
}

static uint8_t table_absent(struct reply *r, uint8_t wanted)
{
	if (r->netns >= 0 || (wanted && !table_exists(r, wanted)))
		return wanted;
	for (unsigned int number = 1; number <= UINT8_MAX; number++)
		if (!table_exists(r, (uint8_t)number))
			return (uint8_t)number;
	return wanted;
}

static ssize_t send_error(struct reply *r, int fd, const void *octets, size_t len)
{
	AUTO_MEMORY uint8_t *copy = malloc(len);
	struct iovec part = { copy, len };

	if (!copy)
		return -ENOMEM;
	memcpy(copy, octets, len);
	copy[TABLE_AT] = table_absent(r, copy[TABLE_AT]);
	return reply_sender_send(fd, &part, 1, 0);
}

static ssize_t send_padded(struct reply *r, int fd, const uint8_t *octets, size_t len)
{
	uint8_t front[ATTRIBUTES];
	uint8_t padding[PADDING] = { PADDING };
	size_t at = len < ATTRIBUTES ? len : ATTRIBUTES;
	struct nlmsghdr header;
	struct iovec parts[] = {
		{ front, at },
		{ padding, sizeof(padding) },
		{ (void *)(octets + at), len - at },
	};

	memcpy(&header, octets, sizeof(header));
	header.nlmsg_len += PADDING;
	memcpy(front, octets, at);
	memcpy(front, &header, sizeof(header));
	memcpy(padding, &(struct nlattr){ .nla_len = PADDING }, sizeof(struct nlattr));
	padding[TABLE_AT - ATTRIBUTES] = table_absent(r, UINT8_MAX - 3);
	return reply_sender_send(fd, parts, 3, 0);
}

static ssize_t fib_send(struct reply *r, struct reply_target *target, const void *octets,
                        size_t len)
{
	struct nlmsghdr header;
	ssize_t n;

	if (target->socket < 0)
		return -ENOTSOCK;
	if (len < sizeof(header))
		return -EINVAL;
	memcpy(&header, octets, sizeof(header));
	if (header.nlmsg_type == NLMSG_ERROR && len >= SHORTEST)
		n = send_error(r, target->socket, octets, len);
	else
		n = send_padded(r, target->socket, octets, len);
	return n < 0 ? n : 0;
}

static int fib_open(struct reply *r)
{
	uint32_t port;

	r->sender = reply_sender_open(NETLINK_FIB_LOOKUP, &port); /* for table_exists() */
	return r->sender < 0 ? r->sender : 0;
}

const struct reply_way_ops reply_fib = {
	.name = "fib",
	.protocol = NETLINK_FIB_LOOKUP,
	.open = fib_open,
	.send = fib_send,
	.longest = 1, /* a message a datagram */
};
