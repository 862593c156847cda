/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_stand_in.h - a stand-in for a PPPoL2TP socket or an open /dev/ppp, for the files that serve the calls on it
 *
 *	ppp_stand_in.c   birth and death, receiving
 *	pppox.c          the socket's calls
 *	ppp_file.c       open(), and the file's calls
 *
 * The program has one end of a SOCK_SEQPACKET pair, ul2tpd the other: nothing of it is held here, and what it is on is
 * asked of ul2tpd by its handle. As long as there is room it gets a number of launcher.ppp_range, where its reads
 * and writes are trapped, so that they fail as the kernel's; at other numbers they are the pair's own.
 */
#ifndef UL2TP_LAUNCHER_PPP_STAND_IN_H
#define UL2TP_LAUNCHER_PPP_STAND_IN_H

#include "launcher/object.h"
#include "launcher/ppp_link.h"
#include "launcher/trap.h"

/* What the next supervisor must know, too. */
struct ppp_facts {
	uint64_t handle;
	bool is_socket;
	bool was_bound; /* by PPPIOCGCHAN, which outlasts the session */
};

struct ppp_stand_in {
	struct object object;
	struct launcher *launcher;
	struct ppp_facts facts;
	bool attached; /* a file that is on something, or was, for good; false also: not known */
	unsigned long long born_ms;   /* CLOCK_MONOTONIC */
	unsigned long long missed_ms; /* when it was not listed; 0: it was */
	uint32_t estate;
};

/**
 * ppp_stand_in_give() - make one, and answer the trap with its descriptor
 * @ops: of its kind; those of this file are put in
 * @quiet: it is never ready for poll() until ul2tpd reads from it (an unattached file)
 */
void ppp_stand_in_give(struct trap *t, const struct object_ops *ops, bool is_socket, bool quiet,
                       bool nonblock, bool cloexec);

/** ppp_stand_in_restore() - serve one that another supervisor gave out. -errno */
int ppp_stand_in_restore(struct launcher *l, uint32_t index, const struct object_ops *ops,
                         ino_t ino, dev_t dev, const struct ppp_facts *facts);

/** ppp_stand_in_bind() - PPPIOCGCHAN has succeeded */
void ppp_stand_in_bind(struct ppp_stand_in *p);

/** ppp_stand_in_state() - enum ul2tp_ppp_state now; @ret: the rest of the answer. -errno */
int ppp_stand_in_state(struct trap *t, struct ppp_stand_in *p, struct ppp_answer *ret);

/** ppp_stand_in_is_alive() - whether that of the call's first argument is surely a file on something that is still there,
 * which takes less time than to ask ul2tpd */
bool ppp_stand_in_is_alive(struct trap *t, const struct ppp_stand_in *p);

/** ppp_stand_in_receive() - receive and read calls, trapped in the range (PX-40, PPP-22, PPP-41) */
void ppp_stand_in_receive(struct trap *t, struct object *o);

/** ppp_stand_in_says_end() - whether a record without octets is the first that waits, or the file is dead; @fd as below */
bool ppp_stand_in_says_end(int fd);

/** ppp_stand_in_not_empty() - take out the records without octets that said end of file for a while; @fd: the
 * program's, by a duplicate. Return: octets of the first frame that waits; -EAGAIN */
int ppp_stand_in_not_empty(int fd);

bool ppp_stand_in_is_gone(struct object *o);
void ppp_stand_in_free(struct object *o);

/** ppp_stand_in_ask() - a request about it */
int ppp_stand_in_ask(struct trap *t, const struct ppp_stand_in *p, enum ul2tp_command command,
                     struct ul2tp_ppp_request request, int fd, struct ppp_answer *ret);

#endif
