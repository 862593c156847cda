/* SPDX-License-Identifier: BSD-2-Clause */
/* l2tp_requests.h - what a program asks the generic netlink family l2tp for
 *
 * static has it from raw_requests.c, tunneldigger from libnl_requests.c. A connection is one thread's at a time.
 * All return 0 or a negative errno: the answer's, or what sending and receiving it met with.
 */
#ifndef L2TP_REQUESTS_H
#define L2TP_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "tunnel_socket.h"

#define NAME_SIZE   64
#define OBJECTS_MAX 256

struct l2tp; /* a connection */

/* Tunnels, whose session is 0, and sessions. */
struct l2tp_objects {
	struct {
		uint32_t id, session;
	} object[OBJECTS_MAX];
	int count;
};

/** l2tp_open() - one more connection, for a thread; the family is known. Return: NULL on failure. */
struct l2tp *l2tp_open(void);
void l2tp_close(struct l2tp *l2tp);

int l2tp_tunnel_create(struct l2tp *l2tp, const struct tunnel_words *words, int sock);
int l2tp_tunnel_delete(struct l2tp *l2tp, uint32_t id);
int l2tp_session_create(struct l2tp *l2tp, uint32_t id, uint32_t session, uint32_t peer_session,
                        uint16_t pw_type, const char *name);
int l2tp_session_modify(struct l2tp *l2tp, uint32_t id, uint32_t session, uint16_t mtu);
int l2tp_session_delete(struct l2tp *l2tp, uint32_t id, uint32_t session);

/** l2tp_session_name() - by SESSION_GET; @ret has NAME_SIZE octets, and "" if the session has no interface */
int l2tp_session_name(struct l2tp *l2tp, uint32_t id, uint32_t session, char *ret);

/** l2tp_dump() - add what a dump of TUNNEL_GET or SESSION_GET shows */
int l2tp_dump(struct l2tp *l2tp, uint8_t command, struct l2tp_objects *ret);

#endif
