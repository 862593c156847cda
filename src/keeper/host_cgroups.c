/* SPDX-License-Identifier: BSD-2-Clause */
/* host_cgroups.c - see host_cgroups.h
 *
 * The hierarchy is seen where the system has it mounted. Nothing is mounted in the system's own control group namespace: there
 * each mount says anew what holds for the one hierarchy of all, and nsdelegate and memory_recursiveprot would end for the whole
 * system. Where there is no mount we may look at, one is made from within a namespace whose root our group is.
 */
#include "keeper/host_cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/bpf.h"
#include "process/proc_line.h"

#define OWN_GROUPS    "/proc/thread-self/cgroup" /* a hierarchy a line; the unified one has number 0 */
#define OWN_NAMESPACE "/proc/thread-self/ns/cgroup"
#define MOUNTS        "/proc/thread-self/mountinfo"
#define HANDLE_KERNFS 0xfe /* FILEID_KERNFS: the group's id */

struct host_cgroup {
	struct list in_all;
	uint64_t id;
	int fd;
	bool own;
	bool sees; /* there is a program */
	bool seen; /* it has been looked at */
	bool gone; /* since then, and what was there holds for sockets that are left */
	int err;
};

/* Those that see packets, or the call that sends or receives one. */
static const uint32_t hooks[] = {
	BPF_CGROUP_INET_INGRESS, BPF_CGROUP_INET_EGRESS,  BPF_CGROUP_UDP4_SENDMSG,
	BPF_CGROUP_UDP6_SENDMSG, BPF_CGROUP_UDP4_RECVMSG, BPF_CGROUP_UDP6_RECVMSG,
	BPF_LSM_CGROUP,
};

void host_cgroups_open(struct host_cgroups *c)
{
	*c = (struct host_cgroups){ .root = -1 };
	list_init(&c->all);
}

static void cgroup_free(struct host_cgroup *g)
{
	list_remove(&g->in_all);
	if (g->fd >= 0)
		close(g->fd);
	free(g);
}

void host_cgroups_close(struct host_cgroups *c)
{
	list_for_each_safe (node, &c->all)
		cgroup_free(list_entry(node, struct host_cgroup, in_all));
	if (c->root >= 0)
		close(c->root);
	host_cgroups_open(c);
}

static bool is_mount(int fd, uint64_t id)
{
	struct statx about;

	return statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &about) == 0 &&
	       about.stx_mask & STATX_MNT_ID && about.stx_mnt_id == id;
}

/* The mount that a line of mountinfo tells of, if it is the hierarchy from our namespace's root on; -1 */
static int mount_of_line(struct reader line)
{
	struct mount_line mount;
	char place[PATH_MAX];
	AUTO_FD fd = -1;

	if (!mount_line_read(line, &mount) || !proc_word_is(mount.kind, "cgroup2") ||
	    !proc_word_is(mount.root, "/") || !mount_path_read(mount.place, place, sizeof(place)))
		return -1;
	fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Another mount may hide it, also of one group of the hierarchy. */
	return fd >= 0 && is_mount(fd, mount.id) ? TAKE_FD(fd) : -1;
}

/* Where the hierarchy is mounted. Return: -ENOENT: nowhere that we see */
static int mount_find(void)
{
	FILE *mounts = fopen(MOUNTS, "re");
	size_t room = 0;
	char *line = NULL;
	ssize_t len;
	int fd = -1;

	if (!mounts)
		return -errno;
	while (fd < 0 && (len = getline(&line, &room, mounts)) > 0)
		fd = mount_of_line(reader_over(line, (size_t)len));
	free(line);
	fclose(mounts);
	return fd < 0 ? -ENOENT : fd;
}

static int mount_make(void)
{
	AUTO_FD about = fsopen("cgroup2", FSOPEN_CLOEXEC);
	AUTO_FD mount = -1;
	int root;

	if (about < 0 || fsconfig(about, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(about, FSMOUNT_CLOEXEC, 0);
	if (mount < 0)
		return -errno;
	/* What a mount is made as can not be read by, which open_by_handle_at() asks for. */
	root = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? -errno : root;
}

/* A mount that nobody else sees, whose root is our group. */
static int mount_make_apart(void)
{
	AUTO_FD home = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);
	AUTO_FD root = -1;

	if (home < 0 || unshare(CLONE_NEWCGROUP) < 0)
		return -errno;
	root = mount_make();
	if (setns(home, CLONE_NEWCGROUP) < 0)
		return -errno;
	return TAKE_FD(root);
}

static struct host_cgroup *find(const struct host_cgroups *c, uint64_t id)
{
	list_for_each (node, &c->all) {
		struct host_cgroup *g = list_entry(node, struct host_cgroup, in_all);

		if (g->id == id)
			return g;
	}
	return NULL;
}

static int programs_look(struct host_cgroup *g)
{
	int count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(hooks) && count == 0; i++) {
		count = bpf_programs(hooks[i], g->fd, BPF_F_QUERY_EFFECTIVE);
		if (count == -EINVAL)
			count = 0; /* this kernel has none of that kind */
	}
	if (count == -ENOENT && g->seen) {
		close(g->fd);
		g->fd = -1;
		g->gone = true;
		return 0;
	}
	g->seen = count >= 0;
	g->sees = count > 0;
	return count < 0 ? count : 0;
}

