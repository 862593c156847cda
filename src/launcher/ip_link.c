/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_link.c - what a stand-in for an L2TP/IP socket asks of ul2tpd; see ip_stand_in.h
 *
 * The socket at ul2tpd's end lives as long as the connection. If ul2tpd goes and comes back, or was not there when the
 * program asked first, the socket is opened, bound and connected again as the program had it.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "launcher/ip_mark.h"
#include "launcher/ip_stand_in.h"
#include "launcher/netns_socket.h"
#include "netlink/attribute.h"
#include "netlink/error_message.h"

#define CLOSE_MS    2000 /* one that does not answer must not hold others up */
#define REQUEST_MAX (UL2TP_IP_DATA_MAX + 2048)

struct asking {
	struct ip_stand_in *s;
	int error;
	struct ip_state *state;
};

static void copy_name(uint8_t to[UL2TP_IP_NAME_MAX], uint32_t *len, const struct reader *from)
{
	*len = (uint32_t)read_left(from);
	if (*len > UL2TP_IP_NAME_MAX)
		*len = UL2TP_IP_NAME_MAX;
	if (*len)
		memcpy(to, from->at, *len);
}

static void take_state(struct ip_state *ret, const struct nl_message *m)
{
	struct ul2tp_ip_socket_state state;
	struct reader attributes;
	uint8_t command;

	if (genl_header_read(m, &command, &attributes) < 0 || command != UL2TP_CMD_IPSOCKET_GET ||
	    ul2tp_ip_socket_state_read(attributes, &state) < 0)
		return;
	copy_name(ret->name, &ret->name_len, &state.name);
	copy_name(ret->peer_name, &ret->peer_name_len, &state.peer_name);
	ret->connected = state.connected;
}

static void take_answer(void *arg, uint8_t *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	struct asking *a = arg;
	struct nl_message m;
	struct nl_error error;

	while (nl_message_next(&datagram, &m)) {
		if (m.type == NLMSG_ERROR && nl_error_read(&m, &error) == 0)
			a->error = error.error;
		else if (a->state && m.type == a->s->link.own_family)
			take_state(a->state, &m);
	}
}

typedef void put_fn(struct writer *w, const void *arg);

/* One request over the link as it is. @fd: goes along; -1: none */
static int ask(struct ip_stand_in *s, enum ul2tp_command command, put_fn *put, const void *arg,
               int fd, struct ip_state *state)
{
	struct nl_header header = { .type = s->link.own_family,
		                    .flags = NLM_F_REQUEST | NLM_F_ACK,
		                    .sequence = ++s->link.sequence };
	struct asking a = { .s = s, .state = state };
	AUTO_MEMORY uint8_t *octets = malloc(REQUEST_MAX);
	struct writer w = writer_over(octets, octets ? REQUEST_MAX : 0);
	size_t start = ul2tp_message_begin(&w, &header, command);
	int err;

	if (!octets)
		return -ENOMEM;
	if (put)
		put(&w, arg);
	if (!nl_message_end(&w, start))
		return -EMSGSIZE;
	err = daemon_link_ask(&s->link, octets, write_len(&w), &fd, fd >= 0, take_answer, &a, NULL);
	return err < 0 ? -ENETDOWN : a.error;
}

/* The same, over another link if this one breaks: what was asked may then be done twice. */
static int request(struct ip_stand_in *s, enum ul2tp_command command, put_fn *put, const void *arg,
                   struct ip_state *state)
{
	int err = -ENETDOWN;

	for (int tries = 0; err == -ENETDOWN && tries < 2; tries++) {
		err = ip_link_open(s);
		if (!err)
			err = ask(s, command, put, arg, -1, state);
		if (s->link.fd >= 0)
			break; /* then it is ul2tpd's own answer */
	}
	return err;
}

static void put_open(struct writer *w, const void *arg)
{
	const struct ip_facts *f = arg;

	ul2tp_ip_socket_open_put(
		w, &(struct ul2tp_ip_socket_open){ (uint16_t)f->family, f->port, f->cookie });
}

static void put_name(struct writer *w, const void *arg)
{
	const struct reader *name = arg;

	attribute_put(w, UL2TP_ATTR_NAME, name->at, read_left(name));
}

static void put_option(struct writer *w, const void *arg)
{
	ul2tp_ip_socket_option_put(w, arg);
}

static void put_send(struct writer *w, const void *arg)
{
	ul2tp_ip_socket_send_put(w, arg);
}

