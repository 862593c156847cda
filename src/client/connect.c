/* SPDX-License-Identifier: BSD-2-Clause */
/* connect.c - libul2tp: find the other end, ul2tpd or the kernel, and learn what it has; see ul2tp.h */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "client/exchange.h"
#include "config.h"
#include "netlink/attribute.h"
#include "netlink/control_family.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_status_message.h"

#define TIMEOUT_MS 10000

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

static void ul2tp_free(struct ul2tp *u)
{
	ul2tp_disconnect(u);
}
DEFINE_AUTO(ul2tp)

void ul2tp_disconnect(struct ul2tp *u)
{
	if (!u)
		return;
	if (u->fd >= 0)
		close(u->fd);
	free(u->path);
	free(u->datagram);
	free(u);
}

static struct ul2tp *ul2tp_new(enum ul2tp_backend backend)
{
	AUTO(ul2tp) struct ul2tp *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->fd = -1;
	u->backend = backend;
	u->timeout_ms = TIMEOUT_MS;
	u->family_ids[FAMILY_CONTROL] = GENL_ID_CTRL;
	u->datagram = malloc(DATAGRAM_MAX);
	return u->datagram ? TAKE(u) : NULL;
}

static int take_family(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	if (control_answer_read(m, arg) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that describes no family");
	return 0;
}

/* Asks nlctrl for a family. 0, with ret->id 0 if there is no such; or an errno of its own. */
static int family_find(struct ul2tp *u, const char *name, struct control_answer *ret)
{
	struct request r;
	int err;

	*ret = (struct control_answer){ 0 };
	err = request_begin(&r, u, FAMILY_CONTROL, CTRL_CMD_GETFAMILY, false);
	if (err < 0)
		return err;
	attribute_put_string(&r.attributes, CTRL_ATTR_FAMILY_NAME, name);
	err = request_run(&r, take_family, ret);
	return err == -ENOENT ? 0 : err;
}

static int families_find(struct ul2tp *u)
{
	struct control_answer family;
	int err = family_find(u, L2TP_GENL_NAME, &family);

	if (err < 0)
		return err;
	if (!family.id)
		return connection_fail(u, -EOPNOTSUPP, "", "no family \"%s\"", L2TP_GENL_NAME);
	u->family_ids[FAMILY_L2TP] = family.id;
	u->group = control_answer_group(&family, L2TP_GENL_MCGROUP);
	if (u->backend == UL2TP_BACKEND_KERNEL)
		return 0;

	err = family_find(u, UL2TP_GENL_NAME, &family);
	if (err < 0)
		return err;
	if (family.id && family.version != UL2TP_GENL_VERSION)
		return connection_fail(
			u, -EPROTONOSUPPORT, "",
			"ul2tpd speaks version %u of its language, and this program version %d: "
			"upgrade the older of them",
			family.version, UL2TP_GENL_VERSION);
	u->family_ids[FAMILY_UL2TP] = family.id;
	return 0;
}

int socket_set(struct ul2tp *u, const struct ul2tp_socket_set *set)
{
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_SOCKET_SET, false);

	if (err < 0)
		return err;
	ul2tp_socket_set_put(&r.attributes, set);
	return request_run(&r, NULL, NULL);
}

/* Ask for words with refusals, and for no copy of the request. */
static int options_set_daemon(struct ul2tp *u)
{
	const struct ul2tp_socket_set set = {
		.has_cap_ack = true,
		.has_ext_ack = true,
		.cap_ack = true,
		.ext_ack = true,
	};

	return u->family_ids[FAMILY_UL2TP] ? socket_set(u, &set) : 0;
}

int ul2tp_keep_rights(struct ul2tp *u)
{
	const struct ul2tp_socket_set set = { .keep_rights = true };
	int err = socket_set(u, &set);

	u->rights_kept |= err == 0;
	return err;
}

