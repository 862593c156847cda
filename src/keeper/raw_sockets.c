/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_sockets.c - see raw_sockets.h
 *
 * A raw socket receives from the moment it is made, before it has its filter: whoever reads must look at the port. So
 * the filters may also leave more than is wanted: where there are more ports than they can name, they leave all.
 */
#include "keeper/raw_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/raw_filter.h"
#include "keeper/reaper.h"

#define BUFFER_BYTES (4 * 1024 * 1024)
#define PORTS        65536

struct raw_sockets {
	struct list in_all;
	struct reaper *reaper;
	struct netns_id netns;
	struct raw_fds fds;
	uint32_t users;
	uint32_t ports[PORTS]; /* how many use each */
};

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

static int raw_open(sa_family_t family)
{
	AUTO_FD fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	int err = fd < 0 ? -errno : 0;

	/* The destination is not in what an IPv6 raw socket gives. */
	if (err == 0 && family == AF_INET6)
		err = set_int(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	if (err < 0)
		return err;
	set_buffer(fd);
	return TAKE_FD(fd);
}

/* Bound to no protocol yet, so that nothing comes before its filter. */
static int gauge_open(void)
{
	AUTO_FD fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || set_int(fd, SOL_PACKET, PACKET_VNET_HDR, 1) < 0)
		return -1;
	/* Linux 4.20; without it they are kept out by the filter alone. */
	set_int(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
	set_buffer(fd);
	return TAKE_FD(fd);
}

/* Sockets of all protocols get a packet before IP does, always; those of one protocol after it in Linux 6.18, and then
 * the raw socket may be read before the gauge knows. */
static int gauge_begin(int fd)
{
	const struct sockaddr_ll all = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};

	return bind(fd, (const struct sockaddr *)&all, sizeof(all)) < 0 ? -errno : 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void raw_sockets_free(struct raw_sockets *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < RAW_FDS; i++)
		reaper_close(r->reaper, r->fds.fd[i]);
	free(r);
}
DEFINE_AUTO(raw_sockets)

static sa_family_t family_of(size_t i)
{
	return i == RAW_V6 || i == GAUGE_V6 ? AF_INET6 : AF_INET;
}

static bool is_gauge(size_t i)
{
	return i == GAUGE_V4 || i == GAUGE_V6;
}

static int filter_set(struct classic *c, int fd, size_t i, const struct raw_filter_ports *ports)
{
	int err = is_gauge(i) ? gauge_filter_build(c, family_of(i), ports)
	                      : raw_filter_build(c, family_of(i), ports);

	return err < 0 ? err : classic_attach(c, fd);
}

/* The ports have changed. */
static int filters_renew(struct raw_sockets *r)
{
	AUTO_MEMORY struct run *runs = calloc(PORTS / 2, sizeof(*runs));
	AUTO_MEMORY struct classic *c = malloc(sizeof(*c));
	const struct raw_filter_ports any = { .all = true };
	struct raw_filter_ports ports = { .runs = runs };
	int err = 0;

	if (!runs || !c)
		return -ENOMEM;
	for (uint32_t port = 0; port < PORTS; port++)
		if (r->ports[port])
			ports.count = run_append(runs, ports.count, port);
	for (size_t i = 0; err == 0 && i < RAW_FDS; i++) {
		if (r->fds.fd[i] < 0)
			continue;
		err = filter_set(c, r->fds.fd[i], i, &ports);
		if (err == -E2BIG || err == -ENOMEM)
			err = filter_set(c, r->fds.fd[i], i, &any);
	}
	return err;
}

static struct raw_sockets *find(struct list *all, struct netns_id netns)
{
	list_for_each (node, all) {
		struct raw_sockets *r = list_entry(node, struct raw_sockets, in_all);

		if (r->netns.cookie == netns.cookie)
			return r;
	}
	return NULL;
}

/* A namespace without IPv6 has none of its sockets. Without packet sockets, super-packets of local senders are
 * dropped and all else works. */
static int sockets_open(struct raw_sockets *r)
{
	struct raw_fds *fds = &r->fds;

	fds->fd[RAW_V4] = raw_open(AF_INET);
	if (fds->fd[RAW_V4] < 0)
		return fds->fd[RAW_V4];
	fds->fd[RAW_V6] = raw_open(AF_INET6);
	fds->fd[GAUGE_V4] = gauge_open();
	fds->fd[GAUGE_V6] = fds->fd[RAW_V6] < 0 ? -1 : gauge_open();
	return filters_renew(r);
}

