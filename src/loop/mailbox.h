/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox.h - one thread gives another something to do, in order, without a lock
 *
 * Letters belong to the sender and are free again when they were opened: after mailbox_wait() all are. Who posts one to a
 * mailbox that is lent opens it himself, at once, if the receiver sleeps (loop_borrow()).
 */
#ifndef UL2TP_LOOP_MAILBOX_H
#define UL2TP_LOOP_MAILBOX_H

#include <stdatomic.h>

#include "base/soon.h"
#include "loop/loop.h"

struct letter {
	struct letter *next;
	void (*open)(
		struct letter *letter); /* runs on the receiver's thread, or while that sleeps */
};

struct mailbox {
	struct loop *loop;
	bool (*wakes)(struct mailbox *m); /* see mailbox_lend(); NULL: it is not lent */
	struct watch watch;
	int fd;
	struct soon soon;                /* senders' waits */
	_Atomic(struct letter *) newest; /* a stack; the receiver turns it round */
};

/** mailbox_open() - letters will be opened by @loop's thread, before it calls anybody else's callback; negative errno */
int mailbox_open(struct mailbox *m, struct loop *loop);
void mailbox_close(struct mailbox *m, struct loop *loop);

/**
 * mailbox_lend() - senders may open letters while the receiver sleeps; called by the receiver before its first loop_once()
 * @wakes: whether, after what they have done, the receiver must not go on sleeping as it was going to; runs where they do
 */
void mailbox_lend(struct mailbox *m, bool (*wakes)(struct mailbox *m));

/** mailbox_post() - any thread; @letter->open is set. Letters of one sender are opened in their order */
void mailbox_post(struct mailbox *m, struct letter *letter);

/** mailbox_wait() - until everything this thread posted before has been opened. Not on the receiver's thread */
void mailbox_wait(struct mailbox *m);

/** mailbox_post_wait() - the one and then the other, for which the receiver wakes once */
void mailbox_post_wait(struct mailbox *m, struct letter *letter);

/** mailboxes_wait() - as mailbox_wait() of each, all at the same time */
void mailboxes_wait(struct mailbox *const *all, unsigned int count);

#endif
