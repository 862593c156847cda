/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_bequest.c - what the fast path of one release leaves to that of the next: the counters
 *
 * Programs, and what they look up, are made anew by whoever knows how; so they are taken off while the engine still runs
 * and gets what they no longer take. What was counted lies in maps that go along.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/bpf.h"
#include "keeper/fast_path_private.h"
#include "keeper/server.h"

static const enum fast_map left[] = { FAST_MAP_COUNTS, FAST_MAP_PASSED, FAST_MAP_DONE };

static void underlay_take_off(struct fast_underlay *u)
{
	if (u->xdp >= 0)
		close(TAKE_FD(u->xdp));
	if (u->link >= 0)
		close(TAKE_FD(u->link));
}

static void take_all_off(struct server *server, struct fast_path *f)
{
	for (uint32_t i = 0; i < f->sessions_used; i++)
		if (f->sessions[i])
			fast_take_off(server, f->sessions[i]);
	list_for_each (node, &f->netns) {
		struct fast_netns *n = list_entry(node, struct fast_netns, in_all);

		list_for_each (one, &n->underlays)
			underlay_take_off(list_entry(one, struct fast_underlay, in_netns));
	}
}

void fast_path_leave(struct server *server, struct bequest *b)
{
	struct fast_path *f = server->fast;

	leave_u32(b, f != NULL);
	if (!f)
		return;
	take_all_off(server, f);
	leave_u32(b, f->board.sessions);
	leave_u32(b, f->board.lanes);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		leave_fd(b, f->maps[left[i]]);
	for (uint32_t i = 0; i < f->sessions_used; i++)
		if (f->sessions[i])
			leave_u32(b, i);
	leave_u32(b, BEQUEST_END);
}

void fast_path_stay(struct server *server)
{
	struct fast_path *f = server->fast;

	for (uint32_t i = 0; f && i < f->sessions_used; i++)
		if (f->sessions[i] && f->sessions[i]->way != FAST_NOT_ATTACHED)
			fast_busy_again(f, f->sessions[i]);
}

static uint32_t size_of(enum fast_map which)
{
	return which == FAST_MAP_COUNTS ? sizeof(struct fast_count)
	       : which == FAST_MAP_DONE ? sizeof(struct fast_done)
	                                : sizeof(struct fast_passed);
}

static bool are_right(const int fds[], const struct fast_board *board)
{
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		if (!bpf_map_is(fds[i], BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), size_of(left[i]),
		                board->sessions * (left[i] == FAST_MAP_COUNTS ? board->lanes : 1)))
			return false;
	return true;
}

/* In place of those that were made at the start, which nobody has used yet. */
static int put_in_place(struct fast_path *f, int fds[])
{
	fast_board_close(f);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		close(f->maps[left[i]]);
		f->maps[left[i]] = TAKE_FD(fds[i]);
	}
	return fast_board_open(f);
}

static int sessions_inherit(bool *inherited, uint32_t sessions, struct inheritance *i)
{
	uint32_t index;

	while ((index = inherit_u32(i)) != BEQUEST_END) {
		if (inherit_failed(i) || index >= sessions)
			return -EBADMSG;
		if (inherited)
			inherited[index] = true;
	}
	return 0;
}

static int board_inherit(struct fast_path *f, struct inheritance *i, int fds[])
{
	uint32_t sessions = inherit_u32(i), lanes = inherit_u32(i);

	for (size_t n = 0; n < ARRAY_SIZE(left); n++)
		fds[n] = inherit_fd(i);
	if (inherit_failed(i))
		return -EBADMSG;
	if (!f)
		return sessions_inherit(NULL, sessions, i);
	if (sessions != f->board.sessions || lanes != f->board.lanes || !are_right(fds, &f->board))
		return -EBADMSG;
	f->inherited = calloc(f->board.sessions, sizeof(*f->inherited));
	if (!f->inherited)
		return -ENOMEM;
	return sessions_inherit(f->inherited, f->board.sessions, i);
}

int fast_path_inherit(struct fast_path *f, struct inheritance *i)
{
	int fds[ARRAY_SIZE(left)] = { -1, -1, -1 }, err;

	if (!inherit_bool(i))
		return inherit_failed(i) ? -EBADMSG : 0;
	err = board_inherit(f, i, fds);
	if (!err && f)
		err = put_in_place(f, fds);
	for (size_t n = 0; n < ARRAY_SIZE(left); n++)
		if (fds[n] >= 0)
			close(fds[n]);
	return err;
}
