/* SPDX-License-Identifier: BSD-2-Clause */
/* witness.c - see witness.h
 *
 * Searched in order of cost: our own mounts, what each process is in, then, for namespaces that are still
 * without one, mounts in other mount namespaces, threads, open descriptors.
 */
#include "keeper/witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "process/proc_line.h"
#include "process/process.h"

/* What mountinfo shows: the mounts of a mount namespace that are below the process's root. */
struct view {
	ino_t mounts, root;
	uint64_t root_mount;
};

struct search {
	struct witness *const *wanted;
	size_t count, missing;
	const pid_t *skip;
	struct view *views; /* that were looked at */
	size_t views_count, views_room;
	bool blind; /* something could not be looked at for want of descriptors or memory, or whatever else */
};

/* Of a process that ends just now, has ended, or may not be looked at. All else says nothing of what is there. */
static bool is_answer(int err)
{
	return err == ENOENT || err == ESRCH || err == EINVAL || err == EACCES || err == EPERM;
}

/* @err: an errno, why something could not be looked at; 0: it could */
static void search_failed(struct search *s, int err)
{
	s->blind = s->blind || (err && !is_answer(err));
}

/* 0: it is another kind of link; or there is none, or it can not be read, as errno says. */
static ino_t link_ino(int dir, const char *path)
{
	char text[64];
	ssize_t len;

	errno = 0;
	len = readlinkat(dir, path, text, sizeof(text));
	if (len < 0)
		return 0;
	return proc_netns_number(reader_over(text, (size_t)len));
}

/* Call @see for each namespace that is mounted somewhere below the process's root. Return: 0; -errno, -EIO: it was not read to
 * its end. */
static int mounts_each(int process, void (*see)(ino_t ino, void *arg), void *arg)
{
	AUTO_FD fd = process < 0 ? open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
	                         : openat(process, "mountinfo", O_RDONLY | O_CLOEXEC);
	FILE *mounts = fd < 0 ? NULL : fdopen(fd, "re");
	AUTO_MEMORY char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int err;

	if (!mounts)
		return -errno;
	fd = -1; /* fclose() closes it */
	errno = 0;
	while ((len = getline(&line, &room, mounts)) > 0) {
		struct mount_line mount;
		ino_t ino = 0;

		if (mount_line_read(reader_over(line, (size_t)len), &mount))
			ino = proc_netns_number(mount.root);
		if (ino)
			see(ino, arg);
	}
	err = errno ? -EIO : 0;
	fclose(mounts);
	return err;
}

struct mount_wanted {
	ino_t ino;
	bool found;
};

static void see_mount_wanted(ino_t ino, void *arg)
{
	struct mount_wanted *wanted = arg;

	wanted->found = wanted->found || ino == wanted->ino;
}

bool witness_is_there(const struct witness *w, bool mounts_changed)
{
	struct mount_wanted wanted = { .ino = w->ino };

	switch (w->kind) {
	case WITNESS_LINK:
		return link_ino(w->process, w->link) == w->ino;
	case WITNESS_MOUNT:
		if (w->process < 0 && !mounts_changed)
			return true;
		mounts_each(w->process, see_mount_wanted, &wanted);
		return wanted.found;
	default:
		return false;
	}
}

void witness_drop(struct witness *w)
{
	if (w->kind != WITNESS_NONE && w->process >= 0)
		close(w->process);
	w->kind = WITNESS_NONE;
	w->process = -1;
}

/* The one that waits for a witness of @ino, or NULL. */
static struct witness *search_wants(const struct search *s, ino_t ino)
{
	for (size_t i = 0; ino && i < s->count; i++)
		if (s->wanted[i]->kind == WITNESS_NONE && s->wanted[i]->ino == ino)
			return s->wanted[i];
	return NULL;
}

static void search_found(struct search *s, struct witness *w, enum witness_kind kind, int process,
                         const char *link)
{
	w->process = process < 0 ? -1 : fcntl(process, F_DUPFD_CLOEXEC, 3);
	if (process >= 0 && w->process < 0) {
		s->blind = true;
		return;
	}
	w->kind = kind;
	snprintf(w->link, sizeof(w->link), "%s", link);
	s->missing--;
}

