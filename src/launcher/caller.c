/* SPDX-License-Identifier: BSD-2-Clause */
/* caller.c - see caller.h
 *
 * Capabilities and user ids are a thread's own in Linux; glibc's functions change those of all threads, so
 * the system calls are made directly. The kernel decides by effective capabilities and, for the owner of a
 * user namespace, by the effective user id (cap_capable()): both become the caller's, and the saved ones stay
 * to come back by.
 */
#include "launcher/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/child.h"
#include "process/process.h"

struct capabilities {
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];
};

/* Of a thread; 0: the calling one. */
static int capabilities_get(uint32_t thread, struct capabilities *c)
{
	*c = (struct capabilities){ .header = { .version = _LINUX_CAPABILITY_VERSION_3,
		                                .pid = (int)thread } };
	return syscall(SYS_capget, &c->header, c->data) < 0 ? -errno : 0;
}

static uint64_t effective_of(const struct capabilities *c)
{
	return (uint64_t)c->data[1].effective << 32 | c->data[0].effective;
}

static int caller_capabilities(const struct trap *t, uint64_t *ret)
{
	struct capabilities c;
	int err = capabilities_get(t->notif.pid, &c);

	*ret = effective_of(&c);
	return err < 0 || !trap_is_valid(t) ? -ESRCH : 0;
}

/* The directory /proc/TID belongs to the effective user, also of a process that can not be dumped, to which other files
 * there do not. Its file "status" has all of this, too, as sixty lines of text, whose writing takes far longer. */
static int credentials_read(const struct trap *t, struct process_credentials *ret)
{
	struct stat directory, userns;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%u", t->notif.pid);
	if (stat(path, &directory) < 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%u/ns/user", t->notif.pid);
	if (stat(path, &userns) < 0)
		return -ESRCH;
	*ret = (struct process_credentials){ .euid = directory.st_uid, .userns = userns.st_ino };
	return caller_capabilities(t, &ret->effective);
}

int caller_credentials(const struct trap *t, struct process_credentials *ret)
{
	int err;

	if (t->caller && t->caller->known) {
		*ret = t->caller->who;
		return 0;
	}
	err = credentials_read(t, ret);
	if (!err && t->caller) {
		t->caller->who = *ret;
		t->caller->known = true;
	}
	return err;
}

bool caller_is_allowed(const struct trap *t, const struct rights_owner *owner)
{
	struct process_credentials who;

	return caller_credentials(t, &who) == 0 && rights_allow(owner, &who);
}

bool caller_is_admin(const struct trap *t, int netns)
{
	struct rights_owner owner;

	return rights_owner_read(netns, &owner) == 0 && caller_is_allowed(t, &owner);
}

static bool is_same(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino &&
	       sa.st_dev == sb.st_dev;
}

int in_netns(struct launcher *l, int netns, int (*fn)(void *arg), void *arg)
{
	int result;

	if (is_same(netns, l->home_netns))
		return fn(arg);
	if (setns(netns, CLONE_NEWNET) < 0)
		return -errno;
	result = fn(arg);
	if (setns(l->home_netns, CLONE_NEWNET) < 0) {
		launcher_say(l, "a thread can not come back from a network namespace");
		_exit(1); /* another supervisor takes over, whose threads are where they belong */
	}
	return result;
}

/* With a caller's rights, on this thread */

static int effective_set(struct capabilities c, uint64_t allowed)
{
	c.data[0].effective &= (uint32_t)allowed;
	c.data[1].effective &= (uint32_t)(allowed >> 32);
	return syscall(SYS_capset, &c.header, c.data) < 0 ? -errno : 0;
}

static int euid_set(uid_t euid)
{
	return syscall(SYS_setresuid, -1, euid, -1) < 0 ? -errno : 0;
}

struct act {
	int (*fn)(void *arg, int *fd);
	void *arg;
	int *fd;
	const struct process_credentials *who;
	struct launcher *launcher;
};

/* Ids before capabilities: to change those is itself a privilege. */
static int act_as(void *arg)
{
	struct act *a = arg;
	uid_t ours = geteuid();
	struct capabilities c;
	int result = capabilities_get(0, &c);

	if (result < 0)
		return result;
	if (ours == a->who->euid && !(effective_of(&c) & ~a->who->effective))
		return a->fn(a->arg, a->fd); /* they are the same already */
	if (ours != a->who->euid && euid_set(a->who->euid) < 0)
		return -EPERM;
	result = effective_set(c, a->who->effective);
	if (result == 0)
		result = a->fn(a->arg, a->fd);
	/* All of ours again, for the way back; a user id that changes takes them away once more. */
	if (effective_set(c, UINT64_MAX) < 0 || (ours != a->who->euid && euid_set(ours) < 0) ||
	    effective_set(c, UINT64_MAX) < 0) {
		launcher_say(a->launcher, "a thread can not have its rights back");
		_exit(1);
	}
	return result;
}

/* In the caller's user namespace, in a child */

struct journey {
	struct act act;
	int userns, netns;
	const struct trap *trap;
	bool is_home; /* netns is where we are */
};

/* Into the network namespace by our rights, or else by those that the user namespace gives: the caller may be
 * in a network namespace that its user namespace has no say in. */
static int enter(const struct journey *j)
{
	bool there = j->is_home || setns(j->netns, CLONE_NEWNET) == 0;

	if (setns(j->userns, CLONE_NEWUSER) < 0)
		return -errno;
	return there || setns(j->netns, CLONE_NEWNET) == 0 ? 0 : -errno;
}

static int travel(void *arg, int *fd)
{
	struct journey *j = arg;
	struct process_credentials who;
	AUTO_FD process = -1;
	struct capabilities c;
	int err = enter(j);

	if (err < 0)
		return err;
	/* Read again: user ids are shown as they are in the reader's namespace. */
	process = process_open((pid_t)j->trap->notif.pid);
	if (process < 0 || process_credentials(process, &who) < 0 || !trap_is_valid(j->trap))
		return -ESRCH;
	err = capabilities_get(0, &c);
	if (err < 0)
		return err;
	if (geteuid() != who.euid && euid_set(who.euid) < 0)
		return -EPERM;
	err = effective_set(c, who.effective);
	return err < 0 ? err : j->act.fn(j->act.arg, fd);
}

int as_caller(const struct trap *t, int netns, int (*fn)(void *arg, int *fd), void *arg, int *fd)
{
	struct process_credentials who;
	AUTO_FD theirs = -1;
	int unused = -1;

	if (caller_credentials(t, &who) < 0)
		return -ESRCH;
	if (who.userns == t->launcher->home_userns_number) {
		struct act act = { fn, arg, fd ? fd : &unused, &who, t->launcher };

		return in_netns(t->launcher, netns, act_as, &act);
	}
	theirs = trap_namespace(t, "user");
	if (theirs < 0)
		return -ESRCH;

	struct journey journey = {
		.act = { .fn = fn, .arg = arg },
		.userns = theirs,
		.netns = netns,
		.trap = t,
		.is_home = is_same(netns, t->launcher->home_netns),
	};

	return child_run(travel, &journey, fd);
}
