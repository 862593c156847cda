/* SPDX-License-Identifier: BSD-2-Clause */
/* run.c - the keeper's life: start, one loop, the end
 *
 * The loop waits for requests of the engine, for signals, and for the time to look after namespaces.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "config.h"
#include "keeper/descriptors.h"
#include "keeper/engine_process.h"
#include "keeper/listener.h"
#include "keeper/managed.h"
#include "keeper/privilege.h"
#include "keeper/ready.h"
#include "keeper/records.h"
#include "keeper/server.h"
#include "keeper/tap.h"
#include "keeper/upgrade.h"

#define RESTARTS_MAX       5
#define RESTARTS_WITHIN_MS 10000
#define STOP_WITHIN_MS     2000

/* An engine that can not start: what it lacks may be there a little later. */
#define START_AGAIN_MS 250
#define STARTS_MAX     20

/* A namespace goes within a second of its last process: found in two looks, left in DROP_AFTER_MS at most. */
#define LOOK_EVERY_MS 250
#define LOOK_AGAIN_MS 50
#define DROP_AFTER_MS 300

#define TELL_AGAIN_MS 5 /* what the engine could not be told because it was behind */

/* An engine that has just been started looks for what there is before it hears of an upgrade. */
#define PAUSE_WITHIN_MS 5000

struct keeping {
	struct server server;
	struct listener listener;
	struct engine_process engine;
	struct engine_setting setting;
	struct upgrade upgrade;
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
	bool done;
};

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static int records_map(struct keeping *k)
{
	uint64_t size = records_size(k->options.max_tunnels, k->options.max_sessions);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
	                k->records_fd, 0);

	if (at == MAP_FAILED)
		return -errno;
	k->setting.records = at;
	return 0;
}

/* Sparse: what no tunnel or session uses costs nothing. */
static int records_make(struct keeping *k)
{
	uint64_t size = records_size(k->options.max_tunnels, k->options.max_sessions);
	int err;

	k->records_fd = memfd_create("ul2tp-records", MFD_CLOEXEC);
	if (k->records_fd < 0 || ftruncate(k->records_fd, (off_t)size) < 0)
		return -errno;
	err = records_map(k);
	if (err == 0)
		*k->setting.records = (struct records){
			.max_tunnels = k->options.max_tunnels,
			.max_sessions = k->options.max_sessions,
		};
	return err;
}

static int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool tell_engine(struct keeping *k, const struct keeper_event *event)
{
	return message_send(k->engine.events, event, sizeof(*event), &MESSAGE_NO_FDS,
	                    MSG_DONTWAIT) == 0;
}

