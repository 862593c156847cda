/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_send.c - what a program sends on a stand-in for a generic netlink socket
 *
 * Checks come in the order of the kernel's netlink_sendmsg(). A datagram's messages are then served one after the
 * other, as in netlink_rcv_skb(): l2tp's, and questions to nlctrl about l2tp, by ul2tpd; all others by the kernel.
 * All answers for which there is room are in the receive buffer when the call returns, since that is so with
 * the kernel and programs count on it.
 *
 * Rights are the kernel's __netlink_ns_capable(): the sender must have them, and if the message names no
 * destination, so must whoever opened the socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/extack.h"
#include "launcher/caller.h"
#include "launcher/listing.h"
#include "launcher/ip_socket.h"
#include "launcher/netlink_stand_in.h"
#include "launcher/tunnel_descriptor.h"
#include "netlink/attribute.h"
#include "netlink/error_message.h"
#include "netlink/l2tp_family.h"

#define OVERHEAD   32   /* of a send buffer that the kernel keeps for itself */
#define BUFFER_MIN 2048 /* no send buffer is smaller */

/* --- ul2tpd --- */

struct asking {
	struct trap *t;
	struct netlink_socket *n;
	struct daemon_link *link;
	const struct nl_message *request;
};

/* NL-93: what the request itself caused has come on the connection that is subscribed before its answer came
 * on this one, and the program sees it in that order. */
static void take_answer(void *arg, uint8_t *octets, size_t len)
{
	struct asking *a = arg;
	struct daemon_link *subscribed = &a->n->links[LINK_ANYONE];

	if (subscribed->subscribed && subscribed != a->link)
		daemon_link_hear(subscribed);
	netlink_deliver_translated(a->n, a->link, octets, len, a->request);
}

static bool is_waiting(void *arg)
{
	struct asking *a = arg;

	return trap_is_valid(a->t);
}

/* The socket of a managed tunnel, of which the message has the program's number. -1: it names none. */
static int tunnel_socket(const struct trap *t, const struct nl_message *m)
{
	struct reader attributes;
	struct attribute a;
	int number = -1;
	uint8_t command;

	if (genl_header_read(m, &command, &attributes) < 0 || command != L2TP_CMD_TUNNEL_CREATE)
		return -1;
	ip_sockets_collect(t->launcher);
	while (attribute_next(&attributes, &a))
		if (a.type == L2TP_ATTR_FD && read_left(&a.value) >= sizeof(uint32_t))
			number = (int)read_u32_host(&a.value);
	return number < 0 ? -1 : tunnel_descriptor(t, number);
}

static int ask(struct asking *a, const struct nl_message *m, uint64_t token)
{
	const struct launcher *l = a->n->launcher;
	const struct l2tp_numbers ours = { l->l2tp_family, l->l2tp_group };
	AUTO_MEMORY uint8_t *copy = malloc(m->length);
	AUTO_FD fd = -1;
	int err;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, m->start, m->length);
	translate_request(copy, m->length, &ours, &a->link->numbers, a->n->target.port);
	if (m->type == ours.family)
		fd = tunnel_socket(a->t, m);
	a->link->token = token;
	err = daemon_link_ask(a->link, copy, m->length, &fd, fd >= 0, take_answer, a, is_waiting);
	a->link->token = 0;
	return err;
}

/* Answered for ul2tpd, which can not. */
static void refuse(struct netlink_socket *n, const struct nl_message *m, int error,
                   const char *words)
{
	size_t size = NL_ERROR_OVERHEAD + EXTACK_TEXT_MAX + m->length;
	AUTO_MEMORY uint8_t *octets = malloc(size);
	struct writer w = writer_over(octets, octets ? size : 0);
	struct nl_message request = *m;
	struct extack ea = { 0 };

	request.port = n->target.port;
	extack_set(&ea, 0, "%s", words);
	if (nl_error_put(&w, &request, error, &ea, NULL, n->options))
		netlink_deliver(n, octets, write_len(&w));
}

static int unreachable(struct netlink_socket *n, const struct nl_message *m, int err)
{
	launcher_trace(n->launcher, 1, "ul2tpd can not be reached: %s", strerror(-err));
	refuse(n, m, -ENOENT, "ul2tpd can not be reached");
	return 0;
}

/* Of l2tp; L2TP_CMD_NOOP: another's, or none. */
static uint8_t command_of(const struct launcher *l, const struct nl_message *m)
{
	struct reader attributes;
	uint8_t command;

	return m->type == l->l2tp_family && genl_header_read(m, &command, &attributes) == 0
	               ? command
	               : L2TP_CMD_NOOP;
}

static bool needs_rights(const struct launcher *l, const struct nl_message *m)
{
	return command_of(l, m) != L2TP_CMD_NOOP;
}

