/* SPDX-License-Identifier: BSD-2-Clause */
/* file.c - ends of the pairs whose other ends programs hold, kept for the next engine
 *
 * What a program has as a PPPoL2TP socket or a file of /dev/ppp is one end of a pair, of which the engine has the
 * other (keeper.h). A duplicate here keeps the pair whole while there is no engine. We neither read nor write it.
 */
#include "keeper/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/bequest.h"
#include "keeper/descriptors.h"

struct file {
	int fd;
};

/* Nothing else is kept for an engine that strangers might rule. */
static bool is_end_of_pair(int fd)
{
	int domain = 0, type = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static void file_free(struct file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}
DEFINE_AUTO(file)

int kept_file_keep(struct server *s, int fd, struct reply *reply)
{
	AUTO(file) struct file *f = NULL;
	int err;

	if (!is_end_of_pair(fd))
		return extack_fail(&reply->ea, -EINVAL, 0,
		                   "the descriptor is no Unix socket of SOCK_SEQPACKET");
	err = descriptors_check(&s->descriptors, &reply->ea);
	if (err < 0)
		return err;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (f->fd < 0)
		return -errno;
	err = slots_add(&s->files, f, &reply->file);
	if (err < 0)
		return extack_fail(&reply->ea, err, 0,
		                   "too many PPPoL2TP sockets and files of "
		                   "/dev/ppp (--max-sessions)");
	TAKE(f);
	return 0;
}

int kept_file_resume(struct server *s, uint32_t from, struct reply *reply, struct message_fds *fds)
{
	const struct file *f = slots_next(&s->files, &from);

	if (!f)
		return -ENOENT;
	reply->file = from;
	fds->fd[0] = f->fd;
	return 0;
}

int kept_file_close(struct server *s, uint32_t slot)
{
	struct file *f = slots_remove(&s->files, slot);

	file_free(f);
	return f ? 0 : -ENOENT;
}

void kept_files_leave(struct server *s, struct bequest *b)
{
	const struct file *f;

	slots_for_each(&s->files, slot, f)
	{
		leave_u32(b, slot);
		leave_fd(b, f->fd);
	}
	leave_u32(b, BEQUEST_END);
}

int kept_files_inherit(struct server *s, struct inheritance *i)
{
	const struct socket_kind kind = { .family = AF_UNIX, .type = SOCK_SEQPACKET };
	uint32_t slot;

	while ((slot = inherit_u32(i)) != BEQUEST_END && !inherit_failed(i)) {
		AUTO(file) struct file *f = calloc(1, sizeof(*f));
		int err;

		if (!f)
			return -ENOMEM;
		f->fd = inherit_socket(i, &kind);
		if (f->fd < 0)
			return -EBADMSG;
		err = slots_put(&s->files, f, slot);
		if (err < 0)
			return err;
		TAKE(f);
	}
	return inherit_failed(i) ? -EBADMSG : 0;
}
