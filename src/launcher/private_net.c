/* SPDX-License-Identifier: BSD-2-Clause */
/* private_net.c - see private_net.h */
#include "launcher/private_net.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/child.h"
#include "launcher/netns_socket.h"

#define LOOPBACK 1 /* index of lo in a namespace that is new */

/* 0, or the errno of the acknowledgement. */
static int exchange(struct mnl_socket *s, struct nlmsghdr *m)
{
	char buffer[1024];
	ssize_t n;

	m->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	m->nlmsg_seq = 1;
	if (mnl_socket_sendto(s, m, m->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(s, buffer, sizeof(buffer));
	if (n < 0)
		return -errno;
	return mnl_cb_run(buffer, (size_t)n, 1, mnl_socket_get_portid(s), NULL, NULL) < 0 ? -errno
	                                                                                  : 0;
}

static int loopback_up(struct mnl_socket *s)
{
	char buffer[256];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link;

	m->nlmsg_type = RTM_NEWLINK;
	link = mnl_nlmsg_put_extra_header(m, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = LOOPBACK;
	link->ifi_flags = link->ifi_change = IFF_UP;
	return exchange(s, m);
}

/* ip route add local default dev lo */
static int all_local(struct mnl_socket *s, uint8_t family)
{
	char buffer[256];
	struct nlmsghdr *m = mnl_nlmsg_put_header(buffer);
	struct rtmsg *route;
	int err;

	m->nlmsg_type = RTM_NEWROUTE;
	m->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	route = mnl_nlmsg_put_extra_header(m, sizeof(*route));
	route->rtm_family = family;
	route->rtm_table = RT_TABLE_LOCAL;
	route->rtm_protocol = RTPROT_BOOT;
	route->rtm_scope = RT_SCOPE_HOST;
	route->rtm_type = RTN_LOCAL;
	mnl_attr_put_u32(m, RTA_OIF, LOOPBACK);
	err = exchange(s, m);
	return err == -EEXIST || err == -EOPNOTSUPP || err == -EAFNOSUPPORT ? 0 : err;
}

/* While in the namespace. */
static int prepare(void *arg)
{
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int err;

	if (!s)
		return -errno;
	err = mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 ? -errno : 0;
	if (!err)
		err = loopback_up(s);
	if (!err)
		err = all_local(s, AF_INET);
	if (!err)
		err = all_local(s, AF_INET6);
	mnl_socket_close(s);
	return err;
}

/* In a child, which may become another user: the namespace of an unprivileged launcher's. */
static int prepare_through_owner(void *arg, int *fd)
{
	const struct launcher *l = arg;
	int err = netns_enter_as_owner(l->private_netns);

	return err < 0 ? err : prepare(NULL);
}

int private_net_prepare(struct launcher *l)
{
	int err;

	if (l->private_netns < 0)
		return -ENOTSUP;
	if (atomic_load(&l->private_is_local))
		return 0;
	/* Two threads may do it at once: it is the same in the end. */
	err = in_netns(l, l->private_netns, prepare, NULL);
	if (err == -EPERM)
		err = child_run(prepare_through_owner, l, NULL);
	if (!err)
		atomic_store(&l->private_is_local, true);
	return err;
}
