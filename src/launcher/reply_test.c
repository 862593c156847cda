/* SPDX-License-Identifier: BSD-2-Clause */
/* reply_test.c - each way puts exact octets into a stand-in, loses none, and lets nothing else in */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "launcher/reply.h"

static int private_netns = -1; /* -1: this test may not make one */

struct end {
	struct reply *reply;
	struct reply_target target;
	bool trap, padded;
};

/* Skipped where this way can not work: no root, or a kernel that lacks it. */
static struct end end_open(enum reply_way way)
{
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	struct timeval timeout = { .tv_sec = 20 };
	socklen_t len = sizeof(name);
	struct end e = { .trap = way == REPLY_TRAP, .padded = way == REPLY_FIB };
	char why[200];
	int fd;

	if (way == REPLY_UEVENT && private_netns < 0)
		skip();
	if (reply_open(way, private_netns, &e.reply, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	assert_int_equal(reply_way(e.reply), way);
	fd = reply_socket(e.reply, SOCK_RAW, &e.target);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
	e.target.socket = fd;
	e.target.port = name.nl_pid;
	assert_int_equal(reply_renew(e.reply, &e.target), 0);
	return e;
}

static void end_close(struct end *e)
{
	close(e->target.socket);
	reply_free(e->reply);
}

#define LARGEST 30000
static uint8_t message[LARGEST + 64], got[LARGEST + 64];

static size_t make(uint16_t type, uint32_t sequence, size_t payload)
{
	struct nlmsghdr h = { .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + payload),
		              .nlmsg_type = type,
		              .nlmsg_flags = NLM_F_MULTI,
		              .nlmsg_seq = sequence,
		              .nlmsg_pid = 77 };

	memcpy(message, &h, sizeof(h));
	for (size_t i = 0; i < payload; i++)
		message[sizeof(h) + i] = (uint8_t)(i * 7 + sequence);
	return h.nlmsg_len;
}

static ssize_t receive(const struct end *e, int flags, struct sockaddr_nl *name)
{
	socklen_t len = sizeof(*name);

	return recvfrom(e->target.socket, got, sizeof(got), flags, (struct sockaddr *)name, &len);
}

/* What the fib way adds: 16 octets behind the generic header, but to errors. */
static void assert_received(const struct end *e, size_t len)
{
	struct sockaddr_nl name;
	ssize_t n = receive(e, MSG_PEEK | MSG_TRUNC, &name);
	struct nlmsghdr h;
	size_t at = len < 20 ? len : 20;
	size_t extra;

	memcpy(&h, message, sizeof(h));
	extra = e->padded && (h.nlmsg_type != NLMSG_ERROR || len < 36) ? 16 : 0;
	assert_int_equal(n, len + extra);
	assert_int_equal(receive(e, 0, &name), len + extra);
	assert_true(e->trap ? reply_sender_is_ours(e->reply, name.nl_pid) : name.nl_pid == 0);
	h.nlmsg_len += (uint32_t)extra;
	assert_memory_equal(got, &h, sizeof(h));
	if (e->padded && !extra) { /* the result of the look-up, in the port of what is quoted */
		assert_memory_equal(got + 16, message + 16, 16);
		assert_memory_equal(got + 36, message + 36, len - 36);
		return;
	}
	assert_memory_equal(got + 16, message + 16, at - 16);
	assert_memory_equal(got + at + extra, message + at, len - at);
	if (extra)
		assert_memory_equal(got + at, "\x10\x00\x00\x00", 4);
}

static void exact(enum reply_way way)
{
	static const size_t payloads[] = { 4, 20, 21, 100, 1023, 1024, 1900, 1950 };
	struct end e = end_open(way);

	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		size_t len = make(0x3e0, (uint32_t)i, payloads[i]);

		assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
		assert_received(&e, len);
		len = make(payloads[i] < 20 ? NLMSG_DONE : NLMSG_ERROR, (uint32_t)i, payloads[i]);
		assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
		assert_received(&e, len);
	}
	end_close(&e);
}

static void uevent_is_exact(void **state)
{
	exact(REPLY_UEVENT);
}

static void fib_is_exact(void **state)
{
	exact(REPLY_FIB);
}

static void trap_is_exact(void **state)
{
	exact(REPLY_TRAP);
}

/* Twelve digits of the number come sooner than one thinks; the text's length changes at each power of ten. */
static void uevent_is_exact_whatever_the_number(void **state)
{
	struct end e = end_open(REPLY_UEVENT);

	for (uint32_t i = 0; i < 12000; i++) {
		size_t len = make(0x3e0, i, 40);
		struct sockaddr_nl name;

		assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
		assert_int_equal(receive(&e, 0, &name), len);
		assert_memory_equal(got, message, len);
	}
	end_close(&e);
}

static void what_is_too_long_for_an_echo_comes_from_another_port(void **state)
{
	struct end e = end_open(REPLY_UEVENT);
	size_t len = make(0x3e0, 1, LARGEST);
	struct sockaddr_nl name;

	assert_false(reply_strayed(e.reply));
	assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
	assert_true(reply_strayed(e.reply));
	assert_false(reply_strayed(e.reply));
	assert_int_equal(receive(&e, 0, &name), len);
	assert_memory_equal(got, message, len);
	assert_true(name.nl_pid != 0);
	end_close(&e);
}

