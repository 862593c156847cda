/* SPDX-License-Identifier: BSD-2-Clause */
/* channel.h - a channel: the PPP link that a PPPoL2TP socket's session is (kernel-behaviour §6.1)
 *
 * Three owners. The relations (socket, session, files, unit, bridge) are the API thread's. What is received (.rx) is
 * the namespace's receiving worker's (R), which has the session's receiver too. What is sent (.tx) belongs to one worker,
 * which may change: channel_move(). The API thread changes .rx and .tx by letters that their owners open.
 */
#ifndef UL2TP_PATH_CHANNEL_H
#define UL2TP_PATH_CHANNEL_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/ordered.h"
#include "loop/mailbox.h"
#include "packet/segment.h"
#include "path/ppp_end.h"
#include "path/receiver.h"
#include "path/sender.h"
#include "tunnel/netns.h"

struct dataplane;
struct ppp_file;
struct session;
struct unit;

/* Where what is received goes. */
enum channel_mode {
	CHANNEL_TO_SOCKET, /* PX-40: until its number was asked for */
	CHANNEL_TO_FILES,  /* PPP-20 (3): all of it */
	CHANNEL_TO_UNIT,   /* PPP-20 (3) and (4) */
	CHANNEL_TO_BRIDGE, /* PPP-30 */
};

struct channel_route {
	enum channel_mode mode;
	struct ppp_end *socket; /* NULL: it is being closed */
	struct ppp_end
		*file; /* of the first file that is attached; NULL: frames wait in the queue */
	struct unit *unit;
	struct channel *bridge; /* its .tx belongs to our worker */
};

struct channel_rx {
	struct letter letter;
	struct worker *worker;     /* R; does not change */
	struct receiver *receiver; /* of the session; NULL: that has gone */
	struct channel_route route;
	uint32_t fragment_seq; /* of multilink: the number of the last that came; .unit's */
	struct list queue;     /* of struct held_packet, oldest first: frames as files have them */
	uint32_t queued;
	/* Arguments of the letter. */
	struct channel_route next;
	int program_fd; /* the program's end of its socket, what waits there goes into the queue; -1: nothing does */
};

struct channel_tx {
	struct letter letter;
	struct worker *worker; /* the owner */
	struct sender *sender; /* NULL: the session has gone, frames vanish (SES-43) */
	uint8_t *
		room; /* between frame_begin() and frame_end() of channel_send.c: the headers of the frame */
	size_t prefix; /* octets written there already */
};

struct channel {
	struct ordered_node by_number; /* of the namespace */
	struct dataplane *dp;
	struct netns *netns;
	uint32_t number; /* 0: it has none, for its socket is a tunnel's (PX-21) */
	struct ppp_file *socket;
	struct session *session; /* NULL: it has been deleted */
	bool bound;              /* its number was asked for (PX-40) */
	struct unit *unit;       /* NULL: not connected to one */
	struct list in_unit;
	struct channel *bridge; /* NULL: not bridged */
	struct list files;      /* of struct ppp_file, .in_channel */
	struct channel_rx rx;
	struct channel_tx tx;
};

/* API thread. */

/**
 * channel_new() - the channel of @socket, which is being connected to @s; frames go to the socket
 *
 * It has a number unless both ids of the session are 0. -ENOMEM.
 */
int channel_new(struct ppp_file *socket, struct session *s, struct channel **ret);

/** channel_adopt() - one that an earlier engine had, with its number; @s: NULL: it has been deleted. -EEXIST
 * another has the number, -ENOMEM */
int channel_adopt(struct ppp_file *socket, struct session *s, uint32_t number,
                  struct channel **ret);

/** channel_free() - its socket is closed: its files die, the session is removed (SES-40, PX-45) */
void channel_free(struct channel *c);

/** channel_settle() - what programs have written to its socket and files so far has been sent when this returns */
void channel_settle(struct channel *c);

/** channel_session_going() - its session is about to be detached from the workers: posted, see
 * dataplane_session_remove() */
void channel_session_going(struct channel *c);

/** channel_session_back() - ... or was so only while its tunnel's ends change, and sends again: posted */
void channel_session_back(struct channel *c);

/** channel_session_gone() - ... and is freed now */
void channel_session_gone(struct channel *c);

/**
 * channel_bind() - its number was asked for: frames go to its files from now on (PX-40)
 * @program_fd: the program's end of the socket: what waits there is moved; -1: the caller has none
 */
void channel_bind(struct channel *c, int program_fd);

/** channel_file_attach(), channel_file_detach() - @f is on it; what waited for a file is written to the first */
void channel_file_attach(struct channel *c, struct ppp_file *f);
void channel_file_detach(struct ppp_file *f);

/** channel_bridge() - what one receives the other sends, until channel_unbridge(); neither is bridged or has a unit */
void channel_bridge(struct channel *a, struct channel *b);
void channel_unbridge(struct channel *c);

/** channel_device_name() - of its unit's interface, as it is named now; empty: there is none */
void channel_device_name(const struct channel *c, char ret[IFNAMSIZ]);

/** channel_find() - by its number, or NULL */
struct channel *channel_find(const struct netns *ns, uint32_t number);

/** channel_unit_set() - from now on it gives what it receives to @u, NULL: to its files; for unit_connect() and
 * unit_disconnect(), which keep .unit and .in_unit too. Waits */
void channel_unit_set(struct channel *c, struct unit *u);

/** channel_move() - give its sender, and what its socket and files write, to another worker; NULL: back to the session's
 * own. Waits; nothing that the program has written is lost or overtaken */
void channel_move(struct channel *c, struct worker *w);

/* On the worker that receives. */

/** channel_receive() - a frame of its session as it came, ff 03 or not (RX-60, PPP-20); stays where it is until the
 * worker's coalescer and outbox are flushed */
void channel_receive(struct channel *c, struct receiver *r, const uint8_t *frame, size_t len);

/* On the worker that owns .tx. */

/** channel_send() - one frame, whose information is @head (copied) and @payload, which stays where it is until
 * outbox_flush() */
void channel_send(struct channel *c, uint16_t protocol, const uint8_t *head, size_t head_len,
                  const uint8_t *payload, size_t payload_len);

/** channel_send_all() - all that @segmenter makes of a packet, at once. Return: false: it has to be one by one, as below */
bool channel_send_all(struct channel *c, uint16_t protocol, struct segmenter *segmenter);

/** channel_send_segment() - the next that @segmenter makes of a packet: L2TP, PPP and its own headers side by side, payload where
 * it is, and stays until outbox_flush() */
void channel_send_segment(struct channel *c, uint16_t protocol, struct segmenter *segmenter);

/** channel_forward() - a frame as it came, protocol first: with ff 03 in front (PPP-30, PX-42); stays where it is until
 * outbox_flush() */
void channel_forward(struct channel *c, const uint8_t *frame, size_t len);

/** channel_drop() - count a frame that is not sent, if there is a session */
void channel_drop(struct channel *c, enum tx_drop why);

#endif
