/* SPDX-License-Identifier: BSD-2-Clause */
/* transmitter.c - see transmitter.h */
#include "keeper/transmitter.h"

#include <errno.h>
#include <linux/udp.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/endpoint_socket.h"

#define IP_OPTIONS_MAX 40

struct transmitter {
	struct list in_all;
	int fd;
	uint32_t number; /* by which its address is its own */
	uint32_t users;
	struct program_socket like; /* addresses zeroed, but for the port */
	uint8_t ip_options[IP_OPTIONS_MAX];
	socklen_t ip_options_len;
};

void transmitters_open(struct transmitters *all)
{
	list_init(&all->all);
	all->last_number = 0;
}

int transmitter_fd(const struct transmitter *t)
{
	return t->fd;
}

bool transmitter_has_ip_options(const struct transmitter *t)
{
	return t->ip_options_len;
}

void transmitter_put(struct transmitter *t)
{
	if (!t || --t->users)
		return;
	list_remove(&t->in_all);
	close(t->fd);
	free(t);
}

/* What makes one, in a form that is compared octet by octet. */
static void describe(struct transmitter *t, int fd, const struct program_socket *s)
{
	struct program_socket *like = &t->like;

	memcpy(like, s, sizeof(*like));
	like->cookie = 0;
	like->ino = 0;
	like->reuse_address = false;
	memset(&like->params.peer, 0, sizeof(like->params.peer));
	if (s->params.local.any.sa_family == AF_INET6) {
		/* One that sends IPv4 is another (TX-5). */
		like->params.local.v6.sin6_addr = (struct in6_addr){ 0 };
		if (address_is_mapped(&s->params.peer))
			memset(&like->params.local.v6.sin6_addr.s6_addr[10], 0xff, 2);
		like->params.local.v6.sin6_scope_id = 0;
		like->params.local.v6.sin6_flowinfo = 0;
	} else {
		like->params.local.v4.sin_addr.s_addr = 0;
	}
	t->ip_options_len = sizeof(t->ip_options);
	if (getsockopt(fd, IPPROTO_IP, IP_OPTIONS, t->ip_options, &t->ip_options_len) < 0)
		t->ip_options_len = 0;
}

static struct transmitter *find(const struct transmitters *all, const struct transmitter *wanted)
{
	list_for_each (node, &all->all) {
		struct transmitter *t = list_entry(node, struct transmitter, in_all);

		if (!memcmp(&t->like, &wanted->like, sizeof(t->like)) &&
		    t->ip_options_len == wanted->ip_options_len &&
		    !memcmp(t->ip_options, wanted->ip_options, t->ip_options_len))
			return t;
	}
	return NULL;
}

static void set_int(int fd, int level, int option, int value)
{
	setsockopt(fd, level, option, &value, sizeof(value));
}

