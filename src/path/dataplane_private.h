/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane_private.h - what the files of the dataplane share */
#ifndef UL2TP_PATH_DATAPLANE_PRIVATE_H
#define UL2TP_PATH_DATAPLANE_PRIVATE_H

#include "keeper/fast_path.h"
#include "path/dataplane.h"
#include "path/divert_ring.h"
#include "path/worker.h"
#include "tunnel/free_list.h"

struct channel;

/* Interfaces that the keeper has kept from an engine before, by its slots. */
struct kept_devices {
	struct keeper_device *at; /* .fd -1: there is none, or somebody has taken it */
	uint32_t count;
};

struct dataplane {
	struct keeper *keeper;
	struct records *records;
	struct dataplane_options options;
	struct ordered netns_by_cookie;
	uint32_t last_netns_index;
	struct free_list free_tunnels, free_sessions, free_files, free_units;
	struct trace trace; /* of the API thread */
	uint64_t
		trace_everywhere; /* events that clients listen to in all namespaces, those to come included */
	unsigned int worker_count;
	struct worker *workers[WORKERS_MAX];
	const struct fast_board *fast; /* NULL: no session takes the fast path */
	enum fast_reason fast_why;     /* then */
	enum divert_way divert;        /* ANY: data leaves no program's socket here */
	bool adopting; /* what waits in sockets and rings is for sessions that are not there yet */
	struct divert_ring *rings[WORKERS_MAX]; /* of the workers; NULL: none was needed yet */
	struct list raw_receives; /* of namespaces that have such endpoints, without eBPF */
	struct mailbox *api;      /* of the API thread; NULL: it takes no letters */
	struct letter units_lost; /* to it: interfaces of PPP have been deleted */
	atomic_bool units_lost_told;
	struct buckets managed;   /* endpoints that are a program's socket, by cookie */
	struct buckets by_ends;   /* of these, by what they are bound and connected to */
	uint64_t last_ends;       /* given to some of them */
	struct buckets ppp_files; /* by handle */
	uint32_t ppp_files_max;   /* a share of the descriptors we may have; 0: not asked yet */
	uint64_t ppp_serial;      /* of the last file */
	bool ppp_detach_logged;   /* PPP-10: once */
	bool ppp_adopting;        /* the records are being read, and say more than is there yet */
	struct kept_devices ppp_devices; /* until ppp_adopt() */
	bool devices_lacking; /* some were kept, but there was no room for their descriptors */
};

/* Where packets of a tunnel come from and go to. */
struct tunnel_ends {
	union address source, peer;
	bool connected; /* else it can not send */
};

/* Whether several workers may receive from an endpoint. */
enum spread_wish {
	SPREAD_NOT,
	SPREAD_WANTED,
};

/** dataplane_receiving_worker() - the one that receives for a namespace what is not spread, and knows all its sessions */
struct worker *dataplane_receiving_worker(const struct dataplane *dp, const struct netns *ns);

/** dataplane_session_worker() - which receives for a session; dataplane_sending_worker() - which sends */
struct worker *dataplane_session_worker(const struct dataplane *dp, const struct session *s);
struct worker *dataplane_sending_worker(const struct dataplane *dp, const struct session *s);

/** dataplane_spread() - several workers are to receive from an endpoint, which has not begun. 0, also where it can not
 * be; -errno, in words: it is spread, but can not be read */
int dataplane_spread(struct dataplane *dp, struct endpoint *e, struct extack *ea);

/** dataplane_spread_wish() - for the endpoint of a tunnel of @version, which was not made by a program */
enum spread_wish dataplane_spread_wish(uint8_t version);

/** dataplane_wait() - until all workers have opened what was posted */
void dataplane_wait(const struct dataplane *dp);

/** dataplane_endpoint_start() - an endpoint that is in its namespace's list begins to receive, when the adopting is
 * done; 0 or -errno in words */
int dataplane_endpoint_start(struct dataplane *dp, struct netns *ns, struct endpoint *e,
                             enum spread_wish spread, struct extack *ea);

/** dataplane_endpoint_open() - a new one, which receives already; the caller counts itself in .users. Errors as
 * keeper_endpoint_open(), -ENOMEM */
int dataplane_endpoint_open(struct dataplane *dp, struct netns *ns, uint32_t client,
                            const struct endpoint_params *params, enum spread_wish spread,
                            struct endpoint **ret, struct extack *ea);

/** dataplane_endpoint_release() - close it if no tunnel uses it any more */
void dataplane_endpoint_release(struct dataplane *dp, struct endpoint *e);

/** dataplane_netns_at() - dataplane_netns() of an engine that takes up what another had under this index */
struct netns *dataplane_netns_at(struct dataplane *dp, struct netns_id id, uint32_t index);

