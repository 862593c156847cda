/* SPDX-License-Identifier: BSD-2-Clause */
/* twin.c - requests about the sockets that stand in the kernel for a program's L2TP/IP socket
 *
 * There are two, alike in all but one thing: control messages are sent with DF, data without. What one
 * binds, connects and is told, so does the other.
 */
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/server.h"
#include "keeper/twin_socket.h"

int twin_open(struct keeper_endpoint *about, struct extack *ea)
{
	AUTO_FD data = twin_socket(&about->params, TWIN_DATA, ea);
	AUTO_FD control = data < 0 ? -1 : twin_socket(&about->params, TWIN_CONTROL, ea);

	if (data < 0 || control < 0)
		return data < 0 ? data : control;
	about->fd = TAKE_FD(data);
	about->bulk_fd = TAKE_FD(control);
	return 0;
}

static const struct endpoint *find(struct server *s, uint32_t slot)
{
	const struct endpoint *e = slots_get(&s->endpoints, slot);

	return e && e->about.fd >= 0 && e->about.params.flags & ENDPOINT_TWIN ? e : NULL;
}

typedef int act_fn(int fd, const union address *address, struct extack *ea);

static int act(struct server *s, uint32_t slot, act_fn *fn, const union address *address,
               struct reply *reply)
{
	const struct endpoint *e = find(s, slot);
	int err = e ? fn(e->about.bulk_fd, address, &reply->ea) : -ENOENT;

	if (!err)
		err = fn(e->about.fd, address, &reply->ea);
	return err < 0 ? err : twin_names(e->about.bulk_fd, &reply->names);
}

int kept_socket_bind(struct server *s, uint32_t slot, const union address *local,
                     struct reply *reply)
{
	return act(s, slot, twin_bind, local, reply);
}

int kept_socket_connect(struct server *s, uint32_t slot, const union address *peer,
                        struct reply *reply)
{
	return act(s, slot, twin_connect, peer, reply);
}

/* Data is fragmented whatever the program wants of its own messages (TX-2). */
static bool is_for_control_alone(const struct keeper_socket_option *o)
{
	return (o->level == IPPROTO_IP && o->option == IP_MTU_DISCOVER) ||
	       (o->level == IPPROTO_IPV6 &&
	        (o->option == IPV6_MTU_DISCOVER || o->option == IPV6_DONTFRAG));
}

int kept_socket_option(struct server *s, uint32_t slot, const struct keeper_socket_option *option,
                       struct reply *reply)
{
	const struct endpoint *e = find(s, slot);
	int err = e ? twin_option(e->about.bulk_fd, option, e->admin) : -ENOENT;

	if (!err && !is_for_control_alone(option))
		err = twin_option(e->about.fd, option, e->admin);
	return err < 0 ? err : twin_names(e->about.bulk_fd, &reply->names);
}
