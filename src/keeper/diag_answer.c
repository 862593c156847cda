/* SPDX-License-Identifier: BSD-2-Clause */
/* diag_answer.c - see diag_answer.h */
#include "keeper/diag_answer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#include "keeper/host_source.h"
#include "keeper/kernel_netlink.h"

#define ERRNO_MAX 4095

/* The first of this type. */
static bool attribute_find(struct reader *attributes, uint16_t type, struct reader *ret)
{
	struct host_attr a;

	while (host_attr_next(attributes, &a)) {
		if (a.type == type) {
			*ret = a.value;
			return true;
		}
	}
	return false;
}

/* False: it is too short to be one. */
static bool socket_read(struct reader *message, struct diag_socket *ret)
{
	struct inet_diag_msg socket;
	struct reader group;

	read_copy(message, &socket, sizeof(socket));
	if (message->failed)
		return false;
	*ret = (struct diag_socket){
		.cookie = socket.id.idiag_cookie[0] | (uint64_t)socket.id.idiag_cookie[1] << 32,
		.ino = socket.idiag_inode,
	};
	if (attribute_find(message, INET_DIAG_CGROUP_ID, &group)) {
		ret->group = read_u64_host(&group);
		ret->has_group = !group.failed;
	}
	return true;
}

/* A dump that failed says so at its end; an error of 0 is an acknowledgement. */
static int end_read(const struct nlmsghdr *m, struct reader *payload)
{
	int err = (int)read_u32_host(payload);

	if (payload->failed)
		return m->nlmsg_type == NLMSG_DONE ? DIAG_END : -EBADMSG;
	return err > 0 || err < -ERRNO_MAX ? -EBADMSG : err;
}

int diag_sockets_read(struct reader datagram, uint32_t seq, diag_socket_fn *each, void *arg)
{
	struct reader payload;
	struct nlmsghdr m;
	int err = 0;

	while (err == 0 && kernel_message_next(&datagram, &m, &payload)) {
		struct diag_socket socket;

		if (m.nlmsg_seq != seq)
			continue;
		if (m.nlmsg_type == NLMSG_DONE || m.nlmsg_type == NLMSG_ERROR)
			return end_read(&m, &payload);
		if (m.nlmsg_type == SOCK_DIAG_BY_FAMILY && socket_read(&payload, &socket))
			err = each(arg, &socket);
	}
	return err < 0 ? err : DIAG_MORE;
}

ino_t diag_unix_peer(struct reader datagram)
{
	struct reader payload, peer;
	struct nlmsghdr m;

	while (kernel_message_next(&datagram, &m, &payload)) {
		if (m.nlmsg_type != SOCK_DIAG_BY_FAMILY)
			continue;
		read_skip(&payload, sizeof(struct unix_diag_msg));
		return attribute_find(&payload, UNIX_DIAG_PEER, &peer) ? read_u32_host(&peer) : 0;
	}
	return 0;
}
