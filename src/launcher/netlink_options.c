/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_options.c - names, groups and options of a stand-in for a generic netlink socket
 *
 * What is the socket's own (port, acknowledgements) is set on the stand-in by the kernel, which also says what is
 * wrong. Multicast groups are those of generic netlink, so they are joined on the forwarding socket, and l2tp's at
 * ul2tpd; of the stand-in itself the program's groups are none.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "launcher/netlink_stand_in.h"

#define OPTION_MAX 256

/* --- groups --- */

static size_t find_group(const struct netlink_socket *n, uint32_t group)
{
	size_t i = 0;

	while (i < n->group_count && n->groups[i] != group)
		i++;
	return i;
}

static void note_group(struct netlink_socket *n, uint32_t group, bool on)
{
	size_t i = find_group(n, group);

	if (on && i == n->group_count && i < GROUPS_MAX)
		n->groups[n->group_count++] = group;
	else if (!on && i < n->group_count)
		n->groups[i] = n->groups[--n->group_count];
}

/* As the kernel puts it into nl_groups: the first 32. */
static uint32_t group_mask(const struct netlink_socket *n)
{
	uint32_t mask = 0;

	for (size_t i = 0; i < n->group_count; i++)
		if (n->groups[i] <= 32)
			mask |= UINT32_C(1) << (n->groups[i] - 1);
	return mask;
}

static int join_kernel(struct trap *t, struct netlink_socket *n, uint32_t group, bool on)
{
	int err = forward_bind(t, n->netns, &n->forward, n->target.port);

	if (err < 0)
		return err;
	return forward_setsockopt(t, n->netns, &n->forward,
	                          on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group,
	                          sizeof(group));
}

/* A ul2tpd that is not there now is asked again when it is. */
static void join_l2tp(struct netlink_socket *n, bool on)
{
	n->subscribed = on;
	if (netlink_subscribe(n, on) < 0)
		launcher_trace(n->launcher, 1, "ul2tpd can not be reached for notifications");
}

static int join(struct trap *t, struct netlink_socket *n, uint32_t group, bool on)
{
	int err = netlink_name(t, n);

	if (err < 0)
		return err;
	if (find_group(n, group) == n->group_count && on && n->group_count == GROUPS_MAX)
		return -ENOMEM;
	if (group == n->launcher->l2tp_group)
		join_l2tp(n, on);
	else
		err = join_kernel(t, n, group, on);
	if (!err)
		note_group(n, group, on);
	return err;
}

/* bind() sets the first 32 groups to exactly these. */
static int join_mask(struct trap *t, struct netlink_socket *n, uint32_t mask)
{
	uint32_t now = group_mask(n);
	int err = 0;

	for (uint32_t group = 1; group <= 32 && !err; group++) {
		uint32_t bit = UINT32_C(1) << (group - 1);

		if ((mask ^ now) & bit)
			err = join(t, n, group, mask & bit);
	}
	return err;
}

/* --- names --- */

static int bind_locked(struct trap *t, struct netlink_socket *n, const struct sockaddr_nl *name,
                       socklen_t len)
{
	struct sockaddr_nl copy = *name;
	int err;

	copy.nl_groups = 0;
	if (len >= sizeof(copy) && copy.nl_family == AF_NETLINK && !copy.nl_pid &&
	    !n->target.port) {
		err = netlink_name(t, n);
	} else {
		err = bind(n->target.socket, (struct sockaddr *)&copy, len) < 0 ? -errno : 0;
		if (!err)
			err = reply_renew(n->launcher->reply, &n->target);
		if (!err)
			n->target.port = copy.nl_pid;
	}
	return err ? err : join_mask(t, n, name->nl_groups);
}

/* As much of a name as is there; its length as given. */
static int read_name(struct trap *t, struct sockaddr_nl *ret, socklen_t *len)
{
	*len = (socklen_t)trap_argument(t, 2);
	*ret = (struct sockaddr_nl){ 0 };
	if (*len > sizeof(struct sockaddr_storage))
		return -EINVAL;
	if (*len > sizeof(*ret))
		*len = sizeof(*ret);
	return trap_read(t, trap_argument(t, 1), ret, *len);
}

