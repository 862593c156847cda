/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_private.h - what the files of the fast path share: fast_path.c, fast_path_board.c, fast_path_entry.c
 * and fast_path_netns.c */
#ifndef UL2TP_KEEPER_FAST_PATH_PRIVATE_H
#define UL2TP_KEEPER_FAST_PATH_PRIVATE_H

#include "base/list.h"
#include "keeper/fast_path.h"
#include "keeper/fast_path_load.h"
#include "keeper/fast_path_route.h"

struct fast_netns {
	struct list in_all;
	struct netns_id id;
	struct fast_programs *programs;
	uint32_t number, users;
	uint32_t own[FAST_PROGRAMS]; /* ids of .programs */
	bool watched;                /* what the host has configured there (host_watch.h) */
	struct list underlays;
};

struct fast_underlay {
	struct list in_netns;
	int ifindex, link;
	uint32_t users;
};

/* Where what comes for a session is found. Zero where there is nothing, so that octets can be compared. */
struct fast_place {
	enum fast_map map; /* FAST_MAP_IN, FAST_MAP_IN6 */
	union {
		struct fast_in_key v4;
		struct fast_in6_key v6;
	};
};

struct fast_session {
	uint32_t index;
	struct fast_wish wish;
	struct fast_netns *netns;
	struct fast_underlay *underlay; /* NULL: none yet */
	struct fast_place in;
	struct fast_out_key out_key;
	int device;              /* ifindex */
	struct fast_route route; /* to the peer, as it was found last */
	bool attached;           /* the programs are on the device, and the maps have entries */
};

struct fast_path {
	struct host_watches *host;
	int maps[FAST_MAPS];
	uint32_t last_netns;
	struct list netns;
	struct fast_session **sessions; /* by index of the record */
	struct fast_board board;
};

/** fast_board_lanes() - how many there are to be on this machine */
uint32_t fast_board_lanes(void);

/** fast_board_open() - map the arrays of f->maps; f->board.lanes and .sessions are set. Return: 0; -ENOMEM */
int fast_board_open(struct fast_path *f);
void fast_board_close(struct fast_board *b);

/** fast_board_clear() - what an earlier session of this number counted is not this one's. Return: 0 or -errno */
int fast_board_clear(struct fast_path *f, uint32_t index);

/** fast_netns_find() - NULL: no session has ever been told of in it */
struct fast_netns *fast_netns_find(struct fast_path *f, struct netns_id id);

/** fast_netns_use() - one more session is in it; NULL: out of memory. fast_netns_release() - one fewer */
struct fast_netns *fast_netns_use(struct fast_path *f, struct netns_id id);
void fast_netns_release(struct fast_path *f, struct fast_netns *n);
void fast_netns_free(struct fast_path *f, struct fast_netns *n);

/** fast_netns_load() - its programs, unless they are there. Return: 0 or -errno */
int fast_netns_load(struct fast_path *f, struct fast_netns *n);

/** fast_netns_watch() - what the host has configured there, unless it is. While in the namespace */
void fast_netns_watch(struct fast_path *f, struct fast_netns *n);

/** fast_underlay_use() - one more session goes through it. While in the namespace. NULL: the system refuses it */
struct fast_underlay *fast_underlay_use(struct fast_netns *n, int ifindex);

/** fast_underlay_release() - one fewer; NULL is none */
void fast_underlay_release(struct fast_underlay *u);

#endif
