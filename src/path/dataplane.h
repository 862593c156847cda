/* SPDX-License-Identifier: BSD-2-Clause */
/* dataplane.h - the subsystem: every tunnel and session of every namespace, and the workers that serve them
 *
 * All functions belong on the API thread. What they make is complete when they return, and what they
 * remove is gone: no worker touches it any more, its id and its port are free.
 */
#ifndef UL2TP_PATH_DATAPLANE_H
#define UL2TP_PATH_DATAPLANE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "keeper/keeper.h"
#include "loop/mailbox.h"
#include "netlink/session_message.h"
#include "netlink/ul2tp_session_message.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "path/trace_ring.h"
#include "tunnel/netns.h"
#include "tunnel/quirk.h"
#include "tunnel/session.h"
#include "tunnel/tunnel.h"

struct dataplane;

struct dataplane_options {
	unsigned int workers;
	struct quirks quirks;
	bool naive;          /* each packet by a system call of its own */
	bool shared_devices; /* of PPP units, unless a program wants one of its own */
};

/**
 * dataplane_new() - start the workers, and take up what an earlier engine left (keeper_start.first)
 *
 * Return: 0 or a negative errno. Then the process is to end: what is there is the next engine's, and nothing is freed.
 */
int dataplane_new(const struct keeper_start *start, const struct dataplane_options *options,
                  struct dataplane **ret);

/** dataplane_mailbox_set() - where letters of workers for the API thread go; NULL: nowhere */
void dataplane_mailbox_set(struct dataplane *dp, struct mailbox *api);

/** dataplane_yield() - stop the workers between two packets; all stays for the next engine, and this process is to end */
void dataplane_yield(struct dataplane *dp);

/** dataplane_free() - stop the workers, remove everything; NULL is fine */
void dataplane_free(struct dataplane *dp);

/** dataplane_netns() - the namespace with this cookie, made if need be; NULL: out of memory */
struct netns *dataplane_netns(struct dataplane *dp, struct netns_id id);

/** dataplane_netns_find() - the namespace with this cookie, or NULL */
struct netns *dataplane_netns_find(struct dataplane *dp, struct netns_id id);

/**
 * dataplane_limits_set() - set what is there of @set; 0: none
 *
 * Limits are kept in the records: they outlive the engine, and whoever is in the namespace.
 *
 * Return: 0; -ENOSPC with words: too many namespaces have limits of their own.
 */
int dataplane_limits_set(struct dataplane *dp, struct netns *ns, const struct ul2tp_limits_set *set,
                         struct extack *ea);

/** netns users: a connection holds its namespace with these, as tunnels do */
void dataplane_netns_hold(struct netns *ns);
void dataplane_netns_release(struct dataplane *dp, struct netns *ns);

/** dataplane_netns_empty() - remove all tunnels of the namespace, without notifications (NL-81, TUN-47) */
void dataplane_netns_empty(struct dataplane *dp, struct netns *ns);

/**
 * dataplane_tunnel_add() - steps 7 to 11 of kernel-behaviour §1.5
 * @client: keeper's number of the client, in whose namespace the socket is made
 * @fd:	    the program's own socket, if @params has a descriptor; stays the caller's. -EBADF: none came
 *
 * Return: 0; -EEXIST, -EADDRINUSE, -EADDRNOTAVAIL, -ENETUNREACH ... (TUN-10); -EBADF, -ENOTSOCK and those of
 *	   TUN-20; -EDQUOT, -ENFILE, -ENOMEM; with words.
 */
int dataplane_tunnel_add(struct dataplane *dp, struct netns *ns, uint32_t client,
                         const struct ul2tp_tunnel_create *params, int fd, struct tunnel **ret,
                         struct extack *ea);

/**
 * dataplane_socket_changed() - the program has connected the socket @fd anew, or set options: look at it again
 *
 * Return: 0 and the tunnel; -ENOTSOCK; -ENOENT there is none on it; what the system says of sending like that.
 */
int dataplane_socket_changed(struct dataplane *dp, int fd, struct tunnel **ret, struct extack *ea);

/** dataplane_socket_gone() - the program has closed its last copy: its tunnel goes (TUN-45), nobody is told (NL-81) */
void dataplane_socket_gone(struct dataplane *dp, uint64_t cookie);

/** dataplane_peer_check_set() - which packets a tunnel takes for its own: enum ul2tp_peer_check */
void dataplane_peer_check_set(struct dataplane *dp, struct tunnel *t, uint8_t peer_check);

/** dataplane_tunnel_remove() - with its sessions */
void dataplane_tunnel_remove(struct dataplane *dp, struct tunnel *t);

/** dataplane_session_add() - steps 10 and 11 of kernel-behaviour §1.8, SES-20; errors in words */
int dataplane_session_add(struct dataplane *dp, struct tunnel *t, uint32_t client,
                          const struct session_create *params, const char *label,
                          struct session **ret, struct extack *ea);
void dataplane_session_modify(struct dataplane *dp, struct session *s,
                              const struct session_modify *change);
void dataplane_session_remove(struct dataplane *dp, struct session *s);

/**
 * dataplane_trace_open() - make room for trace events, so that they can be listened to; harmless if there is
 * @reader: of the API thread's loop; gets a letter when there are some to be read
 *
 * Return: 0; -ENOMEM.
 */
int dataplane_trace_open(struct dataplane *dp, struct mailbox *reader);

/** dataplane_trace_close() - nobody listens any more, in any namespace; the mailbox may go then */
void dataplane_trace_close(struct dataplane *dp);

/** dataplane_trace_set() - which are listened to from now on: bits of enum ul2tp_trace_event.
 * @ns: NULL: in all namespaces, those to come included */
void dataplane_trace_set(struct dataplane *dp, struct netns *ns, uint64_t events);

/** dataplane_trace_caller() - whose request makes the events of the API thread */
void dataplane_trace_caller(struct dataplane *dp, pid_t pid, const char *process);

/** dataplane_trace_next() - the oldest that has not been read, of all threads; false: there is none */
bool dataplane_trace_next(struct dataplane *dp, struct trace_entry *ret);

/** dataplane_trace_lost() - how many there was no room for, since it was last asked */
uint64_t dataplane_trace_lost(struct dataplane *dp);

#endif