static void fib_and_trap_take_any_length(void **state)
{
	static const enum reply_way both[] = { REPLY_FIB, REPLY_TRAP };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		struct end e = end_open(both[i]);
		size_t len = make(0x3e0, 1, LARGEST);

		assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
		assert_received(&e, len);
		end_close(&e);
	}
}

/* Several messages at once come in datagrams that each hold whole ones, in their order. */
static void splits(enum reply_way way)
{
	struct end e = end_open(way);
	static uint8_t many[64 * 416];
	uint32_t next = 0;

	for (uint32_t i = 0; i < 64; i++)
		memcpy(many + i * 416, message, make(0x3e0, i, 400));
	assert_int_equal(reply_send(e.reply, &e.target, many, sizeof(many)), sizeof(many));
	while (next < 64) {
		struct sockaddr_nl name;
		ssize_t n = receive(&e, 0, &name);
		struct nlmsghdr h;

		assert_true(n > 0);
		for (uint8_t *at = got; at < got + n; at += h.nlmsg_len, next++) {
			memcpy(&h, at, sizeof(h));
			assert_int_equal(h.nlmsg_seq, next);
			assert_int_equal(h.nlmsg_len, 416 + 16 * e.padded);
			assert_int_equal(at[h.nlmsg_len - 1], (uint8_t)(399 * 7 + next));
		}
	}
	assert_int_equal(next, 64);
	end_close(&e);
}

static void all_ways_split_at_messages(void **state)
{
	splits(REPLY_UEVENT);
	splits(REPLY_FIB);
	splits(REPLY_TRAP);
}

