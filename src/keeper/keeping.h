/* SPDX-License-Identifier: BSD-2-Clause */
/* keeping.h - the state of a keeper that runs (run.c), and what its life is made of: engines, and keepers after it
 *
 * For the files of the keeper alone. One thread.
 */
#ifndef UL2TP_KEEPER_KEEPING_H
#define UL2TP_KEEPER_KEEPING_H

#include "keeper/burst.h"
#include "keeper/engine_process.h"
#include "keeper/listener.h"
#include "keeper/server.h"
#include "keeper/upgrade.h"

#define RESTARTS_MAX   5
#define STOP_WITHIN_MS 2000

struct keeping {
	struct server server;
	struct listener listener;
	struct engine_process engine;
	struct engine_setting setting;
	struct upgrade upgrade;
	struct burst burst;
	struct keeper_options options;
	int records_fd;
	int signals;
	uint64_t look_ms;    /* when to look after namespaces */
	uint64_t settle_ms;  /* when divert.settle() is to be called; 0: nothing was put off */
	uint64_t stop_ms;    /* when to end the engine by force; 0: it is not to end */
	uint64_t upgrade_ms; /* when to upgrade though the engine does not pause; 0: not at all */
	uint64_t started_ms; /* when the engine was */
	uint64_t start_ms;   /* when to start the next engine; 0: there is one */
	unsigned int starts; /* that failed, one after the other */
	uint64_t restarts[RESTARTS_MAX];
	unsigned int restart;
	int status;
	bool unready; /* a service manager has not been told yet that there is an engine which answers */
	bool done;
};

/* Engines: keeping_engine.c */

/** keeping_tell() - an event to the engine. Return: whether there was room for it, and an engine */
bool keeping_tell(struct keeping *k, const struct keeper_event *event);

/** keeping_engine_start() - @first: ever; if that fails all is over, else it is tried again later */
void keeping_engine_start(struct keeping *k, bool first);

/** keeping_engine_ready() - clients are answered */
void keeping_engine_ready(struct keeping *k);

/** keeping_engine_ended() - with this status of wait(2): another, now or later; or all is over */
void keeping_engine_ended(struct keeping *k, int status);

/** keeping_engine_end() - by force; harmless if there is none */
void keeping_engine_end(struct keeping *k);

/** keeping_stop() - the engine is told to end, and all with it */
void keeping_stop(struct keeping *k);

/* Upgrades: keeping_upgrade.c */

/** keeping_upgrade() - to be soon, if the file can take over. 0; negative errno, in words and logged: all goes on as it was */
int keeping_upgrade(struct keeping *k, struct extack *ea);

/** keeping_upgrade_now() - comes back if none was to be, or it fails, which is logged: then all goes on as it was */
void keeping_upgrade_now(struct keeping *k);

/**
 * keeping_inherit() - take up what another keeper has left, but for server_inherit()
 *
 * How much there can be, and of what kind, is as it was, whatever this release would choose. 0 or negative errno.
 */
int keeping_inherit(struct keeping *k, struct inheritance *i);

#endif
