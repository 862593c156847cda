/* SPDX-License-Identifier: BSD-2-Clause */
/* refusal.c - see refusal.h */
#include "launcher/refusal.h"

#include <errno.h>
#include <linux/if_pppox.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define IPPROTO_L2TP_NUMBER 115

void refusal_io_uring(struct trap *t)
{
	launcher_say_once(
		t->launcher, ONCE_IO_URING,
		"process %d asked for io_uring, whose requests can not be seen: it is told that "
		"this kernel has none",
		trap_process(t));
	trap_fail(t, -ENOSYS);
}

void refusal_listener(struct trap *t)
{
	/* Without a program to install it is our own question whether there is a launcher around (run.c). */
	if (trap_argument(t, 2) == 0) {
		trap_fail(t, -EBUSY);
		return;
	}
	launcher_say_once(
		t->launcher, ONCE_LISTENER,
		"process %d asked for a seccomp listener of its own: Linux gives a process only "
		"one, and that is the launcher's",
		trap_process(t));
	trap_continue(t); /* the kernel says EBUSY, after what else it has to say */
}

/* What is sent on a PPPoL2TP socket needs no look at it. */
static void refuse_stand_in(struct trap *t, int fd, int err)
{
	struct object *o = trap_object(t, fd);
	const bool refuse = o && (!o->ops->ppp || o->ops->is_file);

	if (o)
		object_put(&t->launcher->objects, o);
	if (refuse)
		trap_fail(t, err);
	else
		trap_continue(t);
}

void refusal_sendfile(struct trap *t)
{
	refuse_stand_in(t, (int)trap_argument(t, 0), -EINVAL);
}

void refusal_splice(struct trap *t)
{
	refuse_stand_in(t, (int)trap_argument(t, 2), -EINVAL);
}

static void refuse_to_open(struct trap *t, int family)
{
	launcher_say_once(
		t->launcher, ONCE_FOREIGN,
		"process %d is a 32-bit program, which is not served: it gets no L2TP, and no "
		"generic netlink",
		trap_process(t));
	trap_fail(t, family == AF_PPPOX ? -EAFNOSUPPORT : -EPROTONOSUPPORT);
}

/* A 32-bit program may have got a stand-in from the one that started it. */
static void refuse_to_send(struct trap *t, int fd)
{
	struct object *o = trap_object(t, fd);

	if (!o) {
		trap_continue(t);
		return;
	}
	object_put(&t->launcher->objects, o);
	launcher_say_once(t->launcher, ONCE_FOREIGN,
	                  "process %d is a 32-bit program, which is not served: what it sends on "
	                  "descriptor %d is refused",
	                  trap_process(t), fd);
	trap_fail(t, -EOPNOTSUPP);
}

void refusal_foreign(struct trap *t, bool opens)
{
	if (opens)
		refuse_to_open(t, (int)trap_argument(t, 0));
	else
		refuse_to_send(t, (int)trap_argument(t, 0));
}

static bool is_ours(const uint32_t socket[3])
{
	switch (socket[0]) {
	case AF_NETLINK:
		return socket[2] == NETLINK_GENERIC;
	case AF_PPPOX:
		return socket[2] == PX_PROTO_OL2TP;
	case AF_INET:
	case AF_INET6:
		return socket[2] == IPPROTO_L2TP_NUMBER;
	default:
		return false;
	}
}

void refusal_socketcall(struct trap *t)
{
	uint32_t arguments[3];
	bool opens = trap_argument(t, 0) == SYS_SOCKET;

	if (trap_read(t, (uint32_t)trap_argument(t, 1), arguments, opens ? 12 : 4) < 0)
		trap_continue(t); /* EFAULT */
	else if (!opens)
		refuse_to_send(t, (int)arguments[0]);
	else if (is_ours(arguments))
		refuse_to_open(t, (int)arguments[0]);
	else
		trap_continue(t);
}
