/* SPDX-License-Identifier: BSD-2-Clause */
/* place_lock.c - see place_lock.h */
#include "keeper/place_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

#define TRIES    500
#define PAUSE_MS 10

struct name {
	char text[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof(".lock")];
};

static struct name name_of(const char *path)
{
	struct name n;

	snprintf(n.text, sizeof(n.text), "%s.lock", path);
	return n;
}

/* Whoever had the lock before has removed the file that he had it by. */
static bool is_still_there(int fd, const char *name)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && lstat(name, &there) == 0 && ours.st_ino == there.st_ino &&
	       ours.st_dev == there.st_dev;
}

int place_lock(const char *path)
{
	const struct name name = name_of(path);

	for (unsigned int i = 0; i < TRIES; i++) {
		AUTO_FD fd = open(name.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

		if (fd < 0)
			return -errno;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			if (is_still_there(fd, name.text))
				return TAKE_FD(fd);
		} else {
			poll(NULL, 0, PAUSE_MS);
		}
	}
	return -EBUSY;
}

void place_unlock(const char *path, int lock)
{
	if (lock < 0)
		return;
	unlink(name_of(path).text);
	close(lock);
}
