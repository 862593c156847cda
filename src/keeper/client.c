/* SPDX-License-Identifier: BSD-2-Clause */
/* client.c - who connected, and whether they may ask for changes (NL-12)
 *
 * The kernel asks for CAP_NET_ADMIN of the opener of a netlink socket and of the sender of each message. We
 * ask it of who connected, when we first see the connection, and of who sends, when the request is served.
 *
 * Between sending and being looked at, a process might run a set-user-ID program, as which it would look
 * mighty. So a process that has its capabilities by such a program is refused, and so is an opener whose
 * user is not the one that connected.
 */
#include "keeper/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/descriptors.h"
#include "keeper/identity.h"
#include "keeper/link.h"

static void client_free(struct client *c)
{
	if (!c)
		return;
	if (c->connection >= 0)
		close(c->connection);
	if (c->process >= 0)
		close(c->process);
	if (c->netns >= 0)
		close(c->netns);
	if (c->link >= 0)
		close(c->link);
	free(c);
}
DEFINE_AUTO(client)

static int owner_of_netns(struct server *s, struct client *c, struct extack *ea)
{
	AUTO_FD netns = -1;

	if (c->about.netns.cookie == s->home.id.cookie) {
		c->owner = s->home_owner;
		return 0;
	}
	if (!s->home.may_enter)
		return extack_fail(
			ea, -EPERM, 0,
			"ul2tpd has not the rights to serve other network namespaces than its own");
	netns = netns_of_socket(c->connection);
	if (netns < 0 || rights_owner_read(netns, &c->owner) < 0)
		return extack_fail(ea, -EPERM, 0, "ul2tpd may not act in this network namespace");
	return 0;
}

static void see_rights(struct server *s, struct client *c, const struct process_credentials *opener)
{
	if (process_is_raised(c->process) || opener->euid != c->euid)
		return;
	c->about.admin = rights_allow(&c->owner, opener);
	c->about.daemon_admin = rights_allow(&s->home_owner, opener);
}

static int client_identify(struct server *s, struct client *c, struct extack *ea)
{
	struct process_credentials opener;
	int err;

	err = netns_cookie(c->connection, &c->about.netns);
	if (err < 0)
		return extack_fail(ea, -ESRCH, 0, "not a connection with a network namespace");
	c->process = identity_opener(&s->home, c->connection, &c->about.pid, &c->euid);
	if (c->process < 0 || process_credentials(c->process, &opener) < 0)
		return extack_fail(ea, -ESRCH, 0,
		                   "the process that connected has gone or can not be identified");
	err = owner_of_netns(s, c, ea);
	if (err < 0)
		return err;

	c->about.uid = c->euid;
	snprintf(c->about.process, sizeof(c->about.process), "%s", opener.name);
	see_rights(s, c, &opener);
	return 0;
}

static struct client *client_new(void)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c)
		c->connection = c->process = c->netns = c->link = -1;
	return c;
}

int kept_client_open(struct server *s, int connection, struct reply *reply)
{
	AUTO(client) struct client *c = client_new();
	int err;

	if (connection < 0)
		return -EINVAL;
	if (!c)
		return -ENOMEM;
	err = descriptors_check(&s->descriptors, &reply->ea);
	if (err < 0)
		return err;
	c->connection = fcntl(connection, F_DUPFD_CLOEXEC, 3);
	if (c->connection < 0)
		return extack_fail(&reply->ea, -errno, 0, "the keeper is out of descriptors");
	err = client_identify(s, c, &reply->ea);
	if (err < 0)
		return err;
	err = slots_add(&s->clients, c, &c->about.slot);
	if (err < 0)
		return extack_fail(&reply->ea, err, 0, "too many connections to ul2tpd");
	reply->client = c->about;
	TAKE(c);
	return 0;
}

/* While the opener lives its number is nobody else's. */
static int sender_open(struct server *s, const struct client *c, pid_t sender)
{
	int process;

	if (sender == c->about.pid && process_is_alive(c->process))
		return fcntl(c->process, F_DUPFD_CLOEXEC, 3);
	process = identity_holder(&s->home, c->connection, sender);
	return process;
}

int kept_client_check(struct server *s, uint32_t slot, pid_t sender, bool over_daemon)
{
	const struct client *c = slots_get(&s->clients, slot);
	const struct rights_owner *owner;
	struct process_credentials now;
	AUTO_FD process = -1;

	if (!c)
		return -ENOENT;
	if (!(over_daemon ? c->about.daemon_admin : c->about.admin))
		return -EPERM;
	process = sender_open(s, c, sender);
	if (process < 0 || process_credentials(process, &now) < 0 || process_is_raised(process))
		return descriptors_check(&s->descriptors, NULL) < 0 ? -ENFILE : -EPERM;
	owner = over_daemon ? &s->home_owner : &c->owner;
	return rights_allow(owner, &now) ? 0 : -EPERM;
}

int kept_client_close(struct server *s, uint32_t slot)
{
	struct client *c = slots_remove(&s->clients, slot);

	client_free(c);
	return c ? 0 : -ENOENT;
}

static bool is_at_home(const struct server *s, const struct client *c)
{
	return c->about.netns.cookie == s->home.id.cookie;
}

static int go_there(const struct server *s, struct client *c)
{
	if (is_at_home(s, c))
		return 0;
	if (c->netns < 0) {
		c->netns = netns_of_socket(c->connection);
		if (c->netns < 0)
			return c->netns;
		c->netns_ino = netns_ino(c->netns);
	}
	return netns_go(c->netns);
}

int client_enter(const struct server *s, struct client *c)
{
	int err = go_there(s, c);

	if (err < 0 || c->link >= 0)
		return err;
	c->link = link_socket();
	if (c->link >= 0)
		return 0;
	client_leave(s, c);
	return c->link;
}

void client_leave(const struct server *s, const struct client *c)
{
	if (!is_at_home(s, c))
		netns_go_home(&s->home);
}

void client_link_broken(struct client *c)
{
	close(TAKE_FD(c->link));
}
