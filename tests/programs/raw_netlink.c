// SPDX-License-Identifier: BSD-2-Clause
/* raw_netlink.c - generic netlink without a library
 *
 * Answers are looked at as careful programs do: the sender must be the kernel (port 0), the sequence number
 * and the port in the header our own.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "raw_netlink.h"

#define ANSWERS_SIZE 16384

int raw_netlink_open(struct raw_netlink *ret)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof(address);
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);

	if (sock < 0)
		return -errno;
	if (bind(sock, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(sock, (struct sockaddr *)&address, &length) < 0) {
		int err = -errno;

		close(sock);
		return err;
	}
	*ret = (struct raw_netlink){ .sock = sock, .answers = sock, .port = address.nl_pid };
	return 0;
}

void raw_begin(struct raw_message *message, uint16_t family, uint8_t command, uint16_t flags)
{
	struct nlmsghdr *header = (struct nlmsghdr *)message->octets;
	struct genlmsghdr *generic = (struct genlmsghdr *)(header + 1);

	memset(message, 0, sizeof(*message));
	header->nlmsg_type = family;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	generic->cmd = command;
	generic->version = 1;
	message->length = sizeof(*header) + sizeof(*generic);
}

void raw_add(struct raw_message *message, uint16_t attribute, const void *value, size_t length)
{
	struct nlattr *nla = (struct nlattr *)(message->octets + message->length);

	nla->nla_type = attribute;
	nla->nla_len = (uint16_t)(NLA_HDRLEN + length);
	memcpy(nla + 1, value, length);
	message->length += NLA_ALIGN(nla->nla_len);
}

void raw_add_u8(struct raw_message *message, uint16_t attribute, uint8_t value)
{
	raw_add(message, attribute, &value, sizeof(value));
}

void raw_add_u16(struct raw_message *message, uint16_t attribute, uint16_t value)
{
	raw_add(message, attribute, &value, sizeof(value));
}

void raw_add_u32(struct raw_message *message, uint16_t attribute, uint32_t value)
{
	raw_add(message, attribute, &value, sizeof(value));
}

void raw_add_string(struct raw_message *message, uint16_t attribute, const char *value)
{
	raw_add(message, attribute, value, strlen(value) + 1);
}

const void *raw_find(const struct nlmsghdr *answer, uint16_t attribute, size_t *length)
{
	const uint8_t *at = (const uint8_t *)answer + NLMSG_HDRLEN + GENL_HDRLEN;
	const uint8_t *end = (const uint8_t *)answer + answer->nlmsg_len;

	while (end - at >= NLA_HDRLEN) {
		const struct nlattr *nla = (const struct nlattr *)at;

		if (nla->nla_len < NLA_HDRLEN || nla->nla_len > end - at)
			break;
		if ((nla->nla_type & NLA_TYPE_MASK) == attribute) {
			*length = nla->nla_len - NLA_HDRLEN;
			return nla + 1;
		}
		at += NLA_ALIGN(nla->nla_len);
	}
	return NULL;
}

/* One datagram. It must be the kernel's, where the descriptor can tell. Return: octets, or a negative errno. */
static ssize_t receive(struct raw_netlink *nl, void *buffer, size_t size)
{
	struct sockaddr_nl sender = { 0 };
	struct iovec vector = { buffer, size };
	struct msghdr message = { .msg_name = &sender,
		                  .msg_namelen = sizeof(sender),
		                  .msg_iov = &vector,
		                  .msg_iovlen = 1 };
	ssize_t got;

	do {
		if (nl->await)
			nl->await(nl->answers);
		got = recvmsg(nl->answers, &message, nl->await ? MSG_DONTWAIT : 0);
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got < 0)
		return -errno;
	if (nl->answers == nl->sock && (message.msg_namelen != sizeof(sender) ||
	                                sender.nl_family != AF_NETLINK || sender.nl_pid))
		return -EPROTO;
	return got;
}

/* Return: 1 when the request is answered, 0 when more is to come, negative errno of the answer. */
static int take(const struct nlmsghdr *answer, int flags,
                void (*each)(const struct nlmsghdr *answer, void *data), void *data)
{
	if (answer->nlmsg_type == NLMSG_ERROR) {
		int error = ((const struct nlmsgerr *)NLMSG_DATA(answer))->error;

		return error ? error : 1;
	}
	if (answer->nlmsg_type == NLMSG_DONE)
		return 1;
	if (each)
		each(answer, data);
	return !(flags & (NLM_F_ACK | NLM_F_DUMP));
}

int raw_exchange(struct raw_netlink *nl, struct raw_message *request,
                 void (*each)(const struct nlmsghdr *answer, void *data), void *data)
{
	_Alignas(struct nlmsghdr) uint8_t answers[ANSWERS_SIZE];
	struct nlmsghdr *header = (struct nlmsghdr *)request->octets;

	header->nlmsg_len = request->length;
	header->nlmsg_seq = ++nl->sequence;
	if (send(nl->sock, request->octets, request->length, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t got = receive(nl, answers, sizeof(answers));

		if (got < 0)
			return (int)got;
		for (struct nlmsghdr *answer = (struct nlmsghdr *)answers;
		     NLMSG_OK(answer, (size_t)got); answer = NLMSG_NEXT(answer, got)) {
			int err;

			if (answer->nlmsg_seq != nl->sequence)
				continue; /* late, or a notification */
			if (answer->nlmsg_pid != nl->port)
				return -EPROTO;
			err = take(answer, header->nlmsg_flags, each, data);
			if (err)
				return err < 0 ? err : 0;
		}
	}
}

static void note_family(const struct nlmsghdr *answer, void *data)
{
	struct raw_netlink *nl = data;
	size_t length;
	const uint16_t *id = raw_find(answer, CTRL_ATTR_FAMILY_ID, &length);

	if (id && length == sizeof(*id))
		nl->l2tp = *id;
}

int raw_netlink_find(struct raw_netlink *nl)
{
	struct raw_message request;
	int err;

	raw_begin(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	raw_add_string(&request, CTRL_ATTR_FAMILY_NAME, "l2tp");
	err = raw_exchange(nl, &request, note_family, nl);
	return err ? err : nl->l2tp ? 0 : -ENOENT;
}