typedef int named_fn(struct trap *t, struct netlink_socket *n, const struct sockaddr_nl *name,
                     socklen_t len);

/* A call whose argument is a name; @fn with the lock. */
static void serve_named(struct trap *t, struct object *o, named_fn *fn)
{
	struct netlink_socket *n = netlink_socket_of(o);
	struct sockaddr_nl name;
	socklen_t len;
	int err = read_name(t, &name, &len);

	if (!err) {
		err = netlink_begin(t, n);
		if (!err) {
			err = fn(t, n, &name, len);
			netlink_end(n);
		}
	}
	trap_result(t, err);
}

void netlink_bind(struct trap *t, struct object *o)
{
	serve_named(t, o, bind_locked);
}

/* To the kernel it changes nothing; to another program, messages without a destination go there. */
static int connect_locked(struct trap *t, struct netlink_socket *n, const struct sockaddr_nl *name,
                          socklen_t len)
{
	int err;

	if (len < sizeof(name->nl_family))
		return -EINVAL;
	if (name->nl_family == AF_UNSPEC) {
		n->peer = n->peer_groups = 0;
		return 0;
	}
	if (name->nl_family != AF_NETLINK || len < sizeof(*name))
		return -EINVAL;
	err = netlink_name(t, n);
	if (!err)
		n->peer = name->nl_pid;
	if (!err)
		n->peer_groups = name->nl_groups & -name->nl_groups;
	return err;
}

void netlink_connect(struct trap *t, struct object *o)
{
	serve_named(t, o, connect_locked);
}

static void answer_name(struct trap *t, struct netlink_socket *n, const struct sockaddr_nl *name)
{
	trap_result(t, trap_write_sized(t, trap_argument(t, 1), trap_argument(t, 2), name,
	                                sizeof(*name)));
}

void netlink_getsockname(struct trap *t, struct object *o)
{
	struct netlink_socket *n = netlink_socket_of(o);
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	int err = netlink_begin(t, n);

	if (err < 0) {
		trap_fail(t, err);
		return;
	}
	name.nl_pid = n->target.port;
	name.nl_groups = group_mask(n);
	netlink_end(n);
	answer_name(t, n, &name);
}

void netlink_getpeername(struct trap *t, struct object *o)
{
	struct netlink_socket *n = netlink_socket_of(o);
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	int err = netlink_begin(t, n);

	if (err < 0) {
		trap_fail(t, err);
		return;
	}
	name.nl_pid = n->peer;
	name.nl_groups = n->peer_groups;
	netlink_end(n);
	answer_name(t, n, &name);
}

/* --- options --- */

static bool flag_of(int fd, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	return getsockopt(fd, SOL_NETLINK, name, &value, &len) == 0 && value;
}

/* Options that are remembered here and not set on the stand-in. By way of uevent every answer would be said to come from
 * group 1, and a program that asks for groups takes none of one for an answer (systemd-networkd): messages have none. Those
 * of other namespaces are the forwarding socket's. */
static bool is_remembered(const struct netlink_socket *n, int name)
{
	return name == NETLINK_LISTEN_ALL_NSID ||
	       (name == NETLINK_PKTINFO && reply_way(n->launcher->reply) == REPLY_UEVENT);
}

static void remember(struct netlink_socket *n, int name, const void *value, size_t len)
{
	const uint32_t bit = UINT32_C(1) << name;
	int on = 0;

	if (len >= sizeof(on))
		memcpy(&on, value, sizeof(on));
	n->remembered = on ? n->remembered | bit : n->remembered & ~bit;
}

