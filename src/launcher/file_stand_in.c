/* SPDX-License-Identifier: BSD-2-Clause */
/* file_stand_in.c - see file_stand_in.h */
#include "launcher/file_stand_in.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/file_text.h"
#include "launcher/tracing.h"
#include "process/process.h"

#define STATX_FLAGS (AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE)

#define BIT(number) (UINT64_C(1) << (number))

/* clang-format off */
static const struct {
	mode_t mode;
	bool hidden; /* in directories that only root may enter */
	blksize_t block;
} kinds[] = {
	[FILE_PPPOL2TP]   = { 0444, false, 1024 },
	[FILE_TUNNELS]    = { 0600, true,  4096 },
	[FILE_ENABLE]     = { 0640, true,  4096 },
	[FILE_ENABLE_ALL] = { 0640, true,  4096 },
	[FILE_FORMAT]     = { 0440, true,  4096 },
	[FILE_TRACE_PIPE] = { 0440, true,  4096 },
};
/* clang-format on */

/* What the modes of a file of root's say to the caller. */
struct may {
	bool search, read, write;
};

static int may_of(const struct trap *t, enum file_kind kind, struct may *ret)
{
	struct process_credentials who;
	bool owner, override, look, is_ours;

	if (caller_credentials(t, &who) < 0)
		return -ESRCH;
	/* Those file systems belong to the outermost user namespace: capabilities in another are none. */
	is_ours = who.userns == t->launcher->home_userns_number;
	override = is_ours && who.effective & BIT(CAP_DAC_OVERRIDE);
	look = override || (is_ours && who.effective & BIT(CAP_DAC_READ_SEARCH));
	owner = who.euid == 0;
	*ret = (struct may){
		.search = !kinds[kind].hidden || owner || look,
		.read = kinds[kind].mode & 0004 || owner || look,
		.write = override || (owner && kinds[kind].mode & 0200),
	};
	return 0;
}

/* Whether there is a process of that number, if the path has one. */
static bool task_is_there(const struct trap *t, const struct file_place *place)
{
	char path[384];

	snprintf(path, sizeof(path), "/proc/%u/root%s/%s", t->notif.pid, place->mount, place->task);
	return !place->task[0] || access(path, F_OK) == 0 || errno != ENOENT; /* we may not look */
}

/* Device of the file system it would be on; 0 if there is none. */
static dev_t device_of(const struct trap *t, const struct file_place *place)
{
	char path[320];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/root%s", t->notif.pid, place->mount);
	return stat(path, &st) == 0 ? st.st_dev : 0;
}

static struct stat stat_of(const struct trap *t, const struct file_place *place)
{
	struct stat st = {
		.st_dev = device_of(t, place),
		.st_ino = UINT32_C(0xf0000000) + place->kind,
		.st_nlink = 1,
		.st_mode = S_IFREG | kinds[place->kind].mode,
		.st_blksize = kinds[place->kind].block,
	};

	if (place->kind != FILE_TRACE_PIPE)
		file_text_expect(t, place->kind, &st.st_dev, &st.st_ino);
	clock_gettime(CLOCK_REALTIME, &st.st_mtim);
	st.st_atim = st.st_ctim = st.st_mtim;
	return st;
}

static struct statx_timestamp stamp(const struct timespec *time)
{
	return (struct statx_timestamp){ .tv_sec = time->tv_sec,
		                         .tv_nsec = (uint32_t)time->tv_nsec };
}

static int statx_answer(const struct trap *t, uint64_t out, const struct stat *st)
{
	struct statx x = {
		.stx_mask = STATX_BASIC_STATS,
		.stx_blksize = (uint32_t)st->st_blksize,
		.stx_nlink = (uint32_t)st->st_nlink,
		.stx_mode = (uint16_t)st->st_mode,
		.stx_ino = st->st_ino,
		.stx_atime = stamp(&st->st_atim),
		.stx_mtime = stamp(&st->st_mtim),
		.stx_ctime = stamp(&st->st_ctim),
		.stx_dev_major = major(st->st_dev),
		.stx_dev_minor = minor(st->st_dev),
	};

	return trap_write(t, out, &x, sizeof(x));
}