/* The program does not read: what is not taken can be sent later, and nothing is missing in between. */
static void paced(enum reply_way way, bool hold)
{
	struct end e = end_open(way);
	const int small = 8192;
	uint32_t sent = 0, read = 0, full = 0;
	int held = e.target.socket;

	assert_int_equal(setsockopt(held, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	while (read < 500) {
		struct sockaddr_nl name;
		ssize_t n = -EAGAIN;

		if (sent < 500) {
			size_t len = make(0x3e0, sent, 700);

			e.target.socket = hold || sent == 0 ? held : -1;
			n = reply_send(e.reply, &e.target, message, len);
			e.target.socket = held;
		}
		if (n > 0) {
			sent++;
			continue;
		}
		assert_int_equal(n, -EAGAIN);
		full++;
		n = receive(&e, MSG_DONTWAIT, &name);
		assert_true(n > 0);
		assert_int_equal(((struct nlmsghdr *)got)->nlmsg_seq, read);
		read++;
	}
	assert_true(full > 100);
	end_close(&e);
}

static void a_full_buffer_loses_nothing(void **state)
{
	paced(REPLY_UEVENT, true);
	paced(REPLY_FIB, true);
	paced(REPLY_TRAP, true);
}

/* ... and that works without a duplicate of the socket, as is needed between two calls of the program. */
static void a_full_buffer_is_seen_from_outside(void **state)
{
	paced(REPLY_UEVENT, false);
	paced(REPLY_TRAP, false);
}

static void overrun(enum reply_way way)
{
	struct end e = end_open(way);
	struct sockaddr_nl name;
	size_t len = make(0x3e0, 1, 700);
	int before, after;
	socklen_t size = sizeof(int);

	getsockopt(e.target.socket, SOL_SOCKET, SO_RCVBUF, &before, &size);
	assert_int_equal(reply_overrun(e.reply, &e.target), 0);
	assert_int_equal(receive(&e, MSG_DONTWAIT, &name), -1);
	assert_int_equal(errno, ENOBUFS);
	while (receive(&e, MSG_DONTWAIT, &name) > 0)
		assert_int_equal(((struct nlmsghdr *)got)->nlmsg_type, NLMSG_NOOP);
	assert_int_equal(errno, EAGAIN);
	getsockopt(e.target.socket, SOL_SOCKET, SO_RCVBUF, &after, &size);
	assert_int_equal(before, after);
	assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
	assert_received(&e, len);
	end_close(&e);
}

static void a_loss_is_told(void **state)
{
	overrun(REPLY_UEVENT);
	overrun(REPLY_FIB);
}

static void two_stand_ins_get_each_their_own(void **state)
{
	struct end e = end_open(REPLY_UEVENT);
	struct end other = { .reply = e.reply };
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	size_t len = make(0x3e0, 5, 50);
	int fd = reply_socket(e.reply, SOCK_RAW, &other.target);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	other.target.socket = fd;
	assert_int_equal(reply_renew(e.reply, &other.target), 0);
	assert_int_equal(reply_send(e.reply, &other.target, message, len), len);
	assert_int_equal(receive(&e, MSG_DONTWAIT, &name), -1);
	assert_int_equal(errno, EAGAIN);
	assert_received(&other, len);
	close(fd);
	end_close(&e);
}

/* A real event of this namespace: its loopback device is written to. */
static void real_uevents_do_not_get_through(void **state)
{
	struct end e = end_open(REPLY_UEVENT);
	struct sockaddr_nl name = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct timeval timeout = { .tv_sec = 20 };
	int witness, made;
	size_t len;

	assert_int_equal(setns(private_netns, CLONE_NEWNET), 0);
	witness = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	assert_int_equal(bind(witness, (struct sockaddr *)&name, sizeof(name)), 0);
	setsockopt(witness, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	made = system("ip link add seen0 type dummy 2>/dev/null || ip tuntap add seen0 mode tap");
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(home);
	assert_int_equal(made, 0);
	assert_true(recv(witness, got, sizeof(got), 0) > 0);
	close(witness);

	assert_int_equal(receive(&e, MSG_DONTWAIT, &name), -1);
	assert_int_equal(errno, EAGAIN);
	len = make(0x3e0, 1, 30);
	assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
	assert_received(&e, len);
	end_close(&e);
}

static void *block(void *arg)
{
	const struct end *e = arg;
	struct sockaddr_nl name;

	return (void *)receive(e, 0, &name);
}

static void a_blocked_reader_wakes(void **state)
{
	static const enum reply_way all[] = { REPLY_UEVENT, REPLY_FIB, REPLY_TRAP };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct end e = end_open(all[i]);
		pthread_t thread;
		void *result;
		size_t len = make(0x3e0, 1, 100);

		assert_int_equal(pthread_create(&thread, NULL, block, &e), 0);
		assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
		assert_int_equal(pthread_join(thread, &result), 0);
		assert_int_equal((ssize_t)result, len + 16 * e.padded);
		end_close(&e);
	}
}

static void epoll_sees_answers(void **state)
{
	static const enum reply_way all[] = { REPLY_UEVENT, REPLY_FIB, REPLY_TRAP };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct end e = end_open(all[i]);
		struct epoll_event edge = { .events = EPOLLIN | EPOLLET }, event;
		int ep = epoll_create1(EPOLL_CLOEXEC);
		size_t len = make(0x3e0, 1, 100);

		assert_int_equal(epoll_ctl(ep, EPOLL_CTL_ADD, e.target.socket, &edge), 0);
		for (int round = 0; round < 3; round++) { /* nobody reads: each is an edge */
			assert_int_equal(epoll_wait(ep, &event, 1, 0), 0);
			assert_int_equal(reply_send(e.reply, &e.target, message, len), len);
			assert_int_equal(epoll_wait(ep, &event, 1, 10000), 1);
		}
		edge.events = EPOLLIN;
		assert_int_equal(epoll_ctl(ep, EPOLL_CTL_MOD, e.target.socket, &edge), 0);
		assert_int_equal(epoll_wait(ep, &event, 1, 0), 1);
		assert_int_equal(epoll_wait(ep, &event, 1, 0), 1);
		close(ep);
		end_close(&e);
	}
}

static void a_closed_stand_in_is_gone(void **state)
{
	static const enum reply_way all[] = { REPLY_UEVENT, REPLY_FIB, REPLY_TRAP };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct end e = end_open(all[i]);
		int held = e.target.socket;

		e.target.socket = -1;
		assert_false(reply_is_gone(e.reply, &e.target));
		close(held);
		assert_true(reply_is_gone(e.reply, &e.target));
		reply_free(e.reply);
	}
}

static void auto_takes_the_first_that_works(void **state)
{
	struct reply *r;
	char why[200];

	if (private_netns < 0)
		skip();
	assert_int_equal(reply_open(REPLY_AUTO, private_netns, &r, why, sizeof(why)), 0);
	assert_int_equal(reply_way(r), REPLY_UEVENT);
	assert_string_equal(why, "");
	reply_free(r);
}

static int make_namespace(void **state)
{
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (unshare(CLONE_NEWNET) == 0) {
		private_netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		if (setns(home, CLONE_NEWNET) < 0)
			return -1;
	}
	close(home);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uevent_is_exact),
		cmocka_unit_test(fib_is_exact),
		cmocka_unit_test(trap_is_exact),
		cmocka_unit_test(uevent_is_exact_whatever_the_number),
		cmocka_unit_test(what_is_too_long_for_an_echo_comes_from_another_port),
		cmocka_unit_test(fib_and_trap_take_any_length),
		cmocka_unit_test(all_ways_split_at_messages),
		cmocka_unit_test(a_full_buffer_loses_nothing),
		cmocka_unit_test(a_full_buffer_is_seen_from_outside),
		cmocka_unit_test(a_loss_is_told),
		cmocka_unit_test(two_stand_ins_get_each_their_own),
		cmocka_unit_test(real_uevents_do_not_get_through),
		cmocka_unit_test(a_blocked_reader_wakes),
		cmocka_unit_test(epoll_sees_answers),
		cmocka_unit_test(a_closed_stand_in_is_gone),
		cmocka_unit_test(auto_takes_the_first_that_works),
	};

	return cmocka_run_group_tests(tests, make_namespace, NULL);
}
