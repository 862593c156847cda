/* SPDX-License-Identifier: BSD-2-Clause */
/* run.c - the keeper's life: start, one loop, the end; see keeping.h
 *
 * The loop waits for requests of the engine, for signals, and for the time to look after namespaces.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "config.h"
#include "keeper/keeping.h"
#include "keeper/managed.h"
#include "keeper/privilege.h"
#include "keeper/ready.h"
#include "keeper/records.h"
#include "keeper/tap.h"

/* A namespace goes within a second of its last process: found in two looks, left in DROP_AFTER_MS at most. */
#define LOOK_EVERY_MS 250
#define LOOK_AGAIN_MS 50
#define DROP_AFTER_MS 300

#define TELL_AGAIN_MS 5 /* what the engine could not be told because it was behind */

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Sparse: what no tunnel or session uses costs nothing. */
static int records_make(struct keeping *k)
{
	uint64_t size = records_size(k->options.max_tunnels, k->options.max_sessions);

	k->records_fd = memfd_create("ul2tp-records", MFD_CLOEXEC);
	if (k->records_fd < 0 || ftruncate(k->records_fd, (off_t)size) < 0)
		return -errno;
	k->setting.records =
		records_map(k->records_fd, k->options.max_tunnels, k->options.max_sessions);
	if (!k->setting.records)
		return -ENOMEM;
	return 0;
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

static void on_signal(struct keeping *k, uint32_t number)
{
	struct extack ea = { 0 };

	if (number == SIGHUP)
		log_event(
			LOG_NOTICE, "nothing-to-reload",
			"reason=\"there is no configuration file: SIGHUP does nothing, SIGUSR2 upgrades\"");
	else if (number == SIGUSR2)
		keeping_upgrade(k, &ea);
	else if (number != SIGCHLD)
		keeping_stop(k);
}

static void on_signals(struct keeping *k)
{
	struct signalfd_siginfo info;
	int status;

	while (read(k->signals, &info, sizeof(info)) == sizeof(info))
		on_signal(k, info.ssi_signo);
	if (k->engine.pid > 0 && waitpid(k->engine.pid, &status, WNOHANG) == k->engine.pid)
		keeping_engine_ended(k, status);
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
			keeping_upgrade_now(k);
		server_answer(&k->server, &request, &fds, &reply, &reply_fds);
		if (request.kind == REQUEST_READY)
			keeping_engine_ready(k);
		if (request.kind == REQUEST_UPGRADE)
			reply.err = keeping_upgrade(k, &reply.ea);
		message_fds_close(&fds);
		burst_note(&k->burst, request.kind == REQUEST_DEVICE_CREATE);
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
			n->told = keeping_tell(k, &event);
		if (n->gone && now - n->gone_ms >= DROP_AFTER_MS)
			server_drop_namespace(&k->server, n->id);
	}
}

static bool tell_gone(void *arg, const struct keeper_event *event)
{
	return keeping_tell(arg, event);
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

	burst_stay_awake(&k->burst, k->engine.requests);
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
		keeping_engine_start(k, false);
	if (k->upgrade_ms && now >= k->upgrade_ms)
		keeping_upgrade_now(k);
	if (k->stop_ms && now >= k->stop_ms && k->engine.pid > 0) {
		log_event(LOG_WARNING, "engine-killed", "reason=\"it did not end in time\"");
		kill(k->engine.pid, SIGKILL);
		k->stop_ms = now + STOP_WITHIN_MS;
	}
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
	k->unready = true;
	if (in) {
		engine_relieve(&k->engine);
		server_engine_gone(&k->server);
	}
	keeping_engine_start(k, !in);
	if (in)
		log_event(LOG_NOTICE, "upgraded", "version=%s", UL2TP_VERSION);
	else
		log_event(LOG_NOTICE, "listening", "socket=%s", k->listener.path ?: "passed");
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
	keeping_engine_end(k);
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

/* A new one, or one that goes on from where another release was. */
static int start(struct keeping *k, struct inheritance *in)
{
	int err;

	if (!in)
		return start_anew(k);
	err = keeping_inherit(k, in);
	if (err < 0)
		log_event(LOG_ERR, "upgrade-failed", "error=\"%s\" effect=\"all sessions end\"",
		          strerror(-err));
	return err;
}

static void end(struct keeping *k)
{
	keeping_engine_end(k);
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
