/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch.c - see host_watch.h
 *
 * One picture (host_picture.h) a namespace, all of whose sockets are in one epoll.
 */
#include "keeper/host_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "keeper/host_picture.h"

#define EVENTS_MAX 32

struct host_watch;

/* What an epoll event leads to. */
struct watch_part {
	struct host_watch *watch;
	enum picture_part part;
};

struct host_watch {
	struct list in_all;
	struct netns_id netns;
	uint32_t users;
	struct watch_part parts[PICTURE_PARTS];
	struct host_picture picture;
	bool dropped; /* the picture is closed */
};

static void watch_close(struct host_watch *w)
{
	host_picture_close(&w->picture);
	w->dropped = true;
}

static bool is_unwatchable(const struct host_watch *w)
{
	return w->dropped || host_picture_is_lacking(&w->picture);
}

static void host_watch_free(struct host_watch *w)
{
	if (!w)
		return;
	list_remove(&w->in_all);
	if (!w->dropped)
		watch_close(w);
	free(w);
}
DEFINE_AUTO(host_watch)

void host_watches_open(struct host_watches *w, const struct netns_home *home)
{
	*w = (struct host_watches){ .home = home,
		                    .epoll = epoll_create1(EPOLL_CLOEXEC),
		                    .look_ms = UINT64_MAX };
	list_init(&w->all);
	host_cgroups_open(&w->cgroups);
}

void host_watches_close(struct host_watches *w)
{
	list_for_each_safe (node, &w->all)
		host_watch_free(list_entry(node, struct host_watch, in_all));
	own_programs_release(&w->own);
	host_cgroups_close(&w->cgroups);
	host_hooks_close(&w->hooks);
	if (w->epoll >= 0)
		close(w->epoll);
	w->epoll = -1;
}

void host_watches_blind(struct host_watches *w, const char *what, int err)
{
	if (!w->blind)
		log_event(LOG_WARNING, "fast-path-blind", "what=\"%s\" error=\"%s\"", what,
		          strerror(-err));
	w->blind = true;
}

/* Return: whether it is otherwise than it was. */
static bool look_beyond(struct host_watches *w, uint64_t now)
{
	bool cgroups = host_cgroups_look(&w->cgroups), hooks = host_hooks_look(&w->hooks);

	w->beyond_ms = now + HOST_WATCH_LOOK_MS;
	if (w->hooks.err)
		host_watches_blind(w, "BPF links", w->hooks.err);
	else if (w->cgroups.err)
		host_watches_blind(w, "ul2tpd's own control group", w->cgroups.err);
	return cgroups || hooks;
}

/* Asked of this namespace, and true of all: what its kernel lacks, no namespace has. */
static int can_here(struct host_watches *w, struct extack *ea)
{
	struct host_picture picture;
	const char *what;
	int err = 0;

	host_picture_open(&picture, &w->own, &w->hooks);
	what = host_picture_lacks(&picture, &err);
	host_picture_close(&picture);
	if (!what)
		return 0;
	return extack_fail(ea, err, 0, "the fast path has to see %s, which it can not here: %s",
	                   what, strerror(-err));
}

int host_watches_can(struct host_watches *w, struct extack *ea)
{
	host_cgroups_look(&w->cgroups);
	host_hooks_look(&w->hooks);
	if (w->hooks.err)
		return extack_fail(
			ea, w->hooks.err, 0,
			"the fast path needs CAP_SYS_ADMIN in the initial user namespace, to see the BPF programs on netfilter");
	if (w->cgroups.err)
		return extack_fail(
			ea, w->cgroups.err, 0,
			"the fast path has to see ul2tpd's own control group, for the BPF programs on it");
	return can_here(w, ea);
}

void host_watches_own(struct host_watches *w, uint32_t program_id)
{
	own_programs_add(&w->own, program_id);
}

void host_watches_disown(struct host_watches *w, uint32_t program_id)
{
	own_programs_remove(&w->own, program_id);
}

static struct host_watch *find(const struct host_watches *all, struct netns_id netns)
{
	list_for_each (node, &all->all) {
		struct host_watch *w = list_entry(node, struct host_watch, in_all);

		if (w->netns.cookie == netns.cookie)
			return w;
	}
	return NULL;
}

/* Be in its namespace until netns_go_home(). */
static int enter(const struct host_watches *all, const struct host_watch *w)
{
	AUTO_FD netns = -1;

	if (w->netns.cookie == all->home->id.cookie)
		return 0;
	netns = netns_of_socket(host_picture_socket(&w->picture));
	return netns < 0 ? netns : netns_go(netns);
}

static void leave(const struct host_watches *all, const struct host_watch *w)
{
	if (w->netns.cookie != all->home->id.cookie)
		netns_go_home(all->home);
}

