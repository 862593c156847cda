/* SPDX-License-Identifier: BSD-2-Clause */
/* keeping_engine.c - the keeper's engines, one after the other; see keeping.h */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/monotonic.h"
#include "keeper/keeping.h"
#include "keeper/ready.h"
#include "keeper/records.h"

#define RESTARTS_WITHIN_MS 10000

/* An engine that can not start: what it lacks may be there a little later. */
#define START_AGAIN_MS 250
#define STARTS_MAX     20

bool keeping_tell(struct keeping *k, const struct keeper_event *event)
{
	return message_send(k->engine.events, event, sizeof(*event), &MESSAGE_NO_FDS,
	                    MSG_DONTWAIT) == 0;
}

void keeping_stop(struct keeping *k)
{
	const struct keeper_event stop = { .kind = KEEPER_EVENT_STOP };

	if (k->stop_ms)
		return;
	ready_notify("STOPPING=1");
	k->stop_ms = monotonic_ms() + STOP_WITHIN_MS;
	if (k->start_ms)
		k->done = true; /* there is nobody to tell */
	else
		keeping_tell(k, &stop);
}

/* Whether this would be one restart too many. */
static bool restarts_too_often(struct keeping *k)
{
	uint64_t now = monotonic_ms(), *oldest = &k->restarts[k->restart++ % RESTARTS_MAX];
	bool often = *oldest && now - *oldest < RESTARTS_WITHIN_MS;

	*oldest = now;
	return often;
}

static void give_up(struct keeping *k, const char *why)
{
	log_event(LOG_ERR, "engine-failed", "error=\"%s\"", why);
	k->status = EXIT_FAILURE;
	k->done = true;
}

/* Meanwhile all there is stays, and waits. */
static void engine_later(struct keeping *k)
{
	if (++k->starts > STARTS_MAX)
		give_up(k, "it can not start");
	else
		k->start_ms = monotonic_ms() + START_AGAIN_MS;
}

void keeping_engine_start(struct keeping *k, bool first)
{
	int err;

	k->start_ms = 0;
	k->started_ms = monotonic_ms();
	reaper_rest(k->server.reaper);
	records_begin(k->setting.records, k->options.max_tunnels, k->options.max_sessions);
	k->setting.records->engines++;
	err = engine_start(&k->engine, &k->setting, first);
	reaper_go_on(k->server.reaper);
	k->server.divert.engine = k->engine.pid;
	if (err == 0)
		return;
	if (first) {
		give_up(k, strerror(-err));
		return;
	}
	log_event(LOG_ERR, "engine-not-started", "error=\"%s\"", strerror(-err));
	engine_later(k);
}

void keeping_engine_ready(struct keeping *k)
{
	if (k->unready)
		ready_notify("READY=1");
	k->unready = false;
}

void keeping_engine_ended(struct keeping *k, int status)
{
	engine_close(&k->engine);
	server_engine_gone(&k->server);
	if (k->stop_ms || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
		k->done = true;
		return;
	}
	log_event(LOG_ERR, "engine-died", "%s=%d", WIFSIGNALED(status) ? "signal" : "status",
	          WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (WIFSIGNALED(status) || monotonic_ms() - k->started_ms > RESTARTS_WITHIN_MS)
		k->starts = 0; /* it had started */
	if (!WIFSIGNALED(status)) {
		engine_later(k);
		return;
	}
	if (restarts_too_often(k))
		give_up(k, "it dies again and again");
	else
		keeping_engine_start(k, false);
}

void keeping_engine_end(struct keeping *k)
{
	if (k->engine.pid > 0) {
		kill(k->engine.pid, SIGKILL);
		waitpid(k->engine.pid, NULL, 0);
	}
	engine_close(&k->engine);
}
