/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox.c - see mailbox.h */
#include "loop/mailbox.h"

#include <errno.h>
#include <semaphore.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "base/cleanup.h"

#define AT_ONCE 16    /* mailboxes that are waited for together */
#define SOON_NS 20000 /* for so long it is looked whether a letter was opened, before it is slept */

static void open_letters(struct mailbox *m)
{
	struct letter *oldest = NULL;

	for (struct letter *l = atomic_exchange(&m->newest, NULL); l;) {
		struct letter *older = l->next;

		l->next = oldest;
		oldest = l;
		l = older;
	}
	while (oldest) {
		struct letter *l = oldest;

		oldest = l->next; /* once opened it is the sender's again */
		l->open(l);
	}
}

static void rung(struct watch *watch, uint32_t events)
{
	struct mailbox *m = container_of(watch, struct mailbox, watch);
	uint64_t count;

	/* Cleared before the stack is taken: a letter that comes in between wakes us again. */
	if (read(m->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	open_letters(m);
}

/* A thread that waits for a letter's opening does not wait for all that is ready here, which may be hundreds of devices, each
 * with hundreds of packets. */
static void look(void *arg)
{
	struct mailbox *m = arg;

	if (atomic_load_explicit(&m->newest, memory_order_relaxed))
		open_letters(m);
}

int mailbox_open(struct mailbox *m, struct loop *loop)
{
	int err;

	*m = (struct mailbox){ .loop = loop, .watch.fd = -1 };
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (m->fd < 0)
		return -errno;
	err = loop_add(loop, &m->watch, m->fd, EPOLLIN, rung);
	if (err < 0) {
		close(m->fd);
		m->fd = -1;
		return err;
	}
	loop_between(loop, look, m);
	return 0;
}

void mailbox_close(struct mailbox *m, struct loop *loop)
{
	if (m->fd < 0)
		return;
	loop_between(loop, NULL, NULL);
	loop_remove(loop, &m->watch);
	close(m->fd);
	m->fd = -1;
}

void mailbox_lend(struct mailbox *m, bool (*wakes)(struct mailbox *m))
{
	m->wakes = wakes;
	loop_lend(m->loop);
}

static void ring(struct mailbox *m)
{
	const uint64_t one = 1;

	if (write(m->fd, &one, sizeof(one)) < 0)
		return; /* the counter is full: it is readable */
}

/* In place of the receiver; false: it is awake. */
static bool open_here(struct mailbox *m)
{
	bool wakes;

	if (!loop_borrow(m->loop))
		return false;
	open_letters(m);
	wakes = m->wakes(m);
	loop_return(m->loop);
	if (wakes)
		ring(m);
	return true;
}

/* @last may be @first; what is between them is linked already. */
static void put(struct mailbox *m, struct letter *first, struct letter *last)
{
	struct letter *next = atomic_load(&m->newest);

	do
		first->next = next;
	while (!atomic_compare_exchange_weak(&m->newest, &next, last));
	/* Whoever finds a letter there has not been read yet, or its sender is about to ring. */
	if (!open_here(m) && !next)
		ring(m);
}

void mailbox_post(struct mailbox *m, struct letter *letter)
{
	put(m, letter, letter);
}

struct receipt {
	struct letter letter;
	sem_t *opened;
};

static void receipt_open(struct letter *letter)
{
	sem_post(container_of(letter, struct receipt, letter)->opened);
}

static bool is_opened(void *opened)
{
	return sem_trywait(opened) == 0;
}

static void await(struct mailbox *m, sem_t *opened)
{
	if (soon_wait(&m->soon, SOON_NS, is_opened, opened))
		return;
	while (sem_wait(opened) < 0 && errno == EINTR)
		;
}

void mailbox_wait(struct mailbox *m)
{
	mailboxes_wait(&m, 1);
}

void mailbox_post_wait(struct mailbox *m, struct letter *letter)
{
	sem_t opened;
	struct receipt r = { .letter = { .next = letter, .open = receipt_open },
		             .opened = &opened };

	sem_init(&opened, 0, 0);
	put(m, letter, &r.letter);
	await(m, &opened);
	sem_destroy(&opened);
}

void mailboxes_wait(struct mailbox *const *all, unsigned int count)
{
	struct receipt receipts[AT_ONCE];
	sem_t opened;

	sem_init(&opened, 0, 0);
	while (count) {
		unsigned int n = count < AT_ONCE ? count : AT_ONCE;

		for (unsigned int i = 0; i < n; i++) {
			receipts[i] =
				(struct receipt){ .letter.open = receipt_open, .opened = &opened };
			mailbox_post(all[i], &receipts[i].letter);
		}
		for (unsigned int i = 0; i < n; i++)
			await(all[i], &opened);
		all += n;
		count -= n;
	}
	sem_destroy(&opened);
}