/* On the stand-in, where the kernel checks it, and on the real socket, which makes the answers. */
static int set_option(struct trap *t, struct netlink_socket *n, int name, const void *value,
                      size_t len)
{
	const bool here = !is_remembered(n, name);
	int err = 0;

	if (here && setsockopt(n->target.socket, SOL_NETLINK, name, value, (socklen_t)len) < 0)
		return -errno;
	n->options.cap_ack = flag_of(n->target.socket, NETLINK_CAP_ACK);
	n->options.ext_ack = flag_of(n->target.socket, NETLINK_EXT_ACK);
	if (n->forward.fd >= 0 && name != NETLINK_PKTINFO)
		err = forward_setsockopt(t, n->netns, &n->forward, name, value, len);
	if (!err && !here)
		remember(n, name, value, len);
	return err;
}

static int set_locked(struct trap *t, struct netlink_socket *n, int name, const void *value,
                      size_t len)
{
	uint32_t group;

	if (name != NETLINK_ADD_MEMBERSHIP && name != NETLINK_DROP_MEMBERSHIP)
		return set_option(t, n, name, value, len);
	if (len < sizeof(group))
		return -EINVAL;
	memcpy(&group, value, sizeof(group));
	return join(t, n, group, name == NETLINK_ADD_MEMBERSHIP);
}

void netlink_setsockopt(struct trap *t, struct object *o)
{
	struct netlink_socket *n = netlink_socket_of(o);
	int name = (int)trap_argument(t, 2), given = (int)trap_argument(t, 4);
	size_t len = given > OPTION_MAX ? OPTION_MAX : (size_t)given;
	uint8_t value[OPTION_MAX];
	int err;

	if ((int)trap_argument(t, 1) != SOL_NETLINK || given < 0) {
		trap_continue(t);
		return;
	}
	err = trap_read(t, trap_argument(t, 3), value, len);
	if (!err)
		err = netlink_begin(t, n);
	if (!err) {
		err = set_locked(t, n, name, value, len);
		netlink_end(n);
	}
	trap_result(t, err);
}

/* NETLINK_LIST_MEMBERSHIPS: a bit for each group, in words of 32; as many octets as would be needed. */
static int list_memberships(struct trap *t, struct netlink_socket *n)
{
	uint32_t words[1024 / 32] = { 0 };
	uint32_t highest = 0;

	for (size_t i = 0; i < n->group_count; i++) {
		uint32_t bit = n->groups[i] - 1;

		if (bit / 32 >= ARRAY_SIZE(words))
			continue;
		words[bit / 32] |= UINT32_C(1) << bit % 32;
		highest = bit > highest ? bit : highest;
	}
	return trap_write_sized(t, trap_argument(t, 3), trap_argument(t, 4), words,
	                        (highest / 32 + 1) * (uint32_t)sizeof(*words));
}

static void answer_remembered(struct trap *t, struct netlink_socket *n, int name)
{
	int value, room = 0;
	int err = trap_read(t, trap_argument(t, 4), &room, sizeof(room));

	pthread_mutex_lock(&n->lock);
	value = n->remembered >> name & 1;
	pthread_mutex_unlock(&n->lock);
	if (!err && (room < 0 || (size_t)room < sizeof(value)))
		err = -EINVAL;
	if (!err)
		err = trap_write_sized(t, trap_argument(t, 3), trap_argument(t, 4), &value,
		                       sizeof(value));
	trap_result(t, err);
}

void netlink_getsockopt(struct trap *t, struct object *o)
{
	struct netlink_socket *n = netlink_socket_of(o);
	int level = (int)trap_argument(t, 1), name = (int)trap_argument(t, 2);
	const int protocol = NETLINK_GENERIC;

	if (level == SOL_SOCKET && name == SO_PROTOCOL) {
		trap_result(t, trap_write_sized(t, trap_argument(t, 3), trap_argument(t, 4),
		                                &protocol, sizeof(protocol)));
	} else if (level == SOL_NETLINK && name == NETLINK_LIST_MEMBERSHIPS) {
		pthread_mutex_lock(&n->lock);
		trap_result(t, list_memberships(t, n));
		pthread_mutex_unlock(&n->lock);
	} else if (level == SOL_NETLINK && is_remembered(n, name)) {
		answer_remembered(t, n, name);
	} else {
		trap_continue(t);
	}
}
