/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_watch.c - see socket_watch.h
 *
 * Joining the group loads inet_diag but not udp_diag, without which nothing is told; a dump loads it. The same dump
 * answers what is still there when news were lost. Kernels without them are common where nobody needs ss(8).
 *
 * A dump comes in pieces as the texts do (udp_list.h), and leaves out sockets that live: those of one port, which L2TP
 * has thousands of, when others of it close between two pieces. News are lost when many close at once. So what is to be
 * believed are several dumps with some time between them.
 */
#include "keeper/socket_watch.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "base/shortage.h"
#include "keeper/diag_answer.h"
#include "keeper/kernel_netlink.h"

#define READ_OCTETS 32768
#define LOOK_MS     100
#define LOOK_SHARE  10 /* of our time, at most a tenth */
#define DUMPS       3  /* that lack a socket: then it has gone */

struct socket_watch {
	struct list in_all;
	struct netns_id netns;
	uint32_t users;
	int news;    /* multicast */
	int ask;     /* dumps; we can not come back to make it later */
	bool silent; /* neither: its texts are read */
	int texts[UDP_TEXTS];
	unsigned int dumps_due; /* since news were lost; 0: none were */
	struct udp_list there;  /* what has been in those there were since then */
};

static void socket_watch_free(struct socket_watch *w)
{
	if (!w)
		return;
	list_remove(&w->in_all);
	if (w->news >= 0)
		close(w->news);
	if (w->ask >= 0)
		close(w->ask);
	udp_texts_close(w->texts);
	udp_list_release(&w->there);
	free(w);
}
DEFINE_AUTO(socket_watch)

void socket_watches_open(struct socket_watches *w)
{
	*w = (struct socket_watches){ .epoll = epoll_create1(EPOLL_CLOEXEC),
		                      .look_ms = UINT64_MAX };
	list_init(&w->all);
}

void socket_watches_close(struct socket_watches *w)
{
	list_for_each_safe (node, &w->all)
		socket_watch_free(list_entry(node, struct socket_watch, in_all));
	if (w->epoll >= 0)
		close(w->epoll);
	w->epoll = -1;
}

static struct socket_watch *find(const struct socket_watches *w, struct netns_id netns)
{
	list_for_each (node, &w->all) {
		struct socket_watch *one = list_entry(node, struct socket_watch, in_all);

		if (one->netns.cookie == netns.cookie)
			return one;
	}
	return NULL;
}

static int take_alive(void *arg, const struct diag_socket *socket)
{
	return udp_list_add(arg, socket->ino);
}

/* All UDP sockets of one family. 0 or -errno. */
static int dump_family(int fd, uint8_t family, struct udp_list *list)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} ask = {
		.header = { .nlmsg_len = sizeof(ask),
		            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		            .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		            .nlmsg_seq = family },
		.request = { .sdiag_family = family,
		             .sdiag_protocol = IPPROTO_UDP,
		             .idiag_states = ~0u },
	};
	static char octets[READ_OCTETS];
	int more = DIAG_MORE;

	if (send(fd, &ask, sizeof(ask), 0) < 0)
		return -errno;
	while (more == DIAG_MORE) {
		ssize_t n = recv(fd, octets, sizeof(octets), 0);

		if (n < 0)
			return -errno;
		more = diag_sockets_read(reader_over(octets, (size_t)n), family, take_alive, list);
	}
	return more;
}

static int dump(int fd, struct udp_list *list)
{
	int err = dump_family(fd, AF_INET, list);

	return err < 0 ? err : dump_family(fd, AF_INET6, list);
}

static int tell_me(struct socket_watches *all, struct socket_watch *w)
{
	const int groups[] = { SKNLGRP_INET_UDP_DESTROY, SKNLGRP_INET6_UDP_DESTROY };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = w };
	struct udp_list all_of_them = { 0 };
	int err;

	w->ask = kernel_netlink_ask(NETLINK_SOCK_DIAG);
	err = w->ask < 0 ? w->ask : dump(w->ask, &all_of_them);
	udp_list_release(&all_of_them);
	if (err < 0)
		return err;
	w->news = kernel_netlink_news(NETLINK_SOCK_DIAG, groups, ARRAY_SIZE(groups));
	if (w->news < 0)
		return w->news;
	return epoll_ctl(all->epoll, EPOLL_CTL_ADD, w->news, &event) < 0 ? -errno : 0;
}

