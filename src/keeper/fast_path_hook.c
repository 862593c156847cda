/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_hook.c - by which of its hooks a program is put on an interface
 *
 * By tcx (fast_path_attach.h) on all underlays, which are few, and on the interfaces of BARE_DEVICES sessions, so that
 * who has a few finds nothing of ours in the way when he makes a clsact. More would make their end take minutes, so the
 * others are born with a clsact (fast_path_clsact.h), for the filters they get when they are busy.
 */
#include "keeper/fast_path_private.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/card.h"
#include "keeper/fast_path_attach.h"
#include "keeper/fast_path_clsact.h"
#include "keeper/netns.h"
#include "keeper/server.h"
#include "keeper/tap.h"
#include "keeper/tcp_pacing.h"

#define BARE_DEVICES 8

/* Whether there is, by now at least, an rtnetlink socket of the namespace, by which filters are put on a clsact. */
static bool has_route(struct server *server, struct fast_session *s)
{
	ino_t here;

	if (s->netns->route < 0 && fast_enter(server, s, &here) == 0) {
		fast_netns_route(s->netns);
		netns_go_home(&server->home);
	}
	return s->netns->route >= 0;
}

/* A unit's interface outlives the session: the next session finds the clsact there. */
void fast_born(struct server *server, struct fast_session *s)
{
	struct device *d = slots_get(&server->devices, s->wish.device);
	struct fast_path *f = server->fast;

	s->born = true;
	s->clsact = d && d->clsact && has_route(server, s);
	if (s->clsact)
		return;
	if (f->bare < BARE_DEVICES) {
		s->bare = true;
		f->bare++;
		return;
	}
	if (has_route(server, s))
		s->clsact = clsact_make(s->netns->route, s->device) == 0;
	if (d)
		d->clsact = s->clsact;
}

static int device_by_tcx(const struct fast_session *s)
{
	const struct fast_programs *p = s->netns->programs;
	int err = fast_attach(s->device, FAST_HOOK_EGRESS, fast_program_fd(p, FAST_EGRESS));

	if (err < 0)
		return err;
	err = fast_attach(s->device, FAST_HOOK_INGRESS, fast_program_fd(p, FAST_ARRIVED));
	if (err < 0)
		fast_detach(s->device, FAST_HOOK_EGRESS, fast_program_fd(p, FAST_EGRESS));
	return err;
}

static int device_by_clsact(const struct fast_session *s)
{
	const struct fast_programs *p = s->netns->programs;
	int err = clsact_put(s->netns->route, s->device, FAST_HOOK_INGRESS,
	                     fast_program_fd(p, FAST_ARRIVED));

	if (err < 0)
		return err;
	err = clsact_put(s->netns->route, s->device, FAST_HOOK_EGRESS,
	                 fast_program_fd(p, FAST_EGRESS));
	if (err < 0)
		clsact_take(s->netns->route, s->device, FAST_HOOK_INGRESS);
	return err;
}

/* The filter itself is not looked for each time: whoever takes it off, the watch tells. */
static bool device_is_hooked(const struct fast_path *f, const struct fast_session *s)
{
	return s->way == FAST_TCX ||
	       (s->way == FAST_CLSACT && !host_watch_lost(f->host, s->netns->id, s->device));
}

enum fast_reason fast_hook_device(struct fast_path *f, struct fast_session *s)
{
	int err;

	if (device_is_hooked(f, s))
		return FAST_USED;
	err = fast_netns_load(f, s->netns);
	if (err == 0 && s->way == FAST_NOT_ATTACHED)
		err = fast_board_begin(f, s->index);
	if (err < 0)
		return FAST_UNSUPPORTED;
	if (s->clsact && device_by_clsact(s) == 0) {
		s->way = FAST_CLSACT;
		return FAST_USED;
	}
	/* The administrator may have removed the clsact. Making one stops the queues, so it is not made again while
	 * there is traffic. */
	s->clsact = false;
	if (device_by_tcx(s) < 0)
		return FAST_UNSUPPORTED;
	s->way = FAST_TCX;
	return FAST_USED;
}

void fast_unhooked_device(struct fast_path *f, struct fast_session *s)
{
	f->bare -= s->bare;
	s->bare = s->clsact = s->born = false;
	s->way = FAST_NOT_ATTACHED;
}

/* Enter the namespace the device is in now. That need not be the one of the session's socket, which may be closed,
 * too. Return: the ifindex there; -errno, still at home. */
