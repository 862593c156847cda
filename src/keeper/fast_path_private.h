/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_private.h - what the files of the fast path share: fast_path.c and fast_path_*.c */
#ifndef UL2TP_KEEPER_FAST_PATH_PRIVATE_H
#define UL2TP_KEEPER_FAST_PATH_PRIVATE_H

#include "base/buckets.h"
#include "base/list.h"
#include "keeper/fast_path.h"
#include "keeper/fast_path_load.h"
#include "keeper/fast_path_route.h"

struct device;
struct endpoint;

/* All answers about routes in a namespace are asked for anew (fast_path_flow.h). */
struct fast_round {
	bool wanted, runs;
	size_t chains;       /* that have been */
	uint64_t spent_ns;   /* of the processor */
	uint64_t not_before; /* the next, or the rest of this one, monotonic ns */
};

struct fast_netns {
	struct list in_all;
	struct netns_id id;
	struct fast_programs *programs;
	uint32_t number, users;
	uint32_t own[FAST_PROGRAMS]; /* ids of .programs */
	bool watched;                /* what the host has configured there (host_watch.h) */
	int route;                   /* an rtnetlink socket there; -1: not needed yet */
	struct list underlays;
	struct list busy;     /* sessions */
	struct buckets flows; /* fast_path_flow.h */
	size_t looked_flows;  /* how many chains of it have been, this time round */
	struct fast_round round;
};

/* How a program is on an interface. */
enum fast_way {
	FAST_NOT_ATTACHED,
	FAST_TCX,
	FAST_CLSACT,
	FAST_TAKEN_OFF /* it was, and the session's entries are in the maps */
};

struct fast_underlay {
	struct list in_netns;
	struct fast_netns *netns;
	int ifindex;
	uint32_t users;
	int link; /* the program there; -1: not yet */
	int xdp;  /* fast_xdp there; -1: not yet, or ... */
	bool xdp_refused;
	bool looked;  /* at its card and its namespace, since interfaces have changed */
	bool cuts;    /* then: the card cuts what is within tunnels */
	bool batches; /* then: user space can send many packets at once through it */
	bool paced;   /* then: TCP of this host sends frame by frame */
};

/* An answer about routes (fast_path_flow.h) that a session goes by. */
struct fast_use {
	struct fast_session *session;
	struct fast_flow *flow; /* NULL: none yet, or it is forgotten */
	struct list in_flow;
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
	struct fast_in in_said; /* as they stand in the maps, if ... */
	struct fast_out out_said;
	bool mapped;             /* ... they do */
	int device;              /* ifindex */
	struct fast_route route; /* to the peer, as it was found last */
	struct fast_use there;   /* which says it */
	struct fast_use back;    /* as seen by who filters by routes */
	enum fast_way way;       /* the programs are on the device */
	bool born;               /* the device has been looked at for the next two */
	bool clsact;             /* it was born with one, of ours */
	bool bare;               /* it counts among those without */
	bool busy;               /* has been, and stays so */
	uint64_t packets;        /* through the engine, when it was looked at last */
	struct list in_kind;     /* its namespace's .busy; or .idle, if it could be fast; or none */
	struct list in_queue;    /* or in .doubted, then since ... */
	uint64_t doubted_ns;
	struct list in_socket; /* a program's, the endpoint's .managed->fast; or none */
};

struct fast_path {
	struct host_watches *host;
	bool xdp; /* is asked for */
	enum fast_path_streams streams;
	int maps[FAST_MAPS];
	uint32_t last_netns;
	struct list netns;
	struct fast_session **sessions; /* by index of the record */
	uint32_t sessions_used;         /* none at or beyond this index ever was */
	bool *inherited; /* by index: what is counted stays that of the session which is to be told of; NULL: of none */
	struct fast_board board;
	struct fast_watch *watch;
	uint64_t begun; /* how often counting has */
	uint32_t bare;  /* sessions with .bare */
	struct list idle;
	struct list queue; /* to be decided, when there is time */
	struct list
		doubted; /* likewise, but first: they are on the fast path, and may be allowed to no longer */
	uint64_t look_ms;
};

/** fast_board_lanes() - how many there are to be on this machine */
uint32_t fast_board_lanes(void);

/** fast_board_constants() - of the programs for a namespace; f->board.lanes is set. @netns: its number, ours */
struct fast_constants fast_board_constants(const struct fast_path *f, uint32_t netns);

/** fast_is_realtime() - whether the kernel has PREEMPT_RT: by uname()'s .version, or because it says it was patched in */
bool fast_is_realtime(const char *version, bool patched);

/** fast_clock_check() - whether our CLOCK_MONOTONIC is that of the programs: a time namespace has its own
 * Return: 0; -EOPNOTSUPP in words */
int fast_clock_check(struct extack *ea);

/** fast_clock_is_the_kernels() - @offsets: the text of /proc/self/timens_offsets; empty in a kernel that has none */
bool fast_clock_is_the_kernels(const char *offsets);

