// SPDX-License-Identifier: BSD-2-Clause
/* tunneldigger.c - a program on libnl that digs tunnels, as client or as broker
 *
 *	tunneldigger client|broker DEVICE
 *
 * Its requests are in libnl_requests.c. Tunnels' sockets belong to DEVICE, probe the path MTU (DF and no cache,
 * IP_PMTUDISC_PROBE) and are waited for with epoll, beside a timer. All sockets of a broker have one local
 * port and are told apart by being connected. A client first removes session and tunnel of its ids, which must
 * be unknown; a broker removes what its dumps show. The socket carries messages of the program's own, whose first
 * octet has the T bit. Commands are in conversation.h; further ones are only here:
 *
 *	leftovers           "ok COUNT": tunnels that were there at the start and are removed now (broker)
 *	probe ID COUNT      COUNT messages of growing size, one at each beat of the timer; "probed ID" follows
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <linux/l2tp.h> /* behind netinet/in.h, or both define the same */

#include "l2tp_commands.h"
#include "libnl_requests.h"

#define TUNNELS_MAX 64
#define PACKET_SIZE 2048
#define BEAT_NS     5000000
#define PROBE_STEP  100

struct tunnel {
	uint32_t id;
	int sock;
	uint32_t probes, probes_sent;
};

static struct l2tp *l2tp;
static int poller, timer;
static bool broker;
static const char *device;
static struct tunnel tunnels[TUNNELS_MAX];
static int tunnel_count;

/* --- the interface, by ioctl() as ever ----------------------------------------------------------------- */

static int interface_up(const char *name, int mtu)
{
	struct ifreq request = { 0 };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_mtu = mtu;
	if (mtu && ioctl(sock, SIOCSIFMTU, &request) < 0)
		err = -errno;
	if (ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		err = -errno;
	request.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		err = -errno;
	close(sock);
	return err;
}

/* --- tunnels' sockets ---------------------------------------------------------------------------------- */

static struct tunnel *tunnel_find(uint32_t id)
{
	for (int i = 0; i < tunnel_count; i++)
		if (tunnels[i].id == id)
			return &tunnels[i];
	return NULL;
}

static int socket_prepare(int sock)
{
	int probe = IP_PMTUDISC_PROBE, on = 1;

	if (broker && (setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	               setsockopt(sock, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0))
		return -errno;
	if (setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1) <
	    0)
		return -errno;
	return setsockopt(sock, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe)) < 0 ? -errno
	                                                                                : 0;
}

static void tunnel_close(struct tunnel *tunnel)
{
	close(tunnel->sock);
	*tunnel = tunnels[--tunnel_count];
}

static void control_read(const struct tunnel *tunnel)
{
	uint8_t packet[PACKET_SIZE];
	ssize_t got = recv(tunnel->sock, packet, sizeof(packet), MSG_DONTWAIT);

	if (got > 0)
		say_control(tunnel->id, packet, (size_t)got);
	else if (got < 0 && errno != EAGAIN)
		say("lost %u %d", tunnel->id, errno);
}

/* One message a beat: the T bit, what it is, and zeros up to its size. */
static void beat(void)
{
	uint8_t probe[PACKET_SIZE] = { 0x80, 0x73, 0xa7, 0x01 };
	uint64_t beats;

	if (read(timer, &beats, sizeof(beats)) < 0)
		return;
	for (int i = 0; i < tunnel_count; i++) {
		struct tunnel *tunnel = &tunnels[i];

		if (tunnel->probes_sent == tunnel->probes)
			continue;
		tunnel->probes_sent++;
		if (send(tunnel->sock, probe, tunnel->probes_sent * PROBE_STEP, 0) < 0)
			say("lost %u %d", tunnel->id, errno);
		if (tunnel->probes_sent == tunnel->probes)
			say("probed %u", tunnel->id);
	}
}

/* --- commands ------------------------------------------------------------------------------------------ */

static void tunnel_create(const struct command *command)
{
	struct epoll_event event = { EPOLLIN, { .u32 = 0 } };
	struct tunnel_words words;
	int sock, err = tunnel_words_read(command, &words);

	if (err < 0 || tunnel_count == TUNNELS_MAX)
		return say_result(-EINVAL, "tunnel");
	sock = tunnel_socket_open(&words, socket_prepare);
	if (sock < 0)
		return say_result(sock, "socket");
	tunnels[tunnel_count++] = (struct tunnel){ .id = words.id, .sock = sock };
	event.data.u32 = words.id;
	epoll_ctl(poller, EPOLL_CTL_ADD, sock, &event);

	if (!broker && (l2tp_session_delete(l2tp, words.id, 1) != -ENODEV ||
	                l2tp_tunnel_delete(l2tp, words.id) != -ENODEV))
		err = -EEXIST;
	if (err == 0)
		err = l2tp_tunnel_create(l2tp, &words, sock);
	if (err < 0)
		tunnel_close(tunnel_find(words.id));
	say_result(err, "TUNNEL_CREATE");
}

