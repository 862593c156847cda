/* SPDX-License-Identifier: BSD-2-Clause */
/* slots.c - see slots.h */
#include "keeper/slots.h"

#include <errno.h>
#include <stdlib.h>

static int grow(struct slots *s)
{
	uint32_t room = s->room ? s->room * 2 : 64;
	void **at;

	if (room > s->max)
		room = s->max;
	if (room <= s->room)
		return -ENFILE;
	at = realloc(s->at, room * sizeof(*at));
	if (!at)
		return -ENOMEM;
	for (uint32_t i = s->room; i < room; i++)
		at[i] = NULL;
	s->at = at;
	s->room = room;
	return 0;
}

int slots_add(struct slots *s, void *object, uint32_t *slot)
{
	while (s->first < s->room && s->at[s->first])
		s->first++;
	if (s->first == s->room) {
		int err = grow(s);

		if (err < 0)
			return err;
	}
	s->at[s->first] = object;
	s->used++;
	*slot = s->first++;
	return 0;
}

int slots_put(struct slots *s, void *object, uint32_t slot)
{
	if (slot >= s->max)
		return -ENFILE;
	while (slot >= s->room) {
		int err = grow(s);

		if (err < 0)
			return err;
	}
	if (s->at[slot])
		return -EEXIST;
	s->at[slot] = object;
	s->used++;
	return 0;
}

void *slots_get(const struct slots *s, uint32_t slot)
{
	return slot < s->room ? s->at[slot] : NULL;
}

void *slots_next(const struct slots *s, uint32_t *slot)
{
	for (uint32_t i = *slot; i < s->room; i++) {
		if (s->at[i]) {
			*slot = i;
			return s->at[i];
		}
	}
	return NULL;
}

void *slots_remove(struct slots *s, uint32_t slot)
{
	void *object = slots_get(s, slot);

	if (!object)
		return NULL;
	s->at[slot] = NULL;
	s->used--;
	if (slot < s->first)
		s->first = slot;
	return object;
}
