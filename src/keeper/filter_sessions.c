/* SPDX-License-Identifier: BSD-2-Clause */
/* filter_sessions.c - see filter_sessions.h */
#include "keeper/filter_sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct filter_session in_filter(const struct divert_session *s)
{
	struct filter_session f = { .key = s->session_id, .version = 3, .least = s->least };

	if (s->version == 2) {
		f.version = 2;
		f.key = s->conn_id << 16 | (s->session_id & 0xffff);
	}
	return f;
}

/* Where @s is, or belongs. */
static size_t place_of(const struct filter_sessions *all, const struct filter_session *s)
{
	size_t low = 0, high = all->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (filter_session_compare(&all->at[middle], s) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct filter_sessions *all, size_t place, const struct filter_session *s)
{
	return place < all->count && filter_session_compare(&all->at[place], s) == 0;
}

static int make_room(struct filter_sessions *all)
{
	size_t room = all->room ? all->room * 2 : 16;
	struct filter_session *grown;

	if (all->count < all->room)
		return 0;
	grown = realloc(all->at, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	all->at = grown;
	all->room = room;
	return 0;
}

int filter_sessions_add(struct filter_sessions *all, const struct divert_session *session)
{
	const struct filter_session s = in_filter(session);
	size_t place = place_of(all, &s);

	if (is_at(all, place, &s)) {
		bool same = all->at[place].least == s.least;

		all->at[place] = s;
		return same ? 0 : 1;
	}
	if (make_room(all) < 0)
		return -ENOMEM;
	memmove(&all->at[place + 1], &all->at[place], (all->count - place) * sizeof(s));
	all->at[place] = s;
	all->count++;
	return 1;
}

bool filter_sessions_remove(struct filter_sessions *all, const struct divert_session *session)
{
	const struct filter_session s = in_filter(session);
	size_t place = place_of(all, &s);

	if (!is_at(all, place, &s))
		return false;
	all->count--;
	memmove(&all->at[place], &all->at[place + 1], (all->count - place) * sizeof(s));
	return true;
}

int filter_sessions_merge(const struct filter_sessions *a, const struct filter_sessions *b,
                          struct filter_sessions *ret)
{
	size_t i = 0, j = 0;

	*ret = (struct filter_sessions){ .room = a->count + b->count };
	ret->at = calloc(ret->room ? ret->room : 1, sizeof(*ret->at));
	if (!ret->at)
		return -ENOMEM;
	while (i < a->count || j < b->count) {
		int order = i == a->count   ? 1
		            : j == b->count ? -1
		                            : filter_session_compare(&a->at[i], &b->at[j]);

		ret->at[ret->count++] = order <= 0 ? a->at[i] : b->at[j];
		i += order <= 0;
		j += order >= 0;
	}
	return 0;
}

void filter_sessions_release(struct filter_sessions *all)
{
	free(all->at);
	*all = (struct filter_sessions){ 0 };
}

void filter_sessions_leave(const struct filter_sessions *all, struct bequest *b)
{
	leave_u32(b, (uint32_t)all->count);
	for (size_t i = 0; i < all->count; i++) {
		leave_u32(b, all->at[i].key);
		leave_u32(b, all->at[i].version);
		leave_u32(b, all->at[i].least);
	}
}

/* They must ascend, and none be there twice. */
int filter_sessions_inherit(struct filter_sessions *all, struct inheritance *i)
{
	for (uint32_t left = inherit_u32(i); left > 0 && !inherit_failed(i); left--) {
		struct filter_session s = { .key = inherit_u32(i) };

		s.version = (uint8_t)inherit_u32(i);
		s.least = (uint8_t)inherit_u32(i);
		if (all->count && filter_session_compare(&all->at[all->count - 1], &s) >= 0)
			inherit_refuse(i);
		else if (make_room(all) < 0)
			return -ENOMEM;
		else
			all->at[all->count++] = s;
	}
	return inherit_failed(i) ? -EBADMSG : 0;
}
