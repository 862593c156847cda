/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_stand_in.h - a stand-in for an L2TP/IP socket, for the files that serve the calls on it
 *
 *	ip_socket.c    birth and death, names, sending
 *	ip_options.c   setsockopt(), getsockopt(), ioctl()
 *	ip_estate.c    what the next supervisor must know
 *	ip_link.c      requests to ul2tpd, and starting over with one that has come back
 */
#ifndef UL2TP_LAUNCHER_IP_STAND_IN_H
#define UL2TP_LAUNCHER_IP_STAND_IN_H

#include <net/if.h>

#include "launcher/daemon_link.h"
#include "launcher/object.h"
#include "launcher/trap.h"
#include "netlink/ul2tp_ip_socket_message.h"

/* What the next supervisor must know, too. */
struct ip_facts {
	int family;
	uint16_t port;               /* of the stand-in, in the private namespace */
	bool rights;                 /* who opened it had CAP_NET_ADMIN */
	bool sends_no_more;          /* shutdown() was called, and it is of IPv6 */
	uint64_t cookie;             /* of the stand-in */
	char device[IFNAMSIZ];       /* SO_BINDTODEVICE */
	uint8_t bound[32], peer[32]; /* accepted by bind() and connect() */
	uint8_t bound_len, peer_len; /* 0: neither was */
};

struct ip_stand_in {
	struct object object;
	struct launcher *launcher;
	int netns;   /* where it was opened, as a real one stays there */
	int watcher; /* UDP socket beside it: once it can have the stand-in's port, that is closed */
	struct daemon_link link;
	struct ip_facts facts;
	uint32_t estate;
};

/* What GET answered. */
struct ip_state {
	uint8_t name[UL2TP_IP_NAME_MAX], peer_name[UL2TP_IP_NAME_MAX];
	uint32_t name_len, peer_name_len;
	bool connected;
};

/** ip_link_open() - connect to ul2tpd and have the socket there as it should be; nothing if it is. -errno */
int ip_link_open(struct ip_stand_in *s);

/** ip_link_close() - when this returns, ul2tpd has removed the socket, its binding and the tunnel on it */
void ip_link_close(struct ip_stand_in *s);

/* Requests. The errno of the call that ul2tpd answered; -ENETDOWN it can not be reached. */
int ip_link_bind(struct ip_stand_in *s, const void *name, size_t len);
int ip_link_connect(struct ip_stand_in *s, const void *name, size_t len);
int ip_link_send(struct ip_stand_in *s, const struct ul2tp_ip_socket_send *send);
int ip_link_option(struct ip_stand_in *s, int level, int option, const void *value, size_t len);
int ip_link_get(struct ip_stand_in *s, struct ip_state *ret);

/** ip_link_look() - start over if ul2tpd has gone and is there again */
void ip_link_look(struct ip_stand_in *s);

/** ip_remember() - facts or descriptors have changed: tell the estate */
void ip_remember(struct ip_stand_in *s, bool descriptors);

/* ip_options.c */
void ip_setsockopt(struct trap *t, struct object *o);
void ip_getsockopt(struct trap *t, struct object *o);
void ip_ioctl(struct trap *t, struct object *o);

#endif
