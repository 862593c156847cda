/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_decide.c - whether a session takes the fast path now, by what the engine says of it, the host's
 * configuration and the routes
 *
 * Nothing is attached to a session's interface before all else is in its favour.
 */
#include <errno.h>
#include <net/if.h>
#include <stdatomic.h>

#include "base/cleanup.h"
#include "keeper/fast_path_entry.h"
#include "keeper/fast_path_flow.h"
#include "keeper/fast_path_private.h"
#include "keeper/records.h"
#include "keeper/reverse_path.h"
#include "keeper/server.h"
#include "keeper/tap.h"

static enum fast_reason reason_of_route(int err)
{
	return err == -EOPNOTSUPP ? FAST_UNDERLAY_KIND : FAST_NO_ROUTE;
}

/* The device's ifindex in the namespace we are in, @here. It may have been moved away: 0; or have come back with
 * another number. */
static int number_at_home(const struct device *d, ino_t here)
{
	AUTO_FD netns = d->about.fd >= 0 ? netns_of_device(d->about.fd) : -1;
	char name[IF_NAMESIZE];

	if (netns < 0 || netns_ino(netns) != here || tap_name(d->about.fd, name) < 0)
		return 0;
	return (int)if_nametoindex(name);
}

static int underlay_choose(struct fast_path *f, struct fast_session *s, int ifindex)
{
	struct fast_underlay *underlay;

	if (s->underlay && s->underlay->ifindex == ifindex)
		return 0;
	underlay = fast_underlay_use(s->netns, ifindex);
	if (!underlay)
		return -ENOMEM;
	fast_underlay_release(s->underlay);
	s->underlay = underlay;
	return 0;
}

/* The interface a socket is bound to, whatever it is called now. 0: none; -errno. */
static int device_of_socket(const struct keeper_endpoint *about)
{
	int ifindex = 0;
	socklen_t len = sizeof(ifindex);

	if (!about->params.device[0])
		return 0;
	if (getsockopt(about->fd, SOL_SOCKET, SO_BINDTOIFINDEX, &ifindex, &len) < 0)
		return -errno;
	return ifindex;
}

/* With rp_filter 1 the system drops a packet if its route back to the sender leads through another interface. Where a
 * socket is bound to an interface, its packets may leave by one and the route back lead to another. */
static bool comes_against_routes(struct fast_session *s, const struct endpoint_params *p,
                                 int underlay)
{
	struct fast_route route;

	if (s->wish.peer.any.sa_family != AF_INET)
		return false;
	if (fast_flow(&s->back, p, 0, &s->wish.peer, &route) == 0 && route.ifindex == underlay)
		return false;
	return reverse_path_filters(underlay);
}

/* Sets s->underlay. */
static enum fast_reason judge(struct server *server, struct fast_session *s,
                              const struct endpoint *e, uint32_t *mtu_bytes)
{
	const struct endpoint_params *p = &e->about.params;
	struct outer_flow flow = { .local = p->local, .peer = s->wish.peer, .mark = p->mark };
	struct fast_path *f = server->fast;
	struct fast_route route;
	enum fast_reason reason;
	int device, err;

	if (s->wish.reason != FAST_USED)
		return s->wish.reason;
	if (!fast_socket_allows(s, e))
		return FAST_MANAGED;
	fast_netns_watch(f, s->netns);
	device = device_of_socket(&e->about);
	if (device < 0)
		return FAST_NO_ROUTE;
	if (fast_socket_cgroup(f->host, e, device, &flow.cgroup) < 0)
		return FAST_UNWATCHABLE;
	err = fast_flow(&s->there, p, device, &s->wish.peer, &route);
	if (err < 0)
		return reason_of_route(err);
	if (underlay_choose(f, s, route.ifindex) < 0)
		return FAST_UNSUPPORTED;
	*mtu_bytes = route.mtu_bytes;
	s->route = route;
	/* Loaded before the verdict: programs the watch does not know as ours would count as somebody else's. */
	if (fast_netns_load(f, s->netns) < 0)
		return FAST_UNSUPPORTED;
	reason = host_watch_verdict_here(&server->host, s->netns->id, &flow, s->device,
	                                 route.ifindex);
	if (reason == FAST_USED && device && device != route.ifindex)
		reason = FAST_NO_ROUTE;
	if (reason == FAST_USED && device && comes_against_routes(s, p, device))
		reason = FAST_REVERSE_PATH;
	if (reason == FAST_USED)
		reason = fast_hook_underlay(f, s->underlay);
	return reason == FAST_USED ? fast_hook_device(f, s) : reason;
}

