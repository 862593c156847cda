/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox_test.c - letters arrive once, in order, also while the receiver is busy; a sleeper's are opened in its place;
 * watches can go any time and wait for what they like */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
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

/* --- a receiver that is busy */

#define READY 200 /* more than one epoll_wait() gives */

struct busy {
	struct receiver r;
	struct watch watches[READY];
	int fds[READY];
	struct numbered letter;
	unsigned int called, called_before; /* the letter was opened */
};

static struct busy busy;

static void call_busy(struct watch *watch, uint32_t events)
{
	/* Of a letter that comes while all are ready. */
	if (busy.called++ == 0)
		mailbox_post(&busy.r.mailbox, &busy.letter.letter);
}

/* It removes what may have been reported already. */
static void open_busy(struct letter *letter)
{
	busy.called_before = busy.called;
	for (int i = 0; i < READY; i++)
		loop_remove(busy.r.loop, &busy.watches[i]);
}

static void test_a_letter_does_not_wait_for_all_that_is_ready(void **state)
{
	int ready[2];

	busy.r.loop = loop_new();
	busy.letter.letter.open = open_busy;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(write(ready[1], "x", 1), 1);
	assert_int_equal(mailbox_open(&busy.r.mailbox, busy.r.loop), 0);
	for (int i = 0; i < READY; i++) {
		busy.fds[i] = dup(ready[0]);
		assert_int_equal(
			loop_add(busy.r.loop, &busy.watches[i], busy.fds[i], EPOLLIN, call_busy),
			0);
	}
	while (!busy.called_before)
		assert_int_equal(loop_once(busy.r.loop, 0), 0);
	assert_int_equal(busy.called_before, 1);
	assert_int_equal(busy.called, 1);
	mailbox_close(&busy.r.mailbox, busy.r.loop);
	loop_free(busy.r.loop);
	for (int i = 0; i < READY; i++)
		close(busy.fds[i]);
	close(ready[0]);
	close(ready[1]);
}

/* --- a mailbox that is lent */

struct lent {
	struct receiver r;
	pthread_t thread;
	_Atomic bool busy; /* its thread is kept in a callback */
	bool wakes;
	struct watch watch, busied;
	int pipe[2]; /* always readable */
	_Atomic unsigned int removed, called;
};

struct errand {
	struct letter letter;
	struct lent *to;
	pthread_t opener;
};

static bool lent_wakes(struct mailbox *m)
{
	return container_of(m, struct lent, r.mailbox)->wakes;
}

static void *receive_lending(void *arg)
{
	struct lent *l = arg;

	mailbox_lend(&l->r.mailbox, lent_wakes);
	return receive(&l->r);
}

static void lent_start(struct lent *l)
{
	*l = (struct lent){ .r.loop = loop_new(), .watch.fd = -1, .busied.fd = -1 };
	assert_non_null(l->r.loop);
	assert_int_equal(mailbox_open(&l->r.mailbox, l->r.loop), 0);
	assert_int_equal(pipe(l->pipe), 0);
	assert_int_equal(write(l->pipe[1], "x", 1), 1);
	assert_int_equal(pthread_create(&l->thread, NULL, receive_lending, l), 0);
}

/* Which it sees in its sleep, of whoever opens the letter. */
static void lent_stop(struct lent *l)
{
	struct numbered stop = { .letter.open = open_stop, .to = &l->r };

	l->wakes = true;
	mailbox_post(&l->r.mailbox, &stop.letter);
	pthread_join(l->thread, NULL);
	mailbox_close(&l->r.mailbox, l->r.loop);
	loop_free(l->r.loop);
	close(l->pipe[0]);
	close(l->pipe[1]);
}

static void open_errand(struct letter *letter)
{
	container_of(letter, struct errand, letter)->opener = pthread_self();
}

static pthread_t opener_of_one(struct lent *l)
{
	struct errand errand = { .letter.open = open_errand, .to = l };

	mailbox_post_wait(&l->r.mailbox, &errand.letter);
	return errand.opener;
}

static void stay(struct watch *watch, uint32_t events)
{
	struct lent *l = container_of(watch, struct lent, busied);

	loop_remove(l->r.loop, watch);
	atomic_store(&l->busy, true);
	while (atomic_load(&l->busy))
		sched_yield();
}

static void open_stay(struct letter *letter)
{
	struct lent *l = container_of(letter, struct errand, letter)->to;

	assert_int_equal(loop_add(l->r.loop, &l->busied, l->pipe[0], EPOLLIN, stay), 0);
}

static void *release_late(void *arg)
{
	struct lent *l = arg;

	usleep(10000);
	atomic_store(&l->busy, false);
	return NULL;
}

static void test_a_sleeper_is_not_woken_and_who_is_awake_opens_its_own(void **state)
{
	struct lent l;
	struct errand errand = { .letter.open = open_stay, .to = &l };
	pthread_t late;

	(void)state;
	lent_start(&l);
	/* As soon as it sleeps. */
	while (!pthread_equal(opener_of_one(&l), pthread_self()))
		sched_yield();
	mailbox_post_wait(&l.r.mailbox, &errand.letter);
	while (!atomic_load(&l.busy))
		sched_yield();
	assert_int_equal(pthread_create(&late, NULL, release_late, &l), 0);
	assert_true(pthread_equal(opener_of_one(&l), l.thread));
	pthread_join(late, NULL);
	lent_stop(&l);
}

static void watch_called(struct watch *watch, uint32_t events)
{
	struct lent *l = container_of(watch, struct lent, watch);

	l->called++;
	if (watch->fd < 0)
		l->removed++; /* called all the same */
}

static void open_add(struct letter *letter)
{
	struct lent *l = container_of(letter, struct errand, letter)->to;

	loop_add(l->r.loop, &l->watch, l->pipe[0], EPOLLIN, watch_called);
}

static void open_remove(struct letter *letter)
{
	struct lent *l = container_of(letter, struct errand, letter)->to;

	loop_remove(l->r.loop, &l->watch);
}

/* Its event may be underway to the sleeper when the borrower takes the watch away. */
static void test_what_a_borrower_removes_is_not_called(void **state)
{
	struct lent l;
	struct errand add = { .letter.open = open_add, .to = &l };
	struct errand remove = { .letter.open = open_remove, .to = &l };

	(void)state;
	lent_start(&l);
	for (int i = 0; i < LETTERS; i++) {
		mailbox_post(&l.r.mailbox, &add.letter);
		if (i % 7 == 0)
			sched_yield();
		mailbox_post_wait(&l.r.mailbox, &remove.letter);
	}
	lent_stop(&l);
	assert_true(l.called > 0);
	assert_int_equal(l.removed, 0);
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
		cmocka_unit_test(test_a_letter_does_not_wait_for_all_that_is_ready),
		cmocka_unit_test(test_a_sleeper_is_not_woken_and_who_is_awake_opens_its_own),
		cmocka_unit_test(test_what_a_borrower_removes_is_not_called),
		cmocka_unit_test(test_a_callback_can_remove_what_is_about_to_be_called),
		cmocka_unit_test(test_what_is_reported_is_what_was_last_asked_for),
	};

	return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
