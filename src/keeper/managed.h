/* SPDX-License-Identifier: BSD-2-Clause */
/* managed.h - endpoints that are a program's own socket; the keeper's side */
#ifndef UL2TP_KEEPER_MANAGED_H
#define UL2TP_KEEPER_MANAGED_H

#include "keeper/server.h"

struct managed {
	struct bucket_node by_cookie;
	struct endpoint *endpoint;
	struct divert_socket divert;
	struct transmitter *transmitter; /* NULL: the socket is not connected */
	bool bound;                      /* has a port, as far as we know */
	bool gone;                       /* its last copy was closed */
	struct list in_untold;           /* of the server, until the engine knows that */
	ino_t ino;                       /* of the socket */
	bool dropped;                    /* nothing of ours is left in its namespace */
	uint64_t cgroup;                 /* of the socket, once it was asked for; 0: not yet */
	int cgroup_err;                  /* it was asked for in vain, and would be again, -errno */
	struct list fast;                /* sessions on it, of the fast path (fast_path_socket.c) */
};

/** managed_open() - with the server */
void managed_open(struct server *s);

/** managed_end() - after all endpoints were closed */
void managed_end(struct server *s);

/** managed_close() - the endpoint goes; managed_drop() - its namespace is to go, the slot stays taken */
void managed_close(struct server *s, struct endpoint *e);
void managed_drop(struct server *s, struct endpoint *e);

/** managed_engine_gone() - the next engine is told again what it must know */
void managed_engine_gone(struct server *s);

/** managed_tell() - tell the engine which sockets have gone, while @tell can; the rest stays in s->untold */
void managed_tell(struct server *s, bool (*tell)(void *arg, const struct keeper_event *event),
                  void *arg);

/** managed_leave(), managed_inherit() - what there is beside an endpoint's slot, namespace and parameters (server_inherit())
 * @e:   becomes the server's, or is freed
 * @ino: of its namespace; 0: home */
void managed_leave(const struct server *s, const struct endpoint *e, struct bequest *b);
int managed_inherit(struct server *s, struct endpoint *e, ino_t ino, struct inheritance *i);

#endif