/** fast_board_open() - map the arrays of f->maps; f->board.lanes and .sessions are set. Return: 0; -ENOMEM */
int fast_board_open(struct fast_path *f);
void fast_board_close(const struct fast_path *f);

/** fast_board_watched() - what the host has configured is watched: to be said more often than every FAST_WATCH_NS, as
 * HOST_WATCH_LOOK_MS is, or the programs leave everything to the engine */
void fast_board_watched(struct fast_path *f, uint64_t now_ms);

/** fast_board_written() - something in fast_in, fast_in6 or fast_out is another: no processor's copy is good any more */
void fast_board_written(const struct fast_path *f);

/** fast_board_clear() - what an earlier session of this number counted is not this one's. Return: 0 or -errno */
int fast_board_clear(struct fast_path *f, uint32_t index);

/** fast_board_stop() - no program counts for it any more; what was counted stays. Return: 0 or -errno */
int fast_board_stop(struct fast_path *f, uint32_t index);

/** fast_board_begin() - before the programs that count for it are attached. Return: 0 or -errno */
int fast_board_begin(struct fast_path *f, uint32_t index);

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

/** fast_netns_route() - its .route, which is made if need be. While in the namespace. -errno */
int fast_netns_route(struct fast_netns *n);

/** fast_underlay_use() - one more session goes through it; nothing is attached yet. NULL: out of memory */
struct fast_underlay *fast_underlay_use(struct fast_netns *n, int ifindex);

/** fast_underlays_changed() - interfaces have: what their cards do is to be looked at anew */
void fast_underlays_changed(struct fast_netns *n);

/** fast_underlay_release() - one fewer; NULL is none */
void fast_underlay_release(struct fast_underlay *u);

/** fast_hook_device(), fast_hook_underlay() - have the programs there, if they are not; while in the namespace
 * Return: FAST_USED, or why it can not be */
enum fast_reason fast_hook_device(struct fast_path *f, struct fast_session *s);
enum fast_reason fast_hook_underlay(struct fast_path *f, struct fast_underlay *u);

/** fast_born() - its interface is new, and down if nobody was quick: the moment to make a clsact. At home */
void fast_born(struct server *server, struct fast_session *s);

/** fast_unhooked_device() - it goes, and with it what is attached */
void fast_unhooked_device(struct fast_path *f, struct fast_session *s);

/** fast_take_off() - it is somewhere else, where the programs have no business; the session stays known. At home */
void fast_take_off(struct server *server, struct fast_session *s);

/** fast_device_leave() - it has no interface from now on, which may stay. Of PPP: its unit stays where it is, or goes soon */
void fast_device_leave(struct server *server, struct fast_session *s);

/** fast_device_follow() - before a wish is followed: @d is its interface now, NULL: none */
void fast_device_follow(struct server *server, struct fast_session *s, const struct device *d);

/** fast_renumbered() - it has come back with another number, by which it is the session's from now on: soon. At home */
void fast_renumbered(struct server *server, struct fast_session *s, int ifindex);

/** fast_unhook_device() - it may stay, and what is attached goes; at home */
void fast_unhook_device(struct server *server, struct fast_session *s);

/** fast_enter() - the namespace of a session's socket. @here: its inode, 0: unknown. Return: 0; -errno, still at home */
int fast_enter(struct server *server, const struct fast_session *s, ino_t *here);

/** fast_socket_join() - it is on this endpoint now, be it a program's socket or not */
void fast_socket_join(struct fast_session *s, const struct endpoint *e);

/** fast_socket_allows() - whether a program's socket is what the engine said of it, and nothing more */
bool fast_socket_allows(const struct fast_session *s, const struct endpoint *e);

/** fast_socket_cgroup() - the control group of a program's socket; 0: it is ours, or the system has no groups. While in the
 * namespace, which is watched. The kernel is asked once for a socket, and again when it has other addresses
 * @device: ifindex of what it is bound to. Return: 0 or -errno */
int fast_socket_cgroup(struct host_watches *host, const struct endpoint *e, int device,
                       uint64_t *ret);

/** fast_shut() - nothing of it is fast from now on, for this reason; wherever the caller is */
void fast_shut(struct server *server, struct fast_session *s, enum fast_reason reason);

/** fast_decide() - decide anew, and have the programs do as decided; they are attached if need be. At home */
void fast_decide(struct server *server, struct fast_session *s);

/** fast_decide_here() - likewise, while in the namespace @here, which is one of its socket's
 * Return: whether the device is away, or another by its number: @*number if that is set. Then fast_decide() is to come. */
bool fast_decide_here(struct server *server, struct fast_session *s, ino_t here, int *number);

/** fast_busy_consider() - its wish is another: sort it in, be it to wait, to be decided or to be left alone */
void fast_busy_consider(struct server *server, struct fast_session *s);

/** fast_busy_again() - what was decided of a busy one may be wrong now: soon, and before others if it is on the fast path */
void fast_busy_again(struct fast_path *f, struct fast_session *s);

/** fast_busy_forget() - it goes */
void fast_busy_forget(struct fast_session *s);

void fast_reason_set(struct server *server, const struct fast_session *s, enum fast_reason reason);

#endif
