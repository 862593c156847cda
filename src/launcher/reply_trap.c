/* SPDX-License-Identifier: BSD-2-Clause */
/* reply_trap.c - answers by way of NETLINK_USERSOCK, whose receiving calls are trapped
 *
 * The last resort, which needs nothing but a user's netlink protocol: answers come from a socket of ours, whose
 * port is not 0, and netlink_receive.c, which executes recvmsg() for the program, says that it is.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "launcher/reply_way.h"

static int trap_open(struct reply *r)
{
	r->sender = reply_sender_open(NETLINK_USERSOCK, &r->port);
	return r->sender < 0 ? r->sender : 0;
}

static ssize_t trap_send(struct reply *r, struct reply_target *target, const void *octets,
                         size_t len)
{
	struct iovec part = { (void *)octets, len };
	ssize_t n = reply_sender_send(r->sender, &part, 1, target->port);

	if (n == -ECONNREFUSED)
		return -EBADF;
	return n < 0 ? n : 0;
}

const struct reply_way_ops reply_trap = {
	.name = "trap",
	.protocol = NETLINK_USERSOCK,
	.open = trap_open,
	.send = trap_send,
	.longest = 32768,
};