static void search_link(struct search *s, int process, const char *link)
{
	ino_t ino = link_ino(process, link);
	struct witness *w = search_wants(s, ino);

	if (!ino)
		search_failed(s, errno);
	if (w)
		search_found(s, w, WITNESS_LINK, process, link);
}

struct mount_search {
	struct search *search;
	int process;
};

static void see_mount(ino_t ino, void *arg)
{
	struct mount_search *m = arg;
	struct witness *w = search_wants(m->search, ino);

	if (w)
		search_found(m->search, w, WITNESS_MOUNT, m->process, "");
}

/* Nobody is asked for it: whoever serves a file system need not answer. */
static int view_read(int process, struct view *ret)
{
	struct statx root;
	struct stat mounts;

	if (fstatat(process, "ns/mnt", &mounts, 0) < 0 ||
	    statx(process, "root", AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_INO | STATX_MNT_ID,
	          &root) < 0)
		return -errno;
	*ret = (struct view){ mounts.st_ino, root.stx_ino, root.stx_mnt_id };
	return root.stx_mask & STATX_MNT_ID ? 0 : -ENOTSUP;
}

/* True the first time a view is seen, or if that is not known. */
static bool view_is_new(struct search *s, int process)
{
	struct view v;

	if (view_read(process, &v) < 0)
		return true;
	for (size_t i = 0; i < s->views_count; i++)
		if (s->views[i].mounts == v.mounts && s->views[i].root == v.root &&
		    s->views[i].root_mount == v.root_mount)
			return false;
	if (s->views_count == s->views_room) {
		size_t room = s->views_room ? s->views_room * 2 : 16;
		struct view *grown = reallocarray(s->views, room, sizeof(*grown));

		if (!grown)
			return true;
		s->views = grown;
		s->views_room = room;
	}
	s->views[s->views_count++] = v;
	return true;
}

static void search_mounts(struct search *s, int process)
{
	struct mount_search m = { .search = s, .process = process };

	if (process < 0)
		s->blind = mounts_each(process, see_mount, &m) < 0 || s->blind;
	else if (view_is_new(s, process))
		search_failed(s, -mounts_each(process, see_mount, &m));
}

static struct dirent *search_next(struct search *s, DIR *directory)
{
	struct dirent *entry;

	errno = 0;
	entry = readdir(directory);
	if (!entry)
		search_failed(s, errno);
	return entry;
}

/* Every entry of "task" or "fd" of a process, with @suffix behind its name. */
static void search_entries(struct search *s, int process, const char *directory, const char *suffix)
{
	int fd = openat(process, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!entries) {
		search_failed(s, errno);
		if (fd >= 0)
			close(fd);
		return;
	}
	while (s->missing > 0 && (entry = search_next(s, entries))) {
		char link[sizeof((struct witness){ 0 }.link)];

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		if (snprintf(link, sizeof(link), "%s/%.20s%s", directory, entry->d_name, suffix) >
		    0)
			search_link(s, process, link);
	}
	closedir(entries);
}

static void search_shallow(struct search *s, int process)
{
	search_link(s, process, "ns/net");
}

static void search_deep(struct search *s, int process)
{
	search_mounts(s, process);
	search_entries(s, process, "task", "/ns/net");
	search_entries(s, process, "fd", "");
}

static void search_processes(struct search *s, void (*look)(struct search *s, int process))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	if (!proc) {
		s->blind = true;
		return;
	}
	while (s->missing > 0 && (entry = search_next(s, proc))) {
		AUTO_FD process = -1;
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == s->skip[0] || pid == s->skip[1])
			continue;
		process = process_open(pid);
		if (process >= 0)
			look(s, process);
		else
			search_failed(s, -process);
	}
	closedir(proc);
}

bool witness_search(struct witness *const *wanted, size_t count, const pid_t skip[2])
{
	struct search s = { .wanted = wanted, .count = count, .missing = count, .skip = skip };

	search_mounts(&s, -1);
	search_processes(&s, search_shallow);
	search_processes(&s, search_deep);
	free(s.views);
	return !s.blind;
}