static void session_create(const struct command *command)
{
	char *const *word = command->word, name[NAME_SIZE] = "";
	int err = l2tp_session_create(l2tp, number(word[1]), number(word[2]), number(word[3]),
	                              (uint16_t)number(word[4]), word[5]);

	if (err == 0)
		err = l2tp_session_name(l2tp, number(word[1]), number(word[2]), name);
	if (err == 0 && *name)
		err = interface_up(name, broker ? 1400 : 0);
	if (err < 0)
		say_result(err, "SESSION_CREATE");
	else
		say("ok %s", name);
}

static void leftovers(const struct command *command)
{
	struct l2tp_objects sessions = { .count = 0 }, found = { .count = 0 };
	int err = l2tp_dump(l2tp, L2TP_CMD_SESSION_GET, &sessions);

	for (int i = 0; err == 0 && i < sessions.count; i++)
		err = l2tp_session_delete(l2tp, sessions.object[i].id, sessions.object[i].session);
	if (err == 0)
		err = l2tp_dump(l2tp, L2TP_CMD_TUNNEL_GET, &found);
	for (int i = 0; err == 0 && i < found.count; i++)
		err = l2tp_tunnel_delete(l2tp, found.object[i].id);
	if (err < 0)
		say_result(err, "leftovers");
	else
		say("ok %d", found.count);
}

static void send_control(const struct command *command)
{
	uint8_t octets[PACKET_SIZE];
	struct tunnel *tunnel = tunnel_find(number(command->word[1]));
	int length = octets_from_hex(command->word[2], octets, sizeof(octets));

	if (!tunnel || length < 0)
		say_result(-ENOENT, "send");
	else
		say_result(send(tunnel->sock, octets, (size_t)length, 0) < 0 ? -errno : 0, "send");
}

static void probe(const struct command *command)
{
	struct tunnel *tunnel = tunnel_find(number(command->word[1]));

	if (!tunnel || number(command->word[2]) * PROBE_STEP > PACKET_SIZE)
		return say_result(-EINVAL, "probe");
	tunnel->probes += number(command->word[2]);
	say_result(0, "probe");
}

static void close_socket(const struct command *command)
{
	struct tunnel *tunnel = tunnel_find(number(command->word[1]));

	if (tunnel)
		tunnel_close(tunnel);
	say_result(tunnel ? 0 : -ENOENT, "close");
}

static const struct verb verbs[] = {
	{ "tunnel", 9, tunnel_create },
	{ "session", 6, session_create },
	{ "send", 3, send_control },
	{ "close", 2, close_socket },
	{ "leftovers", 1, leftovers },
	{ "probe", 3, probe },
	{ NULL },
};

/* --- the loop ------------------------------------------------------------------------------------------ */

static int start(void)
{
	const struct itimerspec every = { .it_interval.tv_nsec = BEAT_NS,
		                          .it_value.tv_nsec = BEAT_NS };
	struct epoll_event input = { EPOLLIN, { .fd = -1 } }, beats = { EPOLLIN, { .fd = -2 } };

	poller = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (poller < 0 || timer < 0 || timerfd_settime(timer, 0, &every, NULL) < 0)
		return -errno;
	epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &input);
	epoll_ctl(poller, EPOLL_CTL_ADD, timer, &beats);

	l2tp = libnl_requests_begin();
	l2tp_commands_by(l2tp);
	return l2tp ? 0 : -ENOENT;
}

static bool turn(void)
{
	struct epoll_event event;
	struct command command;
	struct tunnel *tunnel;
	bool more = true;

	if (epoll_wait(poller, &event, 1, -1) < 1)
		return true;
	if (event.data.fd == -2) {
		beat();
	} else if (event.data.fd == -1) {
		more = command_read();
		while (command_next(&command))
			command_obey(verbs, l2tp_commands, &command);
	} else {
		tunnel = tunnel_find(event.data.u32);
		if (tunnel)
			control_read(tunnel);
	}
	return more;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 3)
		return 2;
	broker = !strcmp(argv[1], "broker");
	device = argv[2];
	err = start();
	if (err < 0) {
		say_result(err, "GETFAMILY");
		return 1;
	}
	say("ready %u", libnl_requests_port(l2tp));
	while (turn())
		;
	return 0;
}
