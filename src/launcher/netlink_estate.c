/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_estate.c - see netlink_estate.h
 *
 * The guardian holds the namespace, and the forwarding socket with all that was joined on it. Connections to
 * ul2tpd are made anew. Answers that had found no room in the program's socket are lost with their
 * supervisor. Where the supervisor keeps a duplicate of the stand-in itself (launcher.keeps), the guardian could
 * not without hiding its end: there it is not remembered.
 */
#include "launcher/netlink_estate.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct netlink_state {
	ino_t ino;
	uint64_t cookie;
	uint32_t port, receive_buffer, forward_port, peer, peer_groups;
	int32_t forward_error;
	uint32_t group_count;
	uint32_t groups[GROUPS_MAX];
	struct held_socket held;
	struct nl_socket_options options;
	uint32_t remembered;
	bool opener_is_admin, subscribed;
};
static_assert(sizeof(struct netlink_state) <= ESTATE_STATE, "a thing has room for it");

static struct netlink_state state_of(const struct netlink_socket *n)
{
	struct netlink_state state;

	memset(&state, 0, sizeof(state)); /* holes, too: it is compared */
	state.ino = n->target.ino;
	state.cookie = n->target.cookie;
	state.port = n->target.port;
	state.receive_buffer = n->target.receive_buffer;
	state.forward_port = n->forward.port;
	state.forward_error = n->forward.error;
	state.peer = n->peer;
	state.peer_groups = n->peer_groups;
	state.group_count = (uint32_t)n->group_count;
	memcpy(state.groups, n->groups, sizeof(state.groups));
	state.held = n->held;
	state.options = n->options;
	state.opener_is_admin = n->opener_is_admin;
	state.subscribed = n->subscribed;
	state.remembered = n->remembered;
	return state;
}

void netlink_estate_put(struct netlink_socket *n)
{
	struct netlink_state state = state_of(n);
	int fds[] = { n->netns, n->forward.fd };

	if (n->own >= 0)
		return;
	n->estate = estate_put(n->launcher, ESTATE_NETLINK, &n->object, &state, sizeof(state), fds,
	                       n->forward.fd < 0 ? 1 : 2);
}

void netlink_estate_update(struct netlink_socket *n)
{
	struct netlink_state state = state_of(n);

	estate_update(n->launcher, n->estate, &state, sizeof(state));
}

int netlink_estate_get(struct netlink_socket *n, const struct estate_thing *thing)
{
	struct netlink_state state;

	memcpy(&state, thing->state, sizeof(state));
	if (thing->fd_count < 1 || state.group_count > GROUPS_MAX)
		return -EBADMSG;
	n->netns = thing->fds[0];
	n->forward.fd = thing->fd_count > 1 ? thing->fds[1] : -1;
	n->forward.port = state.forward_port;
	n->forward.error = state.forward_error;
	n->target.socket = -1;
	n->target.ino = state.ino;
	n->target.cookie = state.cookie;
	n->target.port = state.port;
	n->target.receive_buffer = state.receive_buffer;
	n->peer = state.peer;
	n->peer_groups = state.peer_groups;
	n->group_count = state.group_count;
	memcpy(n->groups, state.groups, sizeof(n->groups));
	n->held = state.held;
	n->options = state.options;
	n->opener_is_admin = state.opener_is_admin;
	n->subscribed = state.subscribed;
	n->remembered = state.remembered;
	return 0;
}