/* A socket that is full must not block a sender for ever. */
static void send_timeout_set(struct ul2tp *u)
{
	struct timeval tv = { 0 };

	if (u->timeout_ms >= 0) {
		tv.tv_sec = u->timeout_ms / 1000;
		tv.tv_usec = u->timeout_ms % 1000 * 1000;
		if (tv.tv_sec == 0 && tv.tv_usec == 0)
			tv.tv_usec = 1; /* zero would mean for ever */
	}
	setsockopt(u->fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* What to do about a socket that could not be connected to. */
static const char *remedy(int number)
{
	switch (number) {
	case EACCES:
		return "you may not enter its folder or write to it; ask as root, or for access to it";
	case EPROTOTYPE:
		return "that is the socket of another program; name ul2tpd's with --socket or UL2TP_SOCKET";
	default:
		return "start it with \"systemctl start ul2tpd.socket\" or \"ul2tpd\"";
	}
}

/* While ul2tpd has more to accept than its queue holds, connect() waits. A signal that the program handles ends that, as
 * there is a time-out, whatever SA_RESTART says. */
static int connect_in_time(const struct ul2tp *u, const struct sockaddr_un *address)
{
	int64_t deadline = deadline_after(u->timeout_ms);
	int err;

	do
		err = connect(u->fd, (const struct sockaddr *)address, sizeof(*address)) < 0
		              ? -errno
		              : 0;
	while (err == -EINTR && deadline_after(0) < deadline);
	return err == -EINTR || err == -EAGAIN ? -ETIMEDOUT : err;
}

static int open_daemon(struct ul2tp *u, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int err;

	if (strlen(path) >= sizeof(address.sun_path))
		return connection_fail(u, -ENAMETOOLONG, "",
		                       "socket path \"%s\" is longer than %zu octets", path,
		                       sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));

	u->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (u->fd < 0)
		return connection_fail(u, -errno, "", "cannot make a socket: %s", strerror(errno));
	send_timeout_set(u);
	err = connect_in_time(u, &address);
	if (err == -ETIMEDOUT)
		return connection_fail(
			u, err, "",
			"ul2tpd at %s takes no connection: it is stopped, or has too much to do",
			path);
	if (err < 0)
		return connection_fail(u, err, "", "no ul2tpd at %s (%s): %s", path, strerror(-err),
		                       remedy(-err));
	return 0;
}

static int open_kernel(struct ul2tp *u)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int on = 1;

	u->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (u->fd < 0 || bind(u->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return connection_fail(u, -errno, "", "cannot open generic netlink: %s",
		                       strerror(errno));
	send_timeout_set(u);
	/* Best effort: a kernel without them answers with less. */
	setsockopt(u->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(u->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

static int connect_daemon(struct ul2tp *u, const char *path)
{
	int err = open_daemon(u, path);

	if (err < 0)
		return err;
	err = families_find(u);
	if (err < 0)
		return err;
	return options_set_daemon(u);
}

static bool same_netns(int a, int b)
{
	uint64_t of_a = 0, of_b = 0;
	socklen_t len = sizeof(of_a);

	return getsockopt(a, SOL_SOCKET, SO_NETNS_COOKIE, &of_a, &len) == 0 &&
	       getsockopt(b, SOL_SOCKET, SO_NETNS_COOKIE, &of_b, &len) == 0 && of_a == of_b;
}

/* What has been written with the numbers of families is sent again. Those that are not known yet do not matter. */
static bool same_families(const uint16_t *before, const uint16_t *now)
{
	for (size_t i = 0; i < FAMILIES; i++)
		if (before[i] && before[i] != now[i])
			return false;
	return true;
}

/* u->fd is another one then, or the same on failure. */
static int connect_again(struct ul2tp *u, int before)
{
	uint16_t families[FAMILIES];
	int err;

	memcpy(families, u->family_ids, sizeof(families));
	err = connect_daemon(u, u->path);
	if (err == 0 && u->rights_kept)
		err = ul2tp_keep_rights(u);
	if (err < 0)
		return err;
	if (!same_families(families, u->family_ids) || !same_netns(before, u->fd))
		return -ENOTCONN; /* nor would the next one be */
	return dup3(u->fd, before, O_CLOEXEC) < 0 ? -errno : 0;
}

static int renew(struct ul2tp *u)
{
	const uint32_t sequence = u->sequence;
	int before = u->fd, err;

	u->renew = NULL;
	err = connect_again(u, before);
	if (u->fd >= 0 && u->fd != before)
		close(u->fd);
	u->fd = before;
	u->sequence = sequence; /* of what is sent again */
	u->renew = renew;
	return err;
}

static int connect_kernel(struct ul2tp *u)
{
	int err = open_kernel(u);

	if (err < 0)
		return err;
	err = families_find(u);
	if (err == -EOPNOTSUPP)
		return connection_fail(
			u, err, "",
			"this kernel has no L2TP: load the module l2tp_netlink, or start "
			"ul2tpd and use the back end ul2tpd");
	return err;
}

static int connect_one(enum ul2tp_backend backend, const char *path, struct ul2tp **ret,
                       struct ul2tp_error *error)
{
	AUTO(ul2tp) struct ul2tp *u = ul2tp_new(backend);
	int err;

	if (!u) {
		*error = (struct ul2tp_error){ .code = -ENOMEM, .words = "out of memory" };
		return -ENOMEM;
	}
	if (backend == UL2TP_BACKEND_DAEMON) {
		u->path = strdup(path);
		u->renew = renew;
	}
	if (backend == UL2TP_BACKEND_KERNEL)
		err = connect_kernel(u);
	else
		err = u->path ? connect_daemon(u, path)
		              : connection_fail(u, -ENOMEM, "", "out of memory");
	if (err < 0) {
		*error = u->error;
		return err;
	}
	*ret = TAKE(u);
	return 0;
}

/* Whether a failure says that no ul2tpd is there, rather than that one is and something is wrong. */
static bool nobody_there(int err)
{
	return err == -ENOENT || err == -ECONNREFUSED || err == -EACCES || err == -ENOTDIR;
}

static const char *socket_path(const char *path)
{
	const char *environment = getenv("UL2TP_SOCKET");

	if (path)
		return path;
	return environment && *environment ? environment : UL2TP_SOCKET_PATH;
}

int ul2tp_connect(enum ul2tp_backend backend, const char *path, struct ul2tp **ret,
                  struct ul2tp_error *error)
{
	struct ul2tp_error kernel_error;
	struct ul2tp_error unused;
	int err;

	if (!error)
		error = &unused;
	path = socket_path(path);
	if (backend != UL2TP_BACKEND_AUTO)
		return connect_one(backend, path, ret, error);

	err = connect_one(UL2TP_BACKEND_DAEMON, path, ret, error);
	if (!nobody_there(err))
		return err;
	if (connect_one(UL2TP_BACKEND_KERNEL, path, ret, &kernel_error) == 0)
		return 0;
	snprintf(error->words, sizeof(error->words),
	         "no ul2tpd at %.80s (%s), and this kernel has no L2TP: %s", path, strerror(-err),
	         err == -EACCES
	                 ? remedy(-err)
	                 : "start ul2tpd with \"systemctl start ul2tpd.socket\" or \"ul2tpd\"");
	return err;
}

enum ul2tp_backend ul2tp_backend(const struct ul2tp *u)
{
	return u->backend;
}

void ul2tp_set_timeout(struct ul2tp *u, int timeout_ms)
{
	u->timeout_ms = timeout_ms;
	send_timeout_set(u);
}

const struct ul2tp_error *ul2tp_last_error(const struct ul2tp *u)
{
	return &u->error;
}

const char *ul2tp_version(void)
{
	return UL2TP_VERSION;
}
