/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_cgroup.c - see socket_cgroup.h
 *
 * The kernel is asked for the socket that would get what the peer sends. If that is another, as of several with the same two
 * addresses only one gets it, all on that port are gone through.
 */
#include "keeper/socket_cgroup.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/diag_answer.h"
#include "keeper/kernel_netlink.h"

#define READ_OCTETS 32768

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 request;
};

struct answer {
	uint64_t cookie, group;
	bool met, found; /* the socket; what group it is of */
};

static void end_put(const union address *a, __be16 *port, __be32 address[4])
{
	if (a->any.sa_family == AF_INET6) {
		*port = a->v6.sin6_port;
		memcpy(address, &a->v6.sin6_addr, sizeof(a->v6.sin6_addr));
	} else {
		*port = a->v4.sin_port;
		address[0] = a->v4.sin_addr.s_addr;
	}
}

static int take_socket(void *arg, const struct diag_socket *socket)
{
	struct answer *a = arg;

	if (socket->cookie != a->cookie)
		return 0;
	a->met = true;
	a->found = socket->has_group;
	a->group = socket->group;
	return 0;
}

/* Return: 0; what the kernel said. */
static int ask(int fd, struct question *q, uint16_t flags, struct answer *a)
{
	static char octets[READ_OCTETS];
	int more;

	q->header.nlmsg_flags = NLM_F_REQUEST | flags;
	q->header.nlmsg_seq++;
	if (send(fd, q, sizeof(*q), 0) < 0)
		return -errno;
	do {
		ssize_t n = recv(fd, octets, sizeof(octets), 0);

		if (n < 0)
			return -errno;
		more = diag_sockets_read(reader_over(octets, (size_t)n), q->header.nlmsg_seq,
		                         take_socket, a);
	} while (more == DIAG_MORE && flags & NLM_F_DUMP);
	return more < 0 ? more : 0;
}

/* Sockets are named by what they send to first: its address is where one would look for our own. */
static void question_exact(struct question *q, const union address *local,
                           const union address *peer, int device)
{
	struct inet_diag_sockid *id = &q->request.id;

	end_put(peer, &id->idiag_sport, id->idiag_src);
	end_put(local, &id->idiag_dport, id->idiag_dst);
	id->idiag_if = (uint32_t)device;
	id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
}

static void question_port(struct question *q, const union address *local)
{
	memset(&q->request.id, 0, sizeof(q->request.id));
	q->request.id.idiag_sport =
		local->any.sa_family == AF_INET6 ? local->v6.sin6_port : local->v4.sin_port;
	q->request.idiag_states = ~0u;
}

int socket_cgroup(uint64_t cookie, const union address *local, const union address *peer,
                  int device, uint64_t *ret)
{
	struct question q = {
		.header = { .nlmsg_len = sizeof(q), .nlmsg_type = SOCK_DIAG_BY_FAMILY },
		.request = { .sdiag_family = (uint8_t)local->any.sa_family,
		             .sdiag_protocol = IPPROTO_UDP },
	};
	struct answer a = { .cookie = cookie };
	AUTO_FD fd = kernel_netlink_ask(NETLINK_SOCK_DIAG);
	int err;

	if (fd < 0)
		return fd;
	if (!device && local->any.sa_family == AF_INET6)
		device = (int)local->v6.sin6_scope_id;
	question_exact(&q, local, peer, device);
	err = ask(fd, &q, 0, &a);
	if (!a.met && (err == 0 || err == -ENOENT)) {
		question_port(&q, local);
		err = ask(fd, &q, NLM_F_DUMP, &a);
	}
	if (err < 0)
		return err;
	*ret = a.group;
	return a.found ? 0 : a.met ? -EOPNOTSUPP : -ENOENT;
}
