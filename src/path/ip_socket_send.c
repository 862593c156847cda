/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket_send.c - a program sends a control message by its L2TP/IP socket (IPS-40 to IPS-43) */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "encap/address.h"
#include "path/ip_socket.h"

#define MSG_PROBE MSG_PROXY /* as linux/socket.h calls it: nothing is sent */

/* What l2tp_ip6_sendmsg() and the system behind it know; IPv4 ignores all flags (IPS-43). */
#define FLAGS_OF_IPV6 (MSG_OOB | MSG_DONTROUTE | MSG_CONFIRM | MSG_MORE | MSG_PROBE)

#define SHORTEST_IPV6 24 /* SIN6_LEN_RFC2133: without scope */

static const uint8_t zero_word[4]; /* IPS-41 */

static int check_ipv4(const struct ip_socket *s, const struct ip_name *to, struct extack *ea)
{
	if (to->len && to->len < IP_NAME4_LEN)
		return extack_fail(ea, -EINVAL, 0, "the address is too short");
	if (to->len && to->family != AF_INET && to->family != AF_UNSPEC)
		return extack_fail(ea, -EAFNOSUPPORT, 0, "the address is of another family");
	return 0;
}

static int check_ipv6(const struct ip_socket *s, const struct ip_name *to, uint32_t flags,
                      struct extack *ea)
{
	if (flags & MSG_OOB)
		return extack_fail(ea, -EOPNOTSUPP, 0, "there is nothing urgent in L2TP");
	if (to->len && to->len < SHORTEST_IPV6)
		return extack_fail(ea, -EINVAL, 0, "the address is too short");
	if (to->len && to->family && to->family != AF_INET6)
		return extack_fail(ea, -EAFNOSUPPORT, 0, "the address is of another family");
	return 0;
}

static int check(const struct ip_socket *s, const struct ip_name *to, uint32_t flags,
                 struct extack *ea)
{
	int err = s->family == AF_INET6 ? check_ipv6(s, to, flags, ea) : check_ipv4(s, to, ea);

	if (!err && !to->len && !s->connected)
		err = extack_fail(ea, -EDESTADDRREQ, 0, "the socket is not connected");
	return err;
}

/* A name that says AF_UNSPEC has the layout of the socket's family. */
static int destination_read(const struct ip_socket *s, struct reader octets, struct ip_name *ret)
{
	uint8_t copy[IP_NAME_MAX];
	size_t len = read_left(&octets);
	uint16_t family = (uint16_t)s->family;
	int err;

	*ret = (struct ip_name){ 0 };
	if (!len)
		return 0;
	err = ip_name_read(octets.at, len, ret);
	if (err < 0 || ret->family != AF_UNSPEC || len > sizeof(copy))
		return err;
	memcpy(copy, octets.at, len);
	memcpy(copy, &family, sizeof(family));
	return ip_name_read(copy, len, ret);
}

/* IPS-40: IPv4 says EHOSTUNREACH whatever the route said, and has no patience with a full buffer. */
static int as_the_kernel(const struct ip_socket *s, int err)
{
	if (s->family == AF_INET6)
		return err;
	switch (err) {
	case -ENETUNREACH:
	case -ENETDOWN:
		return -EHOSTUNREACH;
	case -EAGAIN:
		return -ENOMEM;
	default:
		return err;
	}
}

/* linux/l2tp asks for SO_BROADCAST at connect() alone, the system's raw socket at each message. */
static int send_broadcast(int fd, const struct msghdr *msg, int flags)
{
	int on = 1, off = 0, err = 0;

	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
	if (sendmsg(fd, msg, flags) < 0)
		err = -errno;
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &off, sizeof(off));
	return err;
}

/* Whether what had been corked was thrown away with the piece that failed: so it is once the system had begun to add it. */
static bool is_flushed(int err)
{
	return err == -EMSGSIZE || err == -ENOBUFS || err == -EAGAIN;
}

static void remember_cork(struct ip_socket *s, uint32_t asked, int err)
{
	if (s->family != AF_INET6)
		return;
	if (err < 0)
		s->corked = s->corked && !is_flushed(err);
	else
		s->corked = (asked & MSG_MORE) && (s->corked || !(asked & MSG_PROBE));
}

static int send_out(struct ip_socket *s, const struct msghdr *msg, uint32_t asked)
{
	int fd = s->sending->at.bulk_fd, flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	int err;

	if (s->family == AF_INET6)
		flags |= (int)(asked & FLAGS_OF_IPV6);
	err = sendmsg(fd, msg, flags) < 0 ? -errno : 0;
	remember_cork(s, asked, err);
	if (err == -EACCES && s->family == AF_INET)
		err = send_broadcast(fd, msg, flags);
	return as_the_kernel(s, err);
}

int ip_socket_send(struct ip_socket *s, const struct ul2tp_ip_socket_send *send, struct extack *ea)
{
	struct iovec iov[2] = { { (void *)zero_word, sizeof(zero_word) },
		                { (void *)send->data.at, read_left(&send->data) } };
	/* A message that is made of several has the word once. */
	struct msghdr msg = { .msg_iov = iov + s->corked, .msg_iovlen = 2 - s->corked };
	struct ip_name to;
	union address address;
	int err = destination_read(s, send->name, &to);

	if (!err)
		err = check(s, &to, send->flags, ea);
	if (!err)
		err = ip_socket_need_sending(s, ea);
	if (err < 0)
		return err;
	if (to.len) {
		address = ip_socket_address(&to);
		msg.msg_name = &address;
		msg.msg_namelen = address_size(&address);
	}
	if (s->family == AF_INET6 && read_left(&send->control)) {
		msg.msg_control = (void *)send->control.at;
		msg.msg_controllen = read_left(&send->control);
	}
	err = send_out(s, &msg, send->flags);
	if (err < 0)
		return extack_fail(ea, err, 0, "the system did not send it: %s", strerror(-err));
	s->sent++;
	return 0;
}
