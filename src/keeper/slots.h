/* SPDX-License-Identifier: BSD-2-Clause */
/* slots.h - numbered places for objects; the numbers are what the engine calls them by */
#ifndef UL2TP_KEEPER_SLOTS_H
#define UL2TP_KEEPER_SLOTS_H

#include <stdint.h>

struct slots {
	void **at;      /* NULL: free */
	uint32_t room;  /* places there is memory for */
	uint32_t max;   /* places there can be */
	uint32_t first; /* none below it is free */
	uint32_t used;
};

/** slots_add() - put @object into the lowest free place. Return: 0; -ENFILE all are taken; -ENOMEM. */
int slots_add(struct slots *s, void *object, uint32_t *slot);

/** slots_put() - put @object at @slot. Return: 0; -ENFILE there can be no such place; -EEXIST it is taken; -ENOMEM */
int slots_put(struct slots *s, void *object, uint32_t slot);

/** slots_get() - the object at @slot, whatever number that is; NULL if there is none */
void *slots_get(const struct slots *s, uint32_t slot);

/** slots_next() - the object at the lowest slot from *@slot on, and its number; NULL: no more */
void *slots_next(const struct slots *s, uint32_t *slot);

/** slots_remove() - free the place; the object is the caller's again. NULL if there was none */
void *slots_remove(struct slots *s, uint32_t slot);

#define slots_for_each(s, slot, object)                                                            \
	for (uint32_t slot = 0; ((object) = slots_next((s), &slot)); slot++)

#endif
