/* SPDX-License-Identifier: BSD-2-Clause */
/* device_counters.c - see device_counters.h
 *
 * Counters are shown to everyone, so the connection has given up its rights. The program would get an answer from its
 * kernel at once, so nobody is waited for long.
 */
#include "launcher/device_counters.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "launcher/daemon_link.h"
#include "launcher/idle_links.h"
#include "launcher/netns_socket.h"
#include "netlink/error_message.h"

#define SILENT_MS 5000 /* an ul2tpd that did not answer in time is not asked for so long */

static _Atomic uint64_t silent_until_ms;

/* Which is asked when a second has passed. */
static bool waits_no_longer(void *arg)
{
	return false;
}

static void take_message(struct device_counters *ret, const struct nl_message *m)
{
	struct ul2tp_device_message *to = &ret->devices[ret->count];
	struct reader attributes;
	uint8_t command;

	if (ret->count < UL2TP_DEVICES_MAX && genl_header_read(m, &command, &attributes) == 0 &&
	    command == UL2TP_CMD_DEVICE_GET && ul2tp_device_message_read(attributes, to) == 0)
		ret->count++;
}

static void take_answer(void *arg, uint8_t *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	struct nl_message m;

	while (nl_message_next(&datagram, &m))
		if (m.type != NLMSG_ERROR)
			take_message(arg, &m);
}

static int ask_by(struct daemon_link *link, const struct ul2tp_device_request *which,
                  struct device_counters *ret)
{
	struct nl_header header = { .type = link->own_family,
		                    .flags = NLM_F_REQUEST | NLM_F_ACK,
		                    .sequence = ++link->sequence };
	struct writer w = writer_over(link->buffer, DAEMON_LINK_REQUEST_MAX);
	size_t start = ul2tp_message_begin(&w, &header, UL2TP_CMD_DEVICE_GET);

	ul2tp_device_request_put(&w, which);
	if (!nl_message_end(&w, start))
		return -EMSGSIZE;
	ret->count = 0;
	return daemon_link_ask(link, link->buffer, write_len(&w), NULL, 0, take_answer, ret,
	                       waits_no_longer);
}

static uint64_t namespace_of(int socket)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

void device_counters_ask(struct trap *t, int socket, const struct ul2tp_device_request *which,
                         struct device_counters *ret)
{
	const struct daemon_waiter waiter = { waits_no_longer, NULL };
	AUTO_FD netns = netns_of_socket(t, socket);
	int err = -EPIPE;
	struct stat st;
	bool waited;

	ret->count = 0;
	if (netns < 0 || fstat(netns, &st) < 0 || monotonic_ms() < atomic_load(&silent_until_ms))
		return;
	/* One that waited may be of an ul2tpd that has gone. */
	for (int tries = 0; tries < 2; tries++) {
		struct daemon_link link = DAEMON_LINK_CLOSED;

		waited = tries == 0 && idle_link_take(st.st_ino, false, &link);
		err = waited ? 0 : daemon_link_open(t->launcher, netns, false, &waiter, &link);
		if (!err && namespace_of(link.fd) == namespace_of(socket))
			err = ask_by(&link, which, ret);
		idle_link_put(st.st_ino, false, &link);
		if (!waited || !err || err == -ESRCH)
			break;
	}
	/* It does not answer, or has no time to let anybody in. */
	if (err == -ESRCH || err == -EAGAIN)
		atomic_store(&silent_until_ms, monotonic_ms() + SILENT_MS);
	if (err < 0)
		ret->count = 0;
}

const struct ul2tp_device_message *device_counters_find(const struct device_counters *c,
                                                        uint32_t ifindex, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->devices[i].ifindex == ifindex &&
		    (!name[0] || strcmp(c->devices[i].name, name) == 0))
			return &c->devices[i];
	return NULL;
}
