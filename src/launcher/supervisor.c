/* SPDX-License-Identifier: BSD-2-Clause */
/* supervisor.c - see supervisor.h */
#include "launcher/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/calls.h"
#include "launcher/detached_thread.h"
#include "launcher/estate.h"
#include "launcher/guardian.h"
#include "launcher/idle_links.h"
#include "launcher/ip_socket.h"
#include "launcher/managed_socket.h"
#include "launcher/netlink_socket.h"
#include "launcher/pass.h"
#include "launcher/ppp_link.h"
#include "launcher/pppox.h"
#include "launcher/reply.h"

#define IDLE_MAX     8 /* threads that wait for a call; the others end */
#define COLLECT_MS   1000
#define ATTEMPTS_MAX 5 /* supervisors that may die over one call */

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS /* since Linux 6.6 */
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS      SECCOMP_IOW(4, uint64_t)
#endif

struct supervisor {
	struct launcher *launcher;
	atomic_uint idle;
	atomic_bool is_short; /* no thread could be started; said */
	/* Held by the thread that waits for the next call: since Linux 6.6 one call wakes all that wait, of which one gets
	 * it. */
	pthread_mutex_t turn;
};

struct worker {
	struct supervisor *supervisor;
	struct estate_call *call;
};

static int worker_start(struct supervisor *s);

static void serve(struct supervisor *s, struct estate_call *call)
{
	struct trap_caller caller = { .memory = -1 };
	struct trap t = { .launcher = s->launcher,
		          .notif = call->notif,
		          .answer = &call->answer,
		          .caller = &caller };

	if (trap_answer_again(&t))
		return;
	t.again = call->attempts > 0;
	if (++call->attempts > ATTEMPTS_MAX) {
		launcher_say(s->launcher,
		             "system call %d of process %u ended %d supervisors: it fails",
		             t.notif.data.nr, t.notif.pid, ATTEMPTS_MAX);
		trap_fail(&t, -EIO);
		return;
	}
	calls_serve(&t);
	if (caller.memory >= 0)
		close(caller.memory);
}

/* False: no process is behind the filter. */
static bool receive_next(struct supervisor *s, struct estate_call *call)
{
	struct pollfd listener = { .fd = s->launcher->listener };

	for (;;) {
		memset(call->room, 0, sizeof(call->room));
		call->attempts = 0;
		atomic_store(&call->answer.decided, false);
		if (ioctl(s->launcher->listener, SECCOMP_IOCTL_NOTIF_RECV, &call->notif) == 0)
			return true;
		/* ENOENT: the caller was killed before we took its call, or there is none left. */
		if (poll(&listener, 1, 0) > 0 && listener.revents & (POLLHUP | POLLERR))
			return false;
	}
}

static bool receive(struct supervisor *s, struct estate_call *call)
{
	bool received;

	pthread_mutex_lock(&s->turn);
	received = receive_next(s, call);
	pthread_mutex_unlock(&s->turn);
	return received;
}

static void *work(void *arg)
{
	struct worker w = *(struct worker *)arg;
	struct supervisor *s = w.supervisor;

	free(arg);
	/* What another supervisor left unanswered. */
	if (w.call->notif.id != 0) {
		struct trap t = { .launcher = s->launcher, .notif = w.call->notif };

		atomic_fetch_sub(&s->idle, 1);
		if (trap_is_valid(&t))
			serve(s, w.call);
		atomic_fetch_add(&s->idle, 1);
	}
	while (receive(s, w.call)) {
		if (atomic_fetch_sub(&s->idle, 1) == 1)
			worker_start(s);
		serve(s, w.call);
		if (atomic_fetch_add(&s->idle, 1) >= IDLE_MAX) {
			atomic_fetch_sub(&s->idle, 1);
			break;
		}
	}
	w.call->notif.id = 0;
	atomic_store(&w.call->taken, 0);
	return NULL;
}

/* NULL: all are taken. */
static struct estate_call *call_take(struct estate *e)
{
	for (size_t i = 0; i < ESTATE_CALLS; i++)
		if (!atomic_exchange(&e->calls[i].taken, 1))
			return &e->calls[i];
	return NULL;
}

static int thread_start(struct supervisor *s, struct estate_call *call)
{
	struct worker *w = malloc(sizeof(*w));
	int err;

	if (!w)
		return -ENOMEM;
	*w = (struct worker){ s, call };
	atomic_fetch_add(&s->idle, 1);
	err = detached_thread_start(work, w);
	if (err < 0) {
		atomic_fetch_sub(&s->idle, 1);
		free(w);
	}
	return err;
}

static int worker_start(struct supervisor *s)
{
	struct estate_call *call = call_take(s->launcher->estate);
	int err = call ? thread_start(s, call) : -EAGAIN;

	if (err == 0)
		return 0;
	if (call)
		atomic_store(&call->taken, 0);
	launcher_say_once(
		s->launcher, ONCE_BUSY,
		"%u system calls are being served, and no more at a time: others wait (%s)",
		ESTATE_CALLS, call ? strerror(-err) : "all threads are in use");
	return err;
}

/* Later there is always one that comes back from its call. Without any nobody would be served: the guardian starts
 * another supervisor. */
static void workers_start(struct supervisor *s)
{
	int first = worker_start(s);

	if (worker_start(s) < 0 && first < 0)
		_exit(1);
}

/* What another supervisor left */

typedef int restore_fn(struct launcher *l, uint32_t index, const struct estate_thing *thing);

static restore_fn *const restorers[ESTATE_KINDS] = {
	[ESTATE_NETLINK] = netlink_socket_restore,
	[ESTATE_PPPOX] = pppox_restore,
	[ESTATE_IP_SOCKET] = ip_socket_restore,
};

