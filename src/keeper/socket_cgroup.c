/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_cgroup.c - see socket_cgroup.h
 *
 * The kernel is asked for the socket that would get what the peer sends. If that is another, as of several with the same two
 * addresses only one gets it, all on that port are gone through.
 */
#include "keeper/socket_cgroup.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
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

static int take_attribute(const struct nlattr *attr, void *arg)
{
	struct answer *a = arg;

	if (mnl_attr_get_type(attr) == INET_DIAG_CGROUP_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U64) >= 0) {
		a->group = mnl_attr_get_u64(attr);
		a->found = true;
	}
	return MNL_CB_OK;
}

static int take_socket(const struct nlmsghdr *m, void *arg)
{
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(m);
	struct answer *a = arg;

	if (mnl_nlmsg_get_payload_len(m) < sizeof(*socket) ||
	    (socket->id.idiag_cookie[0] | (uint64_t)socket->id.idiag_cookie[1] << 32) != a->cookie)
		return MNL_CB_OK;
	a->met = true;
	return mnl_attr_parse(m, sizeof(*socket), take_attribute, a);
}

/* Return: 0; what the kernel said. */
static int ask(int fd, struct question *q, uint16_t flags, struct answer *a)
{
	_Alignas(8) static char octets[READ_OCTETS];
	int more = MNL_CB_OK;

	q->header.nlmsg_flags = NLM_F_REQUEST | flags;
	q->header.nlmsg_seq++;
	if (send(fd, q, sizeof(*q), 0) < 0)
		return -errno;
	do {
		ssize_t n = recv(fd, octets, sizeof(octets), 0);

		if (n < 0)
			return -errno;
		more = mnl_cb_run(octets, (size_t)n, q->header.nlmsg_seq, 0, take_socket, a);
	} while (more > MNL_CB_STOP && flags & NLM_F_DUMP);
	return more < 0 ? -errno : 0;
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
