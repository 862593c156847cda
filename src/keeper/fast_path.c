/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path.c - see fast_path.h
 *
 * A session that once could use the fast path keeps its entries in the maps until it goes, marked closed while
 * something stands against it: so what the programs hand up is counted at all times, which is what opening it again
 * without overtaking rests on (fast_path_maps.h).
 */
#include "keeper/fast_path.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/fast_path_attach.h"
#include "keeper/fast_path_entry.h"
#include "keeper/fast_path_private.h"
#include "keeper/fast_path_route.h"
#include "keeper/records.h"
#include "keeper/server.h"

/* --- start and end ------------------------------------------------------------------------------------ */

/* The maps are those that will be used; the programs are let go again. */
static int try_programs(struct fast_path *f, struct extack *ea)
{
	const struct fast_constants constants = { .lanes = f->board.lanes };
	struct fast_programs *programs;
	int err = fast_programs_load(f->maps, f->board.sessions, &constants, &programs, ea);

	if (err == 0)
		fast_programs_free(programs);
	return err;
}

static int open_all(struct fast_path *f, uint32_t max_sessions, struct extack *ea)
{
	int err;

	for (int i = 0; i < FAST_MAPS; i++)
		f->maps[i] = -1;
	list_init(&f->netns);
	f->board.sessions = max_sessions;
	f->board.lanes = fast_board_lanes();
	f->sessions = calloc(max_sessions, sizeof(struct fast_session *));
	if (!f->sessions)
		return -ENOMEM;
	err = try_programs(f, ea);
	if (err == 0)
		err = fast_attach_probe(ea);
	return err < 0 ? err : fast_board_open(f);
}

int fast_path_open(enum fast_path_mode mode, uint32_t max_sessions, struct host_watches *host,
                   struct fast_path **ret, enum fast_reason *why, struct extack *ea)
{
	struct fast_path *f;
	int err;

	*ret = NULL;
	*why = FAST_OFF;
	if (mode == FAST_PATH_OFF)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->host = host;
	err = open_all(f, max_sessions, ea);
	if (err < 0) {
		fast_path_close(f);
		*why = FAST_UNSUPPORTED;
		return mode == FAST_PATH_REQUIRE ? err : 0;
	}
	*ret = f;
	*why = FAST_USED;
	return 0;
}

void fast_path_close(struct fast_path *f)
{
	if (!f)
		return;
	for (uint32_t i = 0; f->sessions && i < f->board.sessions; i++)
		free(f->sessions[i]);
	free(f->sessions);
	list_for_each_safe (node, &f->netns)
		fast_netns_free(f, list_entry(node, struct fast_netns, in_all));
	fast_board_close(&f->board);
	for (int i = 0; i < FAST_MAPS; i++)
		if (f->maps[i] >= 0)
			close(f->maps[i]);
	free(f);
}

const struct fast_board *fast_path_board(const struct fast_path *f)
{
	return f ? &f->board : NULL;
}

/* --- sessions ----------------------------------------------------------------------------------------- */

/* While in the namespace. */
static int session_attach(struct fast_path *f, struct fast_session *s)
{
	int err;

	if (s->attached)
		return 0;
	err = fast_netns_load(f, s->netns);
	if (err == 0)
		err = fast_attach(s->device, FAST_HOOK_EGRESS,
		                  fast_program_fd(s->netns->programs, FAST_EGRESS));
	if (err == 0)
		err = fast_attach(s->device, FAST_HOOK_INGRESS,
		                  fast_program_fd(s->netns->programs, FAST_ARRIVED));
	s->attached = err == 0;
	return err;
}

static enum fast_reason reason_of_route(int err)
{
	return err == -EOPNOTSUPP ? FAST_UNDERLAY_KIND : FAST_NO_ROUTE;
}

/* Where the device is now: it may have been moved away. */
static bool device_is_at_home(const struct device *d, ino_t here)
{
	AUTO_FD netns = d->about.fd >= 0 ? netns_of_device(d->about.fd) : -1;

	return netns >= 0 && netns_ino(netns) == here;
}

/* While in the namespace. Sets s->underlay. */
static enum fast_reason judge(struct server *server, struct fast_session *s,
                              const struct endpoint *e, uint32_t *mtu_bytes)
{
	const struct endpoint_params *p = &e->about.params;
	struct fast_underlay *underlay;
	struct fast_route route;
	int err;

	if (s->wish.reason != FAST_USED)
		return s->wish.reason;
	err = fast_route(&p->local, &s->wish.peer, p->mark, p->tos, &route);
	if (err < 0)
		return reason_of_route(err);
	if (session_attach(server->fast, s) < 0)
		return FAST_UNSUPPORTED;
	underlay = fast_underlay_use(s->netns, route.ifindex);
	if (!underlay)
		return FAST_UNSUPPORTED;
	fast_underlay_release(s->underlay);
	s->underlay = underlay;
	fast_netns_watch(server->fast, s->netns);
	*mtu_bytes = route.mtu_bytes;
	s->route = route;
	return FAST_USED;
}

/* What the host has configured says. At home. */
static enum fast_reason host_verdict(struct server *server, const struct fast_session *s,
                                     const struct endpoint_params *p)
{
	const struct outer_flow flow = { .local = p->local, .peer = s->wish.peer, .mark = p->mark };

	return host_watch_verdict(&server->host, s->netns->id, &flow, s->device,
	                          s->underlay->ifindex);
}