static bool is_whole(const struct estate_thing *thing)
{
	for (unsigned int i = 0; i < thing->fd_count; i++)
		if (thing->fds[i] < 0)
			return false;
	return true;
}

static void things_restore(struct launcher *l)
{
	const uint32_t touched = atomic_load(&l->estate->touched);
	unsigned int count = 0;

	for (uint32_t i = 0; i < touched; i++) {
		struct estate_thing *thing = &l->estate->things[i];
		uint8_t kind = atomic_load(&thing->kind);

		if (kind == ESTATE_FREE)
			continue;
		if (kind < ESTATE_KINDS && restorers[kind] && is_whole(thing) &&
		    restorers[kind](l, i, thing) == 0)
			count++;
		else
			estate_drop(l, i);
	}
	launcher_trace(l, 1, "%u stand-ins are served again", count);
}

/* Which calls were left is noted before the first thread starts: threads take what is free, and fill it. Of two in one
 * place, one call is answered as the other was, and its program waits for what was never asked. */
static void calls_repeat(struct supervisor *s)
{
	struct estate_call *calls = s->launcher->estate->calls;
	bool left[ESTATE_CALLS];

	/* No thread is left of those that took them. */
	for (size_t i = 0; i < ESTATE_CALLS; i++) {
		left[i] = calls[i].notif.id != 0;
		atomic_store(&calls[i].taken, left[i]);
	}
	for (size_t i = 0; i < ESTATE_CALLS; i++)
		if (left[i] && thread_start(s, &calls[i]) < 0)
			_exit(1);
}

/* Start and end */

/* Chooses for this supervisor and all later ones. */
static int choose(struct launcher *l, char *why, size_t size)
{
	int err = reply_open(l->options.reply, l->private_netns, &l->reply, why, size);

	if (err < 0)
		return err;
	err = netlink_start(l);
	if (err < 0) {
		snprintf(why, size, "no numbers for the family l2tp: %s", strerror(-err));
		return err;
	}
	l->estate->reply = reply_way(l->reply);
	l->estate->reply_magic = reply_magic(l->reply);
	l->estate->reply_port = reply_port(l->reply);
	l->estate->l2tp_family = l->l2tp_family;
	l->estate->l2tp_group = l->l2tp_group;
	launcher_trace(l, 1, "answers go by way of %s%s%s", reply_name(l->estate->reply),
	               *why ? ": " : "", why);
	return 0;
}

static void ready(struct launcher *l, int pair)
{
	struct guardian_ready message = { .guardian = getppid() };

	message.err = choose(l, message.why, sizeof(message.why));
	message.reply = l->estate->reply;
	pass_send(pair, &message, sizeof(message), -1);
	if (message.err < 0)
		_exit(1);
}

static void take_over(struct launcher *l)
{
	char why[256] = "";
	int err = reply_open(l->estate->reply, l->private_netns, &l->reply, why, sizeof(why));

	if (err == 0)
		err = netlink_start(l);
	if (err < 0) {
		launcher_say(l, "a supervisor can not take over: %s (%s)", strerror(-err), why);
		_exit(1);
	}
	reply_magic_set(l->reply, l->estate->reply_magic);
	err = reply_port_set(l->reply, l->estate->reply_port);
	if (err < 0)
		launcher_say(l, "answers that a supervisor before had sent are lost: %s",
		             strerror(-err));
	l->l2tp_family = l->estate->l2tp_family;
	l->l2tp_group = l->estate->l2tp_group;
	things_restore(l);
	object_collect(&l->objects); /* subscriptions are made again by those that had some */
}

void supervisor_program_ended(struct launcher *l)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	openlog("ul2tp", LOG_PID, LOG_DAEMON);
	atomic_store(&l->log, -1);
	if (null >= 0)
		dup2(null, STDERR_FILENO);
	if (null > 2)
		close(null);
}

/* Returns when no process is behind the filter any more. */
static void attend(struct launcher *l)
{
	struct pollfd watched[] = {
		{ .fd = l->listener },
		{ .fd = l->program, .events = POLLIN },
	};

	for (;;) {
		int n = poll(watched, ARRAY_SIZE(watched), COLLECT_MS);

		if (n < 0 && errno != EINTR)
			_exit(1);
		if (watched[0].revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
		if (watched[1].revents) {
			supervisor_program_ended(l);
			watched[1].fd = -1;
		}
		object_collect(&l->objects);
		ppp_links_age();
		idle_links_age();
		managed_sockets_collect(l);
	}
}

/* Who calls and who serves wake each other on the processor they are on, for the one sleeps while the other works. A
 * kernel that can not do that chooses a processor as always. */
static void wake_in_place(const struct launcher *l)
{
	ioctl(l->listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
}

_Noreturn void supervisor_run(struct launcher *l, int pair)
{
	struct supervisor s = { .launcher = l, .turn = PTHREAD_MUTEX_INITIALIZER };
	char octet;

	prctl(PR_SET_NAME, "ul2tp-supervise");
	/* Threads come and go, and would leave what they grew to in many; the few pieces a call takes are no contention. */
	mallopt(M_ARENA_MAX, 1);
	object_table_init(&l->objects);
	held_sockets_init(&l->held_sockets);
	for (size_t i = 0; i < GIVE_LOCKS; i++)
		pthread_mutex_init(&l->give_locks[i], NULL);
	if (pair >= 0) {
		ready(l, pair);
		if (pass_receive(l->guardian, &octet, 1, &l->listener) < 0)
			_exit(0);
	} else {
		take_over(l);
	}
	wake_in_place(l);
	calls_repeat(&s);
	workers_start(&s);
	if (pair >= 0) {
		pass_send(pair, &octet, 1, -1);
		close(pair);
	}
	attend(l);
	_exit(0);
}
