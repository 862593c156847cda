/* SPDX-License-Identifier: BSD-2-Clause */
/* own_programs.c - see own_programs.h. Three or four a namespace: they are searched one by one */
#include "keeper/own_programs.h"

#include <errno.h>
#include <stdlib.h>

int own_programs_add(struct own_programs *own, uint32_t id)
{
	if (own->count == own->room) {
		uint32_t room = own->room ? own->room * 2 : 16;
		uint32_t *grown = realloc(own->ids, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		own->ids = grown;
		own->room = room;
	}
	own->ids[own->count++] = id;
	return 0;
}

void own_programs_remove(struct own_programs *own, uint32_t id)
{
	for (uint32_t i = 0; i < own->count; i++)
		if (own->ids[i] == id) {
			own->ids[i] = own->ids[--own->count];
			return;
		}
}

bool own_programs_have(const struct own_programs *own, uint32_t id)
{
	for (uint32_t i = 0; i < own->count; i++)
		if (own->ids[i] == id)
			return true;
	return false;
}

void own_programs_release(struct own_programs *own)
{
	free(own->ids);
	*own = (struct own_programs){ 0 };
}
