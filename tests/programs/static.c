// SPDX-License-Identifier: BSD-2-Clause
/* static.c - a program without libraries: it manages tunnels by raw netlink, linked statically
 *
 *	static blocked|poll|select|epoll
 *
 * The word says how it waits, for answers and for control messages alike: threads that sit in recv() before
 * there is anything to ask or any tunnel; poll(); select(); epoll, edge-triggered, with what is read at the first
 * EAGAIN. Commands are in conversation.h. A further one is only here:
 *
 *	keep ID     "ok PID": a child that does nothing but hold the tunnel's socket, until it is killed
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "l2tp_commands.h"
#include "raw_requests.h"
#include "tunnel_socket.h"

#define TUNNELS_MAX 64
#define PACKET_SIZE 2048

enum way { BLOCKED, POLL, SELECT, EPOLL, WAYS };
static const char *const way_names[] = { "blocked", "poll", "select", "epoll" };

struct tunnel {
	uint32_t id;
	int sock;
	pthread_t reader;
};

static enum way way;
static struct l2tp *l2tp;
static struct tunnel tunnels[TUNNELS_MAX];
static int tunnel_count, poller = -1;

/* --- waiting ------------------------------------------------------------------------------------------- */

static void await_by_poll(int fd)
{
	struct pollfd one = { fd, POLLIN, 0 };

	poll(&one, 1, -1);
}

static void await_by_select(int fd)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	select(fd + 1, &set, NULL, NULL, NULL);
}

/* The edge may have been seen already: so what is there is looked for first. */
static void await_by_epoll(int fd)
{
	static __thread int own = -1, watched = -1;
	struct epoll_event event = { EPOLLIN | EPOLLET, { .fd = fd } };
	char octet;

	if (own < 0 || watched != fd) {
		close(own);
		own = epoll_create1(EPOLL_CLOEXEC);
		epoll_ctl(own, EPOLL_CTL_ADD, fd, &event);
		watched = fd;
	}
	if (recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC) < 0)
		epoll_wait(own, &event, 1, -1);
}

static void (*const awaits[])(int) = { NULL, await_by_poll, await_by_select, await_by_epoll };

/* Reads netlink in recvmsg() from before the first request on, and hands each datagram over as it is. */
static void *netlink_reader(void *ends)
{
	int in = ((int *)ends)[0], out = ((int *)ends)[1];
	char datagram[16384];
	ssize_t got;

	while ((got = recv(in, datagram, sizeof(datagram), 0)) > 0)
		if (send(out, datagram, (size_t)got, 0) < 0)
			break;
	say("lost 0 %d", got < 0 ? errno : 0);
	return NULL;
}

static int netlink_reader_start(struct raw_netlink *nl)
{
	static int both[2];
	pthread_t thread;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	both[0] = nl->sock;
	both[1] = ends[1];
	nl->answers = ends[0];
	return -pthread_create(&thread, NULL, netlink_reader, both);
}

/* --- tunnels' sockets ---------------------------------------------------------------------------------- */

static struct tunnel *tunnel_find(uint32_t id)
{
	for (int i = 0; i < tunnel_count; i++)
		if (tunnels[i].id == id)
			return &tunnels[i];
	return NULL;
}

/* Return: false when reading gives nothing more */
static bool control_read(const struct tunnel *tunnel, int flags)
{
	uint8_t packet[PACKET_SIZE];
	ssize_t got = recv(tunnel->sock, packet, sizeof(packet), flags);

	if (got > 0)
		say_control(tunnel->id, packet, (size_t)got);
	else if (got < 0 && errno != EAGAIN)
		say("lost %u %d", tunnel->id, errno);
	return got > 0;
}

static void *control_reader(void *copy)
{
	struct tunnel tunnel = *(struct tunnel *)copy;

	free(copy);
	while (control_read(&tunnel, 0))
		;
	return NULL;
}

static void tunnel_watch(struct tunnel *tunnel)
{
	struct epoll_event event = { EPOLLIN | EPOLLET, { .u32 = tunnel->id } };
	struct tunnel *copy;

	if (way == EPOLL)
		epoll_ctl(poller, EPOLL_CTL_ADD, tunnel->sock, &event);
	if (way == BLOCKED) {
		copy = malloc(sizeof(*copy));
		*copy = *tunnel;
		pthread_create(&tunnel->reader, NULL, control_reader, copy);
	}
}

static int tunnel_close(uint32_t id)
{
	struct tunnel *tunnel = tunnel_find(id);

	if (!tunnel)
		return -ENOENT;
	if (way == BLOCKED) {
		/* A thread in recv() holds the socket, whoever closes it: it has to come out first. */
		shutdown(tunnel->sock, SHUT_RDWR);
		pthread_join(tunnel->reader, NULL);
	}
	close(tunnel->sock);
	*tunnel = tunnels[--tunnel_count];
	return 0;
}