/* The program's socket is not connected, or closed. */
static void shut_without_socket(struct server *server, struct fast_session *s)
{
	fast_shut(server, s, s->wish.reason ? s->wish.reason : FAST_MANAGED);
}

static enum fast_reason used(const struct fast_path *f, const struct fast_session *s,
                             const struct endpoint *e)
{
	static const enum fast_reason reasons[] = {
		[FAST_NO_STREAMS] = FAST_USED_NO_STREAMS,
		[FAST_FORWARDED] = FAST_USED_NO_OWN_STREAMS,
		[FAST_ALL_STREAMS] = FAST_USED,
	};

	return reasons[fast_entry_streams(f, s, e)];
}

bool fast_decide_here(struct server *server, struct fast_session *s, ino_t here, int *number)
{
	const struct endpoint *e = slots_get(&server->endpoints, s->wish.endpoint);
	const struct device *d = slots_get(&server->devices, s->wish.device);
	enum fast_reason reason;
	uint32_t mtu_bytes = 0;

	*number = 0;
	if (!d)
		fast_reason_set(server, s, s->wish.reason);
	else if (!e || e->about.fd < 0)
		shut_without_socket(server, s);
	if (!e || e->about.fd < 0 || !d)
		return false;
	if (here)
		*number = number_at_home(d, here);
	if (here && *number != s->device)
		reason = FAST_DEVICE_NETNS;
	else
		reason = judge(server, s, e, &mtu_bytes);
	if (s->way != FAST_NOT_ATTACHED &&
	    fast_entry_write(server->fast, s, e, mtu_bytes, reason != FAST_USED) < 0)
		reason = FAST_UNSUPPORTED;
	fast_reason_set(server, s, reason == FAST_USED ? used(server->fast, s, e) : reason);
	return reason == FAST_DEVICE_NETNS;
}

void fast_decide(struct server *server, struct fast_session *s)
{
	int number;
	bool away;
	ino_t here;

	/* It waits no longer, in whichever list: a doubt that arises from now on is a new one. */
	list_remove(&s->in_queue);
	if (fast_enter(server, s, &here) < 0) {
		shut_without_socket(server, s);
		return;
	}
	away = fast_decide_here(server, s, here, &number);
	netns_go_home(&server->home);
	if (!away)
		return;
	/* The programs attached to the device went along with it. They know a device by its ifindex, which where it is
	 * now may be that of another session's device. */
	fast_take_off(server, s);
	if (number)
		fast_renumbered(server, s, number);
}

/* Its interface is in another namespace. What has arrived here may be that interface, whatever its number. */
static bool is_away(struct server *server, const struct fast_session *s)
{
	return atomic_load(&server->session_records[s->index].fast_reason) == FAST_DEVICE_NETNS;
}

static bool concerns(struct server *server, const struct host_news *news,
                     const struct fast_session *s)
{
	for (uint32_t i = 0; i < news->count; i++)
		if (news->devices[i] == s->device)
			return true;
	return news->all || (news->arrived && is_away(server, s));
}

void fast_path_verdict_changed(struct server *server, struct netns_id netns,
                               const struct host_news *news)
{
	struct fast_netns *n = server->fast ? fast_netns_find(server->fast, netns) : NULL;

	if (!n)
		return;
	if (news->all) {
		fast_flows_forget(n);
		fast_underlays_changed(n);
	} else if (news->routes) {
		fast_flows_changed(n);
	}
	list_for_each (node, &n->busy) {
		struct fast_session *s = list_entry(node, struct fast_session, in_kind);

		if (concerns(server, news, s))
			fast_busy_again(server->fast, s);
	}
}
