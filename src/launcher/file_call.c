/* SPDX-License-Identifier: BSD-2-Clause */
/* file_call.c - which call it is, which file it names; see file_call.h
 *
 * Nearly all paths are none of ours, as their last part shows; for the others it is looked up where the program
 * is and what is mounted there. Nothing here decides about safety: what is left to the kernel, it decides by
 * the path it then finds.
 */
#include "launcher/file_call.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/file_place.h"
#include "launcher/file_stand_in.h"
#include "launcher/ppp_file.h"

#define MOUNTINFO_MAX (256 << 10)

/* The kernel's O_LARGEFILE: the C library's is 0 where all files may be large. */
#ifdef __aarch64__
#define LARGEFILE 0400000
#else
#define LARGEFILE 0100000
#endif

/* All that open(2) knows; openat2() refuses others. */
#define OPEN_FLAGS                                                                                 \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_DSYNC |     \
	 O_ASYNC | O_DIRECT | LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |       \
	 O_SYNC | O_PATH)

static int program_path(const struct trap *t, const char *what, char *to, size_t size)
{
	char link[64];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/%u/%s", t->notif.pid, what);
	len = readlink(link, to, size - 1);
	if (len < 0 || (size_t)len >= size - 1)
		return -ENOENT;
	to[len] = '\0';
	return 0;
}

/* The directory that a relative path begins in, as the program would write it. */
static int base_of(const struct trap *t, int dirfd, char *to, size_t size)
{
	char what[32] = "cwd", root[PATH_MAX];
	size_t len;

	if (dirfd != AT_FDCWD)
		snprintf(what, sizeof(what), "fd/%d", dirfd);
	if (program_path(t, what, to, size) < 0 || to[0] != '/' ||
	    program_path(t, "root", root, sizeof(root)) < 0)
		return -ENOENT;
	len = strlen(root);
	if (len > 1 && strncmp(to, root, len) == 0 && (to[len] == '/' || !to[len]))
		memmove(to, to + len, strlen(to + len) + 1); /* it was chroot()ed */
	return 0;
}

static int mounts_of(const struct trap *t, struct mounts *ret)
{
	AUTO_MEMORY char *octets = malloc(MOUNTINFO_MAX);
	AUTO_FD fd = -1;
	char path[48];
	size_t len = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/mountinfo", t->notif.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !octets)
		return -ENOENT;
	while (len < MOUNTINFO_MAX && (n = read(fd, octets + len, MOUNTINFO_MAX - len)) > 0)
		len += (size_t)n;
	mounts_read(reader_over(octets, len), ret);
	mounts_default(ret);
	return 0;
}

/* Whether it is one of ours; then in *@ret, which borrows from @m. */
static bool find(const struct trap *t, int dirfd, const char *path, struct mounts *m,
                 struct file_place *ret)
{
	char base[PATH_MAX] = "/", plain[PATH_MAX];

	if (path[0] != '/' && base_of(t, dirfd, base, sizeof(base)) < 0)
		return false;
	if (!file_place_join(base, path, plain, sizeof(plain)) || mounts_of(t, m) < 0 ||
	    !trap_is_valid(t))
		return false;
	*ret = file_place_find(m, plain);
	return ret->kind != FILE_NONE;
}

/* Where in the arguments of each call what stands; -1: nowhere. */
struct call_row {
	long number;
	enum file_action action;
	int8_t dirfd, path, flags, out;
};

/* clang-format off */
static const struct call_row rows[] = {
#ifdef SYS_open
	{ SYS_open,       FILE_OPEN,     -1, 0,  1, -1 },
	{ SYS_creat,      FILE_CREATE,   -1, 0, -1, -1 },
	{ SYS_stat,       FILE_STAT,     -1, 0, -1,  1 },
	{ SYS_lstat,      FILE_STAT,     -1, 0, -1,  1 },
	{ SYS_access,     FILE_ACCESS,   -1, 0,  1, -1 },
	{ SYS_readlink,   FILE_READLINK, -1, 0, -1, -1 },
#endif
	{ SYS_openat,     FILE_OPEN,      0, 1,  2, -1 },
	{ SYS_openat2,    FILE_OPEN2,     0, 1, -1,  2 },
	{ SYS_newfstatat, FILE_STAT,      0, 1, -1,  2 },
	{ SYS_statx,      FILE_STATX,     0, 1,  2,  4 },
	{ SYS_faccessat,  FILE_ACCESS,    0, 1,  2, -1 },
	{ SYS_faccessat2, FILE_ACCESS,    0, 1,  2, -1 },
	{ SYS_readlinkat, FILE_READLINK,  0, 1, -1, -1 },
	{ SYS_getxattr,   FILE_XATTR,    -1, 0, -1, -1 },
	{ SYS_lgetxattr,  FILE_XATTR,    -1, 0, -1, -1 },
	{ SYS_listxattr,  FILE_XATTR,    -1, 0, -1, -1 },
	{ SYS_llistxattr, FILE_XATTR,    -1, 0, -1, -1 },
};
/* clang-format on */

