/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - one message with its descriptors, see request.h */
#include "keeper/request.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int) * MESSAGE_FDS_MAX)];
};

static void attach_fds(struct msghdr *m, union control *control, const struct message_fds *fds)
{
	int present[MESSAGE_FDS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < MESSAGE_FDS_MAX; i++)
		if (fds->fd[i] >= 0)
			present[count++] = fds->fd[i];
	if (count == 0)
		return;

	memset(control, 0, sizeof(*control));
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = SCM_RIGHTS;
	control->header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control->header), present, count * sizeof(int));
	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(count * sizeof(int));
}

int message_send(int socket, const void *message, size_t len, const struct message_fds *fds,
                 int flags)
{
	struct iovec iov = { .iov_base = (void *)message, .iov_len = len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	ssize_t sent;

	attach_fds(&m, &control, fds);
	do {
		sent = sendmsg(socket, &m, flags | MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static void detach_fds(struct msghdr *m, struct message_fds *fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t len = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		if (len > sizeof(fds->fd))
			len = sizeof(fds->fd);
		memcpy(fds->fd, CMSG_DATA(c), len);
	}
}

int message_receive(int socket, void *message, size_t len, struct message_fds *fds, int flags)
{
	struct iovec iov = { .iov_base = message, .iov_len = len };
	union control control;
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t received;

	*fds = MESSAGE_NO_FDS;
	do {
		received = recvmsg(socket, &m, flags | MSG_CMSG_CLOEXEC);
	} while (received < 0 && errno == EINTR);
	if (received < 0)
		return errno == EAGAIN ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
	if (received == 0)
		return -EPIPE;

	detach_fds(&m, fds);
	if ((size_t)received == len && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return 1;
	message_fds_close(fds);
	return (size_t)received == len && !(m.msg_flags & MSG_TRUNC) ? -EMFILE : -EPROTO;
}

void message_fds_close(struct message_fds *fds)
{
	for (size_t i = 0; i < MESSAGE_FDS_MAX; i++) {
		if (fds->fd[i] >= 0)
			close(fds->fd[i]);
		fds->fd[i] = -1;
	}
}
