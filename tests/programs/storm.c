// SPDX-License-Identifier: BSD-2-Clause
/* storm.c - a program with thousands of PPP sessions, as a broadband network gateway: three descriptors each
 *
 *	storm LOCAL REMOTE PORT TUNNELS THREADS INTERVAL
 *
 * So many managed tunnels of L2TPv2, on UDP sockets from PORT on at both ends; so many threads that make and close
 * sessions; every INTERVAL milliseconds an LCP echo request on each session, 0: none, but those of the peer, which is the
 * same program at the other end, are answered. Of each session there are the PPPoL2TP socket, a file of /dev/ppp on its
 * channel, one on its unit. Commands, answered by lines as in conversation.h:
 *
 *	up FIRST LAST          make the sessions of these numbers, and the tunnels if there are none -> {made, failed, ...}
 *	established COUNT SECONDS    wait until so many are -> {seconds: since the last "up" began, per_second, ...}
 *	churn FIRST LAST       make and close them, one after the other in each thread -> {made, failed, seconds, ...}
 *	lose                   close all sessions -> {seconds}
 *	down                   close all sessions and tunnels -> {seconds}
 *	status                 -> {established, asked, answered, lost, late: answers to an earlier request, served, hung_up, descriptors}
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Behind those of the C library, which they know of. */
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>

#include "conversation.h"
#include "storm.h"

#define THREADS_MAX 64

static struct session sessions[SESSIONS_MAX + 1];
static struct {
	int udp, management;
} tunnels[TUNNELS_MAX];
static struct in_addr local, remote;
static uint16_t first_port;
static unsigned int tunnel_count, thread_count;
static unsigned int generation; /* of the tunnels: their ids do not come again */
static bool has_tunnels;
static uint64_t began_ms; /* the last "up" */

struct session *session_of(uint32_t number)
{
	return &sessions[number];
}

/* --- tunnels ------------------------------------------------------------------------------------------- */

static uint16_t tunnel_id(unsigned int index)
{
	return (uint16_t)(generation * tunnel_count + index + 1);
}

static int pppol2tp_connect(int sock, unsigned int index, uint16_t session, int fd)
{
	struct sockaddr_pppol2tp name = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = fd,
		              .addr = { .sin_family = AF_INET,
		                        .sin_addr = remote,
		                        .sin_port = htons((uint16_t)(first_port + index)) },
		              .s_tunnel = tunnel_id(index),
		              .d_tunnel = tunnel_id(index),
		              .s_session = session,
		              .d_session = session },
	};

	return connect(sock, (struct sockaddr *)&name, sizeof(name)) < 0 ? -errno : 0;
}

/* A port is free again when the kernel is through with the tunnel that was on it. */
static int udp_open(unsigned int index)
{
	struct sockaddr_in here = { .sin_family = AF_INET,
		                    .sin_addr = local,
		                    .sin_port = htons((uint16_t)(first_port + index)) };
	struct sockaddr_in there = here;
	const uint64_t until = clock_ms() + 5000;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	there.sin_addr = remote;
	while (bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0) {
		if (errno != EADDRINUSE || clock_ms() > until)
			return -errno;
		usleep(1000);
	}
	return connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0 ? -errno : fd;
}

static int tunnels_make(void)
{
	for (unsigned int i = 0; i < tunnel_count; i++) {
		int err;

		tunnels[i].udp = udp_open(i);
		tunnels[i].management = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);
		if (tunnels[i].udp < 0)
			return tunnels[i].udp;
		if (tunnels[i].management < 0)
			return -errno;
		err = pppol2tp_connect(tunnels[i].management, i, 0, tunnels[i].udp);
		if (err < 0)
			return err;
	}
	has_tunnels = true;
	return 0;
}

static void tunnels_close(void)
{
	for (unsigned int i = 0; has_tunnels && i < tunnel_count; i++) {
		close(tunnels[i].management);
		close(tunnels[i].udp);
	}
	if (has_tunnels)
		generation++;
	has_tunnels = false;
}

/* --- a session ----------------------------------------------------------------------------------------- */