/** dataplane_trace_tunnel(), dataplane_trace_session() - an event of the API thread, if anybody listens */
void dataplane_trace_tunnel(struct dataplane *dp, enum ul2tp_trace_event event,
                            const struct tunnel *t);
void dataplane_trace_session(struct dataplane *dp, enum ul2tp_trace_event event,
                             const struct session *s);

/** dataplane_limits_get() - give a namespace that is new to us the limits that were set for it */
void dataplane_limits_get(const struct dataplane *dp, struct netns *ns);

/** dataplane_tunnel_start() - into the tables, and its endpoint knows it; false: the id is taken */
bool dataplane_tunnel_start(struct tunnel *t);

/** dataplane_managed_start() - before the endpoint of a program's socket begins to receive; errors in words */
int dataplane_managed_start(struct dataplane *dp, struct netns *ns, struct endpoint *e,
                            struct extack *ea);
void dataplane_managed_stop(struct dataplane *dp, struct endpoint *e);

/** dataplane_managed_raw() - without eBPF: its packets are to come by the namespace's raw sockets. 0 or -errno */
int dataplane_managed_raw(struct dataplane *dp, struct endpoint *e);

/** dataplane_managed_find() - that of the socket with this cookie, or NULL */
struct endpoint *dataplane_managed_find(const struct dataplane *dp, uint64_t cookie);

/** dataplane_managed_ends() - as the socket has them (NL-58) */
void dataplane_managed_ends(const struct endpoint *e, struct tunnel_ends *ret);

/**
 * dataplane_divert_add() - from now on its data is taken out of programs' sockets, if that is due
 * @fresh: none of it was lost yet
 *
 * After its receiver was attached. 0 or -errno.
 */
int dataplane_divert_add(struct dataplane *dp, const struct session *s, bool fresh);

/** dataplane_divert_follow() - the same for all sessions of @t, when it has changed whether they are taken out of
 * other sockets than its own */
void dataplane_divert_follow(struct dataplane *dp, const struct tunnel *t);

/** dataplane_ends_join() - a program's socket has the addresses that it has; dataplane_ends_leave() - no longer */
void dataplane_ends_join(struct dataplane *dp, struct endpoint *e);
void dataplane_ends_leave(struct dataplane *dp, struct endpoint *e);

/** dataplane_divert_remove() - no longer; before anything else of it goes */
void dataplane_divert_remove(struct dataplane *dp, const struct session *s);

/** dataplane_divert_forget() - the same for a record that nothing is adopted from */
void dataplane_divert_forget(struct dataplane *dp, const struct session_record *s);

/** dataplane_divert_adopted() - all that waits in the rings for a session can be taken */
void dataplane_divert_adopted(struct dataplane *dp);

/**
 * dataplane_fast_tell() - whether the session of a filled record may take the fast path; in its record stands what came
 * of it. Again when anything of it has changed
 * @c: of PPP: its channel; NULL: it has none
 */
void dataplane_fast_tell(struct dataplane *dp, const struct tunnel *t, uint32_t index,
                         const struct channel *c);

/** dataplane_fast_header_len() - octets in front of the inner frame; of PPP, of the packet */
uint32_t dataplane_fast_header_len(const struct session *s, bool send);

/** dataplane_fast_tell_all() - of each session of the tunnel */
void dataplane_fast_tell_all(struct dataplane *dp, const struct tunnel *t);

/** dataplane_fast_forget() - it may not any more, and goes; before anything else of it does */
void dataplane_fast_forget(struct dataplane *dp, uint32_t index);

/** dataplane_session_start() - make both directions of a session with a filled record, and post them
 * @device: its TAP, .fd becomes the session's; NULL: it has none */
int dataplane_session_start(struct dataplane *dp, struct session *s,
                            const struct keeper_device *device);

/** dataplane_sending_stop() - no worker sends for it any more, dataplane_sending_start() - ... again; posted */
void dataplane_sending_stop(struct session *s);
void dataplane_sending_start(struct session *s);

/** dataplane_session_finish() - after its directions were detached and waited for: free all of it */
void dataplane_session_finish(struct dataplane *dp, struct session *s);

/** dataplane_adopt() - take up what the records say after an engine died; the one place that decides it
 *
 * Nothing is received yet: what waits is to find its session, and of PPP its channel and unit. */
int dataplane_adopt(struct dataplane *dp);

/** kept_devices_free() - those that nobody has taken go, in the keeper too */
void kept_devices_free(struct dataplane *dp, struct kept_devices *d);

/** log_not_adopted() - @lost of what was to be taken up have ended, the first for @why (-errno); 0: nothing is said */
void log_not_adopted(uint32_t lost, int why, const char *effect);

/** dataplane_adopted() - all is there, what waits in sockets and rings is received */
void dataplane_adopted(struct dataplane *dp);

#endif
