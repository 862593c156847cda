/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_stand_in.c - see ppp_stand_in.h */
#include "launcher/ppp_stand_in.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "launcher/estate.h"
#include "launcher/incoming.h"
#include "launcher/unix_list.h"

#define LISTED_AGAIN_MS 10000 /* what was missed so long ago was there after all */
#define ZEROS           (16U << 10)

int ppp_stand_in_ask(struct trap *t, const struct ppp_stand_in *p, enum ul2tp_command command,
                     struct ul2tp_ppp_request request, int fd, struct ppp_answer *ret)
{
	request.handle = p->facts.handle;
	return ppp_ask(t, command, &request, fd, ret);
}

int ppp_stand_in_state(struct trap *t, struct ppp_stand_in *p, struct ppp_answer *ret)
{
	int err =
		ppp_stand_in_ask(t, p, UL2TP_CMD_PPP_GET, (struct ul2tp_ppp_request){ 0 }, -1, ret);

	if (err < 0)
		return err;
	if (!ret->has_state)
		return -EPROTO;
	p->attached |= !p->facts.is_socket && ret->state != UL2TP_PPP_NEW;
	return ret->state;
}

/* ul2tpd closes its end of a file when what that was on has gone. */
bool ppp_stand_in_is_alive(struct trap *t, const struct ppp_stand_in *p)
{
	struct pollfd own = { .fd = -1 };
	AUTO_FD fd = -1;

	if (!p->attached)
		return false;
	fd = trap_descriptor_of(t, &p->object, (int)trap_argument(t, 0));
	own.fd = fd;
	return fd >= 0 && poll(&own, 1, 0) >= 0 && !(own.revents & (POLLHUP | POLLERR));
}

/* --- birth and death */

static struct ppp_stand_in *new_stand_in(struct launcher *l, const struct ppp_facts *facts)
{
	struct ppp_stand_in *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->launcher = l;
	p->facts = *facts;
	p->born_ms = monotonic_ms();
	p->estate = ESTATE_NONE;
	return p;
}

/* What it has sent and nobody has read takes so much of its buffer that it can not be written to: poll() finds it
 * neither readable nor writable (PPP-1's "never ready"). */
static int make_quiet(int fd)
{
	static uint8_t zeros[ZEROS];
	struct iovec parts[IOV_MAX];
	struct msghdr m = { .msg_iov = parts };
	int room;
	socklen_t len = sizeof(room);

	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, &len) < 0)
		return -errno;
	for (size_t left = (size_t)room / 4 + 1; left > 0; m.msg_iovlen++) {
		size_t len_here = left < ZEROS ? left : ZEROS;

		if (m.msg_iovlen == IOV_MAX)
			return -ENOBUFS;
		parts[m.msg_iovlen] = (struct iovec){ zeros, len_here };
		left -= len_here;
	}
	return sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int open_pair(int pair[2], bool quiet, bool nonblock)
{
	int err = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (nonblock ? SOCK_NONBLOCK : 0), 0,
	               pair) < 0)
		return -errno;
	if (quiet)
		err = make_quiet(pair[0]);
	if (err < 0) {
		close(pair[0]);
		close(pair[1]);
	}
	return err;
}

static void remember(struct ppp_stand_in *p)
{
	p->estate = estate_put(p->launcher, ESTATE_PPPOX, &p->object, &p->facts, sizeof(p->facts),
	                       NULL, 0);
}

void ppp_stand_in_bind(struct ppp_stand_in *p)
{
	if (p->facts.was_bound)
		return;
	p->facts.was_bound = true;
	estate_update(p->launcher, p->estate, &p->facts, sizeof(p->facts));
}

void ppp_stand_in_give(struct trap *t, const struct object_ops *ops, bool is_socket, bool quiet,
                       bool nonblock, bool cloexec)
{
	const bool has_room = is_socket || t->launcher->keeps || trap_has_ppp_room(t);
	const struct ul2tp_ppp_open open = {
		.own_device = !is_socket, /* the program asks for it by its name */
		.kind = is_socket ? UL2TP_PPP_SOCKET : UL2TP_PPP_FILE,
		/* They are taken out again through a duplicate (ppp_stand_in_not_empty()). */
		.empty_reads = !is_socket && !t->launcher->keeps && has_room,
	};
	struct ppp_facts facts = { .is_socket = is_socket };
	struct ppp_answer answer;
	struct ppp_stand_in *p;
	AUTO_FD mine = -1;
	AUTO_FD theirs = -1;
	int pair[2], err = open_pair(pair, quiet, nonblock);

	if (!err) {
		mine = pair[0];
		theirs = pair[1];
		err = ppp_ask_open(t, &open, theirs, &answer);
	}
	if (err < 0) {
		/* Without the module there would be no such protocol, or no such device. */
		trap_fail(t, err == -ENETDOWN ? (is_socket ? -EPROTONOSUPPORT : -ENXIO) : err);
		return;
	}
	facts.handle = answer.handle;
	p = new_stand_in(t->launcher, &facts);
	if (!p || object_init(&p->object, ops, mine) < 0) {
		free(p);
		trap_fail(t, -ENOMEM);
		return;
	}
	remember(p);
	object_add(&t->launcher->objects, &p->object);
	trap_give(t, mine, has_room ? GIVE_IN_PPP_RANGE : GIVE_LOWEST, cloexec);
}