static const struct call_row *row_of(const struct trap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].number == t->notif.data.nr)
			return &rows[i];
	return NULL;
}

static uint64_t argument(const struct trap *t, int number)
{
	return number < 0 ? 0 : trap_argument(t, (unsigned int)number);
}

/* openat2() has its flags in memory. One that is wrong, or restricts how the path is followed, is left to the kernel: there
 * is no magic link in any path of ours. */
static int how_read(const struct trap *t, uint64_t address, uint64_t size, uint64_t *flags)
{
	struct open_how how;
	int err;

	if (size != sizeof(how))
		return -EOPNOTSUPP;
	err = trap_read(t, address, &how, sizeof(how));
	if (err < 0)
		return err;
	if (how.resolve & ~(uint64_t)RESOLVE_NO_MAGICLINKS || how.flags & ~(uint64_t)OPEN_FLAGS)
		return -EOPNOTSUPP;
	*flags = how.flags;
	return 0;
}

static int request_read(const struct trap *t, const struct call_row *row, struct file_request *ret)
{
	*ret = (struct file_request){ .action = row->action,
		                      .flags = argument(t, row->flags),
		                      .out = argument(t, row->out) };
	if (row->action == FILE_CREATE) {
		ret->action = FILE_OPEN;
		ret->flags = O_CREAT | O_WRONLY | O_TRUNC;
	}
	if (row->action == FILE_OPEN2) {
		ret->action = FILE_OPEN;
		return how_read(t, ret->out, trap_argument(t, 3), &ret->flags);
	}
	return 0;
}

/* /dev/ppp is ours even where the kernel has one: units of its own can not be on channels of ul2tpd's. */
static bool is_ppp(const struct trap *t, int dirfd, const char *path)
{
	char base[PATH_MAX] = "/", plain[PATH_MAX];
	size_t len = strlen(path);

	if (len < 3 || strcmp(path + len - 3, "ppp") != 0)
		return false;
	if (path[0] != '/' && base_of(t, dirfd, base, sizeof(base)) < 0)
		return false;
	return file_place_join(base, path, plain, sizeof(plain)) &&
	       strcmp(plain, "/dev/ppp") == 0 && (path[0] == '/' || trap_is_valid(t));
}

/* Whether it is an open of /dev/ppp, which has been answered then. */
static bool serve_ppp(struct trap *t, const struct call_row *row, int dirfd, const char *path)
{
	struct file_request request;

	if ((row->action != FILE_OPEN && row->action != FILE_OPEN2) || !is_ppp(t, dirfd, path) ||
	    request_read(t, row, &request) < 0 || request.flags & O_PATH ||
	    (request.flags & O_ACCMODE) != O_RDWR)
		return false;
	ppp_file_open(t, request.flags);
	return true;
}

void file_call(struct trap *t)
{
	const struct call_row *row = row_of(t);
	int dirfd = row && row->dirfd >= 0 ? (int)argument(t, row->dirfd) : AT_FDCWD;
	struct file_request request;
	struct file_place place;
	struct mounts mounts;
	char path[PATH_MAX];

	if (!row || trap_read_string(t, argument(t, row->path), path, sizeof(path)) < 0) {
		trap_continue(t);
		return;
	}
	if (serve_ppp(t, row, dirfd, path))
		return;
	if (!file_place_possible(path) || !find(t, dirfd, path, &mounts, &place) ||
	    request_read(t, row, &request) < 0) {
		trap_continue(t);
		return;
	}
	file_stand_in(t, &request, &place);
}
