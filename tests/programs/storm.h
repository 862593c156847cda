/* SPDX-License-Identifier: BSD-2-Clause */
/* storm.h - the parts of storm: its sessions, and the echoes on them */
#ifndef STORM_H
#define STORM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SESSIONS_MAX 40000 /* by numbers; what is churned lies above those that stay */
#define TUNNELS_MAX  255

enum session_state {
	SESSION_NONE,
	SESSION_MAKING,      /* a thread of storm.c has it */
	SESSION_MADE,        /* the peer has not answered yet */
	SESSION_ESTABLISHED, /* it has */
};

/* Whoever changes .state has it: the threads that make and close, and only between NONE and MADE the echo thread. */
struct session {
	_Atomic int state;
	int sock, channel, unit;
	/* Of the echo thread. */
	uint8_t id;        /* of the last request */
	bool waiting;      /* it was not answered yet */
	uint64_t asked_ms; /* when it was sent */
};

/** session_of() - 1..SESSIONS_MAX */
struct session *session_of(uint32_t number);

/** clock_ms() - monotonic */
uint64_t clock_ms(void);

struct echo_counts {
	_Atomic uint64_t asked, answered, lost; /* on sessions that were established */
	_Atomic uint64_t late;                  /* answers to an earlier request than the last */
	_Atomic uint64_t served;                /* requests of the peer */
	_Atomic uint64_t hung_up;               /* channels that said POLLHUP */
	_Atomic uint32_t established;
};

extern struct echo_counts echo_counts;

/** echo_start() - the thread that answers the peer's requests, and sends one a session each @interval_ms; 0: none */
int echo_start(uint32_t interval_ms);

/** echo_add() - a session that was made: its files are watched, edge-triggered. 0 or a negative errno */
int echo_add(uint32_t number);

/** echo_settle() - come back when the thread has nothing any more of sessions whose state was changed before */
void echo_settle(void);

/** echo_forget() - no session is established: requests that are still underway were not made */
void echo_forget(void);

#endif