/* --- commands ------------------------------------------------------------------------------------------ */

static void tunnel_create(const struct command *command)
{
	struct tunnel_words words;
	int sock, err = tunnel_words_read(command, &words);

	if (err < 0 || tunnel_count == TUNNELS_MAX)
		return say_result(-EINVAL, "tunnel");
	sock = tunnel_socket_open(&words, NULL);
	if (sock < 0)
		return say_result(sock, "socket");
	tunnels[tunnel_count] = (struct tunnel){ .id = words.id, .sock = sock };
	tunnel_watch(&tunnels[tunnel_count++]);

	err = l2tp_tunnel_create(l2tp, &words, sock);
	if (err < 0)
		tunnel_close(words.id);
	say_result(err, "TUNNEL_CREATE");
}

static void session_create(const struct command *command)
{
	char *const *word = command->word, name[NAME_SIZE] = "";
	int err = l2tp_session_create(l2tp, number(word[1]), number(word[2]), number(word[3]),
	                              (uint16_t)number(word[4]), word[5]);

	if (err == 0)
		err = l2tp_session_name(l2tp, number(word[1]), number(word[2]), name);
	if (err < 0)
		say_result(err, "SESSION_CREATE");
	else
		say("ok %s", name);
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

static void close_socket(const struct command *command)
{
	say_result(tunnel_close(number(command->word[1])), "close");
}

static void keep(const struct command *command)
{
	struct tunnel *tunnel = tunnel_find(number(command->word[1]));
	pid_t child = tunnel ? fork() : -1;

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		for (;;)
			pause();
	}
	if (child < 0)
		say_result(-ENOENT, "keep");
	else
		say("ok %d", child);
}

static const struct verb verbs[] = {
	{ "tunnel", 9, tunnel_create },
	{ "session", 6, session_create },
	{ "send", 3, send_control },
	{ "close", 2, close_socket },
	{ "keep", 2, keep },
	{ NULL },
};

static bool input_take(void)
{
	struct command command;
	bool more = command_read();

	while (command_next(&command))
		command_obey(verbs, l2tp_commands, &command);
	return more;
}

static void serve_by_poll(void)
{
	struct pollfd set[1 + TUNNELS_MAX];
	int count;

	do {
		set[0] = (struct pollfd){ STDIN_FILENO, POLLIN, 0 };
		for (count = 0; count < tunnel_count; count++)
			set[1 + count] = (struct pollfd){ tunnels[count].sock, POLLIN, 0 };
		poll(set, (nfds_t)count + 1, -1);
		for (int i = 0; i < count; i++)
			if (set[1 + i].revents)
				control_read(&tunnels[i], MSG_DONTWAIT);
	} while (!set[0].revents || input_take());
}

static void serve_by_select(void)
{
	fd_set set;
	int largest;

	do {
		FD_ZERO(&set);
		FD_SET(STDIN_FILENO, &set);
		largest = STDIN_FILENO;
		for (int i = 0; i < tunnel_count; i++) {
			FD_SET(tunnels[i].sock, &set);
			if (tunnels[i].sock > largest)
				largest = tunnels[i].sock;
		}
		select(largest + 1, &set, NULL, NULL, NULL);
		for (int i = 0; i < tunnel_count; i++)
			if (FD_ISSET(tunnels[i].sock, &set))
				control_read(&tunnels[i], MSG_DONTWAIT);
	} while (!FD_ISSET(STDIN_FILENO, &set) || input_take());
}

static void serve_by_epoll(void)
{
	struct epoll_event event = { EPOLLIN, { .u32 = 0 } };
	struct tunnel *tunnel;

	poller = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event);
	for (;;) {
		if (epoll_wait(poller, &event, 1, -1) < 1)
			continue;
		if (event.data.u32 == 0 && !input_take())
			return;
		tunnel = event.data.u32 ? tunnel_find(event.data.u32) : NULL;
		while (tunnel && control_read(tunnel, MSG_DONTWAIT))
			;
	}
}

static void serve_by_threads(void)
{
	while (input_take())
		;
}

static void (*const serves[])(void) = { serve_by_threads, serve_by_poll, serve_by_select,
	                                serve_by_epoll };

int main(int argc, char **argv)
{
	int err;

	while (argc == 2 && way < WAYS && strcmp(way_names[way], argv[1]))
		way++;
	if (argc != 2 || way == WAYS)
		return 2;
	l2tp = raw_requests_begin(awaits[way], way == BLOCKED ? netlink_reader_start : NULL, &err);
	if (err < 0) {
		say_result(err, "GETFAMILY");
		return 1;
	}
	l2tp_commands_by(l2tp);
	say("ready %u", l2tp->netlink.port);
	serves[way]();
	return 0;
}