/* To those parts that can tell and are not listened to yet. */
static int parts_listen(struct host_watches *all, struct host_watch *w)
{
	for (enum picture_part i = 0; i < PICTURE_PARTS; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = &w->parts[i] };
		int news = host_picture_fd(&w->picture, i);

		w->parts[i] = (struct watch_part){ .watch = w, .part = i };
		if (news >= 0 && epoll_ctl(all->epoll, EPOLL_CTL_ADD, news, &event) < 0 &&
		    errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* The session shows only that something can not be watched; the log says what. */
static void say_lacking(struct host_watches *all, const struct host_watch *w)
{
	int err;
	const char *what = host_picture_lacks(&w->picture, &err);

	if (what)
		host_watches_blind(all, what, err);
}

static void plan(struct host_watches *all)
{
	all->look_ms = UINT64_MAX;
	list_for_each (node, &all->all) {
		const struct host_watch *w = list_entry(node, struct host_watch, in_all);

		if (is_unwatchable(w))
			continue;
		if (all->next_look_ms < all->look_ms)
			all->look_ms = all->next_look_ms;
		all->look_ms = host_picture_due(&w->picture, all->look_ms);
	}
}

/* Whoever is told may release any watch: begin anew after each. */
static void tell(struct host_watches *all)
{
	struct host_news news;
	bool told;

	do {
		told = false;
		list_for_each (node, &all->all) {
			struct host_watch *w = list_entry(node, struct host_watch, in_all);

			if (!host_picture_take_news(&w->picture, &news))
				continue;
			told = true;
			if (all->changed)
				all->changed(all->arg, w->netns, &news);
			break;
		}
	} while (told);
	plan(all);
}

static struct host_watch *watch_new(struct netns_id netns)
{
	struct host_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	*w = (struct host_watch){ .netns = netns, .users = 1 };
	list_init(&w->in_all);
	return w;
}

int host_watch_use(struct host_watches *all, struct netns_id netns)
{
	AUTO(host_watch) struct host_watch *w = NULL;
	struct host_watch *found = find(all, netns);
	uint64_t now = monotonic_ms();

	if (found) {
		found->users++;
		return 0;
	}
	w = watch_new(netns);
	if (!w)
		return -ENOMEM;
	if (now >= all->beyond_ms && look_beyond(all, now))
		list_for_each (node, &all->all)
			list_entry(node, struct host_watch, in_all)->picture.changed = true;
	host_picture_open(&w->picture, &all->own, &all->hooks);
	if (parts_listen(all, w) < 0)
		watch_close(w);
	else
		host_picture_refresh(&w->picture, now);
	say_lacking(all, w);
	host_picture_take_news(&w->picture, &(struct host_news){ 0 });
	if (list_empty(&all->all))
		all->next_look_ms = now + HOST_WATCH_LOOK_MS;
	list_append(&all->all, &w->in_all);
	TAKE(w);
	plan(all);
	return 0;
}

void host_watch_release(struct host_watches *all, struct netns_id netns)
{
	struct host_watch *w = find(all, netns);

	if (!w || --w->users > 0)
		return;
	host_watch_free(w);
	plan(all);
}

void host_watch_drop(struct host_watches *all, struct netns_id netns)
{
	struct host_watch *w = find(all, netns);

	if (!w || w->dropped)
		return;
	watch_close(w);
	plan(all);
}

static void refresh(struct host_watch *w, uint64_t now)
{
	if (!w->dropped)
		host_picture_refresh(&w->picture, now);
}

void host_watches_ready(struct host_watches *all, uint64_t now)
{
	struct epoll_event events[EVENTS_MAX];
	int count = epoll_wait(all->epoll, events, EVENTS_MAX, 0);

	for (int i = 0; i < count; i++) {
		const struct watch_part *p = events[i].data.ptr;

		host_picture_news(&p->watch->picture, p->part, now);
	}
	list_for_each (node, &all->all)
		refresh(list_entry(node, struct host_watch, in_all), now);
	tell(all);
}

static void look(struct host_watches *all, struct host_watch *w)
{
	if (is_unwatchable(w) || enter(all, w) < 0)
		return;
	if (host_picture_look(&w->picture) && parts_listen(all, w) < 0) {
		watch_close(w);
		w->picture.changed = true;
	}
	leave(all, w);
	say_lacking(all, w);
}

void host_watches_look(struct host_watches *all, uint64_t now)
{
	bool all_of_them = now >= all->next_look_ms;
	bool beyond = all_of_them && look_beyond(all, now);

	list_for_each (node, &all->all) {
		struct host_watch *w = list_entry(node, struct host_watch, in_all);

		if (all_of_them)
			look(all, w);
		w->picture.changed |= beyond;
		refresh(w, now);
	}
	if (all_of_them)
		all->next_look_ms = now + HOST_WATCH_LOOK_MS;
	tell(all);
}

/* What is of no namespace. */
static enum fast_reason verdict_beyond(struct host_watches *all, const struct outer_flow *flow)
{
	enum fast_reason reason;

	if (all->hooks.err)
		return FAST_UNWATCHABLE;
	/* A program's socket receives, and one of ours sends for it. */
	reason = host_cgroups_verdict(&all->cgroups, 0);
	return reason == FAST_USED && flow->cgroup
	               ? host_cgroups_verdict(&all->cgroups, flow->cgroup)
	               : reason;
}

static enum fast_reason verdict_here(struct host_watches *all, struct host_watch *w,
                                     const struct outer_flow *flow, int device, int underlay)
{
	enum fast_reason reason;

	if (!w || is_unwatchable(w))
		return FAST_UNWATCHABLE;
	reason = host_picture_of_flow(&w->picture, flow);
	if (reason == FAST_USED)
		reason = verdict_beyond(all, flow);
	return reason == FAST_USED ? host_picture_of_devices(&w->picture, flow, device, underlay)
	                           : reason;
}

enum fast_reason host_watch_verdict(struct host_watches *all, struct netns_id netns,
                                    const struct outer_flow *flow, int device, int underlay)
{
	struct host_watch *w = find(all, netns);
	enum fast_reason reason;

	if (!w || is_unwatchable(w) || enter(all, w) < 0)
		return FAST_UNWATCHABLE;
	reason = verdict_here(all, w, flow, device, underlay);
	leave(all, w);
	return reason;
}

enum fast_reason host_watch_verdict_here(struct host_watches *all, struct netns_id netns,
                                         const struct outer_flow *flow, int device, int underlay)
{
	return verdict_here(all, find(all, netns), flow, device, underlay);
}

bool host_watch_lost(struct host_watches *all, struct netns_id netns, int ifindex)
{
	struct host_watch *w = find(all, netns);

	return w && !w->dropped && host_devices_lost(&w->picture.devices, ifindex);
}