/* Whatever of it the system refuses, packets still leave. */
static void set_options(const struct transmitter *t)
{
	const struct program_socket *s = &t->like;

	set_int(t->fd, SOL_SOCKET, SO_PRIORITY, s->priority);
	if (s->params.local.any.sa_family == AF_INET6) {
		if (s->v4_tos)
			set_int(t->fd, IPPROTO_IP, IP_TOS, s->v4_tos);
		if (s->v4_ttl)
			set_int(t->fd, IPPROTO_IP, IP_TTL, s->v4_ttl);
		set_int(t->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	}
	if (t->ip_options_len)
		setsockopt(t->fd, IPPROTO_IP, IP_OPTIONS, t->ip_options, t->ip_options_len);
}

static struct transmitter *make(const struct transmitter *wanted, int fd, uint32_t number,
                                bool reuse_address, int *err, struct extack *ea)
{
	struct transmitter *t = malloc(sizeof(*t));

	if (!t) {
		*err = -ENOMEM;
		return NULL;
	}
	memcpy(t, wanted, sizeof(*t));
	list_init(&t->in_all);
	t->number = number;
	t->fd = transmit_socket(&t->like.params, fd, reuse_address, t->like.owner, number, ea);
	if (t->fd < 0) {
		*err = t->fd;
		free(t);
		return NULL;
	}
	set_options(t);
	return t;
}

struct transmitter *transmitter_get(struct transmitters *all, int fd,
                                    const struct program_socket *s, int *err, struct extack *ea)
{
	struct transmitter wanted, *t;

	memset(&wanted, 0, sizeof(wanted));
	describe(&wanted, fd, s);
	t = find(all, &wanted);
	if (!t) {
		t = make(&wanted, fd, ++all->last_number, s->reuse_address, err, ea);
		if (!t)
			return NULL;
		list_append(&all->all, &t->in_all);
	}
	t->users++;
	return t;
}

static void leave(const struct transmitter *t, struct bequest *b)
{
	const struct program_socket *like = &t->like;

	leave_u32(b, t->number);
	leave_u64(b, like->netns.cookie);
	leave_bytes(b, &like->params, sizeof(like->params));
	leave_u32(b, (uint32_t)like->priority);
	leave_u32(b, (uint32_t)like->v4_tos);
	leave_u32(b, (uint32_t)like->v4_ttl);
	leave_u32(b, like->owner);
	leave_u32(b, t->ip_options_len);
	leave_bytes(b, t->ip_options, t->ip_options_len);
	leave_fd(b, t->fd);
}

void transmitters_leave(const struct transmitters *all, struct bequest *b)
{
	list_for_each (node, &all->all)
		leave(list_entry(node, struct transmitter, in_all), b);
	leave_u32(b, 0);
	leave_u32(b, all->last_number);
}

static struct transmitter *by_number(const struct transmitters *all, uint32_t number)
{
	list_for_each (node, &all->all) {
		struct transmitter *t = list_entry(node, struct transmitter, in_all);

		if (t->number == number)
			return t;
	}
	return NULL;
}

/* Zeroed: it is compared octet by octet. */
static int inherit(struct inheritance *i, struct transmitter *t)
{
	struct program_socket *like = &t->like;
	struct socket_kind kind = { .type = SOCK_DGRAM, .protocol = IPPROTO_UDP };

	kind.netns = like->netns.cookie = inherit_u64(i);
	inherit_bytes(i, &like->params, sizeof(like->params));
	kind.family = like->params.local.any.sa_family;
	like->priority = (int)inherit_u32(i);
	like->v4_tos = (int)inherit_u32(i);
	like->v4_ttl = (int)inherit_u32(i);
	like->owner = inherit_u32(i);
	t->ip_options_len = inherit_u32(i);
	if (t->ip_options_len > sizeof(t->ip_options)) {
		inherit_refuse(i);
		return -EBADMSG;
	}
	inherit_bytes(i, t->ip_options, t->ip_options_len);
	t->fd = inherit_socket(i, &kind);
	return t->fd < 0 ? -EBADMSG : 0;
}

int transmitters_inherit(struct transmitters *all, struct inheritance *i)
{
	uint32_t number;

	while ((number = inherit_u32(i))) {
		struct transmitter *t = calloc(1, sizeof(*t));
		int err = t ? inherit(i, t) : -ENOMEM;

		if (err < 0) {
			free(t);
			return err;
		}
		t->number = number;
		list_append(&all->all, &t->in_all);
	}
	all->last_number = inherit_u32(i);
	return inherit_failed(i) ? -EBADMSG : 0;
}

void transmitter_leave(const struct transmitters *all, const struct transmitter *t,
                       struct bequest *b)
{
	leave_u32(b, t ? t->number : 0);
}

struct transmitter *transmitter_inherit(struct transmitters *all, struct inheritance *i)
{
	uint32_t number = inherit_u32(i);
	struct transmitter *t = number ? by_number(all, number) : NULL;

	if (t)
		t->users++;
	else if (number)
		inherit_refuse(i);
	return t;
}

void transmitters_tidy(struct transmitters *all)
{
	list_for_each_safe (node, &all->all) {
		struct transmitter *t = list_entry(node, struct transmitter, in_all);

		t->users++;
		transmitter_put(t);
	}
}
