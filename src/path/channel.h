/* SPDX-License-Identifier: BSD-2-Clause */
/* channel.h - a channel: the PPP link that a PPPoL2TP socket's session is (kernel-behaviour §6.1)
 *
 * Three owners. The relations (socket, session, files, unit, bridge) are the API thread's. What is received (.rx) is
 * the namespace's receiving worker's, which has the session's receiver too. What is sent (.tx) belongs to one worker,
 * which may change: channel_move(). The API thread changes .rx and .tx by letters that their owners open.
 */
#ifndef UL2TP_PATH_CHANNEL_H
#define UL2TP_PATH_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/ordered.h"
#include "loop/mailbox.h"
#include "path/ppp_end.h"
#include "path/receiver.h"
#include "path/sender.h"
#include "tunnel/netns.h"

struct dataplane;
struct ppp_file;
struct session;
struct unit;

#define CHANNEL_HEAD_MAX 256 /* octets of a frame that can be written beside its L2TP header */

/* Where what is received goes. */
enum channel_mode {
	CHANNEL_TO_SOCKET, /* PX-40: until its number was asked for */
	CHANNEL_TO_FILES,  /* PPP-20 (3): all of it */
	CHANNEL_TO_UNIT,   /* PPP-20 (3) and (4) */
	CHANNEL_TO_BRIDGE, /* PPP-30 */
};

struct channel_rx {
	struct letter letter;
	struct worker *worker; /* R; does not change */
	enum channel_mode mode;
	struct ppp_end *socket; /* of the socket, until it is closed */
	struct ppp_end *file; /* of the first file that is attached; NULL: frames wait in .queue */
	struct unit *unit;
	struct channel *bridge; /* its .tx belongs to .worker then */
	struct list queue;      /* of struct held_packet, oldest first: frames as files have them */
	uint32_t queued;
};

struct channel_tx {
	struct letter letter;
	struct worker *worker; /* the owner */
	struct sender *sender; /* NULL: the session has gone, frames vanish (SES-43) */
};

struct channel {
	struct ordered_node by_number; /* of the namespace */
	struct dataplane *dp;
	struct netns *netns;
	uint32_t number; /* 0: it has none, for its socket is a tunnel's (PX-21) */
	struct ppp_file *socket;
	struct session *session; /* NULL: it has been deleted */
	struct unit *unit;       /* NULL: not connected to one */
	struct list in_unit;
	struct channel *bridge; /* NULL: not bridged */
	struct list files;      /* of struct ppp_file, .in_channel */
	struct channel_rx rx;
	struct channel_tx tx;
};

/* API thread. */

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

/** channel_queue() - a frame for its files: protocol and information (PPP-20 (3)) */
void channel_queue(struct channel *c, uint16_t protocol, const uint8_t *info, size_t len);

/* On the worker that owns .tx. */

/**
 * channel_frame_begin() - make room for a frame: L2TP header, ff 03 and @protocol are written there
 * @head_len: octets that the caller will write there at most, up to CHANNEL_HEAD_MAX
 *
 * Return: where; NULL: the frame can not be sent, which was counted if there is a session.
 */
uint8_t *channel_frame_begin(struct channel *c, uint16_t protocol, size_t head_len);

/** channel_frame_end() - put it into the outbox, with @head_len octets that were written there
 * @payload: what follows; stays where it is until outbox_flush() */
void channel_frame_end(struct channel *c, size_t head_len, const uint8_t *payload,
                       size_t payload_len);

/** channel_send() - both at once: one frame, whose information is @head (copied) and @payload (as above) */
void channel_send(struct channel *c, uint16_t protocol, const uint8_t *head, size_t head_len,
                  const uint8_t *payload, size_t payload_len);

/** channel_send_failed() - count a frame that does not even fit an outbox */
void channel_send_failed(struct channel *c);

#endif
