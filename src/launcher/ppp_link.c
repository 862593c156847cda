/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_link.c - see ppp_link.h */
#include "launcher/ppp_link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ppp-ioctl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "launcher/caller.h"
#include "launcher/daemon_link.h"
#include "launcher/idle_links.h"
#include "netlink/error_message.h"

#define PLACES_MAX 16
#define PLACE_MS   1000 /* so long one is remembered */

/* A namespace that was asked from: who owns it never changes, and while it is held its number is no other's. */
struct place {
	ino_t netns;
	int held;
	struct rights_owner owner;
	uint64_t used_ms;
};

static pthread_mutex_t place_lock = PTHREAD_MUTEX_INITIALIZER;
static struct place places[PLACES_MAX];
static unsigned int place_count;

void ppp_links_age(void)
{
	uint64_t now = monotonic_ms();
	int held[PLACES_MAX];
	unsigned int held_count = 0;

	pthread_mutex_lock(&place_lock);
	for (unsigned int i = place_count; i-- > 0;) {
		if (now - places[i].used_ms < PLACE_MS)
			continue;
		held[held_count++] = places[i].held;
		places[i] = places[--place_count];
	}
	pthread_mutex_unlock(&place_lock);
	while (held_count-- > 0)
		close(held[held_count]);
}

static bool owner_known(ino_t netns, struct rights_owner *ret)
{
	bool found = false;

	pthread_mutex_lock(&place_lock);
	for (unsigned int i = 0; i < place_count && !found; i++) {
		if (places[i].netns != netns)
			continue;
		places[i].used_ms = monotonic_ms();
		*ret = places[i].owner;
		found = true;
	}
	pthread_mutex_unlock(&place_lock);
	return found;
}

/* @fd becomes the table's, or is closed: it is full, or another thread was first. */
static void owner_note(int fd, ino_t netns, const struct rights_owner *owner)
{
	bool is_new = true;

	pthread_mutex_lock(&place_lock);
	for (unsigned int i = 0; i < place_count; i++)
		is_new &= places[i].netns != netns;
	if (is_new && place_count < PLACES_MAX)
		places[place_count++] =
			(struct place){ netns, TAKE_FD(fd), *owner, monotonic_ms() };
	pthread_mutex_unlock(&place_lock);
	if (fd >= 0)
		close(fd);
}

/* The network namespace that is asked in. */
struct scene {
	ino_t ino;
	int fd; /* a borrow; -1: it is the caller's, and opened when it is needed */
};