static void look_soon(struct socket_watches *all)
{
	const uint64_t soon = monotonic_ms() + LOOK_MS;

	if (all->look_ms > soon)
		all->look_ms = soon;
}

static int look_for_myself(struct socket_watches *all, struct socket_watch *w, int why)
{
	int err = udp_texts_open(w->texts);

	if (err < 0)
		return err;
	w->silent = true;
	look_soon(all);
	if (!all->said)
		log_event(
			LOG_NOTICE, "socket-watch-slow",
			"missing=udp_diag error=\"%s\" effect=\"the end of a program's socket is seen "
			"within %d ms, not at once\" remedy=\"modprobe udp_diag\"",
			strerror(-why), LOOK_MS);
	all->said = true;
	return 0;
}

static int watch_begin(struct socket_watches *all, struct socket_watch *w, struct extack *ea)
{
	int why = tell_me(all, w), err;

	/* It may be told of; who comes later would be looked for, too. */
	if (is_shortage(-why))
		return why;
	err = why < 0 ? look_for_myself(all, w, why) : 0;
	if (err < 0)
		return extack_fail(
			ea, why, 0,
			"this kernel can not tell when the socket is closed: it needs the modules "
			"inet_diag and udp_diag, or /proc/net/udp");
	return 0;
}

int socket_watch_use(struct socket_watches *all, struct netns_id netns, struct extack *ea)
{
	AUTO(socket_watch) struct socket_watch *w = NULL;
	struct socket_watch *found = find(all, netns);
	int err;

	if (found) {
		found->users++;
		return found->silent ? SOCKET_WATCH_PORTS : 0;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct socket_watch){
		.netns = netns, .users = 1, .news = -1, .ask = -1, .texts = { -1, -1 }
	};
	list_init(&w->in_all);
	err = watch_begin(all, w, ea);
	if (err < 0)
		return err;
	list_append(&all->all, &w->in_all);
	return TAKE(w)->silent ? SOCKET_WATCH_PORTS : 0;
}

void socket_watch_release(struct socket_watches *all, struct netns_id netns)
{
	struct socket_watch *w = find(all, netns);

	if (w && --w->users == 0)
		socket_watch_free(w);
}

static int take_gone(void *arg, const struct diag_socket *socket)
{
	const struct socket_watches *all = arg;

	if (socket->cookie)
		all->gone(all->arg, socket->cookie);
	return 0;
}

/* More may be lost while many close: then all is to be found out anew. */
static void news_lost(struct socket_watches *all, struct socket_watch *w)
{
	w->dumps_due = DUMPS;
	udp_list_release(&w->there);
	look_soon(all);
}

/* One of the dumps. What is in none of them has gone. */
static void find_out(const struct socket_watches *all, struct socket_watch *w)
{
	if (dump(w->ask, &w->there) < 0 || --w->dumps_due)
		return;
	udp_list_sort(&w->there);
	all->left(all->arg, w->netns, &w->there, true);
	udp_list_release(&w->there);
}

static void watch_ready(struct socket_watches *all, struct socket_watch *w)
{
	static char octets[READ_OCTETS];

	for (unsigned int i = 0; i < KERNEL_READS_MAX; i++) {
		ssize_t n = kernel_netlink_receive(w->news, octets, sizeof(octets));

		if (n == -ENOBUFS)
			news_lost(all, w);
		else if (n < 0)
			return;
		else
			diag_sockets_read(reader_over(octets, (size_t)n), 0, take_gone, all);
	}
}

void socket_watches_ready(struct socket_watches *all)
{
	struct epoll_event events[16];
	int count = epoll_wait(all->epoll, events, ARRAY_SIZE(events), 0);

	for (int i = 0; i < count; i++)
		watch_ready(all, events[i].data.ptr);
}

