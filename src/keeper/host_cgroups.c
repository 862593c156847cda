/* SPDX-License-Identifier: BSD-2-Clause */
/* host_cgroups.c - see host_cgroups.h
 *
 * The hierarchy is mounted for ourselves, where nobody sees it: what stands at /sys/fs/cgroup may be a part of it, or nothing.
 */
#include "keeper/host_cgroups.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/bpf.h"

#define OWN_GROUPS                                                                                 \
	"/proc/thread-self/cgroup" /* a hierarchy a line; the unified one has the number 0 */
#define HANDLE_KERNFS 0xfe         /* FILEID_KERNFS: the group's id */

struct host_cgroup {
	struct list in_all;
	uint64_t id;
	int fd;
	bool own;
	bool sees; /* there is a program */
	int err;   /* it has gone, say, and its sockets are still there */
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

static int root_open(void)
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
	g->sees = count > 0;
	return count < 0 ? count : 0;
}

/* Return: whether it is otherwise than it was. */
static bool cgroup_look(struct host_cgroup *g)
{
	bool saw = g->sees;
	int err = g->err;

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

/* The path of our group in the unified hierarchy. Return: NULL: none was ever mounted. */
static const char *own_path(char *text, size_t room)
{
	AUTO_FD fd = open(OWN_GROUPS, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, room - 1);

	text[len > 0 ? len : 0] = '\0';
	for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));)
		if (!strncmp(line, "0::", 3))
			return line + 3;
	return NULL;
}

/* Of what is outside our group's namespace the path begins with "/..", where the root is its own parent. */
static int own_open(struct host_cgroups *c, const char *path)
{
	struct host_cgroup *g;
	int fd;

	if (!strncmp(path, "/..", 3))
		return -EXDEV;
	if (c->root < 0)
		c->root = root_open();
	if (c->root < 0)
		return c->root;
	fd = openat(c->root, path[1] ? path + 1 : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	g = cgroup_add(c, fd);
	if (!g)
		return -ENOMEM;
	g->own = true;
	return 0;
}

/* Return: whether something is otherwise than it was. */
static bool own_look(struct host_cgroups *c)
{
	char text[sizeof(c->own)];
	const char *path = own_path(text, sizeof(text));
	int err = c->err;
	bool there = c->there;

	c->there = path;
	if (!path) {
		c->err = 0;
		return there;
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
		/* It has gone, and who asks for it again is told so. */
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
