/* SPDX-License-Identifier: BSD-2-Clause */
/* file_text.c - see file_text.h */
#include "launcher/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "debug/trace_format.h"
#include "launcher/caller.h"
#include "launcher/daemon_rights.h"

/* A description of its own, which nobody can write through. */
static int reopen(int fd)
{
	char path[48];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	return again < 0 ? -errno : again;
}

static int finish(int memory, mode_t mode)
{
	if (fchmod(memory, mode) < 0 ||
	    fcntl(memory, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) <
	            0)
		return -errno;
	return reopen(memory);
}

/* What was said to be next, or a new one. 0 in its place: none; that number is our standard input's. */
static int memory_open(const struct trap *t, enum file_kind kind)
{
	int fd = atomic_exchange(&t->launcher->files_expected[kind], 0);

	if (fd == 0)
		fd = memfd_create("l2tp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

void file_text_expect(const struct trap *t, enum file_kind kind, dev_t *dev, ino_t *ino)
{
	AUTO_FD memory = memory_open(t, kind);
	struct stat st;
	int none = 0;

	if (memory < 0 || fstat(memory, &st) < 0)
		return;
	*dev = st.st_dev;
	*ino = st.st_ino;
	if (atomic_compare_exchange_strong(&t->launcher->files_expected[kind], &none, memory))
		memory = -1;
}

int file_text_of(const struct trap *t, enum file_kind kind, const char *text, mode_t mode)
{
	AUTO_FD memory = memory_open(t, kind);
	size_t len = strlen(text);

	if (memory < 0)
		return memory;
	if (write(memory, text, len) != (ssize_t)len)
		return -EIO;
	return finish(memory, mode);
}

int file_text_format(const struct trap *t, const char *event, mode_t mode)
{
	AUTO_MEMORY char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	trace_format(out, event);
	return fclose(out) == 0 ? file_text_of(t, FILE_FORMAT, text, mode) : -ENOMEM;
}

struct asking {
	struct launcher *launcher;
	enum debug_text which;
	bool admin;
	FILE *out;
};

static int ask(void *arg)
{
	struct asking *a = arg;
	struct ul2tp *u;
	int err = daemon_rights_connect(a->launcher, a->admin, &u);

	if (err < 0)
		return err;
	err = debug_text_write(a->out, u, a->which);
	ul2tp_disconnect(u);
	return err == -EPERM ? -EACCES : err;
}

/* Of the caller, or of the process whose directory below /proc is named. */
static int netns_of(const struct trap *t, const struct file_place *place)
{
	AUTO_FD fd = -1;
	char path[384];

	if (!place->task[0])
		return trap_netns(t);
	snprintf(path, sizeof(path), "/proc/%u/root%s/%s/ns/net", t->notif.pid, place->mount,
	         place->task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -EACCES;
	return trap_is_valid(t) ? TAKE_FD(fd) : -ESRCH;
}

int file_text_debug(const struct trap *t, enum debug_text which, const struct file_place *place,
                    mode_t mode)
{
	AUTO_FD netns = netns_of(t, place);
	AUTO_MEMORY char *text = NULL;
	struct asking a = { .launcher = t->launcher, .which = which };
	size_t len;
	int err;

	if (netns < 0)
		return netns;
	a.admin = caller_is_admin(t, netns);
	a.out = open_memstream(&text, &len);
	if (!a.out)
		return -ENOMEM;
	err = in_netns(t->launcher, netns, ask, &a);
	if (fclose(a.out) != 0)
		err = -ENOMEM;
	return err < 0 ? err : file_text_of(t, place->kind, text, mode);
}
