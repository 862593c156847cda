/* SPDX-License-Identifier: BSD-2-Clause */
/* keeper_test.c - clients, the next engine, and the end, asked as the engine asks */
#include "keeper/keeper_fixture.h"

#include <errno.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "keeper/engine_process.h"
#include "keeper/request.h"

/* Requirements: NL-4, NL-12 */
static void test_client_is_known_by_the_namespace_of_its_socket(void **state)
{
	struct keeper_fixture *f = *state;
	struct order who = { .kind = ORDER_WHO };
	AUTO_FD at_home = -1;
	struct result here, there;

	need_root();
	at_home = test_connect(&f->daemon);
	there = ask(f->client, &who);
	here = ask(at_home, &who);
	assert_int_equal(there.err, 0);
	assert_int_equal(there.client.pid, getpid());
	assert_true(there.client.netns.cookie != here.client.netns.cookie);
	assert_true(there.client.admin);
	assert_int_equal(ask(f->client, &(struct order){ .kind = ORDER_CHECK }).err, 0);
}

static int connect_again(struct keeper_fixture *f)
{
	for (int i = 0; i < 100; i++) {
		struct order who = { .kind = ORDER_WHO };
		int client = test_connect_in(&f->daemon, f->netns);
		struct result r;

		if (client >= 0 && test_order(client, &who, &r))
			return client;
		if (client >= 0)
			close(client);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	return -1;
}

static void test_next_engine_finds_what_the_last_one_had(void **state)
{
	struct keeper_fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 5001, 0);
	struct result r;

	need_root();
	assert_int_equal(open_endpoint(f->client, &p).err, 0);
	assert_int_equal(make_device(f->client, "stays").err, 0);
	assert_false(test_order(f->client, &(struct order){ .kind = ORDER_CRASH }, &r));
	close(f->client);
	f->client = connect_again(f);
	assert_true(f->client >= 0);
	r = ask(f->client, &(struct order){ .kind = ORDER_RESUMED });
	assert_int_equal(r.count, 2);
	assert_int_equal(r.engines, 2);
	assert_true(interface_becomes(f->netns, "stays", true, 0));
	assert_int_equal(open_endpoint(f->client, &p).err, -EADDRINUSE);
}

static void test_engine_can_do_nothing_it_should_not(void **state)
{
	struct keeper_fixture *f = *state;

	need_root();
	assert_int_equal(ask(f->client, &(struct order){ .kind = ORDER_CONFINED }).err, 0);
	assert_int_equal(ask(f->client, &(struct order){ .kind = ORDER_REQUEST_RAW }).err, -ENOENT);
}

static void test_stopping_removes_devices_and_socket(void **state)
{
	struct keeper_fixture *f = *state;
	struct stat st;

	need_root();
	assert_int_equal(make_device(f->client, "going").err, 0);
	kill(f->daemon.pid, SIGTERM);
	assert_true(interface_becomes(f->netns, "going", false, 5000));
	for (int i = 0; i < 500 && stat(f->daemon.path, &st) == 0; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	assert_int_equal(stat(f->daemon.path, &st), -1);
}

/* What a client is then answered is what it would be if the engine had gone before. */
static void test_keeper_that_has_gone(void **state)
{
	const union address peer = { .v4 = { .sin_family = AF_INET } };
	uint32_t mtu_bytes;
	int requests[2], events[2];
	union address source;
	struct keeper *k;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, events), 0);
	close(requests[1]);
	close(events[1]);
	k = keeper_new(requests[0], events[0]);
	assert_non_null(k);
	assert_int_equal(keeper_route(k, 0, &peer, &source, &mtu_bytes, NULL), -ECONNRESET);
	free(k);
	close(requests[0]);
	close(events[0]);
}

/* A keeper that answers the first request twice, as if it had not seen that it had read it. */
static void answer_twice(int requests)
{
	struct request request;
	struct message_fds fds;
	struct reply reply;

	assert_int_equal(message_receive(requests, &request, sizeof(request), &fds, 0), 1);
	reply = (struct reply){ .serial = request.serial, .err = -ENOENT };
	for (int i = 0; i < 2; i++)
		assert_int_equal(message_send(requests, &reply, sizeof(reply), &MESSAGE_NO_FDS, 0),
		                 0);
}

/* The engine ends: the next one asks what there is. */
static void test_answer_to_another_request_is_not_taken(void **state)
{
	const union address peer = { .v4 = { .sin_family = AF_INET } };
	union address source;
	int requests[2], status;
	uint32_t mtu_bytes;
	pid_t engine;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests), 0);
	engine = fork();
	if (engine == 0) {
		struct keeper *k = keeper_new(requests[0], -1);

		signal(SIGABRT, SIG_DFL);
		if (!k || keeper_route(k, 0, &peer, &source, &mtu_bytes, NULL) != -ENOENT)
			_exit(1);
		keeper_client_close(k, 0);
		_exit(2);
	}
	close(requests[0]);
	answer_twice(requests[1]);
	assert_int_equal(waitpid(engine, &status, 0), engine);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	close(requests[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KEEPER(test_client_is_known_by_the_namespace_of_its_socket),
		WITH_KEEPER(test_next_engine_finds_what_the_last_one_had),
		WITH_KEEPER(test_engine_can_do_nothing_it_should_not),
		WITH_KEEPER(test_stopping_removes_devices_and_socket),
		cmocka_unit_test(test_keeper_that_has_gone),
		cmocka_unit_test(test_answer_to_another_request_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
