/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch.h - what the administrator has configured, in each network namespace, that the fast path would pass by
 *
 * The fast path takes packets past IPsec policies, netfilter, policy routing, queueing disciplines, filters, and BPF
 * programs on the socket's control group. So a session may use it only while none of those can apply to it. A watch
 * keeps a picture of them, told of each change by the kernel; what the kernel does not tell of is looked at every
 * HOST_WATCH_LOOK_MS. Where the picture may be wrong, the answer is never FAST_USED.
 *
 * A watch is sockets of ours in the namespace, which keep it: they must go when it is to go. One thread.
 */
#ifndef UL2TP_KEEPER_HOST_WATCH_H
#define UL2TP_KEEPER_HOST_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/list.h"
#include "keeper/fast_reason.h"
#include "keeper/host_cgroups.h"
#include "keeper/host_hooks.h"
#include "keeper/netns.h"
#include "keeper/own_programs.h"

#define HOST_WATCH_LOOK_MS 300

/* The packets of a tunnel as they are on the wire, UDP; of one family. */
struct outer_flow {
	union address local, peer;
	uint32_t mark;   /* of the socket */
	uint64_t cgroup; /* of a program's socket, socket_cgroup.h; 0: it is ours */
};

#define HOST_NEWS_DEVICES 16

/* Whose verdicts may be others now: those of all sessions in the namespace, or of those whose interfaces these are. Or it is
 * routes alone that may be others, or addresses. Or an interface has arrived, which concerns whose is in another namespace. */
struct host_news {
	bool all, routes, arrived;
	uint32_t count;
	int devices[HOST_NEWS_DEVICES];
};

struct host_watches {
	struct list all;
	const struct netns_home *home;
	int epoll; /* readable when one of them has something to say */
	uint64_t
		look_ms; /* when host_watches_look() is to be called, monotonic; UINT64_MAX: need not be */
	uint64_t next_look_ms; /* the next time that all are looked at */
	struct own_programs own;
	struct host_cgroups cgroups; /* these two are of no namespace */
	struct host_hooks hooks;
	uint64_t
		beyond_ms; /* until then the last look at them is good enough for a new namespace */
	bool blind;        /* that something can not be seen has been said */
	/* Verdicts in @netns, or routes, may be others now. May use and release watches. NULL: nobody cares. */
	void (*changed)(void *arg, struct netns_id netns, const struct host_news *news);
	void *arg;
};

/** host_watches_open() - without descriptors each verdict is FAST_UNWATCHABLE. @home outlives it */
void host_watches_open(struct host_watches *w, const struct netns_home *home);
void host_watches_close(struct host_watches *w);

/** host_watches_can() - whether all there is to see can be seen, in the caller's namespace. Return: 0; -EPERM or another
 * -errno in words */
int host_watches_can(struct host_watches *w, struct extack *ea);

/** host_watches_blind() - say, once, that the fast path is not taken because this can not be seen: an event for the log */
void host_watches_blind(struct host_watches *w, const char *what, int err);

/** host_watches_own() - the BPF program with this id is ours, on whatever hook of whatever device it is found;
 * until host_watches_disown(). What was not said in time is taken for the administrator's */
void host_watches_own(struct host_watches *w, uint32_t program_id);
void host_watches_disown(struct host_watches *w, uint32_t program_id);

/**
 * host_watch_use() - one more session in @netns wants verdicts. Call while in the namespace
 *
 * Reads all there is when it is the first. What can not be read makes the verdict FAST_UNWATCHABLE, which is not an
 * error. Return: 0; -ENOMEM.
 */
int host_watch_use(struct host_watches *w, struct netns_id netns);

/** host_watch_release() - one fewer; the last takes our sockets out of the namespace */
void host_watch_release(struct host_watches *w, struct netns_id netns);

/** host_watch_drop() - close our sockets now: the namespace is to go. Its verdict is FAST_UNWATCHABLE until released */
void host_watch_drop(struct host_watches *w, struct netns_id netns);

/** host_watches_ready() - .epoll is readable: take in what has changed, and call changed() */
void host_watches_ready(struct host_watches *w, uint64_t now_ms);

/** host_watches_look() - .look_ms is over: look at what the kernel does not tell of, call changed() if need be */
void host_watches_look(struct host_watches *w, uint64_t now_ms);

/**
 * host_watch_verdict() - whether a session may use the fast path now, as far as the host's configuration goes
 * @device:   ifindex of the session's interface
 * @underlay: ifindex of the interface its packets leave and come by
 *
 * The two interfaces are watched from the first question on, while the namespace is. Call at home.
 *
 * Return: FAST_USED, or what stands against it.
 */
enum fast_reason host_watch_verdict(struct host_watches *w, struct netns_id netns,
                                    const struct outer_flow *flow, int device, int underlay);

/** host_watch_verdict_here() - likewise, while in the namespace */
enum fast_reason host_watch_verdict_here(struct host_watches *w, struct netns_id netns,
                                         const struct outer_flow *flow, int device, int underlay);

/** host_watch_lost() - whether somebody took a filter of ours off an interface, since this was asked last */
bool host_watch_lost(struct host_watches *w, struct netns_id netns, int ifindex);

#endif