static void reason_set(struct server *server, const struct fast_session *s, enum fast_reason reason)
{
	atomic_store(&records_session(server->records, s->index)->fast_reason, reason);
}

/* Decide, and have the programs do as decided. */
static void decide(struct server *server, struct fast_session *s)
{
	const struct endpoint *e = slots_get(&server->endpoints, s->wish.endpoint);
	const struct device *d = slots_get(&server->devices, s->wish.device);
	enum fast_reason reason = FAST_UNSUPPORTED;
	AUTO_FD here = -1;
	uint32_t mtu_bytes = 0;
	ino_t ino;

	if (!e || e->about.fd < 0 || !d)
		return;
	if (server_enter_namespace_of(server, e->about.fd, e->about.netns, &ino, NULL) < 0)
		return;
	here = netns_of_socket(e->about.fd);
	if (here >= 0 && !device_is_at_home(d, netns_ino(here)))
		reason = FAST_DEVICE_NETNS;
	else
		reason = judge(server, s, e, &mtu_bytes);
	netns_go_home(&server->home);
	if (reason == FAST_USED)
		reason = host_verdict(server, s, &e->about.params);
	if (s->attached && fast_entry_write(server->fast, s, e, mtu_bytes, reason != FAST_USED) < 0)
		reason = FAST_UNSUPPORTED;
	reason_set(server, s, reason);
}

static bool wish_is_sound(const struct server *server, const struct fast_wish *w)
{
	const struct endpoint *e = slots_get(&server->endpoints, w->endpoint);
	const struct device *d = slots_get(&server->devices, w->device);

	if (!e || !d || e->managed || e->about.netns.cookie != d->about.netns.cookie)
		return false;
	return e->about.params.protocol == IPPROTO_UDP &&
	       fast_entry_is_sound(w, &e->about.params.local);
}

static struct fast_session *session_get(struct fast_path *f, uint32_t index, struct netns_id netns)
{
	struct fast_session *s = f->sessions[index];

	if (s)
		return s;
	if (fast_board_clear(f, index) < 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->index = index;
	s->netns = fast_netns_use(f, netns);
	if (!s->netns) {
		free(s);
		return NULL;
	}
	f->sessions[index] = s;
	return s;
}

int fast_path_session(struct server *server, uint32_t index, const struct fast_wish *wish)
{
	struct fast_path *f = server->fast;
	const struct endpoint *e = slots_get(&server->endpoints, wish->endpoint);
	const struct device *d = slots_get(&server->devices, wish->device);
	struct fast_session *s;

	if (!f || index >= f->board.sessions || wish->reason >= FAST_REASONS)
		return -EINVAL;
	if (!e || !d)
		return -ENOENT;
	if (wish->reason == FAST_USED && !wish_is_sound(server, wish))
		return -EINVAL;
	s = session_get(f, index, e->about.netns);
	if (!s)
		return -ENOMEM;
	s->wish = *wish;
	s->device = d->about.ifindex;
	fast_entry_place(f, s, &e->about.params.local);
	decide(server, s);
	return 0;
}

void fast_path_forget(struct server *server, uint32_t index)
{
	struct fast_path *f = server->fast;
	struct fast_session *s = f && index < f->board.sessions ? f->sessions[index] : NULL;

	if (!s)
		return;
	fast_entry_remove(f, s);
	fast_underlay_release(s->underlay);
	fast_netns_release(f, s->netns);
	f->sessions[index] = NULL;
	free(s);
}

static uint32_t sessions_used(const struct server *server)
{
	uint32_t used = server->records->sessions_used, max = server->fast->board.sessions;

	return used < max ? used : max;
}

/* If the host's configuration now stands against it. Looks up no route, which takes ten times as long. */
static void close_if_need_be(struct server *server, struct fast_session *s)
{
	const struct endpoint *e = slots_get(&server->endpoints, s->wish.endpoint);
	enum fast_reason reason;

	if (!e || e->about.fd < 0 || !s->attached || !s->underlay || s->wish.reason != FAST_USED)
		return;
	reason = host_verdict(server, s, &e->about.params);
	if (reason != FAST_USED && fast_entry_write(server->fast, s, e, 0, true) == 0)
		reason_set(server, s, reason);
}

/* First what must not go on, of all sessions; then everything else. */
void fast_path_verdict_changed(struct server *server, struct netns_id netns)
{
	static void (*const steps[])(struct server * server,
	                             struct fast_session * s) = { close_if_need_be, decide };
	struct fast_path *f = server->fast;

	if (!f || !fast_netns_find(f, netns))
		return;
	for (size_t step = 0; step < ARRAY_SIZE(steps); step++)
		for (uint32_t i = 0; i < sessions_used(server); i++)
			if (f->sessions[i] && f->sessions[i]->netns->id.cookie == netns.cookie)
				steps[step](server, f->sessions[i]);
}

void fast_path_drop(struct server *server, struct netns_id netns)
{
	struct fast_path *f = server->fast;

	if (!f || !fast_netns_find(f, netns))
		return;
	for (uint32_t i = 0; i < sessions_used(server); i++)
		if (f->sessions[i] && f->sessions[i]->netns->id.cookie == netns.cookie)
			fast_path_forget(server, i);
}
