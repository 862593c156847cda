/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_server.c - for tests: a server whose answers the test chooses; see fake_server.h */
#include "client/fake_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netlink/control_family.h"
#include "netlink/error_message.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_family.h"

struct fake_server {
	char folder[40];
	char path[60];
	bool with_ul2tp;
	struct genl_family own; /* as it tells of itself */
	fake_answer_fn *fn;
	void *arg;
	int listener;
	_Atomic int client; /* -1: none */
	pthread_t thread;
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

void fake_acknowledge(const struct fake_request *r, struct writer *answers, int error,
                      const char *words)
{
	const struct nl_socket_options options = { .cap_ack = true, .ext_ack = true };
	const struct nl_fault no_fault = { 0 };
	struct extack ea = { 0 };

	if (words)
		extack_set(&ea, 0, "%s", words);
	nl_error_put(answers, r->message, error, &ea, &no_fault, options);
}

size_t fake_message_begin(const struct fake_request *r, struct writer *answers, uint8_t command)
{
	struct nl_header header = nl_answer_header(r->message, r->message->type, 0);

	return genl_message_begin(answers, &header, command, 1);
}

static void answer_control(struct fake_server *s, const struct fake_request *r,
                           struct writer *answers)
{
	const char *octets = (const char *)r->attributes.at + NLA_HDRLEN;
	const struct genl_family *family = NULL;

	if (strcmp(octets, L2TP_GENL_NAME) == 0)
		family = &l2tp_family;
	else if (s->with_ul2tp && strcmp(octets, UL2TP_GENL_NAME) == 0)
		family = &s->own;
	if (family)
		control_answer_put(answers, r->message, 0, family);
	fake_acknowledge(r, answers, family ? 0 : -ENOENT, NULL);
}

static void answer_message(struct fake_server *s, const struct nl_message *m, int fd,
                           struct writer *answers)
{
	struct fake_request r = { .message = m, .fd = fd };

	if (genl_header_read(m, &r.command, &r.attributes) < 0)
		return;
	if (m->type == GENL_ID_CTRL) {
		answer_control(s, &r, answers);
		return;
	}
	r.family = m->type == ul2tp_family.id ? UL2TP_GENL_NAME : L2TP_GENL_NAME;
	if (m->type == ul2tp_family.id && r.command == UL2TP_CMD_SOCKET_SET)
		fake_acknowledge(&r, answers, 0, NULL);
	else
		s->fn(s, &r, answers, s->arg);
}

static int descriptor_of(struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c && c->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void serve(struct fake_server *s, int client)
{
	static _Thread_local _Alignas(8) uint8_t question[65536], answer[65536];
	union {
		struct cmsghdr header;
		char octets[CMSG_SPACE(sizeof(int))];
	} control;

	for (;;) {
		struct iovec iov = { question, sizeof(question) };
		struct msghdr message = {
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.octets,
			.msg_controllen = sizeof(control.octets),
		};
		ssize_t n = recvmsg(client, &message, MSG_CMSG_CLOEXEC);
		struct reader datagram = reader_over(question, n > 0 ? (size_t)n : 0);
		struct writer answers = writer_over(answer, sizeof(answer));
		struct nl_message m;
		int fd;

		if (n <= 0)
			return;
		fd = descriptor_of(&message);
		while (nl_message_next(&datagram, &m))
			answer_message(s, &m, fd, &answers);
		if (fd >= 0)
			close(fd);
		if (write_len(&answers) > 0)
			send(client, answer, write_len(&answers), MSG_NOSIGNAL);
	}
}

static void *server_main(void *arg)
{
	struct fake_server *s = arg;
	int client = accept(s->listener, NULL, NULL);

	if (client < 0)
		return NULL;
	s->client = client;
	serve(s, client);
	return NULL;
}

struct fake_server *fake_server_start(bool with_ul2tp, fake_answer_fn *fn, void *arg)
{
	struct fake_server *s = calloc(1, sizeof(*s));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	must(s != NULL, "calloc");
	s->with_ul2tp = with_ul2tp;
	s->own = ul2tp_family;
	s->fn = fn;
	s->arg = arg;
	s->client = -1;
	snprintf(s->folder, sizeof(s->folder), "/tmp/ul2tp-fake-server.XXXXXX");
	must(mkdtemp(s->folder) != NULL, "mkdtemp");
	snprintf(s->path, sizeof(s->path), "%s/socket", s->folder);
	memcpy(address.sun_path, s->path, strlen(s->path));
	s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	must(s->listener >= 0, "socket");
	must(bind(s->listener, (struct sockaddr *)&address, sizeof(address)) == 0, "bind");
	must(listen(s->listener, 1) == 0, "listen");
	must(pthread_create(&s->thread, NULL, server_main, s) == 0, "pthread_create");
	return s;
}

void fake_server_speak(struct fake_server *s, uint32_t version)
{
	s->own.version = version;
}

const char *fake_server_path(const struct fake_server *s)
{
	return s->path;
}

void fake_server_send(struct fake_server *s, const void *data, size_t length)
{
	must(send(s->client, data, length, MSG_NOSIGNAL) == (ssize_t)length, "send");
}

void fake_server_hang_up(struct fake_server *s)
{
	shutdown(s->client, SHUT_RDWR);
}

void fake_server_stop(struct fake_server *s)
{
	if (!s)
		return;
	/* Ends accept() and recvmsg() of the thread, whichever it is in. */
	shutdown(s->listener, SHUT_RDWR);
	if (s->client >= 0)
		shutdown(s->client, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	if (s->client >= 0)
		close(s->client);
	close(s->listener);
	unlink(s->path);
	rmdir(s->folder);
	free(s);
}