static int ask_open(struct ip_stand_in *s)
{
	AUTO_FD raw = netns_socket(s->launcher, s->launcher->private_netns, s->facts.family,
	                           SOCK_RAW, IPPROTO_RAW);

	if (raw < 0)
		return raw;
	ip_mark_set(s->launcher, raw); /* not where the stand-in demands none */
	return ask(s, UL2TP_CMD_IPSOCKET_OPEN, put_open, &s->facts, raw, NULL);
}

static int ask_name(struct ip_stand_in *s, enum ul2tp_command command, const uint8_t *name,
                    size_t len)
{
	struct reader r = reader_over(name, len);

	return len ? ask(s, command, put_name, &r, -1, NULL) : 0;
}

static int ask_device(struct ip_stand_in *s, const char *device)
{
	struct ul2tp_ip_socket_option o = { SOL_SOCKET, SO_BINDTODEVICE,
		                            reader_over(device, strlen(device)) };

	return *device ? ask(s, UL2TP_CMD_IPSOCKET_OPTION_SET, put_option, &o, -1, NULL) : 0;
}

/* As the program had it. */
static int start_over(struct ip_stand_in *s)
{
	const struct ip_facts *f = &s->facts;
	int err = ask_open(s);

	if (!err)
		err = ask_device(s, f->device);
	if (!err)
		err = ask_name(s, UL2TP_CMD_IPSOCKET_BIND, f->bound, f->bound_len);
	if (!err)
		err = ask_name(s, UL2TP_CMD_IPSOCKET_CONNECT, f->peer, f->peer_len);
	return err;
}

int ip_link_open(struct ip_stand_in *s)
{
	int err;

	if (s->link.fd >= 0)
		return 0;
	err = daemon_link_open(s->launcher, s->netns, s->facts.rights, NULL, &s->link);
	if (err < 0)
		return -ENETDOWN;
	err = start_over(s);
	if (err < 0) {
		daemon_link_close(&s->link);
		return err;
	}
	ip_remember(s, true);
	return 0;
}

void ip_link_close(struct ip_stand_in *s)
{
	struct pollfd p = { .fd = s->link.fd, .events = POLLIN };
	char octets[64];

	if (s->link.fd >= 0 && shutdown(s->link.fd, SHUT_WR) == 0)
		while (poll(&p, 1, CLOSE_MS) > 0 &&
		       recv(s->link.fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
			;
	daemon_link_close(&s->link);
}

void ip_link_look(struct ip_stand_in *s)
{
	struct pollfd p = { .fd = s->link.fd };

	if (s->link.fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR))
		daemon_link_close(&s->link);
	if (s->link.fd < 0 && ip_link_open(s) == 0)
		launcher_trace(s->launcher, 1, "an L2TP/IP socket is served again");
}

int ip_link_bind(struct ip_stand_in *s, const void *name, size_t len)
{
	struct reader r = reader_over(name, len);
	int err = request(s, UL2TP_CMD_IPSOCKET_BIND, put_name, &r, NULL);

	if (err < 0 || len > sizeof(s->facts.bound))
		return err;
	memcpy(s->facts.bound, name, len);
	s->facts.bound_len = (uint8_t)len;
	ip_remember(s, false);
	return 0;
}

int ip_link_connect(struct ip_stand_in *s, const void *name, size_t len)
{
	struct reader r = reader_over(name, len);
	int err = request(s, UL2TP_CMD_IPSOCKET_CONNECT, put_name, &r, NULL);

	if (err < 0)
		return err;
	if (read_u16_host(&r) == AF_UNSPEC) { /* which unbinds from the device, too */
		s->facts.peer_len = 0;
		if (s->facts.bound_len)
			memset(s->facts.device, 0, sizeof(s->facts.device));
	} else if (len <= sizeof(s->facts.peer)) {
		memcpy(s->facts.peer, name, len);
		s->facts.peer_len = (uint8_t)len;
	}
	ip_remember(s, false);
	return 0;
}

int ip_link_send(struct ip_stand_in *s, const struct ul2tp_ip_socket_send *send)
{
	return request(s, UL2TP_CMD_IPSOCKET_SEND, put_send, send, NULL);
}

int ip_link_option(struct ip_stand_in *s, int level, int option, const void *value, size_t len)
{
	struct ul2tp_ip_socket_option o = { (uint32_t)level, (uint32_t)option,
		                            reader_over(value, len) };

	return request(s, UL2TP_CMD_IPSOCKET_OPTION_SET, put_option, &o, NULL);
}

int ip_link_get(struct ip_stand_in *s, struct ip_state *ret)
{
	memset(ret, 0, sizeof(*ret));
	return request(s, UL2TP_CMD_IPSOCKET_GET, NULL, NULL, ret);
}