static int device_enter(const struct server *server, const struct fast_session *s)
{
	const struct device *d = slots_get(&server->devices, s->wish.device);
	AUTO_FD netns = d && d->about.fd >= 0 ? netns_of_device(d->about.fd) : -ENODEV;
	char name[IF_NAMESIZE];
	int err = netns < 0 ? netns : tap_name(d->about.fd, name);
	unsigned int ifindex;

	if (err == 0 && server->home.may_enter)
		err = netns_go(netns);
	if (err < 0)
		return err;
	ifindex = if_nametoindex(name);
	if (ifindex)
		return (int)ifindex;
	netns_go_home(&server->home);
	return -ENODEV;
}

static void take_off_tcx(const struct server *server, const struct fast_session *s)
{
	const struct fast_programs *p = s->netns->programs;
	int ifindex = device_enter(server, s);

	if (ifindex < 0)
		return; /* it has gone */
	fast_detach(ifindex, FAST_HOOK_EGRESS, fast_program_fd(p, FAST_EGRESS));
	fast_detach(ifindex, FAST_HOOK_INGRESS, fast_program_fd(p, FAST_ARRIVED));
	netns_go_home(&server->home);
}

void fast_take_off(struct server *server, struct fast_session *s)
{
	if (s->way == FAST_TCX) {
		take_off_tcx(server, s);
	} else if (s->way == FAST_CLSACT) { /* which an interface that is moved loses */
		clsact_take(s->netns->route, s->device, FAST_HOOK_INGRESS);
		clsact_take(s->netns->route, s->device, FAST_HOOK_EGRESS);
	}
	if (s->way != FAST_NOT_ATTACHED)
		s->way = FAST_TAKEN_OFF;
}

void fast_unhook_device(struct server *server, struct fast_session *s)
{
	fast_take_off(server, s);
	fast_unhooked_device(server->fast, s);
}

static const char *words_of_xdp(int err)
{
	switch (err) {
	case -EBADMSG:
		return "its card verifies checksums, and would be believed of the inner packets; ethtool -K rx off";
	case -EBUSY:
		return "another XDP program is there";
	case -EOPNOTSUPP:
		return "its driver has no XDP";
	case -ERANGE:
	case -EINVAL:
		return "its driver refuses: its MTU may be too large for XDP";
	default:
		return strerror(-err);
	}
}

/* Without it all goes on as if it had not been asked for. It is not tried again, since drivers may reset for it; except if
 * the card could not be asked. */
static void hook_xdp(struct fast_underlay *u)
{
	char name[IF_NAMESIZE];
	int vouches;

	if (u->xdp >= 0 || u->xdp_refused || !if_indextoname((unsigned int)u->ifindex, name))
		return;
	vouches = card_vouches(fast_netns_route(u->netns), name);
	if (vouches < 0)
		return;
	u->xdp = vouches ? -EBADMSG
	                 : fast_link_xdp(u->ifindex, fast_program_fd(u->netns->programs, FAST_XDP));
	u->xdp_refused = u->xdp < 0;
	if (!u->xdp_refused)
		return;
	log_event(LOG_WARNING, "fast-path-xdp", "interface=%s refused=\"%s\"", name,
	          words_of_xdp(u->xdp));
	u->xdp = -1;
}

/* Without checksums by the card UDP_SEGMENT does not work before Linux 6.11, and user space sends packet by packet. */
static bool can_batch(int socket, const char *interface)
{
	return card_has_feature(socket, interface, "tx-checksum-ip-generic") ||
	       (card_has_feature(socket, interface, "tx-checksum-ipv4") &&
	        card_has_feature(socket, interface, "tx-checksum-ipv6"));
}

static void look_around(struct fast_underlay *u)
{
	int socket = fast_netns_route(u->netns);
	char name[IF_NAMESIZE];

	if (u->looked || socket < 0 || !if_indextoname((unsigned int)u->ifindex, name))
		return;
	u->looked = true;
	u->cuts = card_has_feature(socket, name, "tx-udp_tnl-segmentation");
	u->batches = can_batch(socket, name);
	u->paced = tcp_is_paced();
}

enum fast_reason fast_hook_underlay(struct fast_path *f, struct fast_underlay *u)
{
	if (fast_netns_load(f, u->netns) < 0)
		return FAST_UNSUPPORTED;
	if (u->link < 0)
		u->link = fast_link(u->ifindex, FAST_HOOK_INGRESS,
		                    fast_program_fd(u->netns->programs, FAST_INGRESS));
	if (u->link < 0)
		return FAST_UNSUPPORTED;
	if (f->xdp)
		hook_xdp(u);
	look_around(u);
	return FAST_USED;
}
