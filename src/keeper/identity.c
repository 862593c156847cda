/* SPDX-License-Identifier: BSD-2-Clause */
/* identity.c - see identity.h */
#include "keeper/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "keeper/diag_answer.h"
#include "keeper/kernel_netlink.h"
#include "process/proc_line.h"
#include "process/process.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* The process a pidfd is of. While it has not been reaped its number is its own. */
static int process_of_pidfd(int pidfd, pid_t pid)
{
	AUTO_FD process = process_open(pid);

	if (process < 0 || syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0)
		return -ESRCH;
	return TAKE_FD(process);
}

/* The number in /proc/self/fdinfo must be the one we know: else it was reaped and that means nothing. */
static bool pidfd_is_of(int pidfd, pid_t pid)
{
	char path[40], line[128];
	pid_t found = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	info = fopen(path, "re");
	if (!info)
		return false;
	while (!found && fgets(line, sizeof(line), info))
		found = pidfd_line_pid(reader_over(line, strlen(line)));
	fclose(info);
	return found == pid;
}

/* unix_diag answers only for sockets of the namespace the asking socket is in. */
static int diag_socket(const struct netns_home *home, int connection)
{
	AUTO_FD netns = -1;
	struct netns_id id;
	int diag;

	if (netns_cookie(connection, &id) < 0)
		return -1;
	if (id.cookie != home->id.cookie) {
		netns = netns_of_socket(connection);
		if (netns < 0 || netns_go(netns) < 0)
			return -1;
	}
	diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (netns >= 0)
		netns_go_home(home);
	return diag;
}

/* Inode of the socket at the other end, as it stands in "socket:[...]"; 0 if that can not be had. */
static ino_t peer_ino(const struct netns_home *home, int connection)
{
	AUTO_FD diag = diag_socket(home, connection);
	_Alignas(struct nlmsghdr) char buffer[1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct unix_diag_req *request = mnl_nlmsg_put_extra_header(nlh, sizeof(*request));
	struct stat ours;
	ssize_t len;

	if (diag < 0 || kernel_netlink_only(diag) < 0 || fstat(connection, &ours) < 0)
		return 0;
	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	request->sdiag_family = AF_UNIX;
	request->udiag_states = UINT32_MAX;
	request->udiag_ino = (uint32_t)ours.st_ino;
	request->udiag_show = UDIAG_SHOW_PEER;
	request->udiag_cookie[0] = request->udiag_cookie[1] = UINT32_MAX;
	if (send(diag, nlh, nlh->nlmsg_len, 0) < 0)
		return 0;
	len = recv(diag, buffer, sizeof(buffer), 0);
	return len <= 0 ? 0 : diag_unix_peer(reader_over(buffer, (size_t)len));
}

int identity_holder(const struct netns_home *home, int connection, pid_t pid)
{
	AUTO_FD process = process_open(pid);
	ino_t peer;

	if (process < 0)
		return -ESRCH;
	peer = peer_ino(home, connection);
	if (!peer || !process_has_socket(process, peer))
		return -ESRCH;
	return TAKE_FD(process);
}

int identity_opener(const struct netns_home *home, int connection, pid_t *pid, uid_t *euid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	AUTO_FD pidfd = -1;

	if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.pid <= 0)
		return -ESRCH;
	*pid = peer.pid;
	*euid = peer.uid;

	len = sizeof(pidfd);
	if (getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) < 0) {
		pidfd = -1;
		if (errno == ENOPROTOOPT)
			return identity_holder(home, connection, peer.pid);
		return -ESRCH;
	}
	return pidfd_is_of(pidfd, peer.pid) ? process_of_pidfd(pidfd, peer.pid) : -ESRCH;
}

void identity_probe(const struct netns_home *home)
{
	AUTO_FD pidfd = -1;
	socklen_t len = sizeof(pidfd);
	int pair[2];
	bool knows_opener;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	knows_opener = getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0;
	if (!knows_opener)
		pidfd = -1;
	if (!peer_ino(home, pair[0]))
		log_event(LOG_WARNING, "identity-limited",
		          "missing=unix_diag effect=\"%s\" remedy=\"modprobe unix_diag\"",
		          knows_opener ? "a process that did not itself connect is refused"
		                       : "every client is refused");
	close(pair[0]);
	close(pair[1]);
}
