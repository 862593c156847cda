/* SPDX-License-Identifier: BSD-2-Clause */
/* device.c - the interfaces of sessions
 *
 * A TAP, or the TUN of a PPP unit, is opened in the namespace of its client and so keeps it alive, as the sockets do; all of them are
 * given up when nobody else is in it (namespaces.h). One opened elsewhere and moved in would not, but moving
 * takes 30 ms where making takes less than one.
 */
#include "keeper/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "keeper/bequest.h"
#include "keeper/descriptors.h"
#include "keeper/link.h"
#include "keeper/route.h"
#include "keeper/tap.h"

/* Of /dev/net/tun. */
#define TUN_MAJOR 10
#define TUN_MINOR 200

#define DEFAULT_NAME "l2tpeth%d"

/* What a TAP takes. */
#define MTU_MIN 68
#define MTU_MAX 65521

/* Of a TUN or TAP it is the room for what we have not read yet, so a PPP unit has more than the kernel's 3. */
#define QUEUE_LEN 1000

static void device_free(struct device *d)
{
	if (!d)
		return;
	if (d->about.fd >= 0)
		close(d->about.fd);
	if (d->routes >= 0)
		close(d->routes);
	free(d);
}
DEFINE_AUTO(device)

/* SES-20: what the kernel takes for the name of a new device. */
static bool name_is_valid(const char *name)
{
	const char *percent = strchr(name, '%');

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return false;
	for (const char *c = name; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return false;
	return !percent || (percent[1] == 'd' && !strchr(percent + 1, '%'));
}

static int create_words(int err, const char *name, struct extack *ea)
{
	switch (err) {
	case -EEXIST:
		return extack_fail(ea, err, 0, "an interface named %s exists: give another name",
		                   name);
	case -ENFILE:
		return extack_fail(ea, err, 0, "no number is free for %s", name);
	case -ENODEV:
	case -EACCES:
		return extack_fail(ea, err, 0, "%s", tap_words(err));
	case -EMFILE:
		return extack_fail(ea, err, 0, "the keeper is out of descriptors");
	default:
		return extack_fail(ea, err, 0, "making interface %s: %s", name, strerror(-err));
	}
}

/* Open the TAP or TUN in the namespace we are in, and set it up. How long a frame may be that is not cut yet stays as the
 * system has it: what it has put together to be forwarded may be 64 KiB, and to an interface that takes less it would give each
 * packet by itself. */
static int device_make(struct device *d, const char *name, int link, bool naive)
{
	const struct link_change change = {
		.mtu_bytes = d->about.mtu_bytes,
		.queue_len = QUEUE_LEN,
		.up = d->about.shared, /* else there are no routes by it */
	};
	int err;

	d->about.fd =
		d->about.ppp ? tun_open_ppp(name, d->about.name) : tap_open(name, d->about.name);
	if (d->about.fd < 0)
		return d->about.fd;
	err = tap_offload(d->about.fd, naive, &d->about.offloads);
	if (err < 0)
		return err;
	d->about.ifindex = link_ifindex(link, d->about.name);
	if (d->about.ifindex < 0)
		return d->about.ifindex;
	return link_set(link, d->about.ifindex, &change);
}

static int device_make_here(const struct server *s, struct client *c, struct device *d,
                            const char *name, const struct request *wanted)
{
	uint32_t path_mtu = wanted->device.has_path ? kept_endpoint_path_mtu(s, c->about.netns,
	                                                                     &wanted->device.path)
	                                            : 0;
	uint32_t mtu_bytes = mtu_rule_apply(&wanted->device.mtu, path_mtu);
	int err;

	d->about.mtu_bytes = mtu_bytes < MTU_MIN   ? MTU_MIN
	                     : mtu_bytes > MTU_MAX ? MTU_MAX
	                                           : mtu_bytes;
	err = device_make(d, name, c->link, s->naive);
	if (err < 0 && d->about.fd >= 0)
		client_link_broken(c);
	if (err == 0 && d->about.shared)
		d->routes = TAKE_FD(c->link);
	return err;
}

static int device_make_for(struct server *s, struct client *c, struct device *d, const char *name,
                           const struct request *wanted)
{
	int err = client_enter(s, c);

	if (err < 0)
		return err;
	err = device_make_here(s, c, d, name, wanted);
	client_leave(s, c);
	if (err < 0 || c->netns < 0)
		return err;
	return namespaces_use(&s->namespaces, c->about.netns, c->netns_ino);
}

static int device_make_named(struct server *s, struct client *c, struct device *d, const char *name,
                             const struct request *wanted)
{
	char guess[IFNAMSIZ];
	int err = -EEXIST;

	/* One that was removed and is still going may have the name, or the number that is to be chosen (TUN-42). */
	if (strchr(name, '%'))
		reaper_wait_names(s->reaper);
	if (numbering_guess(&s->numbering, c->about.netns, name, monotonic_ms(), guess))
		err = device_make_for(s, c, d, guess, wanted);
	if (err == -EEXIST)
		err = device_make_for(s, c, d, name, wanted);
	if (err == -EEXIST) {
		/* Again even if there is nothing to wait for: it may have gone just after we were refused. */
		reaper_wait_names(s->reaper);
		err = device_make_for(s, c, d, name, wanted);
	}
	if (err >= 0)
		numbering_note(&s->numbering, c->about.netns, name, d->about.name, monotonic_ms());
	return err;
}

static struct device *device_new(const struct client *c, const struct request *wanted)
{
	struct device *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->about.netns = c->about.netns;
	d->about.ppp = wanted->device.ppp;
	d->about.shared = wanted->device.shared;
	d->about.worker = wanted->device.worker;
	d->about.fd = d->routes = -1;
	return d;
}

static void device_lend(const struct device *d, struct reply *reply, struct message_fds *fds)
{
	reply->device = d->about;
	fds->fd[0] = d->about.fd;
}

int kept_device_create(struct server *s, uint32_t client, const struct request *wanted,
                       struct reply *reply, struct message_fds *fds)
{
	struct client *c = slots_get(&s->clients, client);
	const char *name = wanted->device.name;
	AUTO(device) struct device *d = NULL;
	int err;

	if (!c)
		return -ENOENT;
	/* The engine has asked before; if strangers rule it, this is what holds. */
	if (!c->about.admin)
		return -EPERM;
	if (!memchr(name, '\0', sizeof(wanted->device.name)))
		return -EINVAL;
	if (!name[0])
		name = DEFAULT_NAME;
	if (!name_is_valid(name))
		return extack_fail(&reply->ea, -EINVAL, 0, "not a name for an interface");
	err = descriptors_check(&s->descriptors, &reply->ea);
	if (err < 0)
		return err;
	d = device_new(c, wanted);
	if (!d)
		return -ENOMEM;
	err = slots_add(&s->devices, d, &d->about.slot);
	if (err < 0)
		return extack_fail(&reply->ea, err, 0, "too many interfaces");
	err = device_make_named(s, c, d, name, wanted);
	if (err < 0) {
		slots_remove(&s->devices, d->about.slot);
		return create_words(err, name, &reply->ea);
	}
	device_lend(TAKE(d), reply, fds);
	return 0;
}

int kept_device_resume(struct server *s, uint32_t from, struct reply *reply,
                       struct message_fds *fds)
{
	const struct device *d;

	while ((d = slots_next(&s->devices, &from)) && d->about.fd < 0)
		from++;
	if (!d)
		return -ENOENT;
	device_lend(d, reply, fds);
	return 0;
}

void kept_device_drop(struct server *s, struct device *d)
{
	reaper_take(s->reaper, TAKE_FD(d->about.fd));
	if (d->routes >= 0)
		close(TAKE_FD(d->routes));
}

int kept_device_remove(struct server *s, uint32_t slot)
{
	struct device *d = slots_remove(&s->devices, slot);

	if (!d)
		return -ENOENT;
	namespaces_release(&s->namespaces, d->about.netns);
	numbering_forget(&s->numbering);
	kept_device_drop(s, d);
	device_free(d);
	return 0;
}

static const struct device *device_with_routes(const struct server *s, uint32_t slot,
                                               const struct prefix *prefix)
{
	const struct device *d = slots_get(&s->devices, slot);

	/* Whoever rules the engine does not get the default route by it. */
	if (!d || d->routes < 0 || !prefix->bits || prefix->bits > prefix_bits_max(prefix->family))
		return NULL;
	return d;
}

static int route_words(int err, const struct prefix *prefix, const char *name, struct extack *ea)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(prefix->family, prefix->octets, address, sizeof(address));
	if (err == -EEXIST)
		return extack_fail(ea, err, 0, "there is a route to %s/%u already", address,
		                   prefix->bits);
	if (err == -EACCES && prefix->family == AF_INET6)
		return extack_fail(ea, err, 0, "IPv6 is disabled on %s (disable_ipv6)", name);
	return extack_fail(ea, err, 0, "a route to %s/%u by %s: %s", address, prefix->bits, name,
	                   strerror(-err));
}

