/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_stand_in.h - a stand-in for a generic netlink socket, for the files that serve the calls on it
 *
 *	netlink_socket.c   birth and death, the table of operations, delivering
 *	netlink_send.c     what a program sends: to ul2tpd, to the kernel
 *	netlink_options.c  bind(), getsockname(), options, multicast groups
 *	netlink_receive.c  recvmsg(), where that is trapped
 *	netlink_pump.c     what comes of itself: notifications, answers that had no room
 *
 * netlink_socket.lock guards everything in it: a call's handler holds it, and the pump's thread.
 */
#ifndef UL2TP_LAUNCHER_NETLINK_STAND_IN_H
#define UL2TP_LAUNCHER_NETLINK_STAND_IN_H

#include <linux/netlink.h>

#include "base/cleanup.h"
#include "launcher/answer_queue.h"
#include "launcher/daemon_link.h"
#include "launcher/forward.h"
#include "launcher/object.h"
#include "launcher/reply.h"
#include "launcher/trap.h"
#include "process/holders.h"

#define GROUPS_MAX 64 /* memberships of one socket */

enum link_rights {
	LINK_ADMIN,
	LINK_ANYONE, /* has given up its rights */
	LINKS,
};

struct netlink_socket {
	struct object object;
	struct launcher *launcher;
	pthread_mutex_t lock;
	int netns; /* where it was opened, as a real one stays there */
	bool opener_is_admin;
	struct reply_target target;
	struct held_socket held; /* where the program was last seen to have it */
	uint64_t given_ms;       /* when it got it; 0: from a supervisor before */
	int own; /* a duplicate that is kept where none can be had of the program (launcher.keeps); else -1 */
	struct nl_socket_options options;
	struct daemon_link links[LINKS];
	struct forward forward;
	struct answer_queue kept;
	uint32_t groups[GROUPS_MAX]; /* by the program's numbers; of l2tp too */
	size_t group_count;
	bool subscribed;     /* to l2tp's, at links[LINK_ANYONE]: that needs no rights */
	uint32_t remembered; /* options that are not set on the stand-in; bit 1 << option */
	bool heard;   /* ul2tpd knows that it is: what comes to an end after that is a loss */
	bool lost;    /* with REPLY_TRAP: the next receive says ENOBUFS */
	bool again;   /* the call that is served is served again: see netlink_deliver_answers() */
	bool listing; /* the kernel is asked for all its families, and l2tp is to be among them */
	uint32_t listing_sequence;
	uint32_t peer;        /* port that connect() named */
	uint32_t peer_groups; /* and the first group; nothing is sent there */
	uint32_t estate;      /* estate.h; ESTATE_NONE: a later supervisor will not know it */
};

static inline struct netlink_socket *netlink_socket_of(struct object *o)
{
	return container_of(o, struct netlink_socket, object);
}

extern const struct object_ops netlink_socket_ops;

/**
 * netlink_begin() - lock it for a call, and have a duplicate of it in target.socket
 *
 * Return: 0, then netlink_end() follows; negative errno of the call.
 */
int netlink_begin(struct trap *t, struct netlink_socket *n);

/** netlink_end() - the call is over: what comes of itself is the pump's again */
void netlink_end(struct netlink_socket *n);

/** netlink_descriptor() - a duplicate of it for a call on it; negative errno of the call */
int netlink_descriptor(const struct trap *t, const struct netlink_socket *n);

/** netlink_borrow() - have a duplicate of it in target.socket though no call brings one, if the way of answering
 * needs it; netlink_socket.lock is held. netlink_end() follows */
void netlink_borrow(struct netlink_socket *n);

/** netlink_name() - give it the port the kernel would, if it has none yet. 0; negative errno */
int netlink_name(struct trap *t, struct netlink_socket *n);

/** netlink_deliver() - a datagram for the program: at once, or when it has room and its turn comes */
void netlink_deliver(struct netlink_socket *n, const void *octets, size_t len);

/** netlink_deliver_answers() - the same, changed in place: parts of a dump that was begun by another supervisor, which may
 * have delivered some, say so as those of one that was not of one moment (NLM_F_DUMP_INTR) */
void netlink_deliver_answers(struct netlink_socket *n, uint8_t *octets, size_t len);

/** netlink_deliver_translated() - a datagram of ul2tpd's, changed in place
 * @request: the message it answers, as the program wrote it; NULL: none */
void netlink_deliver_translated(struct netlink_socket *n, const struct daemon_link *link,
                                uint8_t *octets, size_t len, const struct nl_message *request);

/** netlink_overrun() - notifications were lost: tell the program */
void netlink_overrun(struct netlink_socket *n);

/** netlink_serve_rest() - deliver what is kept, then what has come from the kernel and from ul2tpd, as far
 * as there is room. Return: whether something was delivered */
bool netlink_serve_rest(struct netlink_socket *n);

/** netlink_link() - the connection to ul2tpd for one who has @rights, with the program's options
 * Return: 0; negative errno, as of daemon_link_open() with this @waiter */
int netlink_link(struct netlink_socket *n, enum link_rights rights,
                 const struct daemon_waiter *waiter, struct daemon_link **ret);

/** netlink_subscribe() - to l2tp's notifications, or no longer. 0; negative errno */
int netlink_subscribe(struct netlink_socket *n, bool on);

/* netlink_send.c */
int64_t netlink_send(struct trap *t, struct object *o, const struct outgoing *m);

/* netlink_receive.c; answers the trap */
void netlink_receive(struct trap *t, struct object *o);

/* netlink_options.c */
void netlink_bind(struct trap *t, struct object *o);
void netlink_connect(struct trap *t, struct object *o);
void netlink_getsockname(struct trap *t, struct object *o);
void netlink_getpeername(struct trap *t, struct object *o);
void netlink_setsockopt(struct trap *t, struct object *o);
void netlink_getsockopt(struct trap *t, struct object *o);

#endif
