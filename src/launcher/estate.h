/* SPDX-License-Identifier: BSD-2-Clause */
/* estate.h - what a supervisor that is killed leaves to the next one
 *
 * A mapping shared with the guardian, from which both are forked. In it stands each call in flight, as the
 * kernel gave it, and each stand-in with what is needed to serve it again. Descriptors that a stand-in needs
 * are held by the guardian, too, and have the same numbers in every later supervisor.
 *
 * A call in flight whose answer was decided is answered with that. Another may have been carried out already when
 * its supervisor was killed; it is carried out again, but what it asks of ul2tpd's tunnels has the same token then, and
 * is done once.
 */
#ifndef UL2TP_LAUNCHER_ESTATE_H
#define UL2TP_LAUNCHER_ESTATE_H

#include <linux/seccomp.h>
#include <stdatomic.h>
#include <stdint.h>

#include "launcher/launcher.h"
#include "launcher/tunnel_sockets.h"

#define ESTATE_CALLS                                                                               \
	1024 /* calls in flight: one a thread, with REPLY_TRAP also each that waits to receive */
#define ESTATE_THINGS 65536 /* stand-ins */
#define ESTATE_STATE  384   /* octets of a kind's own */
#define ESTATE_FDS    3
#define ESTATE_NONE   UINT32_MAX

enum estate_kind {
	ESTATE_FREE,
	ESTATE_NETLINK,
	ESTATE_PPPOX,
	ESTATE_IP_SOCKET,
	ESTATE_FILE,
	ESTATE_KINDS,
};

/* What a call is answered with; see trap_decide(). */
struct estate_answer {
	int64_t value;
	int32_t error; /* negative errno */
	uint32_t flags;
	atomic_bool decided; /* set last */
};

/* The kernel writes into .notif; its structure may have become longer. id 0: none. */
struct estate_call {
	union {
		struct seccomp_notif notif;
		uint8_t room[248];
	};
	struct estate_answer answer;
	uint32_t attempts; /* how many supervisors were killed over it */
	atomic_uint taken; /* by a thread */
};

struct estate_thing {
	_Atomic uint8_t kind; /* enum estate_kind; set last */
	atomic_bool taken; /* by somebody; free again when the guardian has closed what it held */
	uint8_t fd_count;
	ino_t ino;
	dev_t dev;
	int fds[ESTATE_FDS]; /* in the guardian; set by it; -1: not there yet */
	uint8_t state[ESTATE_STATE];
};

struct estate {
	enum reply_way reply; /* what the first supervisor chose, for all */
	uint32_t reply_magic, reply_port;
	uint16_t l2tp_family;
	uint32_t l2tp_group;
	uint64_t tokens;       /* trap_token() counts from here; nobody else knows it */
	atomic_uint next_port; /* of the private namespace, for ip_socket.c */
	atomic_uint ip_mark;   /* ip_mark.c; 0: none yet */
	atomic_uint next;      /* where a free thing is looked for first */
	atomic_uint used;      /* about how many are: a supervisor may be killed as it counts */
	atomic_uint touched; /* things from here on never were: to look at them would cost memory */
	struct estate_call calls[ESTATE_CALLS];
	struct estate_thing things[ESTATE_THINGS];
	struct tunnel_sockets managed; /* managed_socket.c */
};

/** estate_new() - an empty one; NULL with errno. In pages that cost nothing until they are used */
struct estate *estate_new(void);

/**
 * estate_put() - remember a stand-in; before it is given to the program
 * @state: at most ESTATE_STATE octets
 * @fds:   what the guardian shall hold, too; at most ESTATE_FDS
 *
 * Return: its index, for the other two; ESTATE_NONE: no room, which the next supervisor would suffer from.
 */
uint32_t estate_put(struct launcher *l, enum estate_kind kind, const struct object *o,
                    const void *state, size_t len, const int *fds, unsigned int fd_count);

/** estate_update() - its state is now another; ESTATE_NONE is fine */
void estate_update(struct launcher *l, uint32_t index, const void *state, size_t len);

/** estate_drop() - forget it; ESTATE_NONE is fine */
void estate_drop(struct launcher *l, uint32_t index);

/** estate_settle() - guardian: forget what a supervisor was only about to remember, or to forget, when it died */
void estate_settle(struct launcher *l);

/** estate_receive() - guardian: take one message of a supervisor's. 0; -EPIPE: that was the last */
int estate_receive(struct launcher *l, int from);

#endif
