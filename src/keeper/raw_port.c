/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_port.c - see raw_port.h
 *
 * A raw socket receives from the moment it is made, before it has its filter: what came by then is not of its port,
 * or is, and whoever reads must look.
 */
#include "keeper/raw_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/raw_filter.h"

#define BUFFER_BYTES (4 * 1024 * 1024)

static int set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

/* The FORCE variant passes the system's limit, and needs CAP_NET_ADMIN in the initial user namespace. */
static void set_buffer(int fd)
{
	if (set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES) < 0)
		set_int(fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
}

static int raw_open(sa_family_t family, uint16_t port)
{
	AUTO_FD fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	AUTO_MEMORY struct classic *filter = malloc(sizeof(*filter));
	int err;

	if (fd < 0)
		return -errno;
	if (!filter)
		return -ENOMEM;
	raw_filter_build(filter, family, port);
	err = classic_attach(filter, fd);
	/* The destination is not in what an IPv6 raw socket gives. */
	if (err == 0 && family == AF_INET6)
		err = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	set_buffer(fd);
	return err < 0 ? err : TAKE_FD(fd);
}

/* Without it, super-packets of local senders are dropped; all else works. */
static int gauge_open(sa_family_t family, uint16_t port)
{
	const struct sockaddr_ll all = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP),
	};
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	AUTO_MEMORY struct classic *filter = malloc(sizeof(*filter));

	if (fd < 0 || !filter)
		return -1;
	gauge_filter_build(filter, family, port);
	if (classic_attach(filter, fd) < 0 || set_int(fd, SOL_PACKET, PACKET_VNET_HDR, 1) < 0)
		return -1;
	set_buffer(fd);
	if (bind(fd, (const struct sockaddr *)&all, sizeof(all)) < 0)
		return -1;
	return TAKE_FD(fd);
}

static void raw_port_free(struct raw_port *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(p->at.fd); i++)
		if (p->at.fd[i] >= 0)
			close(p->at.fd[i]);
	free(p);
}
DEFINE_AUTO(raw_port)

/* A namespace without IPv6 has none of its sockets. */
static int raw_port_open(struct raw_port *p)
{
	int err = p->at.fd[RAW_V4] = raw_open(AF_INET, p->at.port);

	if (err < 0)
		return err;
	p->at.fd[RAW_V6] = raw_open(AF_INET6, p->at.port);
	p->at.fd[GAUGE_V4] = gauge_open(AF_INET, p->at.port);
	if (p->at.fd[RAW_V6] >= 0)
		p->at.fd[GAUGE_V6] = gauge_open(AF_INET6, p->at.port);
	return 0;
}

static struct raw_port *find(struct list *all, struct netns_id netns, uint16_t port)
{
	list_for_each (node, all) {
		struct raw_port *p = list_entry(node, struct raw_port, in_all);

		if (p->netns.cookie == netns.cookie && p->at.port == port)
			return p;
	}
	return NULL;
}

int raw_port_get(struct list *all, struct netns_id netns, uint16_t port, struct raw_port **ret,
                 struct extack *ea)
{
	AUTO(raw_port) struct raw_port *p = find(all, netns, port);
	int err;

	if (p) {
		p->users++;
		*ret = TAKE(p);
		return 0;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->netns = netns;
	p->at = RAW_PORT_NONE;
	p->at.port = port;
	p->users = 1;
	err = raw_port_open(p);
	if (err < 0)
		return extack_fail(ea, err, 0, "the system makes no raw socket for UDP");
	list_append(all, &p->in_all);
	*ret = TAKE(p);
	return 0;
}

void raw_port_put(struct raw_port *p)
{
	if (!p || --p->users)
		return;
	list_remove(&p->in_all);
	raw_port_free(p);
}

int raw_port_probe(void)
{
	AUTO_FD fd = raw_open(AF_INET, 0);

	return fd < 0 ? fd : 0;
}
