/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox_test.c - letters arrive once, in order, also while the receiver is busy; watches can go any time and wait for what they like */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "loop/mailbox.h"

#define LETTERS 10000

struct receiver {
	struct loop *loop;
	struct mailbox mailbox;
	uint32_t opened;
	bool in_order, stop;
};

struct numbered {
	struct letter letter;
	struct receiver *to;
	uint32_t number;
};

static void open_numbered(struct letter *letter)
{
	struct numbered *n = container_of(letter, struct numbered, letter);

	if (n->to->opened != n->number)
		n->to->in_order = false;
	n->to->opened++;
}

static void open_stop(struct letter *letter)
{
	container_of(letter, struct numbered, letter)->to->stop = true;
}

static void *receive(void *arg)
{
	struct receiver *r = arg;

	while (!r->stop)
		loop_once(r->loop, -1);
	return NULL;
}

static void test_letters_are_opened_once_and_in_order(void **state)
{
	static struct numbered letters[LETTERS];
	struct receiver r = { .loop = loop_new(), .in_order = true };
	struct numbered stop = { .letter.open = open_stop, .to = &r };
	pthread_t thread;

	assert_non_null(r.loop);
	assert_int_equal(mailbox_open(&r.mailbox, r.loop), 0);
	assert_int_equal(pthread_create(&thread, NULL, receive, &r), 0);
	for (uint32_t i = 0; i < LETTERS; i++) {
		letters[i] = (struct numbered){ { .open = open_numbered }, &r, i };
		mailbox_post(&r.mailbox, &letters[i].letter);
	}
	mailbox_wait(&r.mailbox);
	assert_int_equal(r.opened, LETTERS);
	assert_true(r.in_order);
	mailbox_post(&r.mailbox, &stop.letter);
	pthread_join(thread, NULL);
	mailbox_close(&r.mailbox, r.loop);
	loop_free(r.loop);
}

struct pair {
	struct loop *loop;
	struct watch a, b;
	int called;
};

static void remove_both(struct pair *p)
{
	p->called++;
	loop_remove(p->loop, &p->a);
	loop_remove(p->loop, &p->b);
}

static void a_ready(struct watch *watch, uint32_t events)
{
	remove_both(container_of(watch, struct pair, a));
}

static void b_ready(struct watch *watch, uint32_t events)
{
	remove_both(container_of(watch, struct pair, b));
}

static void test_a_callback_can_remove_what_is_about_to_be_called(void **state)
{
	struct pair p = { .loop = loop_new(), .a.fd = -1, .b.fd = -1 };
	int fds[2], more[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(more), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(write(more[1], "x", 1), 1);
	assert_int_equal(loop_add(p.loop, &p.a, fds[0], EPOLLIN, a_ready), 0);
	assert_int_equal(loop_add(p.loop, &p.b, more[0], EPOLLIN, b_ready), 0);
	assert_int_equal(loop_once(p.loop, 1000), 0);
	assert_int_equal(p.called, 1);
	assert_int_equal(loop_once(p.loop, 0), 0);
	assert_int_equal(p.called, 1);
	loop_free(p.loop);
	for (int i = 0; i < 2; i++) {
		close(fds[i]);
		close(more[i]);
	}
}

struct reported {
	struct watch watch;
	uint32_t events;
};

static void note_events(struct watch *watch, uint32_t events)
{
	((struct reported *)watch)->events |= events;
}

static uint32_t reported_now(struct loop *loop, struct reported *r)
{
	r->events = 0;
	assert_int_equal(loop_once(loop, 0), 0);
	return r->events;
}

/* Also when they are asked for again, and after they were changed there and back. */
static void test_what_is_reported_is_what_was_last_asked_for(void **state)
{
	struct loop *loop = loop_new();
	struct reported r = { 0 };
	int pair[2];

	(void)state;
	assert_non_null(loop);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(write(pair[1], "", 1), 1);
	assert_int_equal(loop_add(loop, &r.watch, pair[0], EPOLLIN, note_events), 0);
	for (int i = 0; i < 2; i++) {
		loop_events(loop, &r.watch, EPOLLIN);
		assert_int_equal(reported_now(loop, &r), EPOLLIN);
		loop_events(loop, &r.watch, EPOLLIN | EPOLLOUT);
		loop_events(loop, &r.watch, EPOLLIN | EPOLLOUT);
		assert_int_equal(reported_now(loop, &r), EPOLLIN | EPOLLOUT);
		loop_events(loop, &r.watch, 0);
		assert_int_equal(reported_now(loop, &r), 0);
	}
	/* Another descriptor of the same watch begins anew. */
	loop_remove(loop, &r.watch);
	assert_int_equal(loop_add(loop, &r.watch, pair[1], EPOLLOUT, note_events), 0);
	loop_events(loop, &r.watch, 0);
	assert_int_equal(reported_now(loop, &r), 0);
	loop_remove(loop, &r.watch);
	close(pair[0]);
	close(pair[1]);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_letters_are_opened_once_and_in_order),
		cmocka_unit_test(test_a_callback_can_remove_what_is_about_to_be_called),
		cmocka_unit_test(test_what_is_reported_is_what_was_last_asked_for),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
