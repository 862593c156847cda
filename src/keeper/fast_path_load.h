/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_load.h - the programs of the fast path as the kernel has them: loading them, and their maps */
#ifndef UL2TP_KEEPER_FAST_PATH_LOAD_H
#define UL2TP_KEEPER_FAST_PATH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "keeper/fast_path_maps.h"

enum fast_map {
	FAST_MAP_IN,
	FAST_MAP_IN6,
	FAST_MAP_OUT,
	FAST_MAP_COUNTS,
	FAST_MAP_PASSED,
	FAST_MAP_DONE,
	FAST_MAP_WATCH,
	FAST_MAP_FRONT_OUT,
	FAST_MAP_FRONT_IN,
	FAST_MAP_FRONT_IN6,
	FAST_MAPS
};

enum fast_program { FAST_EGRESS, FAST_INGRESS, FAST_ARRIVED, FAST_XDP, FAST_PROGRAMS };

struct fast_programs;

/**
 * fast_programs_load() - one set of programs
 * @maps:      descriptors, which stay the caller's; -1: make it, and set the descriptor, which becomes the caller's
 * @sessions:  how many there can be
 * @constants: written into the programs; without .xdp there is no FAST_XDP
 * @sums:      those that know checksums of UDP, for which the kernel has to describe itself (BTF)
 *
 * Return: 0; -ENOSYS this ul2tpd was built without them; what the kernel says; in words.
 */
int fast_programs_load(int maps[FAST_MAPS], uint32_t sessions,
                       const struct fast_constants *constants, bool sums,
                       struct fast_programs **ret, struct extack *ea);

/** fast_programs_free() - they stay in the kernel as long as they are attached somewhere */
void fast_programs_free(struct fast_programs *p);

/** fast_possible_processors() - how many there can ever be on this machine; negative errno */
int fast_possible_processors(void);

/** fast_program_fd() - borrowed; negative: there is none */
int fast_program_fd(const struct fast_programs *p, enum fast_program which);

#endif
