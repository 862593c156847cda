/* SPDX-License-Identifier: BSD-2-Clause */
/* process.c - see process.h */
#include "process/process.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/reader.h"

/* Of "status": of most processes; and of one in as many groups as there can be, eleven octets each. */
#define STATUS_OCTETS     4096
#define STATUS_OCTETS_MAX (1 << 20)

int process_open(pid_t pid)
{
	char path[32];
	int fd;

	if (pid <= 0)
		return -ESRCH;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

bool process_is_alive(int process)
{
	return faccessat(process, "status", F_OK, 0) == 0;
}

/* At most size - 1 octets of a small file, with a zero after them; how many, or -1. Those of /proc that are read here come
 * in one piece: what is shorter than there is room for is all. */
static ssize_t file_read(int dir, const char *name, char *to, size_t size)
{
	AUTO_FD fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -1;
	len = read(fd, to, size - 1);
	to[len < 0 ? 0 : len] = '\0';
	return len;
}

char *process_status(int process)
{
	for (size_t size = STATUS_OCTETS; size <= STATUS_OCTETS_MAX; size *= 2) {
		AUTO_MEMORY char *text = malloc(size);
		ssize_t len = text ? file_read(process, "status", text, size) : -1;

		if (len <= 0)
			return NULL;
		if ((size_t)len < size - 1)
			return TAKE(text);
	}
	return NULL;
}

/* The text after "Key:\t" at the start of a line. */
static const char *status_value(const char *status, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, len) == 0)
			return line + len;
		if (!*line)
			break;
	}
	return NULL;
}

/* Which stands at @text, before anything else of the line; false: none does, or it is more than there can be. */
static bool number_at(const char *text, int base, uint64_t most, uint64_t *ret)
{
	char *end;

	if (!isxdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, base);
	return end != text && !errno && *ret <= most;
}

int process_status_read(const char *status, struct process_credentials *ret)
{
	const char *name = status_value(status, "Name:\t");
	const char *uid = status_value(status, "Uid:\t");
	const char *effective = status_value(status, "CapEff:\t");
	const char *process = status_value(status, "Tgid:\t");
	uint64_t euid, number;

	if (!name || !uid || !effective || !process)
		return -ESRCH;
	uid += strcspn(uid, "\t\n"); /* the real one */
	if (*uid != '\t' || !number_at(uid + 1, 10, UINT32_MAX, &euid) ||
	    !number_at(process, 10, INT32_MAX, &number) ||
	    !number_at(effective, 16, UINT64_MAX, &ret->effective))
		return -ESRCH;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)strcspn(name, "\n"), name);
	ret->process = (pid_t)number;
	ret->euid = (uid_t)euid;
	return 0;
}

static bool signals_at(const char *status, const char *key, uint64_t *ret)
{
	const char *value = status_value(status, key);

	return value && number_at(value, 16, UINT64_MAX, ret);
}

bool process_status_signals(const char *status)
{
	uint64_t own, shared, blocked, ignored;

	if (!signals_at(status, "SigPnd:\t", &own) || !signals_at(status, "ShdPnd:\t", &shared) ||
	    !signals_at(status, "SigBlk:\t", &blocked) ||
	    !signals_at(status, "SigIgn:\t", &ignored))
		return true;
	return (own | shared) & ~blocked & ~ignored;
}

/* The last of the line is the innermost. */
pid_t process_status_innermost(const char *status)
{
	const char *value = status_value(status, "NStgid:\t"), *last;
	uint64_t number;

	if (!value)
		return 0;
	last = value + strcspn(value, "\n");
	while (last > value && last[-1] >= '0' && last[-1] <= '9')
		last--;
	return number_at(last, 10, INT32_MAX, &number) ? (pid_t)number : 0;
}

/* AT_SECURE of the program it runs. While one is being started the vector is empty: not known, so true. */
bool process_is_raised(int process)
{
	char vector[1024];
	ssize_t len = file_read(process, "auxv", vector, sizeof(vector));
	struct reader r = reader_over(vector, len > 0 ? (size_t)len : 0);

	while (read_left(&r) >= 2 * sizeof(unsigned long)) {
		unsigned long type, value;

		read_copy(&r, &type, sizeof(type));
		read_copy(&r, &value, sizeof(value));
		if (type == AT_SECURE)
			return value != 0;
	}
	return true;
}

int process_credentials(int process, struct process_credentials *ret)
{
	char usual[STATUS_OCTETS];
	AUTO_MEMORY char *longer = NULL;
	ssize_t len = file_read(process, "status", usual, sizeof(usual));
	struct stat userns;

	/* Memory, which may be short, is taken for unusual processes alone. */
	if (len == sizeof(usual) - 1)
		longer = process_status(process);
	if (len <= 0 || process_status_read(longer ? longer : usual, ret) < 0)
		return -ESRCH;
	if (fstatat(process, "ns/user", &userns, 0) < 0)
		return -ESRCH;
	ret->userns = userns.st_ino;
	return 0;
}

/* @name: of a descriptor, from the directory @dir on */
static bool is_socket(int dir, const char *name, ino_t socket)
{
	char wanted[40], link[40];
	ssize_t len = readlinkat(dir, name, link, sizeof(link) - 1);

	if (len < 0)
		return false;
	link[len] = '\0';
	snprintf(wanted, sizeof(wanted), "socket:[%lu]", (unsigned long)socket);
	return strcmp(link, wanted) == 0;
}

bool process_has_socket_at(int process, int number, ino_t socket)
{
	char name[32];

	snprintf(name, sizeof(name), "fd/%d", number);
	return is_socket(process, name, socket);
}

bool process_has_socket(int process, ino_t socket)
{
	int dir = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *fds = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *entry;
	bool found = false;

	if (!fds) {
		if (dir >= 0)
			close(dir);
		return false;
	}
	while (!found && (entry = readdir(fds)))
		found = is_socket(dir, entry->d_name, socket);
	closedir(fds);
	return found;
}