int kept_device_route_add(struct server *s, uint32_t slot, const struct prefix *prefix,
                          bool replace, struct reply *reply)
{
	const struct device *d = device_with_routes(s, slot, prefix);
	int err;

	if (!d)
		return extack_fail(&reply->ea, -ENOENT, 0, "no shared interface for this prefix");
	err = route_add(d->routes, d->about.ifindex, prefix, replace);
	return err < 0 ? route_words(err, prefix, d->about.name, &reply->ea) : 0;
}

int kept_device_route_remove(struct server *s, uint32_t slot, const struct prefix *prefix)
{
	const struct device *d = device_with_routes(s, slot, prefix);

	return d ? route_remove(d->routes, d->about.ifindex, prefix) : -ENOENT;
}

void kept_devices_leave(struct server *s, struct bequest *b)
{
	const struct device *d;

	slots_for_each(&s->devices, slot, d)
	{
		if (d->about.fd < 0)
			continue; /* the next engine is told that it has gone */
		leave_u32(b, slot);
		leave_u64(b, d->about.netns.cookie);
		leave_u64(b, namespaces_ino(&s->namespaces, d->about.netns));
		leave_fd(b, d->about.fd);
		leave_u32(b, d->about.ppp);
		leave_u32(b, d->about.shared);
		leave_u32(b, d->about.worker);
		leave_u32(b, (uint32_t)d->about.ifindex);
		leave_u32(b, d->about.mtu_bytes);
		leave_u32(b, d->about.offloads);
		leave_bytes(b, d->about.name, sizeof(d->about.name));
		leave_fd(b, d->routes);
		leave_u32(b, d->clsact);
	}
	leave_u32(b, BEQUEST_END);
}