/* Return: whether it is otherwise than it was. */
static bool cgroup_look(struct host_cgroup *g)
{
	bool saw = g->sees;
	int err = g->err;

	if (g->gone)
		return false;
	g->err = programs_look(g);
	return g->sees != saw || g->err != err;
}

/* @fd: becomes its own. */
static struct host_cgroup *cgroup_add(struct host_cgroups *c, int fd)
{
	struct host_cgroup *g;
	struct stat about;

	if (fstat(fd, &about) < 0) {
		close(fd);
		return NULL;
	}
	g = find(c, about.st_ino);
	if (g) {
		close(fd);
		return g;
	}
	g = calloc(1, sizeof(*g));
	if (!g) {
		close(fd);
		return NULL;
	}
	*g = (struct host_cgroup){ .id = about.st_ino, .fd = fd };
	list_append(&c->all, &g->in_all);
	cgroup_look(g);
	return g;
}

/* A kernel without control groups has no such file in a /proc that is there. */
static int own_path_unread(int err)
{
	return err == -ENOENT && access("/proc/thread-self/ns/net", F_OK) == 0 ? 0 : err;
}

/* The path of our group in the unified hierarchy. Return: whether there is one, or ever was; -errno: unknown */
static int own_path(char *ret, size_t room)
{
	FILE *groups = fopen(OWN_GROUPS, "re");
	size_t line_room = 0;
	char *line = NULL;
	ssize_t len;
	int found = 0;

	if (!groups)
		return own_path_unread(-errno);
	errno = 0;
	while (found == 0 && (len = getline(&line, &line_room, groups)) > 0)
		found = group_line_path(reader_over(line, (size_t)len), ret, room);
	/* What can not be read to its end may have had the line. */
	if (found == 0 && !feof(groups))
		found = errno ? -errno : -EIO;
	free(line);
	fclose(groups);
	return found;
}

/* Of what is outside our namespace the path begins with "/..", where the root is its own parent. */
static int own_directory(const struct host_cgroups *c, const char *path)
{
	int fd;

	if (c->root < 0 || c->apart || !strncmp(path, "/..", 3))
		return -ENOENT;
	fd = openat(c->root, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int own_open(struct host_cgroups *c, const char *path)
{
	struct host_cgroup *g;
	int fd;

	if (c->root < 0) {
		c->root = mount_find();
		c->apart = c->root < 0;
	}
	fd = own_directory(c, path);
	if (fd < 0)
		fd = mount_make_apart();
	if (fd < 0)
		return fd;
	/* Any directory will do to find groups by their ids from. */
	if (c->root < 0)
		c->root = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	g = cgroup_add(c, fd);
	if (!g)
		return -ENOMEM;
	g->own = true;
	return 0;
}

/* Return: whether something is otherwise than it was. */
static bool own_look(struct host_cgroups *c)
{
	char path[sizeof(c->own)];
	int found = own_path(path, sizeof(path)), err = c->err;
	bool there = c->there;

	c->there = found != 0;
	if (found <= 0) {
		c->err = found;
		return c->there != there || c->err != err;
	}
	if (there && !err && !strcmp(path, c->own))
		return false;
	c->err = own_open(c, path);
	strcpy(c->own, path);
	return !there || c->err != err || !c->err;
}

bool host_cgroups_look(struct host_cgroups *c)
{
	bool other = own_look(c);

	list_for_each_safe (node, &c->all) {
		struct host_cgroup *g = list_entry(node, struct host_cgroup, in_all);

		other |= cgroup_look(g);
		/* Who asks for it again is told so. */
		if (g->err && !g->own)
			cgroup_free(g);
	}
	return other;
}

static struct host_cgroup *cgroup_by_id(struct host_cgroups *c, uint64_t id)
{
	struct host_cgroup *g = find(c, id);
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} by = { .handle = { .handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS } };
	int fd;

	if (g)
		return g;
	memcpy(by.handle.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(c->root, &by.handle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? NULL : cgroup_add(c, fd);
}

static enum fast_reason verdict_on(const struct host_cgroup *g)
{
	if (!g || g->err)
		return FAST_UNWATCHABLE;
	return g->sees ? FAST_CGROUP : FAST_USED;
}

enum fast_reason host_cgroups_verdict(struct host_cgroups *c, uint64_t id)
{
	enum fast_reason reason = FAST_USED;

	if (!c->there)
		return FAST_USED;
	if (c->err)
		return FAST_UNWATCHABLE;
	if (id)
		return verdict_on(cgroup_by_id(c, id));
	list_for_each (node, &c->all) {
		const struct host_cgroup *g = list_entry(node, struct host_cgroup, in_all);

		if (g->own && reason == FAST_USED)
			reason = verdict_on(g);
	}
	return reason;
}