static const char *file_open(int *fd, unsigned long attach, int *number, const char *what)
{
	*fd = open("/dev/ppp", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return "open";
	return ioctl(*fd, attach, number) < 0 ? what : NULL;
}

/* Return: the call that failed, with errno, or NULL */
static const char *session_open(struct session *s, uint32_t number)
{
	const unsigned int index = number % tunnel_count;
	const char *failed;
	int channel, unit = -1, err;

	s->sock = s->channel = s->unit = -1;
	s->sock = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);
	if (s->sock < 0)
		return "socket";
	err = pppol2tp_connect(s->sock, index, (uint16_t)number, tunnels[index].udp);
	errno = -err;
	if (err < 0)
		return "connect";
	if (ioctl(s->sock, PPPIOCGCHAN, &channel) < 0)
		return "PPPIOCGCHAN";
	failed = file_open(&s->channel, PPPIOCATTCHAN, &channel, "PPPIOCATTCHAN");
	if (failed)
		return failed;
	failed = file_open(&s->unit, PPPIOCNEWUNIT, &unit, "PPPIOCNEWUNIT");
	if (failed)
		return failed;
	return ioctl(s->channel, PPPIOCCONNECT, &unit) < 0 ? "PPPIOCCONNECT" : NULL;
}

static void session_close(struct session *s)
{
	int *fds[] = { &s->unit, &s->channel, &s->sock };

	for (int i = 0; i < 3; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	s->state = SESSION_NONE;
}

/* --- many, by threads ---------------------------------------------------------------------------------- */

struct work {
	uint32_t last;
	bool makes, closes;
	_Atomic uint32_t next, made, failed;
	_Atomic int why;
	const char *_Atomic call;
};

static void session_make(struct work *w, uint32_t number)
{
	struct session *s = &sessions[number];
	int none = SESSION_NONE, err;
	const char *failed;

	if (!atomic_compare_exchange_strong(&s->state, &none, SESSION_MAKING))
		return;
	failed = session_open(s, number);
	if (failed) {
		w->why = errno;
		w->call = failed;
		w->failed++;
		session_close(s);
		return;
	}
	w->made++;
	if (w->closes) {
		session_close(s);
		return;
	}
	err = echo_add(number);
	if (err < 0) {
		w->why = -err;
		w->call = "epoll_ctl";
	}
}

static void *work_main(void *arg)
{
	struct work *w = arg;
	uint32_t number;

	while ((number = w->next++) <= w->last) {
		if (w->makes)
			session_make(w, number);
		else if (sessions[number].state != SESSION_NONE)
			session_close(&sessions[number]);
	}
	return NULL;
}

static void work_do(struct work *w, uint32_t first)
{
	pthread_t threads[THREADS_MAX];

	w->next = first;
	w->call = "";
	for (unsigned int i = 1; i < thread_count; i++)
		pthread_create(&threads[i], NULL, work_main, w);
	work_main(w);
	for (unsigned int i = 1; i < thread_count; i++)
		pthread_join(threads[i], NULL);
}

static void work_say(const struct work *w, uint64_t since)
{
	const double seconds = (double)(clock_ms() - since) / 1000;

	say("ok {\"made\": %u, \"failed\": %u, \"errno\": %d, \"call\": \"%s\", \"seconds\": %.3f, \"per_second\": %.0f}",
	    w->made, w->failed, w->why, w->call, seconds, w->made / (seconds > 0 ? seconds : 1e-3));
}

/* --- commands ------------------------------------------------------------------------------------------ */

static uint32_t number_read(const char *word)
{
	unsigned long value = strtoul(word, NULL, 10);

	return value < 1 ? 1 : value > SESSIONS_MAX ? SESSIONS_MAX : (uint32_t)value;
}

static void make(const struct command *command, bool closes)
{
	struct work w = { .last = number_read(command->word[2]), .makes = true, .closes = closes };
	const uint64_t since = clock_ms();
	int err = has_tunnels ? 0 : tunnels_make();

	if (err < 0) {
		say_result(err, "tunnel");
		return;
	}
	if (!closes)
		began_ms = since;
	work_do(&w, number_read(command->word[1]));
	work_say(&w, since);
}

static void do_up(const struct command *command)
{
	make(command, false);
}

static void do_churn(const struct command *command)
{
	make(command, true);
}

static void do_established(const struct command *command)
{
	const uint32_t wanted = (uint32_t)strtoul(command->word[1], NULL, 10);
	const uint64_t until = clock_ms() + strtoul(command->word[2], NULL, 10) * 1000;
	double seconds;

	while (echo_counts.established < wanted && clock_ms() < until)
		usleep(1000);
	seconds = (double)(clock_ms() - began_ms) / 1000;
	say("ok {\"established\": %u, \"seconds\": %.3f, \"per_second\": %.0f}",
	    echo_counts.established, seconds,
	    echo_counts.established / (seconds > 0 ? seconds : 1e-3));
}

static void sessions_close(void)
{
	struct work w = { .last = SESSIONS_MAX, .closes = true };

	for (uint32_t n = 1; n <= SESSIONS_MAX; n++) {
		int made = SESSION_MADE, established = SESSION_ESTABLISHED;

		/* Taken from the echo thread, and told from what is not there. */
		if (atomic_compare_exchange_strong(&sessions[n].state, &established,
		                                   SESSION_MAKING))
			echo_counts.established--;
		else
			atomic_compare_exchange_strong(&sessions[n].state, &made, SESSION_MAKING);
	}
	echo_settle();
	echo_forget();
	work_do(&w, 1);
}

static void do_lose(const struct command *command)
{
	const uint64_t since = clock_ms();

	(void)command;
	sessions_close();
	say("ok {\"seconds\": %.3f}", (double)(clock_ms() - since) / 1000);
}

static void do_down(const struct command *command)
{
	const uint64_t since = clock_ms();

	(void)command;
	sessions_close();
	tunnels_close();
	say("ok {\"seconds\": %.3f}", (double)(clock_ms() - since) / 1000);
}

static unsigned int descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count < 3 ? 0 : count - 3; /* ., .., and the directory itself */
}