static void gauges_begin(struct raw_fds *fds)
{
	for (size_t i = 0; i < RAW_FDS; i++)
		if (is_gauge(i) && fds->fd[i] >= 0 && gauge_begin(fds->fd[i]) < 0)
			close_fd(&fds->fd[i]);
}

static int make(struct list *all, struct reaper *reaper, struct netns_id netns, uint16_t port,
                struct raw_sockets **ret)
{
	AUTO(raw_sockets) struct raw_sockets *r = calloc(1, sizeof(*r));
	int err;

	if (!r)
		return -ENOMEM;
	r->reaper = reaper;
	r->netns = netns;
	r->fds = RAW_FDS_NONE;
	r->users = r->ports[port] = 1;
	err = sockets_open(r);
	if (err < 0)
		return err;
	gauges_begin(&r->fds);
	list_append(all, &r->in_all);
	*ret = TAKE(r);
	return 0;
}

int raw_sockets_use(struct list *all, struct reaper *reaper, struct netns_id netns, uint16_t port,
                    struct raw_sockets **ret, struct extack *ea)
{
	struct raw_sockets *r = find(all, netns);
	int err = 0;

	if (!r) {
		err = make(all, reaper, netns, port, ret);
	} else {
		if (r->ports[port]++ == 0)
			err = filters_renew(r);
		if (err < 0) {
			r->ports[port]--;
		} else {
			r->users++;
			*ret = r;
		}
	}
	return err < 0 ? extack_fail(ea, err, 0, "the system makes no raw socket for UDP") : 0;
}

void raw_sockets_release(struct raw_sockets *r, uint16_t port)
{
	if (!r)
		return;
	if (--r->users == 0) {
		list_remove(&r->in_all);
		raw_sockets_free(r);
	} else if (--r->ports[port] == 0) {
		filters_renew(r); /* if that fails, more is received than is wanted */
	}
}

const struct raw_fds *raw_sockets_fds(const struct raw_sockets *r)
{
	return &r->fds;
}

int raw_sockets_probe(void)
{
	AUTO_FD fd = raw_open(AF_INET);

	return fd < 0 ? fd : 0;
}

void raw_sockets_leave(const struct list *all, struct bequest *b)
{
	list_for_each (node, all) {
		const struct raw_sockets *r = list_entry(node, struct raw_sockets, in_all);

		leave_u64(b, r->netns.cookie);
		for (size_t i = 0; i < RAW_FDS; i++)
			leave_fd(b, r->fds.fd[i]);
	}
	leave_u64(b, 0);
}

static int fds_inherit(struct raw_sockets *r, struct inheritance *in)
{
	for (size_t i = 0; i < RAW_FDS; i++) {
		const struct socket_kind kind = {
			.family = is_gauge(i) ? AF_PACKET : family_of(i),
			.type = SOCK_RAW,
			.protocol = is_gauge(i) ? 0 : IPPROTO_UDP,
			.netns = r->netns.cookie,
		};

		r->fds.fd[i] = inherit_socket(in, &kind);
	}
	return inherit_failed(in) || r->fds.fd[RAW_V4] < 0 ? -EBADMSG : 0;
}

int raw_sockets_inherit(struct list *all, struct reaper *reaper, struct inheritance *i)
{
	uint64_t cookie;

	while ((cookie = inherit_u64(i))) {
		AUTO(raw_sockets) struct raw_sockets *r = calloc(1, sizeof(*r));
		int err;

		if (!r)
			return -ENOMEM;
		r->reaper = reaper;
		r->netns.cookie = cookie;
		r->fds = RAW_FDS_NONE;
		err = find(all, r->netns) ? -EBADMSG : fds_inherit(r, i);
		if (err < 0)
			return err;
		list_append(all, &r->in_all);
		TAKE(r);
	}
	return inherit_failed(i) ? -EBADMSG : 0;
}

struct raw_sockets *raw_sockets_use_again(struct list *all, struct netns_id netns, uint16_t port)
{
	struct raw_sockets *r = find(all, netns);

	if (r) {
		r->ports[port]++;
		r->users++;
	}
	return r;
}

void raw_sockets_tidy(struct list *all)
{
	list_for_each_safe (node, all) {
		struct raw_sockets *r = list_entry(node, struct raw_sockets, in_all);

		if (r->users)
			continue;
		list_remove(&r->in_all);
		raw_sockets_free(r);
	}
}
