/* SPDX-License-Identifier: BSD-2-Clause */
/* divert.h - how data packets leave a program's own socket on their way to us
 *
 * A managed tunnel stands on a socket that belongs to a program and stays its own: whatever is no data of a
 * known session goes to the program, as from any socket (TUN-22). There is more than one way to take the data
 * out; each is a table of operations, and which one is used is decided once, when ul2tpd starts:
 *
 *   ebpf  a socket filter copies data packets into the ring of a worker and drops them for the program
 *   raw   for systems that refuse eBPF
 *
 * The program's descriptor is at hand in attach() alone: we must not hold it, or its last close would be none
 * (TUN-45). All functions belong on the keeper's thread.
 */
#ifndef UL2TP_KEEPER_DIVERT_H
#define UL2TP_KEEPER_DIVERT_H

#include "keeper/bequest.h"
#include "keeper/keeper.h"
#include "keeper/netns.h"
#include "keeper/reaper.h"

/* What the filter puts into a worker's ring, in front of the octets. */
struct divert_record {
	uint64_t cookie; /* of the socket, SO_COOKIE */
	uint32_t len;    /* octets of the UDP payload */
	uint16_t
		gso; /* size of each datagram that the socket's UDP_GRO put together; 0: it is one */
	uint16_t kind; /* enum divert_kind */
};

enum divert_kind {
	DIVERT_DATA,   /* the payload follows */
	DIVERT_NOTICE, /* it went to the program, to be counted as rx_invalid (RX-6, RX-7); its first
			* DIVERT_NOTICE_OCTETS follow */
};

#define DIVERT_NOTICE_OCTETS 8
#define DIVERT_RING_OCTETS   (8u << 20) /* of records; a power of two */

/* What filter and worker tell each other: elements of the board, an array of u64. */
enum divert_board {
	BOARD_BEAT, /* CLOCK_MONOTONIC in ns when the worker last looked; the filter takes nothing for a dead one */
	BOARD_BUSY, /* 1: the worker is reading the ring and need not be woken */
	BOARD_LOST =
		8, /* + index of the session's record: packets lost because the ring was full */
};

#define DIVERT_BEAT_NS_MAX 2000000000 /* older: the engine has gone, the program gets everything */

/* A program's socket that data is taken from; part of its endpoint. */
struct divert_socket {
	struct netns_id netns;
	uint64_t cookie; /* SO_COOKIE, never used again */
	uint32_t worker; /* which receives for the namespace */
	int number;      /* of the program's descriptor, as its tunnel's creator says: a hint */
	union address local, peer; /* as far as known; peer AF_UNSPEC: not connected */
	uint32_t sessions;         /* added and not removed */
	struct raw_fds
		receive; /* set by attach() and changed(): what is read for all in the namespace */
	bool gone;       /* its last copy was closed */
	void *way;       /* the way's own */
};

/* What the worker of a namespace reads for all its sockets; borrowed. -1: this way has none. */
struct divert_channel {
	int ring;  /* BPF ring buffer of struct divert_record */
	int board; /* mapped array of u64 */
};

struct divert;

struct divert_ops {
	const char *name;

	/* At start: whether it works here; -errno with words and remedy if not. */
	int (*open)(struct divert *d, struct extack *why);
	void (*close)(struct divert *d);

	/* The channel of @worker, made when it is asked for first. */
	int (*channel)(struct divert *d, uint32_t worker, struct divert_channel *ret,
	               struct extack *ea);

	/* Begin to take data out of the socket @fd. Called while in its namespace. */
	int (*attach)(struct divert *d, struct divert_socket *s, int fd, struct extack *ea);

	/* Something of the socket changed: s->local, s->peer are new. Called while in its namespace. */
	int (*changed)(struct divert *d, struct divert_socket *s, int fd, struct extack *ea);

	/* The tunnel goes, or the socket has gone; its sessions are removed before. */
	void (*detach)(struct divert *d, struct divert_socket *s);

	/* @s: NULL for a session that is taken from any socket of its namespace. 0 or -errno. */
	int (*session_add)(struct divert *d, struct divert_socket *s,
	                   const struct divert_session *session);
	void (*session_remove)(struct divert *d, struct divert_socket *s,
	                       const struct divert_session *session);

	/* A process of ours has ended (SIGCHLD): perhaps the way's own. NULL: it has none. */
	void (*child_ended)(struct divert *d);

	/* To the keeper of another release: first what is the way's, then the part of each socket, which stays attached.
	 * inherited() when all have come. 0, -EBADMSG or -errno. A socket that was refused is not attached here. */
	void (*leave)(const struct divert *d, struct bequest *b);
	int (*inherit)(struct divert *d, struct inheritance *i);
	void (*leave_socket)(const struct divert *d, const struct divert_socket *s,
	                     struct bequest *b);
	int (*inherit_socket)(struct divert *d, struct divert_socket *s, struct inheritance *i);
	void (*inherited)(struct divert *d);

	/* What was put off (d->unsettled) because more of it may come. NULL: nothing ever is. */
	void (*settle)(struct divert *d);
};

extern const struct divert_ops divert_ebpf, divert_raw;

struct divert {
	const struct divert_ops *ops; /* NULL: no way works here */
	void *state;                  /* the way's own */
	uint32_t max_tunnels, max_sessions;
	const struct netns_home *home;
	struct reaper *reaper; /* idle while a process is forked */
	pid_t engine;   /* has copies of programs' sockets for a moment, which do not count */
	bool unsettled; /* settle() is to be called soon: DIVERT_SETTLE_MS at most */
};

#define DIVERT_SETTLE_MS 50

/** divert_open() - choose the way, and say which, or why none
 * @d:      .max_tunnels, .max_sessions, .home and .reaper are set
 * @wanted: DIVERT_WAY_ANY takes the first that works
 */
void divert_open(struct divert *d, enum divert_way wanted);
void divert_close(struct divert *d);

/** divert_leave(), divert_inherit() - the way, without its sockets; divert_inherited() - they have come, too
 * Return: 0; -EOPNOTSUPP it is another way; -EBADMSG or -errno */
void divert_leave(const struct divert *d, struct bequest *b);
int divert_inherit(struct divert *d, struct inheritance *i);
void divert_inherited(struct divert *d);

/** divert_way_of() - which was chosen; DIVERT_WAY_ANY: none */
enum divert_way divert_way_of(const struct divert *d);

#endif