static void do_status(const struct command *command)
{
	(void)command;
	say("ok {\"established\": %u, \"asked\": %llu, \"answered\": %llu, \"lost\": %llu, \"late\": %llu, \"served\": %llu, \"hung_up\": %llu, \"descriptors\": %u}",
	    echo_counts.established, (unsigned long long)echo_counts.asked,
	    (unsigned long long)echo_counts.answered, (unsigned long long)echo_counts.lost,
	    (unsigned long long)echo_counts.late, (unsigned long long)echo_counts.served,
	    (unsigned long long)echo_counts.hung_up, descriptors());
}

static const struct verb verbs[] = {
	{ "up", 3, do_up },
	{ "established", 3, do_established },
	{ "churn", 3, do_churn },
	{ "down", 1, do_down },
	{ "lose", 1, do_lose },
	{ "status", 1, do_status },
	{ 0 },
};
static const struct verb no_others[] = { { 0 } };

int main(int argc, char **argv)
{
	struct rlimit limit;
	struct command command;

	if (argc != 7 || inet_pton(AF_INET, argv[1], &local) != 1 ||
	    inet_pton(AF_INET, argv[2], &remote) != 1) {
		fprintf(stderr, "usage: storm LOCAL REMOTE PORT TUNNELS THREADS INTERVAL\n");
		return 2;
	}
	first_port = (uint16_t)atoi(argv[3]);
	tunnel_count = (unsigned int)atoi(argv[4]);
	thread_count = (unsigned int)atoi(argv[5]);
	if (tunnel_count < 1 || tunnel_count > TUNNELS_MAX || thread_count < 1 ||
	    thread_count > THREADS_MAX)
		return 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (echo_start((uint32_t)atoi(argv[6])) < 0)
		return 1;
	say("ready 0");
	do {
		while (command_next(&command))
			command_obey(verbs, no_others, &command);
	} while (command_read());
	return 0;
}
