/* SPDX-License-Identifier: BSD-2-Clause */
/* pppox.c - see pppox.h
 *
 * The stand-in is a Unix datagram socket that is not connected: sending says ENOTCONN, receiving waits, poll
 * finds it writable, as with the kernel's (PX-41 to PX-43), and none of that is trapped. It has a name, by
 * which we see that it is still there: connecting to the name of a closed one is refused.
 *
 * Source: sections 5.1 to 5.5 of doc/kernel-behaviour.md.
 */
#include "launcher/pppox.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "launcher/estate.h"
#include "launcher/netns_socket.h"

#define SOL_PPPOL2TP_NUMBER 273

struct pppox {
	struct object object;
	struct launcher *launcher;
	int watcher; /* a socket in the namespace of the stand-in's name */
	struct sockaddr_un name;
	socklen_t name_len;
	uint32_t estate;
};

/* What the next supervisor must know. */
struct pppox_state {
	struct sockaddr_un name;
	socklen_t name_len;
};
static_assert(sizeof(struct pppox_state) <= ESTATE_STATE, "a thing has room for it");

/* What is read of an address: as much as the checks need. */
struct address {
	uint32_t protocol, tunnel;
};

static void address_read(const uint8_t *octets, size_t len, struct address *ret)
{
	struct reader r = reader_over(octets, len);
	bool v3 = len == sizeof(struct sockaddr_pppol2tpv3) ||
	          len == sizeof(struct sockaddr_pppol2tpv3in6);
	bool inet6 = len == sizeof(struct sockaddr_pppol2tpin6) ||
	             len == sizeof(struct sockaddr_pppol2tpv3in6);
	uint16_t tunnel16 = 0;

	read_skip(&r, 2);
	read_copy(&r, &ret->protocol, sizeof(ret->protocol));
	read_skip(&r, inet6 ? 8 : 24); /* pid, fd; for IPv4 the address stands before the ids */
	if (v3) {
		read_copy(&r, &ret->tunnel, sizeof(ret->tunnel));
	} else {
		read_copy(&r, &tunnel16, sizeof(tunnel16));
		ret->tunnel = tunnel16;
	}
}

static void pppox_connect(struct trap *t, struct object *o)
{
	uint8_t octets[sizeof(struct sockaddr_pppol2tpv3in6)];
	uint64_t len = trap_argument(t, 2);
	struct address address = { 0 };
	int err;

	switch ((int)len) {
	case sizeof(struct sockaddr_pppol2tp):
	case sizeof(struct sockaddr_pppol2tpin6):
	case sizeof(struct sockaddr_pppol2tpv3):
	case sizeof(struct sockaddr_pppol2tpv3in6):
		break;
	default:
		trap_fail(t, -EINVAL);
		return;
	}
	err = trap_read(t, trap_argument(t, 1), octets, (size_t)len);
	if (err < 0) {
		trap_fail(t, err);
		return;
	}
	address_read(octets, (size_t)len, &address);
	if (address.protocol != PX_PROTO_OL2TP || address.tunnel == 0) {
		trap_fail(t, -EINVAL);
		return;
	}
	launcher_say_once(
		t->launcher, ONCE_PPPOX,
		"process %d connects a PPPoL2TP socket: this release of ul2tp has no PPP sessions",
		trap_process(t));
	trap_fail(t, -EOPNOTSUPP);
}

static void pppox_no_name(struct trap *t, struct object *o)
{
	trap_fail(t, -ENOTCONN);
}

static void pppox_bind(struct trap *t, struct object *o)
{
	trap_fail(t, -EOPNOTSUPP);
}

static void pppox_setsockopt(struct trap *t, struct object *o)
{
	int level = (int)trap_argument(t, 1), value;
	int err;

	if (level == SOL_SOCKET) {
		trap_continue(t);
	} else if (level != SOL_PPPOL2TP_NUMBER || (int)trap_argument(t, 4) < (int)sizeof(value)) {
		trap_fail(t, -EINVAL);
	} else {
		err = trap_read(t, trap_argument(t, 3), &value, sizeof(value));
		trap_fail(t, err < 0 ? err : -ENOTCONN);
	}
}

static void socket_level_get(struct trap *t)
{
	int value;

	switch ((int)trap_argument(t, 2)) {
	case SO_TYPE:
		value = SOCK_STREAM;
		break;
	case SO_PROTOCOL:
		value = PX_PROTO_OL2TP;
		break;
	case SO_DOMAIN:
		value = AF_PPPOX;
		break;
	default:
		trap_continue(t);
		return;
	}
	trap_result(t, trap_write_option(t, trap_argument(t, 3), trap_argument(t, 4), value));
}

