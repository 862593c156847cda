/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path.c - see fast_path.h
 *
 * A session that once could use the fast path keeps its entries in the maps until it goes, marked closed while
 * something stands against it: so what the programs hand up is counted at all times, which is what opening it again
 * without overtaking rests on (fast_path_maps.h).
 */
#include "keeper/fast_path.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/fast_path_attach.h"
#include "keeper/fast_path_entry.h"
#include "keeper/fast_path_flow.h"
#include "keeper/fast_path_private.h"
#include "keeper/server.h"

/* --- start and end ------------------------------------------------------------------------------------ */

/* The maps are those that will be used; the programs are let go again. */
static int try_these_programs(struct fast_path *f, bool sums, struct extack *ea)
{
	const struct fast_constants constants = fast_board_constants(f, 0);
	struct fast_programs *programs;
	int err = fast_programs_load(f->maps, f->board.sessions, &constants, sums, &programs, ea);

	if (err == 0)
		fast_programs_free(programs);
	return err;
}

/* Best those that know checksums. */
static int try_programs(struct fast_path *f, struct extack *ea)
{
	f->board.sums = try_these_programs(f, true, NULL) == 0;
	if (f->board.sums)
		return 0;
	log_event(LOG_NOTICE, "fast-path-checksums",
	          "off=\"tunnels with UDP checksums do not take it: that needs the kernel's BTF\"");
	return try_these_programs(f, false, ea);
}

static int open_all(struct fast_path *f, uint32_t max_sessions, struct extack *ea)
{
	int err;

	for (int i = 0; i < FAST_MAPS; i++)
		f->maps[i] = -1;
	list_init(&f->netns);
	list_init(&f->idle);
	list_init(&f->queue);
	list_init(&f->doubted);
	f->board.sessions = max_sessions;
	f->board.lanes = fast_board_lanes();
	f->sessions = calloc(max_sessions, sizeof(struct fast_session *));
	if (!f->sessions)
		return -ENOMEM;
	err = fast_clock_check(ea);
	if (err == 0)
		err = try_programs(f, ea);
	if (err == 0)
		err = fast_attach_probe(ea);
	if (err == 0)
		err = host_watches_can(f->host, ea);
	return err < 0 ? err : fast_board_open(f);
}

static void session_free(struct fast_session *s)
{
	if (!s)
		return;
	fast_flow_leave(&s->there);
	fast_flow_leave(&s->back);
	list_remove(&s->in_socket);
	free(s);
}

int fast_path_open(const struct keeper_options *options, struct host_watches *host,
                   struct fast_path **ret, enum fast_reason *why, struct extack *ea)
{
	struct fast_path *f;
	int err;

	*ret = NULL;
	*why = FAST_OFF;
	if (options->fast_path == FAST_PATH_OFF)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->host = host;
	f->xdp = options->fast_path_xdp;
	f->streams = options->fast_path_streams;
	err = open_all(f, options->max_sessions, ea);
	if (err < 0) {
		fast_path_close(f);
		*why = FAST_UNSUPPORTED;
		return options->fast_path == FAST_PATH_REQUIRE ? err : 0;
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
		session_free(f->sessions[i]);
	free(f->sessions);
	free(f->inherited);
	list_for_each_safe (node, &f->netns)
		fast_netns_free(f, list_entry(node, struct fast_netns, in_all));
	fast_board_close(f);
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

static bool wish_is_sound(const struct server *server, const struct fast_wish *w)
{
	const struct endpoint *e = slots_get(&server->endpoints, w->endpoint);
	const struct device *d = slots_get(&server->devices, w->device);

	if (!e || !d || e->about.netns.cookie != d->about.netns.cookie ||
	    d->about.ppp != (w->ppp != 0) || d->about.shared)
		return false;
	return e->about.params.protocol == IPPROTO_UDP &&
	       fast_entry_is_sound(w, &e->about.params.local);
}

/* Once: of what follows with the same number it is not. */
static bool was_inherited(const struct fast_path *f, uint32_t index)
{
	bool was = f->inherited && f->inherited[index];

	if (was)
		f->inherited[index] = false;
	return was;
}

static struct fast_session *session_get(struct fast_path *f, uint32_t index, struct netns_id netns)
{
	struct fast_session *s = f->sessions[index];

	if (s)
		return s;
	if ((was_inherited(f, index) ? fast_board_stop(f, index) : fast_board_clear(f, index)) < 0)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->index = index;
	list_init(&s->in_kind);
	list_init(&s->in_queue);
	list_init(&s->in_socket);
	fast_use_init(&s->there, s);
	fast_use_init(&s->back, s);
	s->netns = fast_netns_use(f, netns);
	if (!s->netns) {
		free(s);
		return NULL;
	}
	f->sessions[index] = s;
	if (index >= f->sessions_used)
		f->sessions_used = index + 1;
	return s;
}

int fast_path_session(struct server *server, uint32_t index, const struct fast_wish *wish)
{
	struct fast_path *f = server->fast;
	const struct endpoint *e = slots_get(&server->endpoints, wish->endpoint);
	const struct device *d = slots_get(&server->devices, wish->device);
	struct fast_session *s;

	if (!f || index >= f->board.sessions || wish->reason >= FAST_REASONS ||
	    wish->tx_header_len > FAST_HEADER_MAX || wish->rx_header_len > FAST_HEADER_MAX)
		return -EINVAL;
	if (!e || (!d && (wish->reason == FAST_USED || !wish->ppp)))
		return -ENOENT;
	if (wish->reason == FAST_USED && !wish_is_sound(server, wish))
		return -EINVAL;
	s = session_get(f, index, e->about.netns);
	if (!s)
		return -ENOMEM;
	fast_device_follow(server, s, d);
	s->wish = *wish;
	fast_socket_join(s, e);
	if (wish->reason == FAST_USED && !s->born)
		fast_born(server, s);
	fast_entry_place(f, s, &e->about.params.local);
	fast_busy_consider(server, s);
	return 0;
}

void fast_path_forget(struct server *server, uint32_t index)
{
	struct fast_path *f = server->fast;
	struct fast_session *s = f && index < f->board.sessions ? f->sessions[index] : NULL;
	struct fast_netns *n;

	if (f && index < f->board.sessions)
		was_inherited(f, index);
	if (!s)
		return;
	n = s->netns;
	if (s->wish.ppp)
		fast_device_leave(server, s);
	fast_entry_remove(f, s);
	fast_busy_forget(s);
	fast_unhooked_device(f, s);
	fast_underlay_release(s->underlay);
	f->sessions[index] = NULL;
	session_free(s);
	fast_netns_release(f, n);
}

void fast_path_drop(struct server *server, struct netns_id netns)
{
	struct fast_path *f = server->fast;

	if (!f || !fast_netns_find(f, netns))
		return;
	for (uint32_t i = 0; i < f->sessions_used; i++)
		if (f->sessions[i] && f->sessions[i]->netns->id.cookie == netns.cookie)
			fast_path_forget(server, i);
}