struct looking {
	const struct socket_watches *all;
	const struct socket_watch *w;
};

static bool left_there(void *arg, const struct udp_list *list, bool sure)
{
	const struct looking *at = arg;

	return at->all->left(at->all->arg, at->w->netns, list, sure);
}

void socket_watches_look(struct socket_watches *all, uint64_t now)
{
	bool again = false;
	uint64_t took;

	list_for_each (node, &all->all) {
		struct socket_watch *w = list_entry(node, struct socket_watch, in_all);

		if (w->silent)
			udp_texts_look(w->texts, left_there, &(struct looking){ all, w });
		else if (w->dumps_due)
			find_out(all, w);
		again |= w->silent || w->dumps_due;
	}
	took = monotonic_ms() - now;
	all->look_ms = !again                        ? UINT64_MAX
	               : took > LOOK_MS / LOOK_SHARE ? now + took * LOOK_SHARE
	                                             : now + LOOK_MS;
}

int socket_watch_use_again(struct socket_watches *all, struct netns_id netns)
{
	struct socket_watch *w = find(all, netns);

	if (!w)
		return -ENOENT;
	w->users++;
	return 0;
}

void socket_watches_leave(const struct socket_watches *all, struct bequest *b)
{
	list_for_each (node, &all->all) {
		const struct socket_watch *w = list_entry(node, struct socket_watch, in_all);

		leave_u64(b, w->netns.cookie);
		leave_u32(b, w->silent);
		leave_u32(b, w->dumps_due > 0);
		leave_fd(b, w->news);
		leave_fd(b, w->ask);
		for (size_t n = 0; n < UDP_TEXTS; n++)
			leave_fd(b, w->texts[n]);
	}
	leave_u64(b, 0);
}

/* What news there were while nobody read them waits in its sockets. */
static int watch_go_on(struct socket_watches *all, struct socket_watch *w, bool lost)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = w };

	if (w->silent) {
		look_soon(all);
		return w->texts[0] < 0 ? -EBADMSG : 0;
	}
	if (w->news < 0 || w->ask < 0)
		return -EBADMSG;
	if (lost)
		news_lost(all, w);
	return epoll_ctl(all->epoll, EPOLL_CTL_ADD, w->news, &event) < 0 ? -errno : 0;
}

static int watch_inherit(struct socket_watches *all, struct socket_watch *w, struct inheritance *i)
{
	const struct socket_kind kind = { .family = AF_NETLINK,
		                          .protocol = NETLINK_SOCK_DIAG,
		                          .netns = w->netns.cookie };
	bool lost;

	w->silent = inherit_bool(i);
	lost = inherit_bool(i);
	w->news = inherit_socket(i, &kind);
	w->ask = inherit_socket(i, &kind);
	for (size_t n = 0; n < UDP_TEXTS; n++)
		w->texts[n] = inherit_file(i, S_IFREG, 0);
	return inherit_failed(i) ? -EBADMSG : watch_go_on(all, w, lost);
}

int socket_watches_inherit(struct socket_watches *all, struct inheritance *i)
{
	uint64_t cookie;

	while ((cookie = inherit_u64(i))) {
		AUTO(socket_watch) struct socket_watch *w = calloc(1, sizeof(*w));
		int err;

		if (!w)
			return -ENOMEM;
		*w = (struct socket_watch){
			.netns.cookie = cookie, .news = -1, .ask = -1, .texts = { -1, -1 }
		};
		list_init(&w->in_all);
		err = find(all, w->netns) ? -EBADMSG : watch_inherit(all, w, i);
		if (err < 0)
			return err;
		list_append(&all->all, &w->in_all);
		TAKE(w);
	}
	return inherit_failed(i) ? -EBADMSG : 0;
}

void socket_watches_tidy(struct socket_watches *all)
{
	list_for_each_safe (node, &all->all) {
		struct socket_watch *w = list_entry(node, struct socket_watch, in_all);

		if (!w->users)
			socket_watch_free(w);
	}
}
