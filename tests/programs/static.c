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
#include <linux/genetlink.h>
#include <linux/l2tp.h>
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

#include "conversation.h"
#include "raw_netlink.h"
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
static struct raw_netlink netlink;
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
static void *netlink_reader(void *end)
{
	int out = (int)(intptr_t)end;
	char datagram[16384];
	ssize_t got;

	while ((got = recv(netlink.sock, datagram, sizeof(datagram), 0)) > 0)
		if (send(out, datagram, (size_t)got, 0) < 0)
			break;
	say("lost 0 %d", got < 0 ? errno : 0);
	return NULL;
}

static int netlink_reader_start(void)
{
	pthread_t thread;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	netlink.answers = ends[0];
	return -pthread_create(&thread, NULL, netlink_reader, (void *)(intptr_t)ends[1]);
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

/* --- requests ------------------------------------------------------------------------------------------ */

static uint32_t number(const char *word)
{
	return (uint32_t)strtoul(word, NULL, 10);
}

static void begin(struct raw_message *request, uint8_t command, uint16_t flags)
{
	raw_begin(request, netlink.l2tp, command, flags);
}

static void tunnel_create(const struct command *command)
{
	struct tunnel_words words;
	struct raw_message request;
	struct tunnel *tunnel = &tunnels[tunnel_count];
	int err = tunnel_words_read(command, &words);

	if (err < 0 || tunnel_count == TUNNELS_MAX)
		return say_result(-EINVAL, "tunnel");
	err = tunnel_socket_open(&words, NULL);
	if (err < 0)
		return say_result(err, "socket");
	*tunnel = (struct tunnel){ .id = words.id, .sock = err };
	tunnel_count++;
	tunnel_watch(tunnel);

	begin(&request, L2TP_CMD_TUNNEL_CREATE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, words.id);
	raw_add_u32(&request, L2TP_ATTR_PEER_CONN_ID, words.peer_id);
	raw_add_u8(&request, L2TP_ATTR_PROTO_VERSION, words.version);
	raw_add_u16(&request, L2TP_ATTR_ENCAP_TYPE,
	            words.over_ip ? L2TP_ENCAPTYPE_IP : L2TP_ENCAPTYPE_UDP);
	raw_add_u32(&request, L2TP_ATTR_FD, (uint32_t)tunnel->sock);
	err = raw_exchange(&netlink, &request, NULL, NULL);
	if (err < 0)
		tunnel_close(words.id);
	say_result(err, "TUNNEL_CREATE");
}

static void note_name(const struct nlmsghdr *answer, void *data)
{
	size_t length;
	const char *name = raw_find(answer, L2TP_ATTR_IFNAME, &length);

	if (name)
		memcpy(data, name, length < 64 ? length : 63);
}

static void session_get(const struct command *command)
{
	struct raw_message request;
	char name[64] = "";
	int err;

	begin(&request, L2TP_CMD_SESSION_GET, 0);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, number(command->word[1]));
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, number(command->word[2]));
	err = raw_exchange(&netlink, &request, note_name, name);
	if (err < 0)
		say_result(err, "SESSION_GET");
	else
		say("ok %s", name);
}

static void session_create(const struct command *command)
{
	char *const *word = command->word;
	struct raw_message request;
	int err;

	begin(&request, L2TP_CMD_SESSION_CREATE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, number(word[1]));
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, number(word[2]));
	raw_add_u32(&request, L2TP_ATTR_PEER_SESSION_ID, number(word[3]));
	raw_add_u16(&request, L2TP_ATTR_PW_TYPE, (uint16_t)number(word[4]));
	if (strcmp(word[5], "-"))
		raw_add_string(&request, L2TP_ATTR_IFNAME, word[5]);
	err = raw_exchange(&netlink, &request, NULL, NULL);
	if (err < 0)
		say_result(err, "SESSION_CREATE");
	else
		session_get(command);
}

static void session_modify(const struct command *command)
{
	struct raw_message request;

	begin(&request, L2TP_CMD_SESSION_MODIFY, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, number(command->word[1]));
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, number(command->word[2]));
	raw_add_u16(&request, L2TP_ATTR_MTU, (uint16_t)number(command->word[3]));
	say_result(raw_exchange(&netlink, &request, NULL, NULL), "SESSION_MODIFY");
}