static void stop_begin(struct keeping *k)
{
	const struct keeper_event stop = { .kind = KEEPER_EVENT_STOP };

	if (k->stop_ms)
		return;
	ready_notify("STOPPING=1");
	k->stop_ms = monotonic_ms() + STOP_WITHIN_MS;
	if (k->start_ms)
		k->done = true; /* there is nobody to tell */
	else
		tell_engine(k, &stop);
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

static void engine_next(struct keeping *k, bool first)
{
	int err;

	k->start_ms = 0;
	k->started_ms = monotonic_ms();
	reaper_rest(k->server.reaper);
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

static void engine_ended(struct keeping *k, int status)
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
		engine_next(k, false);
}

/* All that one of another release needs to go on from here. */
static void leave(struct keeping *k, struct bequest *b)
{
	upgrade_bequest_begin(b);
	leave_u32(b, k->options.max_tunnels);
	leave_u32(b, k->options.max_sessions);
	leave_u32(b, k->options.workers);
	leave_u32(b, divert_way_of(&k->server.divert));
	leave_fd(b, k->records_fd);
	listener_leave(&k->listener, b);
	engine_leave(&k->engine, b);
	server_leave(&k->server, b);
}

/* While the engine goes on. Only comes back if it fails, and then nothing has happened. */
static int become_another(struct keeping *k)
{
	struct bequest b = { 0 };
	int err;

	if (k->server.divert.unsettled)
		k->server.divert.ops->settle(&k->server.divert);
	leave(k, &b);
	fflush(NULL);
	err = upgrade_execute(&k->upgrade, &b);
	server_stay(&k->server);
	bequest_release(&b);
	return err;
}

static void upgrade_refused(const struct keeping *k, const struct extack *ea)
{
	log_event(LOG_ERR, "upgrade-refused",
	          "file=%s reason=\"%s\" effect=\"all goes on as it was\"",
	          k->upgrade.path ?: "none", ea->text);
	ready_notify("READY=1");
}

/* The engine ends what it has been asked for, and then pauses, so that no client is left without an answer. */
static void upgrade_begin(struct keeping *k)
{
	const struct keeper_event event = { .kind = KEEPER_EVENT_UPGRADE };
	struct extack ea = { 0 };
	int err;

	if (k->stop_ms || k->upgrade_ms)
		return;
	ready_notify_reloading();
	err = descriptors_check(&k->server.descriptors, &ea);
	if (err == 0)
		err = upgrade_check(&k->upgrade, &ea);
	if (err < 0)
		upgrade_refused(k, &ea);
	else
		k->upgrade_ms = monotonic_ms() + (tell_engine(k, &event) ? PAUSE_WITHIN_MS : 0);
}

/* Comes back if there is none to come, or it fails. */
static void upgrade_now(struct keeping *k)
{
	struct extack ea = { 0 };

	if (!k->upgrade_ms)
		return;
	k->upgrade_ms = 0;
	if (k->stop_ms)
		return;
	log_event(LOG_NOTICE, "upgrading", "file=%s", k->upgrade.path);
	extack_set(&ea, 0, "it can not be executed: %s", strerror(-become_another(k)));
	upgrade_refused(k, &ea);
}

static void on_signal(struct keeping *k, uint32_t number)
{
	if (number == SIGHUP)
		log_event(
			LOG_NOTICE, "nothing-to-reload",
			"reason=\"there is no configuration file: SIGHUP does nothing, SIGUSR2 upgrades\"");
	else if (number == SIGUSR2)
		upgrade_begin(k);
	else if (number != SIGCHLD)
		stop_begin(k);
}

static void on_signals(struct keeping *k)
{
	struct signalfd_siginfo info;
	int status;

	while (read(k->signals, &info, sizeof(info)) == sizeof(info))
		on_signal(k, info.ssi_signo);
	if (k->engine.pid > 0 && waitpid(k->engine.pid, &status, WNOHANG) == k->engine.pid)
		engine_ended(k, status);
	if (k->server.divert.ops && k->server.divert.ops->child_ended)
		k->server.divert.ops->child_ended(&k->server.divert);
}

/* The engine waits for the answer, so there is room for it; one that does not is broken. */
static void on_request(struct keeping *k)
{
	struct message_fds fds, reply_fds;
	struct request request = { 0 };
	struct reply reply;
	int err =
		message_receive(k->engine.requests, &request, sizeof(request), &fds, MSG_DONTWAIT);

	if (err == 0)
		return;
	if (err == -EMFILE) {
		reply_fds = MESSAGE_NO_FDS;
		reply = (struct reply){ .serial = request.serial };
		reply.err = descriptors_lack(&reply.ea);
	} else if (err > 0) {
		if (request.kind == REQUEST_PAUSE)
			upgrade_now(k);
		server_answer(&k->server, &request, &fds, &reply, &reply_fds);
		message_fds_close(&fds);
	}
	if (err > 0 || err == -EMFILE)
		err = message_send(k->engine.requests, &reply, sizeof(reply), &reply_fds,
		                   MSG_DONTWAIT);
	if (err < 0) {
		kill(k->engine.pid, SIGKILL);
		close(k->engine.requests);
		k->engine.requests = -1;
	}
}

/* Tell the engine of namespaces that nobody is in; later close what is ours there ourselves. */
static void namespaces_act(struct keeping *k, uint64_t now)
{
	const struct namespaces *all = &k->server.namespaces;

	for (uint32_t i = 0; i < all->count; i++) {
		struct namespace *n = &all->at[i];
		const struct keeper_event event = { .kind = KEEPER_EVENT_NETNS_GONE,
			                            .netns = n->id };

		if (n->gone && !n->told)
			n->told = tell_engine(k, &event);
		if (n->gone && now - n->gone_ms >= DROP_AFTER_MS)
			server_drop_namespace(&k->server, n->id);
	}
}

static bool tell_gone(void *arg, const struct keeper_event *event)
{
	return tell_engine(arg, event);
}

static bool namespaces_are_urgent(const struct namespaces *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		if (all->at[i].missed > 0 && !(all->at[i].gone && all->at[i].told))
			return true;
	return false;
}

static void look_after_namespaces(struct keeping *k, uint64_t now)
{
	const pid_t skip[] = { getpid(), k->engine.pid };

	namespaces_watch(&k->server.namespaces, skip, now);
	namespaces_act(k, now);
	k->look_ms = now +
	             (namespaces_are_urgent(&k->server.namespaces) ? LOOK_AGAIN_MS : LOOK_EVERY_MS);
}

static void settle_in_time(struct keeping *k, uint64_t now)
{
	struct divert *d = &k->server.divert;

	if (!d->unsettled)
		k->settle_ms = 0;
	else if (!k->settle_ms)
		k->settle_ms = now + DIVERT_SETTLE_MS;
	else if (now >= k->settle_ms) {
		d->ops->settle(d);
		k->settle_ms = 0;
	}
}

static int next_wait_ms(const struct keeping *k, uint64_t now)
{
	uint64_t until = k->server.namespaces.count ? k->look_ms : UINT64_MAX;

	if (!list_empty(&k->server.untold) && now + TELL_AGAIN_MS < until)
		until = now + TELL_AGAIN_MS;
	if (k->settle_ms && k->settle_ms < until)
		until = k->settle_ms;
	if (k->server.host.look_ms < until)
		until = k->server.host.look_ms;
	if (k->server.watches.look_ms < until)
		until = k->server.watches.look_ms;
	if (fast_path_due(k->server.fast, now) < until)
		until = fast_path_due(k->server.fast, now);
	if (k->stop_ms && k->stop_ms < until)
		until = k->stop_ms;
	if (k->upgrade_ms && k->upgrade_ms < until)
		until = k->upgrade_ms;
	if (k->start_ms && k->start_ms < until)
		until = k->start_ms;
	if (until == UINT64_MAX)
		return -1;
	return until > now ? (int)(until - now) : 0;
}

static void turn(struct keeping *k)
{
	struct pollfd fds[] = {
		{ .fd = k->signals, .events = POLLIN },
		{ .fd = k->engine.requests, .events = POLLIN },
		{ .fd = k->server.watches.epoll, .events = POLLIN },
		{ .fd = k->server.host.epoll, .events = POLLIN },
	};
	uint64_t now;

	poll(fds, ARRAY_SIZE(fds), next_wait_ms(k, monotonic_ms()));
	if (fds[1].revents && k->engine.requests >= 0)
		on_request(k);
	if (fds[2].revents)
		socket_watches_ready(&k->server.watches);
	if (fds[0].revents)
		on_signals(k);
	now = monotonic_ms();
	if (now >= k->server.watches.look_ms)
		socket_watches_look(&k->server.watches, now);
	managed_tell(&k->server, tell_gone, k);
	settle_in_time(k, now);
	if (fds[3].revents)
		host_watches_ready(&k->server.host, now);
	if (now >= k->server.host.look_ms)
		host_watches_look(&k->server.host, now);
	fast_path_turn(&k->server, now);
	if (k->server.namespaces.count && now >= k->look_ms)
		look_after_namespaces(k, now);
	if (k->start_ms && now >= k->start_ms)
		engine_next(k, false);
	if (k->upgrade_ms && now >= k->upgrade_ms)
		upgrade_now(k);
	if (k->stop_ms && now >= k->stop_ms && k->engine.pid > 0) {
		log_event(LOG_WARNING, "engine-killed", "reason=\"it did not end in time\"");
		kill(k->engine.pid, SIGKILL);
		k->stop_ms = now + STOP_WITHIN_MS;
	}
}

static void engine_end(struct keeping *k)
{
	if (k->engine.pid > 0) {
		kill(k->engine.pid, SIGKILL);
		waitpid(k->engine.pid, NULL, 0);
	}
	engine_close(&k->engine);
}

/* What does not depend on whether there was one before. */
static void settings_find(struct keeping *k)
{
	k->setting.divert = divert_way_of(&k->server.divert);
	k->setting.fast = fast_path_board(k->server.fast);
	k->setting.fast_why = k->server.fast_why;
	k->setting.tun_error = tap_probe();
	k->setting.workers = k->options.workers;
	k->server.ip_sockets_for_all = k->options.ip_sockets_for_all;
	k->setting.own_namespace_only = !k->server.home.may_enter;
	if (k->setting.own_namespace_only)
		log_event(LOG_NOTICE, "own-namespace-only",
		          "reason=\"may not enter other network namespaces\"");
}

/* @in: what the one before left; NULL: there was none. */
static int begin(struct keeping *k, struct inheritance *in)
{
	int err = server_open(&k->server, &k->options, k->setting.records);

	if (err == 0 && in) {
		k->server.divert.engine = k->engine.pid;
		err = server_inherit(&k->server, in);
		if (err < 0)
			log_event(LOG_ERR, "upgrade-failed",
			          "error=\"%s\" effect=\"all sessions end\"", strerror(-err));
	}
	if (err < 0)
		return err;
	settings_find(k);
	if (in) {
		engine_relieve(&k->engine);
		server_engine_gone(&k->server);
	}
	engine_next(k, !in);
	if (in)
		log_event(LOG_NOTICE, "upgraded", "version=%s", UL2TP_VERSION);
	else
		log_event(LOG_NOTICE, "listening", "socket=%s", k->listener.path ?: "passed");
	ready_notify("READY=1");
	return 0;
}

static int keep(struct keeping *k, struct inheritance *in)
{
	int err = begin(k, in);

	if (err == 0) {
		while (!k->done)
			turn(k);
		ready_notify("STOPPING=1");
	}
	engine_end(k);
	server_close(&k->server);
	return err < 0 ? EXIT_FAILURE : k->status;
}

static int start_anew(struct keeping *k)
{
	if (records_make(k) == 0)
		return listener_open(&k->listener, k->options.socket_path);
	log_event(LOG_ERR, "start-failed", "error=\"out of memory or descriptors\"");
	return -ENOMEM;
}

/* In the order of leave(). How much there can be, and of what kind, is as it was, whatever this release would choose. */
static int start_from(struct keeping *k, struct inheritance *i)
{
	struct keeper_options *o = &k->options;
	struct stat st;
	int err;

	o->max_tunnels = inherit_u32(i);
	o->max_sessions = inherit_u32(i);
	o->workers = inherit_u32(i);
	o->divert = inherit_u32(i);
	k->records_fd = inherit_file(i, S_IFREG, 0);
	if (inherit_failed(i) || k->records_fd < 0 || o->divert > DIVERT_WAY_RAW ||
	    fstat(k->records_fd, &st) < 0 ||
	    (uint64_t)st.st_size != records_size(o->max_tunnels, o->max_sessions))
		return -EBADMSG;
	err = records_map(k);
	if (err == 0)
		err = listener_inherit(&k->listener, o->socket_path, i);
	return err == 0 ? engine_inherit(&k->engine, i) : err;
}

/* A new one, or one that goes on from where another release was. */
static int start(struct keeping *k, struct inheritance *in)
{
	int err;

	if (!in)
		return start_anew(k);
	err = start_from(k, in);
	if (err < 0)
		log_event(LOG_ERR, "upgrade-failed", "error=\"%s\" effect=\"all sessions end\"",
		          strerror(-err));
	return err;
}

static void end(struct keeping *k)
{
	engine_end(k);
	listener_close(&k->listener);
	if (k->signals >= 0)
		close(k->signals);
	if (k->setting.records)
		munmap(k->setting.records,
		       records_size(k->options.max_tunnels, k->options.max_sessions));
	if (k->records_fd >= 0)
		close(k->records_fd);
	upgrade_close(&k->upgrade);
}

int keeper_run(const struct keeper_options *options,
               int (*engine)(const struct keeper_start *start, void *arg), void *arg)
{
	struct keeping k = {
		.engine = { .requests = -1, .events = -1 },
		.setting = { .engine = engine, .arg = arg },
		.options = *options,
		.listener.fd = -1,
		.records_fd = -1,
	};
	struct inheritance inheritance, *in;
	int status = EXIT_FAILURE, got;

	raise_descriptor_limit();
	upgrade_open(&k.upgrade, options->argv);
	k.signals = signals_open();
	got = upgrade_inherit(&inheritance);
	in = got > 0 ? &inheritance : NULL;
	if (k.signals < 0 || got < 0) {
		log_event(LOG_ERR, "start-failed", "error=\"%s\"",
		          got < 0 ? strerror(-got) : "out of memory or descriptors");
	} else if (start(&k, in) == 0) {
		k.setting.listener = k.listener.fd;
		if (in)
			privilege_bequeath(false);
		privilege_keep_needed();
		status = keep(&k, in);
	}
	upgrade_inherited(&inheritance);
	end(&k);
	return status;
}