static void pppox_getsockopt(struct trap *t, struct object *o)
{
	int level = (int)trap_argument(t, 1), len, err;

	if (level == SOL_SOCKET) {
		socket_level_get(t);
		return;
	}
	if (level != SOL_PPPOL2TP_NUMBER) {
		trap_fail(t, -EINVAL);
		return;
	}
	err = trap_read(t, trap_argument(t, 4), &len, sizeof(len));
	if (err == 0)
		err = len < 0 ? -EINVAL : -ENOTCONN;
	trap_fail(t, err);
}

static void pppox_ioctl(struct trap *t, struct object *o)
{
	switch ((unsigned int)trap_argument(t, 1)) {
	case PPPIOCGCHAN:
	case PPPIOCGMRU:
	case PPPIOCGFLAGS:
	case PPPIOCSMRU:
	case PPPIOCSFLAGS:
	case PPPIOCGL2TPSTATS:
		trap_fail(t, -ENOTCONN);
		break;
	default:
		trap_fail(t, -ENOTTY);
	}
}

static bool pppox_is_gone(struct object *o)
{
	struct pppox *p = (struct pppox *)o;

	return connect(p->watcher, (struct sockaddr *)&p->name, p->name_len) < 0 &&
	       errno == ECONNREFUSED;
}

static void pppox_free(struct object *o)
{
	struct pppox *p = (struct pppox *)o;

	estate_drop(p->launcher, p->estate);
	if (p->watcher >= 0)
		close(p->watcher);
	free(p);
}

static const struct object_ops pppox_ops = {
	.name = "PPPoL2TP",
	.bind = pppox_bind,
	.connect = pppox_connect,
	.getsockname = pppox_no_name,
	.getpeername = pppox_no_name,
	.setsockopt = pppox_setsockopt,
	.getsockopt = pppox_getsockopt,
	.ioctl = pppox_ioctl,
	.is_gone = pppox_is_gone,
	.free = pppox_free,
};

/* The stand-in with a name, and another socket beside it. The first one's descriptor, or -errno. */
static int open_pair(struct pppox *p, int type)
{
	struct launcher *l = p->launcher;
	int netns = l->private_netns >= 0 ? l->private_netns : l->home_netns;
	AUTO_FD fd = netns_socket(l, netns, AF_UNIX, SOCK_DGRAM | (type & SOCK_NONBLOCK), 0);

	p->watcher = netns_socket(l, netns, AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return fd;
	if (p->watcher < 0)
		return p->watcher;
	p->name.sun_family = AF_UNIX;
	p->name_len = sizeof(p->name);
	/* A name of the kernel's choice. */
	if (bind(fd, (struct sockaddr *)&p->name, sizeof(sa_family_t)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&p->name, &p->name_len) < 0)
		return -errno;
	return TAKE_FD(fd);
}

void pppox_open(struct trap *t)
{
	struct pppox *p = calloc(1, sizeof(*p));
	int type = (int)trap_argument(t, 1);
	struct pppox_state state;
	AUTO_FD fd = -1;
	int err;

	if (!p) {
		trap_fail(t, -ENOMEM);
		return;
	}
	p->launcher = t->launcher;
	fd = open_pair(p, type);
	err = fd < 0 ? fd : object_init(&p->object, &pppox_ops, fd);
	if (err < 0) {
		p->estate = ESTATE_NONE;
		pppox_free(&p->object);
		trap_fail(t, err);
		return;
	}
	state = (struct pppox_state){ .name = p->name, .name_len = p->name_len };
	p->estate = estate_put(p->launcher, ESTATE_PPPOX, &p->object, &state, sizeof(state),
	                       &p->watcher, 1);
	object_add(&p->launcher->objects, &p->object);
	trap_give(t, fd, GIVE_LOWEST, type & SOCK_CLOEXEC);
}

int pppox_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing)
{
	struct pppox *p = calloc(1, sizeof(*p));
	struct pppox_state state;

	if (!p)
		return -ENOMEM;
	memcpy(&state, thing->state, sizeof(state));
	p->launcher = l;
	p->name = state.name;
	p->name_len = state.name_len;
	p->watcher = thing->fds[0];
	p->estate = index;
	object_restore(&p->object, &pppox_ops, thing->ino, thing->dev);
	object_add(&l->objects, &p->object);
	return 0;
}