static void session_delete(const struct command *command)
{
	struct raw_message request;

	begin(&request, L2TP_CMD_SESSION_DELETE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, number(command->word[1]));
	raw_add_u32(&request, L2TP_ATTR_SESSION_ID, number(command->word[2]));
	say_result(raw_exchange(&netlink, &request, NULL, NULL), "SESSION_DELETE");
}

static void tunnel_delete(const struct command *command)
{
	struct raw_message request;

	begin(&request, L2TP_CMD_TUNNEL_DELETE, NLM_F_ACK);
	raw_add_u32(&request, L2TP_ATTR_CONN_ID, number(command->word[1]));
	say_result(raw_exchange(&netlink, &request, NULL, NULL), "TUNNEL_DELETE");
}

static void note_ids(const struct nlmsghdr *answer, void *data)
{
	char *text = data;
	size_t length, used = strlen(text);
	const uint32_t *tunnel = raw_find(answer, L2TP_ATTR_CONN_ID, &length);
	const uint32_t *session = raw_find(answer, L2TP_ATTR_SESSION_ID, &length);

	if (tunnel && session)
		snprintf(text + used, 4096 - used, " %u/%u", *tunnel, *session);
	else if (tunnel)
		snprintf(text + used, 4096 - used, " %u", *tunnel);
}

static void list(const struct command *command)
{
	char text[4096] = "";
	struct raw_message request;
	int err;

	begin(&request, L2TP_CMD_TUNNEL_GET, NLM_F_DUMP);
	err = raw_exchange(&netlink, &request, note_ids, text);
	if (err == 0) {
		begin(&request, L2TP_CMD_SESSION_GET, NLM_F_DUMP);
		err = raw_exchange(&netlink, &request, note_ids, text);
	}
	if (err < 0)
		say_result(err, "dump");
	else
		say("ok%s", text);
}

/* --- many threads -------------------------------------------------------------------------------------- */

struct storm {
	uint32_t id, session, times, done;
	pthread_t thread;
};

static void *storm_run(void *data)
{
	struct storm *storm = data;
	struct raw_netlink own;
	struct raw_message request;

	if (raw_netlink_open(&own, 0) < 0)
		return NULL;
	own.await = awaits[way];
	own.l2tp = netlink.l2tp;
	for (uint32_t i = 0; i < storm->times; i++) {
		char name[64] = "";

		begin(&request, L2TP_CMD_SESSION_GET, 0);
		raw_add_u32(&request, L2TP_ATTR_CONN_ID, storm->id);
		raw_add_u32(&request, L2TP_ATTR_SESSION_ID, storm->session);
		if (raw_exchange(&own, &request, note_name, name) == 0 && *name)
			storm->done++;
	}
	close(own.sock);
	return NULL;
}

static void storm(const struct command *command)
{
	uint32_t workers = number(command->word[3]), done = 0;
	struct storm *all = calloc(workers, sizeof(*all));

	for (uint32_t i = 0; i < workers; i++) {
		all[i] = (struct storm){ .id = number(command->word[1]),
			                 .session = number(command->word[2]),
			                 .times = number(command->word[4]) };
		pthread_create(&all[i].thread, NULL, storm_run, &all[i]);
	}
	for (uint32_t i = 0; i < workers; i++) {
		pthread_join(all[i].thread, NULL);
		done += all[i].done;
	}
	free(all);
	say("ok %u", done);
}

/* --- commands ------------------------------------------------------------------------------------------ */

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
	{ "get", 3, session_get },
	{ "modify", 4, session_modify },
	{ "list", 1, list },
	{ "storm", 5, storm },
	{ "send", 3, send_control },
	{ "delete-session", 3, session_delete },
	{ "delete-tunnel", 2, tunnel_delete },
	{ "close", 2, close_socket },
	{ "keep", 2, keep },
	{ NULL },
};

static bool input_take(void)
{
	struct command command;
	bool more = command_read();

	while (command_next(&command))
		command_obey(verbs, &command);
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
	err = raw_netlink_open(&netlink, 0);
	if (err == 0 && way == BLOCKED)
		err = netlink_reader_start();
	netlink.await = awaits[way];
	if (err == 0)
		err = raw_netlink_find(&netlink);
	if (err < 0) {
		say_result(err, "GETFAMILY");
		return 1;
	}
	say("ready %u", netlink.port);
	serves[way]();
	return 0;
}
