/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_hook.c - by which of its hooks a program is put on an interface
 *
 * By tcx (fast_path_attach.h) where the kernel has it, on all underlays, which are few, and on the first TCX_DEVICES
 * devices, so that who has a few sessions finds nothing of ours in the way when he makes a clsact. More would make
 * their end take minutes, so the others have a clsact (fast_path_clsact.h).
 */
#include "keeper/fast_path_private.h"

#include <unistd.h>

#include "base/log.h"
#include "keeper/fast_path_attach.h"
#include "keeper/fast_path_clsact.h"

#define TCX_DEVICES 8

static int device_by_tcx(struct fast_path *f, struct fast_session *s)
{
	const struct fast_programs *p = s->netns->programs;
	int err = fast_attach(s->device, FAST_HOOK_EGRESS, fast_program_fd(p, FAST_EGRESS));

	if (err == 0)
		err = fast_attach(s->device, FAST_HOOK_INGRESS, fast_program_fd(p, FAST_ARRIVED));
	if (err == 0)
		f->tcx_devices++;
	return err;
}

static int device_by_clsact(const struct fast_session *s)
{
	const struct fast_programs *p = s->netns->programs;
	int route = fast_netns_route(s->netns);
	bool made;
	int err = route < 0 ? route : clsact_make(route, s->device, &made);

	if (err == 0)
		err = clsact_put(route, s->device, FAST_HOOK_INGRESS,
		                 fast_program_fd(p, FAST_ARRIVED));
	if (err == 0)
		err = clsact_put(route, s->device, FAST_HOOK_EGRESS,
		                 fast_program_fd(p, FAST_EGRESS));
	return err;
}

/* Which is not looked for each time: what takes off a filter of ours tells us. */
static bool device_is_hooked(const struct fast_path *f, const struct fast_session *s)
{
	return s->way == FAST_TCX ||
	       (s->way == FAST_CLSACT && !host_watch_lost(f->host, s->netns->id, s->device));
}

enum fast_reason fast_hook_device(struct fast_path *f, struct fast_session *s)
{
	enum fast_way way = s->way;
	int err;

	if (device_is_hooked(f, s))
		return FAST_USED;
	if (way == FAST_NOT_ATTACHED)
		way = f->tcx && f->tcx_devices < TCX_DEVICES ? FAST_TCX : FAST_CLSACT;
	err = fast_netns_load(f, s->netns);
	if (err == 0 && s->way == FAST_NOT_ATTACHED)
		err = fast_board_begin(f, s->index);
	if (err < 0)
		return FAST_UNSUPPORTED;
	err = way == FAST_TCX ? device_by_tcx(f, s) : device_by_clsact(s);
	if (err < 0)
		return way == FAST_CLSACT ? FAST_DEVICE_QDISC : FAST_UNSUPPORTED;
	s->way = way;
	return FAST_USED;
}

void fast_unhooked_device(struct fast_path *f, struct fast_session *s)
{
	if (s->way == FAST_TCX)
		f->tcx_devices--;
	s->way = FAST_NOT_ATTACHED;
}

static int underlay_by_clsact(struct fast_path *f, struct fast_underlay *u, int program)
{
	int route = fast_netns_route(u->netns), err;
	bool made = false;

	if (route < 0)
		return route;
	err = clsact_make(route, u->ifindex, &made);
	if (err < 0)
		return err;
	u->made |= made;
	fast_board_alive(f);
	return clsact_put(route, u->ifindex, FAST_HOOK_INGRESS, program);
}

enum fast_reason fast_hook_underlay(struct fast_path *f, struct fast_underlay *u)
{
	int program, err;

	if (u->way == FAST_TCX ||
	    (u->way == FAST_CLSACT && !host_watch_lost(f->host, u->netns->id, u->ifindex)))
		return FAST_USED;
	err = fast_netns_load(f, u->netns);
	if (err < 0)
		return FAST_UNSUPPORTED;
	program = fast_program_fd(u->netns->programs, FAST_INGRESS);
	if (f->tcx) {
		u->link = fast_link(u->ifindex, FAST_HOOK_INGRESS, program);
		if (u->link < 0)
			return FAST_UNSUPPORTED;
		u->way = FAST_TCX;
		return FAST_USED;
	}
	if (underlay_by_clsact(f, u, program) < 0)
		return FAST_UNDERLAY_INGRESS;
	f->filters += u->way == FAST_NOT_ATTACHED;
	u->way = FAST_CLSACT;
	return FAST_USED;
}

void fast_unhook_underlay(struct fast_path *f, struct fast_underlay *u)
{
	if (u->way == FAST_TCX)
		close(u->link);
	if (u->way == FAST_CLSACT) {
		clsact_take_off(u->netns->route, u->ifindex, FAST_HOOK_INGRESS, u->made);
		f->filters--;
	}
	u->way = FAST_NOT_ATTACHED;
}
