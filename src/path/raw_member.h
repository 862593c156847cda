/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_member.h - the programs' sockets of a namespace, and which of them a datagram is for
 *
 * As UDP chooses: a connected socket before one that is not, a bound address before none, IPv4's own before a
 * socket of IPv6 that takes both. Belongs to the worker; the members to whoever added them.
 */
#ifndef UL2TP_PATH_RAW_MEMBER_H
#define UL2TP_PATH_RAW_MEMBER_H

#include "base/buckets.h"
#include "base/list.h"
#include "keeper/keeper.h"

struct intake;
struct raw_receive;

struct raw_member {
	struct bucket_node by_key; /* the peer; of a socket that has none, its own port */
	bool is_added;
	struct raw_receive *raw;
	struct intake *in;
	union address local,
		peer; /* IPv4 written as IPv6 is IPv4 here; peer AF_UNSPEC: not connected */
};

struct raw_members {
	struct buckets connected, others;
	uint64_t seed;
};

/** raw_member_init() - for a socket with these addresses as it says them itself */
void raw_member_init(struct raw_member *m, const union address *local, const union address *peer);

void raw_members_init(struct raw_members *all, uint64_t seed);
void raw_members_release(struct raw_members *all);
void raw_members_add(struct raw_members *all, struct raw_member *m);
void raw_members_remove(struct raw_members *all, struct raw_member *m);

/** raw_members_find() - whose datagram it is; NULL: of no tunnel's socket */
struct raw_member *raw_members_find(const struct raw_members *all, const union address *to,
                                    const union address *from);

#endif
