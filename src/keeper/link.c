/* SPDX-License-Identifier: BSD-2-Clause */
/* link.c - see link.h */
#include "keeper/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/kernel_netlink.h"

#define REQUEST_BYTES 512

int link_socket(void)
{
	AUTO_FD fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int err = fd < 0 ? -errno : kernel_netlink_only(fd), one = 1;

	if (err < 0)
		return err;
	/* The answer need not repeat the request. */
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	return TAKE_FD(fd);
}

static struct nlmsghdr *request_begin(char *buffer, uint16_t type, int ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct ifinfomsg *link = mnl_nlmsg_put_extra_header(nlh, sizeof(*link));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = ifindex;
	return nlh;
}

/* Send and wait for the acknowledgement: there is always one, and nothing else comes on such a socket. */
int link_request(int socket, const struct nlmsghdr *nlh)
{
	char answer[1024];
	struct reader datagram, payload;
	struct nlmsghdr m;
	ssize_t len;
	int err;

	if (send(socket, nlh, nlh->nlmsg_len, 0) < 0)
		return -errno;
	do {
		len = recv(socket, answer, sizeof(answer), 0);
	} while (len < 0 && errno == EINTR);
	if (len < 0)
		return -errno;
	datagram = reader_over(answer, (size_t)len);
	if (!kernel_message_next(&datagram, &m, &payload) || m.nlmsg_type != NLMSG_ERROR)
		return -EPROTO;
	err = (int)read_u32_host(&payload);
	return payload.failed || err > 0 ? -EPROTO : err;
}

int link_set(int socket, int ifindex, const struct link_change *change)
{
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *nlh = request_begin(buffer, RTM_SETLINK, ifindex);
	struct ifinfomsg *link = mnl_nlmsg_get_payload(nlh);

	if (change->up)
		link->ifi_flags = link->ifi_change = IFF_UP;
	if (change->mtu_bytes)
		mnl_attr_put_u32(nlh, IFLA_MTU, change->mtu_bytes);
	if (change->queue_len)
		mnl_attr_put_u32(nlh, IFLA_TXQLEN, change->queue_len);
	return link_request(socket, nlh);
}

int link_set_group(int socket, const char *name, uint32_t group)
{
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *nlh = request_begin(buffer, RTM_SETLINK, 0);

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	return link_request(socket, nlh);
}

int link_delete_group(int socket, uint32_t group)
{
	char buffer[REQUEST_BYTES];
	struct nlmsghdr *nlh = request_begin(buffer, RTM_DELLINK, 0);

	mnl_attr_put_u32(nlh, IFLA_GROUP, group);
	return link_request(socket, nlh);
}

int link_ifindex(int socket, const char *name)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	return ioctl(socket, SIOCGIFINDEX, &r) < 0 ? -errno : r.ifr_ifindex;
}
