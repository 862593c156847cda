/* SPDX-License-Identifier: BSD-2-Clause */
/* intake.h - an endpoint as the worker that receives from it knows it
 *
 * Beside the descriptor it knows the tunnels of the endpoint by their peers: what belongs to no session is
 * counted in one of them.
 *
 * Of an endpoint that several workers receive from (dataplane_spread.c) each has one; the main one, with the
 * namespace's worker, has the others, and alone knows the tunnels.
 */
#ifndef UL2TP_PATH_INTAKE_H
#define UL2TP_PATH_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buckets.h"
#include "encap/endpoint.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "packet/drop_reason.h"
#include "path/worker.h"
#include "tunnel/tunnel.h"

struct intake {
	struct watch watch;
	struct bucket_node by_cookie; /* of a program's socket: in the worker's ring */
	struct letter letter;
	struct worker *worker;
	struct endpoint *endpoint;
	uint32_t netns_index;
	int fd; /* what it reads; -1: nothing. Borrowed */
	struct intake
		*main; /* of the same endpoint, with the namespace's worker; NULL: it is that */
	struct intake *
		*shares; /* whose .main it is, by number of their worker; NULL: there are none */
	uint32_t share_count;
	int own_fd;             /* to be closed with it; -1: none */
	struct raw_member *raw; /* of a program's socket without eBPF, else NULL (raw_receive.h) */
	struct buckets tunnels; /* by peer */
	struct tunnel *first;   /* any of them */
	bool gives_control; /* 115: it receives whatever comes, so control messages are taken from it alone */
	_Atomic uint64_t drops[RX_DROP_REASONS]; /* while it has no tunnel to count in */
	struct tunnel *changing;                 /* argument of the letter */
};

/** intake_new() - for an endpoint; API thread. NULL: out of memory */
struct intake *intake_new(struct worker *w, struct endpoint *e, uint32_t netns_index);

/** intake_share() - another worker receives a share from @fd. 0 or -ENOMEM. @own_fd: as the field */
int intake_share(struct intake *in, struct worker *w, uint32_t worker_count, int fd, int own_fd);

/** intake_at() - that of worker @w: its share, or if it has none @in */
struct intake *intake_at(struct intake *in, const struct worker *w);

/** intake_free() - after intake_stop() was waited for; with all shares, as in the next two */
void intake_free(struct intake *in);

/* API thread; each waits until the worker has done it. */

/** intake_post() - have its worker open its letter so; for what this header declares */
void intake_post(struct intake *in, void (*open)(struct letter *letter));
void intake_start(struct intake *in);
void intake_stop(struct intake *in);
void intake_tunnel_add(struct intake *in, struct tunnel *t);
void intake_tunnel_remove(struct intake *in, struct tunnel *t);

/** intake_tunnel_to() - one that has this peer, or NULL. Also for the API thread, without whom no tunnel comes or goes */
struct tunnel *intake_tunnel_to(const struct intake *in, const union address *peer);

/** intake_account() - the tunnel that a packet from @from (NULL: anybody) is counted in; worker. NULL: there is none
 * any more */
struct tunnel *intake_account(const struct intake *in, const union address *from);

#endif
