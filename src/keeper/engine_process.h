/* SPDX-License-Identifier: BSD-2-Clause */
/* engine_process.h - the engine as a child of the keeper: born with little, confined, ended */
#ifndef UL2TP_KEEPER_ENGINE_PROCESS_H
#define UL2TP_KEEPER_ENGINE_PROCESS_H

#include "keeper/bequest.h"
#include "keeper/keeper.h"

struct engine_process {
	pid_t pid;    /* 0: none runs */
	int requests; /* our ends */
	int events;
};

/* What every engine of a keeper is started with. */
struct engine_setting {
	int listener;
	struct records *records;
	bool own_namespace_only;
	enum divert_way divert;
	const struct fast_board *fast;
	uint32_t fast_why;
	int tun_error;
	uint32_t workers;
	int (*engine)(const struct keeper_start *start, void *arg);
	void *arg;
};

/** engine_start() - fork one. Return: 0 or -errno. */
int engine_start(struct engine_process *e, const struct engine_setting *setting, bool first);

/** engine_leave(), engine_inherit() - to and from a keeper of another release, while it runs. 0, -EBADMSG */
void engine_leave(const struct engine_process *e, struct bequest *b);
int engine_inherit(struct engine_process *e, struct inheritance *i);

/** engine_relieve() - have it end where it is, nothing that it holds gone, within ENGINE_YIELD_MS, and close our ends
 *
 * What it has asked and not been answered will not be. */
void engine_relieve(struct engine_process *e);

/* On a busy machine it takes long to give back what the system waits for RCU for (path/frame_writer.h). Packets move meanwhile. */
#define ENGINE_YIELD_MS 1000

/** engine_close() - close our ends, after it ended */
void engine_close(struct engine_process *e);

/** keeper_new() - the engine's side of the two socket pairs, which it then owns */
struct keeper *keeper_new(int requests, int events);

#endif