static int scene_open(const struct trap *t, const struct scene *at)
{
	int fd;

	if (at->fd < 0)
		return trap_netns(t);
	fd = fcntl(at->fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static int owner_of(const struct trap *t, const struct scene *at, struct rights_owner *ret)
{
	AUTO_FD fd = -1;
	struct stat st;
	int err;

	if (owner_known(at->ino, ret))
		return 0;
	fd = scene_open(t, at);
	if (fd < 0)
		return fd;
	err = rights_owner_read(fd, ret);
	if (!err && fstat(fd, &st) == 0 && st.st_ino == at->ino)
		owner_note(TAKE_FD(fd), at->ino, ret);
	return err;
}

static bool caller_may(const struct trap *t, const struct scene *at)
{
	struct rights_owner owner;

	return owner_of(t, at, &owner) == 0 && caller_is_allowed(t, &owner);
}

static void take_message(struct ppp_answer *ret, const struct nl_message *m)
{
	struct ul2tp_ppp_state_message state;
	const struct reader *octets;
	struct reader attributes;
	uint8_t command;

	if (genl_header_read(m, &command, &attributes) < 0 ||
	    ul2tp_ppp_state_read(attributes, &state) < 0)
		return;
	ret->has_handle = state.has_handle;
	ret->handle = state.handle;
	ret->has_state = state.has_state;
	ret->state = state.state;
	octets = read_left(&state.data) ? &state.data : &state.value;
	if (read_left(&state.name) <= sizeof(ret->name))
		ret->name_len = (uint32_t)read_left(&state.name);
	if (ret->name_len)
		memcpy(ret->name, state.name.at, ret->name_len);
	if (read_left(octets) <= sizeof(ret->data))
		ret->data_len = (uint32_t)read_left(octets);
	if (ret->data_len)
		memcpy(ret->data, octets->at, ret->data_len);
}

/* What is asked for a program's call. */
struct question {
	const struct trap *t; /* NULL: for none */
	struct ppp_answer *ret;
};

static bool is_waited_for(void *arg)
{
	const struct question *q = arg;

	return trap_is_valid(q->t);
}

static void take_answer(void *arg, uint8_t *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	struct ppp_answer *ret = ((struct question *)arg)->ret;
	struct nl_message m;
	struct nl_error error;

	while (nl_message_next(&datagram, &m)) {
		if (m.type != NLMSG_ERROR)
			take_message(ret, &m);
		else if (nl_error_read(&m, &error) == 0)
			ret->error = error.error;
	}
}

typedef void put_fn(struct writer *w, enum ul2tp_command command, const void *arg);

/* A program's call waits for as long as it takes, as it would for the kernel: an answer that is late is of a request that
 * was carried out, and would fail if it were asked again. 0 or the answer's errno; -ENETDOWN: the connection is of no use;
 * -ESRCH: the caller was killed. */
static int ask_by(struct daemon_link *link, const struct trap *t, enum ul2tp_command command,
                  put_fn *put, const void *arg, int fd, struct ppp_answer *ret)
{
	struct question question = { t, ret };
	struct nl_header header = { .type = link->own_family,
		                    .flags = NLM_F_REQUEST | NLM_F_ACK,
		                    .sequence = ++link->sequence };
	struct writer w = writer_over(link->buffer, DAEMON_LINK_REQUEST_MAX);
	size_t start = ul2tp_message_begin(&w, &header, command);
	int err;

	put(&w, command, arg);
	if (!nl_message_end(&w, start))
		return -EMSGSIZE;
	memset(ret, 0, sizeof(*ret));
	err = daemon_link_ask(link, link->buffer, write_len(&w), &fd, fd >= 0, take_answer,
	                      &question, t ? is_waited_for : NULL);
	if (err < 0)
		return err == -ESRCH ? err : -ENETDOWN;
	return ret->error;
}

static void no_daemon(struct launcher *l)
{
	launcher_say_once(l, ONCE_PPPOX,
	                  "no ul2tpd answers, so there are no PPPoL2TP sockets and no /dev/ppp");
}

static bool caller_waits(void *arg)
{
	return trap_is_valid(arg);
}

/* Where a connection is made, if there is none that waits; for a program's call it is waited for as long as for an answer. */
static int open_link(struct launcher *l, struct trap *t, const struct scene *at, bool rights,
                     struct daemon_link *ret)
{
	const struct daemon_waiter waiter = { caller_waits, t };
	AUTO_FD netns = scene_open(t, at);
	int err;

	if (netns < 0)
		return netns;
	err = daemon_link_open(l, netns, rights, t ? &waiter : NULL, ret);
	if (!err && rights)
		err = daemon_link_keep_rights(ret, t ? &waiter : NULL);
	return err;
}

/* One that waited may be of an ul2tpd that has gone, and so may all: then a new one is asked.
 * @t: NULL: nobody calls, and @at has its descriptor */
static int ask_in(struct launcher *l, struct trap *t, const struct scene *at, bool rights,
                  enum ul2tp_command command, put_fn *put, const void *arg, int fd,
                  struct ppp_answer *ret)
{
	int err = -ENETDOWN;

	for (int tries = 0; err == -ENETDOWN && tries < 2; tries++) {
		struct daemon_link link = DAEMON_LINK_CLOSED;

		if (tries > 0 || !idle_link_take(at->ino, rights, &link)) {
			int opened = open_link(l, t, at, rights, &link);

			if (opened == -ESRCH)
				return opened;
			if (opened < 0)
				break;
		}
		err = ask_by(&link, t, command, put, arg, fd, ret);
		idle_link_put(at->ino, rights, &link);
	}
	if (err == -ENETDOWN)
		no_daemon(l);
	return err;
}

/* To find out what rights the caller has takes longer than all the rest: where they are not needed as a rule (@rights is
 * false) he is asked for them only when ul2tpd asks for them, which then has done nothing. */
static int ask(struct trap *t, const struct scene *at, bool rights, enum ul2tp_command command,
               put_fn *put, const void *arg, int fd, struct ppp_answer *ret)
{
	int err;

	if (rights)
		rights = caller_may(t, at);
	err = ask_in(t->launcher, t, at, rights, command, put, arg, fd, ret);
	if (err == -EPERM && !rights && caller_may(t, at))
		err = ask_in(t->launcher, t, at, true, command, put, arg, fd, ret);
	return err;
}

static void put_open(struct writer *w, enum ul2tp_command command, const void *arg)
{
	ul2tp_ppp_open_put(w, arg);
}

static void put_request(struct writer *w, enum ul2tp_command command, const void *arg)
{
	ul2tp_ppp_request_put(w, command, arg);
}

/* Whether the caller may open a file was decided before; what he makes of it is another question, asked then. */
int ppp_ask_open(struct trap *t, const struct ul2tp_ppp_open *open, int fd, struct ppp_answer *ret)
{
	const struct scene at = { trap_netns_number(t), -1 };
	int err;

	if (!at.ino)
		return -ESRCH;
	err = ask_in(t->launcher, t, &at, open->kind == UL2TP_PPP_FILE, UL2TP_CMD_PPP_OPEN,
	             put_open, open, fd, ret);
	return !err && !ret->has_handle ? -EPROTO : err;
}

/* As a rule; see ask(). */
static bool needs_rights(enum ul2tp_command command, const struct ul2tp_ppp_request *request)
{
	return command == UL2TP_CMD_PPP_CONNECT ||
	       (command == UL2TP_CMD_PPP_IOCTL &&
	        (request->ioctl == PPPIOCNEWUNIT || request->ioctl == PPPIOCATTACH ||
	         request->ioctl == PPPIOCATTCHAN));
}

int ppp_ask(struct trap *t, enum ul2tp_command command, const struct ul2tp_ppp_request *request,
            int fd, struct ppp_answer *ret)
{
	const struct scene at = { trap_netns_number(t), -1 };

	if (!at.ino)
		return -ESRCH;
	return ask(t, &at, needs_rights(command, request), command, put_request, request, fd, ret);
}

int ppp_ask_in(struct trap *t, int netns, enum ul2tp_command command,
               const struct ul2tp_ppp_request *request, int fd, struct ppp_answer *ret)
{
	struct stat st;
	struct scene at = { .fd = netns };

	if (fstat(netns, &st) < 0)
		return -errno;
	at.ino = st.st_ino;
	return ask(t, &at, needs_rights(command, request), command, put_request, request, fd, ret);
}

void ppp_forget(struct launcher *l, uint64_t handle)
{
	const struct ul2tp_ppp_request request = { .handle = handle };
	struct scene at = { .fd = l->home_netns };
	struct ppp_answer answer;
	struct stat st;

	if (fstat(l->home_netns, &st) < 0)
		return;
	at.ino = st.st_ino;
	ask_in(l, NULL, &at, false, UL2TP_CMD_PPP_CLOSE, put_request, &request, -1, &answer);
}