static int stat_answer(const struct trap *t, const struct file_request *request,
                       const struct file_place *place)
{
	struct stat st;

	if (request->action == FILE_STATX && request->flags & ~(uint64_t)STATX_FLAGS)
		return -EINVAL;
	st = stat_of(t, place);
	if (request->action == FILE_STATX)
		return statx_answer(t, request->out, &st);
	return trap_write(t, request->out, &st, sizeof(st));
}

static int access_answer(const struct may *may, uint64_t wanted)
{
	if (wanted & ~(uint64_t)(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (wanted & X_OK || (wanted & R_OK && !may->read) || (wanted & W_OK && !may->write))
		return -EACCES;
	return 0;
}

/* Opening */

static int open_allowed(const struct may *may, uint64_t flags)
{
	int how = (int)flags & O_ACCMODE;

	if (flags & O_CREAT && flags & O_EXCL)
		return -EEXIST;
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if ((how != O_WRONLY && !may->read) ||
	    ((how != O_RDONLY || flags & O_TRUNC) && !may->write))
		return -EACCES;
	return 0;
}

/* What can be opened for writing and refuses to be written to: EIO in /proc, EINVAL elsewhere. */
static int sink_open(enum file_kind kind)
{
	int fd = kind == FILE_PPPOL2TP ? open("/proc/version", O_WRONLY | O_CLOEXEC)
	                               : epoll_create1(EPOLL_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int open_kind(const struct trap *t, const struct file_place *place, uint64_t flags)
{
	mode_t mode = kinds[place->kind].mode;
	bool writes = ((int)flags & O_ACCMODE) != O_RDONLY;

	if (flags & O_PATH) /* such a descriptor can not be given */
		return file_text_of(t, place->kind, "", mode);
	if (place->kind == FILE_ENABLE || place->kind == FILE_ENABLE_ALL)
		return writes ? tracing_control_open(t, place->event)
		              : tracing_state_open(t, place->event, mode);
	if (((int)flags & O_ACCMODE) == O_WRONLY)
		return sink_open(place->kind);
	switch (place->kind) {
	case FILE_PPPOL2TP:
		return file_text_debug(t, DEBUG_PPPOL2TP, place, mode);
	case FILE_TUNNELS:
		return file_text_debug(t, DEBUG_TUNNELS, place, mode);
	case FILE_FORMAT:
		return file_text_format(t, place->event, mode);
	default:
		return tracing_pipe_open(t, flags & O_NONBLOCK);
	}
}

static void open_answer(struct trap *t, const struct file_place *place, uint64_t flags)
{
	AUTO_FD fd = open_kind(t, place, flags);

	if (fd < 0)
		trap_fail(t, fd);
	else
		trap_give(t, fd, GIVE_LOWEST, flags & O_CLOEXEC);
}

void file_stand_in(struct trap *t, const struct file_request *request,
                   const struct file_place *place)
{
	struct may may;
	int err;

	/* The system's own goes on until an event of ours was wished for. */
	if (place->kind == FILE_TRACE_PIPE && !tracing_enabled(t->launcher)) {
		trap_continue(t);
		return;
	}
	err = task_is_there(t, place) ? may_of(t, place->kind, &may) : -ENOENT;
	if (!err && !may.search)
		err = -EACCES;
	if (!err && request->action == FILE_OPEN) {
		err = open_allowed(&may, request->flags);
		if (!err) {
			open_answer(t, place, request->flags);
			return;
		}
	}
	if (!err && (request->action == FILE_STAT || request->action == FILE_STATX))
		err = stat_answer(t, request, place);
	if (!err && request->action == FILE_ACCESS)
		err = access_answer(&may, request->flags);
	if (!err && request->action == FILE_READLINK)
		err = -EINVAL;
	if (!err && request->action == FILE_XATTR)
		err = -EOPNOTSUPP;
	trap_result(t, err);
}