/* What asks for something only can be done twice. */
static bool changes(const struct launcher *l, const struct nl_message *m)
{
	const uint8_t command = command_of(l, m);

	return command != L2TP_CMD_NOOP && command != L2TP_CMD_TUNNEL_GET &&
	       command != L2TP_CMD_SESSION_GET;
}

/* Return: 0, whatever the answer was; -EINTR the program has gone. */
static int serve_l2tp(struct trap *t, struct netlink_socket *n, const struct nl_message *m,
                      bool opener_counts)
{
	struct asking a = { .t = t, .n = n, .request = m };
	bool rights = needs_rights(n->launcher, m) && (n->opener_is_admin || !opener_counts) &&
	              caller_is_admin(t, n->netns);
	const struct daemon_waiter waiter = { is_waiting, &a };
	const uint64_t token = changes(n->launcher, m) ? trap_token(t) : 0;
	int err = -EPIPE;

	/* Nobody has read it at the other end, which has ended: perhaps a new ul2tpd is there. */
	for (int i = 0; i < DAEMON_LINK_TRIES && err == -EPIPE; i++) {
		err = netlink_link(n, rights ? LINK_ADMIN : LINK_ANYONE, &waiter, &a.link);
		if (!err)
			err = ask(&a, m, token);
		else if (err != -EPIPE && err != -ESRCH)
			return unreachable(n, m, err);
	}
	if (err == -ESRCH)
		return -EINTR;
	if (err == -EMSGSIZE)
		refuse(n, m, err, "no request to ul2tpd is that long");
	else if (err < 0)
		refuse(n, m, -ECONNRESET, "ul2tpd ended; whether it did this is not known");
	return 0;
}

/* --- the kernel --- */

static int64_t forward(struct trap *t, struct netlink_socket *n, const void *octets, size_t len,
                       const struct sockaddr_nl *to)
{
	int err = forward_bind(t, n->netns, &n->forward, n->target.port);
	int64_t sent = err < 0 ? err : forward_send(t, n->netns, &n->forward, octets, len, to);

	netlink_serve_rest(n);
	return sent;
}

/* --- both --- */

static bool is_for_daemon(struct netlink_socket *n, const struct nl_message *m)
{
	uint16_t family = n->launcher->l2tp_family;
	struct control_question question;

	if (!nl_message_is_request(m))
		return false;
	if (m->type == family)
		return true;
	if (!control_question_read(m, family, &question))
		return false;
	if (question.command == CTRL_CMD_GETFAMILY && nl_message_is_dump(m)) {
		listing_begin(n, m);
		return false;
	}
	return question.about_l2tp;
}

static int64_t serve_messages(struct trap *t, struct netlink_socket *n, const struct outgoing *out,
                              const struct sockaddr_nl *to)
{
	struct reader datagram = reader_over(out->octets, out->len);
	struct nl_message m;

	while (nl_message_next(&datagram, &m)) {
		int64_t result = is_for_daemon(n, &m) ? serve_l2tp(t, n, &m, !to)
		                                      : forward(t, n, m.start, m.length, to);

		if (result < 0)
			return result;
	}
	return (int64_t)out->len;
}

/* 0; @ret: where it goes, *@named: whether the message says so. */
static int destination(const struct netlink_socket *n, const struct outgoing *m,
                       struct sockaddr_nl *ret, bool *named)
{
	*named = m->has_name;
	*ret = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = n->peer };
	if (!m->has_name)
		return 0;
	if (m->name_len < sizeof(*ret))
		return -EINVAL;
	memcpy(ret, &m->name, sizeof(*ret));
	return ret->nl_family == AF_NETLINK ? 0 : -EINVAL;
}

static int check_length(const struct netlink_socket *n, size_t len)
{
	socklen_t size = sizeof(int);
	int buffer;

	if (len <= BUFFER_MIN)
		return 0;
	if (getsockopt(n->target.socket, SOL_SOCKET, SO_SNDBUF, &buffer, &size) < 0)
		return -errno;
	return buffer < OVERHEAD || len > (size_t)(buffer - OVERHEAD) ? -EMSGSIZE : 0;
}

static int64_t send_locked(struct trap *t, struct netlink_socket *n, const struct outgoing *m)
{
	struct sockaddr_nl to;
	bool named;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!m->len)
		return -ENODATA;
	err = destination(n, m, &to, &named);
	if (!err)
		err = netlink_name(t, n);
	if (!err)
		err = check_length(n, m->len);
	if (err < 0)
		return err;
	if (to.nl_pid || to.nl_groups) /* to another program, perhaps */
		return forward(t, n, m->octets, m->len, &to);
	return serve_messages(t, n, m, named ? &to : NULL);
}

int64_t netlink_send(struct trap *t, struct object *o, const struct outgoing *m)
{
	struct netlink_socket *n = netlink_socket_of(o);
	int64_t result = netlink_begin(t, n);

	if (result < 0)
		return result;
	result = send_locked(t, n, m);
	netlink_end(n);
	return result;
}
