/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon_link.c - see daemon_link.h
 *
 * ul2tpd answers a request with any number of messages, of which the last is the acknowledgement, the refusal or the
 * end of a dump. A request that wants no acknowledgement may be answered with nothing; behind such a one goes a
 * request of ours that is acknowledged, and the program does not see that. Nor does it see what an ul2tpd that knows no
 * tokens says of the one before its request.
 */
#include "launcher/daemon_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config.h"
#include "launcher/caller.h"
#include "netlink/attribute.h"
#include "netlink/control_family.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_family.h"
#include "netlink/ul2tp_status_message.h"

#define DATAGRAM_MAX (2 * DAEMON_LINK_REQUEST_MAX) /* longer than the longest request, quoted */
#define PATIENCE_MS  1000 /* between two questions whether the program still waits */
#define OWN_PATIENCE 10   /* times that, for requests nobody waits for in the program */
#define OWN_REQUEST  256
#define FDS_MAX      253 /* SCM_MAX_FD */

static const char *socket_path(const struct launcher *l)
{
	const char *environment = getenv("UL2TP_SOCKET");

	if (l->options.socket)
		return l->options.socket;
	return environment && *environment ? environment : UL2TP_SOCKET_PATH;
}

static int connect_here(void *arg)
{
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	const struct timeval long_patience = { .tv_sec = OWN_PATIENCE * PATIENCE_MS / 1000 };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const char *path = arg;
	AUTO_FD fd = -1;

	if (strlen(path) >= sizeof(name.sun_path))
		return -ENAMETOOLONG;
	memcpy(name.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &long_patience, sizeof(long_patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

void daemon_link_close(struct daemon_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	free(link->buffer);
	*link = (struct daemon_link)DAEMON_LINK_CLOSED;
}

/* --- sending and receiving --- */

static int send_datagram(struct daemon_link *link, struct iovec *parts, size_t count,
                         const int *fds, size_t fd_count)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = count };

	if (fd_count > FDS_MAX)
		return -ETOOMANYREFS;
	if (fd_count) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		memset(control, 0, CMSG_SPACE(fd_count * sizeof(int)));
		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	return sendmsg(link->fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* Return: length; 0: nothing has come (in PATIENCE_MS, if waiting); -ECONNRESET ul2tpd has gone; -EPIPE so it has, and what was
 * sent last had not been read: a Unix socket says so by its ECONNRESET. */
static ssize_t receive_datagram(struct daemon_link *link, int flags)
{
	ssize_t n = recv(link->fd, link->buffer, DATAGRAM_MAX, flags);

	if (n > 0)
		return n;
	if (n < 0 && errno == ECONNRESET)
		return -EPIPE;
	return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -ECONNRESET;
}

/* What ends the answers to a request. */
struct ending {
	uint32_t sequence;
	bool probed; /* the acknowledgement of our own request behind it */
	uint32_t probe;
	bool marked; /* by our own before it, with a token */
	uint32_t mark;
	uint16_t own_type; /* of our own */
};

static bool quotes(const struct nl_message *m, uint16_t type)
{
	struct reader payload = m->payload;

	read_skip(&payload, sizeof(int) + offsetof(struct nlmsghdr, nlmsg_type));
	return read_u16_host(&payload) == type && !payload.failed;
}

static bool is_probe(const struct ending *e, const struct nl_message *m)
{
	return e->probed && m->type == NLMSG_ERROR && m->sequence == e->probe &&
	       quotes(m, e->own_type);
}

static bool is_of_mark(const struct ending *e, const struct nl_message *m)
{
	return e->marked && m->type == NLMSG_ERROR && m->sequence == e->mark &&
	       quotes(m, e->own_type);
}

static bool is_end(const struct ending *e, const struct nl_message *m)
{
	if (e->probed)
		return is_probe(e, m);
	return (m->type == NLMSG_ERROR || m->type == NLMSG_DONE) && m->sequence == e->sequence &&
	       !is_of_mark(e, m);
}

/* Return: whether the end was in this datagram. The answers to our own have one each, which stays ours. */
static bool take_answers(struct daemon_link *link, size_t len, const struct ending *e,
                         daemon_answer_fn *fn, void *arg)
{
	struct reader datagram = reader_over(link->buffer, len);
	bool end = false, ours = false;
	struct nl_message m;

	while (nl_message_next(&datagram, &m)) {
		ours |= e && (is_probe(e, &m) || is_of_mark(e, &m));
		end |= e && is_end(e, &m);
	}
	if (!ours)
		fn(arg, link->buffer, len);
	return end;
}

static struct nl_header own_header(struct daemon_link *link)
{
	return (struct nl_header){ .type = link->own_family,
		                   .flags = NLM_F_REQUEST | NLM_F_ACK,
		                   .sequence = ++link->sequence };
}

/* A request that is acknowledged; how long it is. */
static size_t write_probe(struct daemon_link *link, struct ending *e, uint8_t *octets, size_t size)
{
	struct writer w = writer_over(octets, size);
	struct nl_header header = own_header(link);

	nl_message_end(&w, ul2tp_message_begin(&w, &header, UL2TP_CMD_SOCKET_SET));
	e->probed = true;
	e->probe = header.sequence;
	return write_len(&w);
}

/* One that says which the request behind it is; how long it is. */
static size_t write_mark(struct daemon_link *link, struct ending *e, uint8_t *octets, size_t size)
{
	const struct ul2tp_socket_set set = { .token = link->token };
	struct writer w = writer_over(octets, size);
	struct nl_header header = own_header(link);
	size_t start;

	header.flags = NLM_F_REQUEST;
	start = ul2tp_message_begin(&w, &header, UL2TP_CMD_SOCKET_SET);
	ul2tp_socket_set_put(&w, &set);
	nl_message_end(&w, start);
	e->marked = true;
	e->mark = header.sequence;
	return write_len(&w);
}

static int wait_for_end(struct daemon_link *link, const struct ending *e, daemon_answer_fn *fn,
                        void *arg, bool (*alive)(void *arg))
{
	for (unsigned int quiet = 0;;) {
		ssize_t n = receive_datagram(link, 0);

		if (n < 0)
			return (int)n;
		if (n > 0 && take_answers(link, (size_t)n, e, fn, arg))
			return 0;
		quiet = n > 0 ? 0 : quiet + 1;
		if (quiet && alive && !alive(arg))
			return -ESRCH;
		if (quiet >= OWN_PATIENCE && !alive)
			return -ETIMEDOUT;
	}
}

int daemon_link_ask(struct daemon_link *link, const void *octets, size_t len, const int *fds,
                    size_t fd_count, daemon_answer_fn *fn, void *arg, bool (*alive)(void *arg))
{
	struct reader datagram = reader_over(octets, len);
	uint8_t mark[OWN_REQUEST], probe[OWN_REQUEST], padding[NLMSG_ALIGNTO] = { 0 };
	struct iovec parts[] = {
		{ mark, 0 },
		{ (void *)octets, len },
		{ padding, NLMSG_ALIGN(len) - len },
		{ probe, 0 },
	};
	size_t count = 2;
	struct ending e = { .own_type = link->own_family };
	struct nl_message m;
	int err;

	if (!nl_message_next(&datagram, &m))
		return 0;
	if (len > DAEMON_LINK_REQUEST_MAX)
		return -EMSGSIZE;
	e.sequence = m.sequence;
	if (link->token)
		parts[0].iov_len = write_mark(link, &e, mark, sizeof(mark));
	if (!nl_message_wants_ack(&m) && !nl_message_is_dump(&m)) {
		parts[3].iov_len = write_probe(link, &e, probe, sizeof(probe));
		count = 4;
	}
	err = send_datagram(link, parts, count, fds, fd_count);
	if (!err)
		err = wait_for_end(link, &e, fn, arg, alive);
	if (err < 0)
		daemon_link_close(link);
	return err;
}

int daemon_link_hear(struct daemon_link *link)
{
	ssize_t n;

	while ((n = receive_datagram(link, MSG_DONTWAIT)) > 0)
		take_answers(link, (size_t)n, NULL, link->notify, link->notify_arg);
	if (n < 0)
		daemon_link_close(link);
	return (int)n;
}

/* --- requests of our own --- */

struct own_answer {
	struct daemon_link *link;
	int error;
	struct control_answer family;
};

static void take_own(void *arg, uint8_t *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	struct own_answer *answer = arg;
	struct nl_message m;
	struct nl_error error;

	if (!nl_message_next(&datagram, &m))
		return;
	if (m.type == NLMSG_ERROR && nl_error_read(&m, &error) == 0)
		answer->error = error.error;
	else if (m.type == GENL_ID_CTRL)
		control_answer_read(&m, &answer->family);
	else if (answer->link->notify)
		answer->link->notify(answer->link->notify_arg, octets, len);
}

static bool is_waited_for(void *arg)
{
	const struct own_answer *answer = arg;
	const struct daemon_waiter *waiter = answer->link->waiter;

	return waiter->alive(waiter->arg);
}

static int ask_for_ourselves(struct daemon_link *link, const uint8_t *octets, size_t len,
                             const int *fds, size_t fd_count, struct own_answer *answer)
{
	return daemon_link_ask(link, octets, len, fds, fd_count, take_own, answer,
	                       link->waiter ? is_waited_for : NULL);
}

static int ask_family(struct daemon_link *link, const char *name, struct control_answer *ret)
{
	uint8_t octets[OWN_REQUEST];
	struct writer w = writer_over(octets, sizeof(octets));
	struct own_answer answer = { .link = link };
	int err;

	if (!control_request_put(&w, name, ++link->sequence))
		return -EMSGSIZE;
	err = ask_for_ourselves(link, octets, write_len(&w), NULL, 0, &answer);
	if (!err)
		err = answer.error ? answer.error : answer.family.id ? 0 : -EPROTO;
	if (!err)
		*ret = answer.family;
	return err;
}

static int ask_own_with(struct daemon_link *link, struct writer *w, size_t start, const int *fds,
                        size_t fd_count)
{
	struct own_answer answer = { .link = link };
	int err;

	if (!nl_message_end(w, start))
		return -EMSGSIZE;
	err = ask_for_ourselves(link, w->start, write_len(w), fds, fd_count, &answer);
	return err < 0 ? err : answer.error;
}

static int ask_own(struct daemon_link *link, struct writer *w, size_t start)
{
	return ask_own_with(link, w, start, NULL, 0);
}

static int socket_set(struct daemon_link *link, const struct ul2tp_socket_set *set)
{
	uint8_t octets[OWN_REQUEST];
	struct writer w = writer_over(octets, sizeof(octets));
	struct nl_header header = own_header(link);
	size_t start = ul2tp_message_begin(&w, &header, UL2TP_CMD_SOCKET_SET);

	ul2tp_socket_set_put(&w, set);
	return ask_own(link, &w, start);
}

int daemon_link_set(struct daemon_link *link, struct nl_socket_options options)
{
	struct ul2tp_socket_set set = {
		.has_cap_ack = options.cap_ack != link->options.cap_ack,
		.has_ext_ack = options.ext_ack != link->options.ext_ack,
		.cap_ack = options.cap_ack,
		.ext_ack = options.ext_ack,
	};
	int err;

	if (!set.has_cap_ack && !set.has_ext_ack)
		return 0;
	err = socket_set(link, &set);
	if (!err)
		link->options = options;
	return err;
}

int daemon_link_keep_rights(struct daemon_link *link, const struct daemon_waiter *waiter)
{
	const struct ul2tp_socket_set keep = { .keep_rights = true };
	int err;

	link->waiter = waiter;
	err = socket_set(link, &keep);
	link->waiter = NULL;
	return link->fd < 0 ? err : 0;
}

int daemon_link_subscribe(struct daemon_link *link, bool on)
{
	uint8_t octets[OWN_REQUEST];
	struct writer w = writer_over(octets, sizeof(octets));
	struct nl_header header = own_header(link);
	size_t start;
	int err;

	if (link->subscribed == on)
		return 0;
	start = ul2tp_message_begin(&w, &header, on ? UL2TP_CMD_SUBSCRIBE : UL2TP_CMD_UNSUBSCRIBE);
	ul2tp_subscribe_put(&w, link->numbers.group);
	err = ask_own(link, &w, start);
	if (!err)
		link->subscribed = on;
	return err;
}

int daemon_link_socket_changed(struct daemon_link *link, int fd)
{
	uint8_t octets[OWN_REQUEST];
	struct writer w = writer_over(octets, sizeof(octets));
	struct nl_header header = own_header(link);
	size_t start = ul2tp_message_begin(&w, &header, UL2TP_CMD_SOCKET_CHANGED);

	return ask_own_with(link, &w, start, &fd, 1);
}

/* ul2tpd may be replaced by one of another release while programs run: numbers of the family then mean the same, as long as
 * its version is the same. */
static int learn(struct daemon_link *link, bool rights)
{
	const struct ul2tp_socket_set none = { .drop_rights = true };
	struct control_answer l2tp, own;
	int err = ask_family(link, L2TP_GENL_NAME, &l2tp);

	if (!err)
		err = ask_family(link, UL2TP_GENL_NAME, &own);
	if (!err && own.version != UL2TP_GENL_VERSION)
		err = -EPROTONOSUPPORT;
	if (err < 0)
		return err;
	link->numbers.family = l2tp.id;
	link->numbers.group = control_answer_group(&l2tp, L2TP_GENL_MCGROUP);
	link->own_family = own.id;
	return rights ? 0 : socket_set(link, &none);
}

static int open_once(struct launcher *l, int netns, bool rights, const struct daemon_waiter *waiter,
                     struct daemon_link *link)
{
	int err;

	*link = (struct daemon_link)DAEMON_LINK_CLOSED;
	link->buffer = malloc(DATAGRAM_MAX);
	if (!link->buffer)
		return -ENOMEM;
	link->fd = in_netns(l, netns, connect_here, (void *)socket_path(l));
	link->waiter = waiter;
	err = link->fd < 0 ? link->fd : learn(link, rights);
	link->waiter = NULL;
	if (err < 0)
		daemon_link_close(link);
	return err;
}

int daemon_link_open(struct launcher *l, int netns, bool rights, const struct daemon_waiter *waiter,
                     struct daemon_link *link)
{
	int err = 0;

	if (link->fd >= 0)
		return 0;
	/* What lets us in may be replaced before it has heard us. */
	for (int tries = 0; tries < DAEMON_LINK_TRIES; tries++) {
		err = open_once(l, netns, rights, waiter, link);
		if (err != -EPIPE && err != -ECONNRESET)
			break;
	}
	if (err == -EPROTONOSUPPORT)
		launcher_say_once(l, ONCE_LANGUAGE,
		                  "ul2tpd was replaced by one of another language: start this "
		                  "program again, by the ul2tp of that ul2tpd");
	return err;
}

/* Answers to the other one's last request may still come: numbers it has not used tell them from ours. */
int daemon_link_adopt(int fd, struct daemon_link *link)
{
	int err;

	*link = (struct daemon_link)DAEMON_LINK_CLOSED;
	link->fd = fd;
	link->sequence = (uint32_t)random() | 1U << 31;
	link->buffer = malloc(DATAGRAM_MAX);
	err = link->buffer ? learn(link, true) : -ENOMEM;
	if (err < 0)
		daemon_link_close(link);
	return err;
}