int ppp_stand_in_restore(struct launcher *l, uint32_t index, const struct object_ops *ops,
                         ino_t ino, dev_t dev, const struct ppp_facts *facts)
{
	struct ppp_stand_in *p = new_stand_in(l, facts);

	if (!p)
		return -ENOMEM;
	p->estate = index;
	object_restore(&p->object, ops, ino, dev);
	object_add(&l->objects, &p->object);
	return 0;
}

bool ppp_stand_in_is_gone(struct object *o)
{
	struct ppp_stand_in *p = (struct ppp_stand_in *)o;

	/* A list that is read while others are closed can lack one that is there: two in a row do not. */
	if (!unix_list_lacks(o->ino, (p->missed_ms ? p->missed_ms : p->born_ms) + 1)) {
		if (p->missed_ms && monotonic_ms() - p->missed_ms > LISTED_AGAIN_MS)
			p->missed_ms = 0;
		return false;
	}
	if (p->missed_ms)
		return true;
	p->missed_ms = monotonic_ms();
	return false;
}

void ppp_stand_in_free(struct object *o)
{
	struct ppp_stand_in *p = (struct ppp_stand_in *)o;

	if (!p->facts.is_socket) /* ul2tpd does not see the end of one that is dead */
		ppp_forget(p->launcher, p->facts.handle);
	estate_drop(p->launcher, p->estate);
	free(p);
}

/* --- receiving */

bool ppp_stand_in_says_end(int fd)
{
	uint8_t octet;

	return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

int ppp_stand_in_not_empty(int fd)
{
	for (;;) {
		uint8_t octet;
		ssize_t n = recv(fd, &octet, 1, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);

		if (n != 0)
			return n < 0 ? -EAGAIN : n > INT_MAX ? INT_MAX : (int)n;
		/* Nothing, or the end: then there is no taking it out. */
		if (recv(fd, &octet, 1, MSG_DONTWAIT) != 0 ||
		    recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			return -EAGAIN;
	}
}

/* How much a call wants to read; what can not be told is left to the kernel. */
static int64_t wanted(const struct trap *t)
{
	AUTO_INCOMING in = { 0 };

	return incoming_read(t, &in) < 0 ? INT64_MAX : (int64_t)incoming_room(&in);
}

/* PPP-22: a frame longer than the buffer is lost. Whatever else: the kernel does it, waiting among it. */
static void read_frame(struct trap *t, int fd, int64_t len)
{
	uint8_t octet;

	if (len <= 0 && wanted(t) == 0 && fcntl(fd, F_GETFL) & O_NONBLOCK) {
		trap_fail(t, -EAGAIN); /* of a socket that would be 0 */
		return;
	}
	if (len <= 0 || wanted(t) >= len) {
		trap_continue(t);
		return;
	}
	recv(fd, &octet, 1, MSG_DONTWAIT);
	trap_fail(t, -EOVERFLOW);
}

/* Octets of the frame that waits; 0: none does, or one without octets, or there is the end. */
static int64_t waiting(int fd)
{
	uint8_t octet;
	ssize_t n = recv(fd, &octet, 1, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);

	return n < 0 ? 0 : n;
}

/* Nothing waits, or without @fd we do not know: what that means only ul2tpd knows. */
static void file_receive_none(struct trap *t, struct ppp_stand_in *p, int fd)
{
	struct ppp_answer answer;
	int state = ppp_stand_in_state(t, p, &answer);

	if (state < 0 || state == UL2TP_PPP_DEAD)
		trap_continue(t);
	else if (state == UL2TP_PPP_NEW)
		trap_fail(t, -ENXIO);
	else if (fd < 0)
		trap_continue(t);
	else if (state == UL2TP_PPP_ON_IDLE_UNIT && !waiting(fd))
		trap_return(t, 0); /* what says so to poll() stays */
	else
		read_frame(t, fd, ppp_stand_in_not_empty(fd));
}

static bool is_read(const struct trap *t)
{
	return t->notif.data.nr == SYS_read || t->notif.data.nr == SYS_readv;
}

/* Of a socket whose number was asked for all frames are the channel's (PX-40). */
static void socket_receive_none(struct trap *t, struct ppp_stand_in *p)
{
	struct ppp_answer answer;
	int state;

	if (is_read(t) && wanted(t) == 0) {
		trap_continue(t); /* to read nothing from a socket never fails */
		return;
	}
	state = ppp_stand_in_state(t, p, &answer);
	if (state == UL2TP_PPP_BOUND || (state == UL2TP_PPP_SESSION_GONE && p->facts.was_bound))
		trap_fail(t, -EIO);
	else
		trap_continue(t);
}

static void receive(struct trap *t, struct ppp_stand_in *p)
{
	AUTO_FD fd = trap_descriptor_of(t, &p->object, (int)trap_argument(t, 0));
	const int64_t len = fd < 0 ? 0 : waiting(fd);

	/* What waits is there whatever the state is now. */
	if (len && p->facts.is_socket)
		trap_continue(t);
	else if (len)
		read_frame(t, fd, len);
	else if (p->facts.is_socket)
		socket_receive_none(t, p);
	else
		file_receive_none(t, p, fd);
}

void ppp_stand_in_receive(struct trap *t, struct object *o)
{
	struct ppp_stand_in *p = (struct ppp_stand_in *)o;

	if (p->facts.is_socket || is_read(t))
		receive(t, p);
	else
		trap_fail(t, -ENOTSOCK);
}
