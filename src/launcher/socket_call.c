/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_call.c - see socket_call.h */
#include "launcher/socket_call.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/ppp-ioctl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "launcher/ip_socket.h"
#include "launcher/managed_socket.h"
#include "launcher/netlink_socket.h"
#include "launcher/ppp_file.h"
#include "launcher/pppox.h"
#include "launcher/route_socket.h"

typedef void operation(struct trap *t, struct object *o);

/* The operation of object_ops at @offset, on the stand-in that is the call's first argument. False: it is an
 * ordinary descriptor, and the call has not been answered. */
static bool serve(struct trap *t, size_t offset)
{
	struct object *o = trap_object(t, (int)trap_argument(t, 0));
	operation *fn;

	if (!o)
		return false;
	fn = *(operation *const *)((const char *)o->ops + offset);
	if (fn) {
		pthread_mutex_lock(&o->lock);
		fn(t, o);
		pthread_mutex_unlock(&o->lock);
	} else {
		trap_continue(t);
	}
	object_put(&t->launcher->objects, o);
	return true;
}

#define SERVE(t, member) serve(t, offsetof(struct object_ops, member))

void socket_call_socket(struct trap *t)
{
	switch ((int)trap_argument(t, 0)) {
	case AF_PPPOX:
		pppox_open(t);
		break;
	case AF_NETLINK:
		if ((int)trap_argument(t, 2) == NETLINK_ROUTE)
			route_socket_open(t);
		else
			netlink_socket_open(t);
		break;
	default:
		ip_socket_open(t);
	}
}

/* Of any descriptor, so that the kernel may say it itself. */
static bool has_too_many_parts(const struct trap *t)
{
	return t->notif.data.nr == SYS_readv && trap_argument(t, 2) > UIO_MAXIOV;
}

void socket_call_receive(struct trap *t)
{
	if (has_too_many_parts(t))
		trap_continue(t); /* EINVAL */
	else if (!SERVE(t, receive))
		route_socket_receive(t);
}

void socket_call_bind(struct trap *t)
{
	if (!SERVE(t, bind))
		trap_continue(t);
}

void socket_call_connect(struct trap *t)
{
	if (!SERVE(t, connect))
		managed_socket_connect(t);
}

void socket_call_getsockname(struct trap *t)
{
	if (!SERVE(t, getsockname))
		trap_continue(t);
}

void socket_call_getpeername(struct trap *t)
{
	if (!SERVE(t, getpeername))
		trap_continue(t);
}

void socket_call_setsockopt(struct trap *t)
{
	if (!SERVE(t, setsockopt))
		managed_socket_setsockopt(t);
}

void socket_call_getsockopt(struct trap *t)
{
	if (!SERVE(t, getsockopt))
		trap_continue(t);
}

void socket_call_ioctl(struct trap *t)
{
	switch ((unsigned int)trap_argument(t, 1)) {
	case SIOCGPPPSTATS:
	case SIOCGPPPVER:
	case SIOCGPPPCSTATS:
		ppp_file_interface_ioctl(t);
		break;
	case FIONBIO: /* of any file */
	case FIOASYNC:
	case FIOCLEX:
	case FIONCLEX:
		trap_continue(t);
		break;
	default:
		if (!SERVE(t, ioctl))
			trap_continue(t);
	}
}

void socket_call_listen(struct trap *t)
{
	if (!SERVE(t, listen))
		trap_continue(t);
}

/* PX-4 */
void socket_call_socketpair(struct trap *t)
{
	trap_fail(t, -EOPNOTSUPP);
}

void socket_call_shutdown(struct trap *t)
{
	if (!SERVE(t, shutdown))
		trap_continue(t);
}