static void device_inherit(struct inheritance *i, struct device *d, ino_t *ino)
{
	const struct socket_kind routes = { .family = AF_NETLINK };
	struct keeper_device *about = &d->about;

	about->netns.cookie = inherit_u64(i);
	*ino = inherit_u64(i);
	about->fd = inherit_file(i, S_IFCHR, makedev(TUN_MAJOR, TUN_MINOR));
	about->ppp = inherit_bool(i);
	about->shared = inherit_bool(i);
	about->worker = inherit_u32(i);
	about->ifindex = (int)inherit_u32(i);
	about->mtu_bytes = inherit_u32(i);
	about->offloads = inherit_u32(i);
	inherit_bytes(i, about->name, sizeof(about->name));
	d->routes = inherit_socket(i, &routes);
	d->clsact = inherit_bool(i);
	if (about->fd < 0 || about->ifindex <= 0 ||
	    !memchr(about->name, '\0', sizeof(about->name)) || about->shared != (d->routes >= 0))
		inherit_refuse(i);
}

int kept_devices_inherit(struct server *s, struct inheritance *i)
{
	uint32_t slot;

	while ((slot = inherit_u32(i)) != BEQUEST_END && !inherit_failed(i)) {
		AUTO(device) struct device *d = calloc(1, sizeof(*d));
		ino_t ino;
		int err;

		if (!d)
			return -ENOMEM;
		device_inherit(i, d, &ino);
		if (inherit_failed(i))
			return -EBADMSG;
		d->about.slot = slot;
		err = ino ? namespaces_use(&s->namespaces, d->about.netns, ino) : 0;
		if (err < 0)
			return err;
		err = slots_put(&s->devices, d, slot);
		if (err < 0) {
			namespaces_release(&s->namespaces, d->about.netns);
			return err;
		}
		TAKE(d);
	}
	return inherit_failed(i) ? -EBADMSG : 0;
}
