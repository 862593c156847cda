/* SPDX-License-Identifier: BSD-2-Clause */
/* own_programs.h - the ids of BPF programs that we have loaded, so as to tell them from the administrator's */
#ifndef UL2TP_KEEPER_OWN_PROGRAMS_H
#define UL2TP_KEEPER_OWN_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

struct own_programs {
	uint32_t *ids;
	uint32_t count, room;
};

/** own_programs_add() - 0 or -ENOMEM: then it is taken for somebody else's */
int own_programs_add(struct own_programs *own, uint32_t id);
void own_programs_remove(struct own_programs *own, uint32_t id);
bool own_programs_have(const struct own_programs *own, uint32_t id);
void own_programs_release(struct own_programs *own);

#endif
