/* SPDX-License-Identifier: BSD-2-Clause */
/* level.h - with how little privilege something is run, and what works there
 *
 * `ul2tp run --check` shows for each level that can be reached from where it is started which features work,
 * by which of their ways, and which single permission would add each that does not.
 */
#ifndef UL2TP_LAUNCHER_LEVEL_H
#define UL2TP_LAUNCHER_LEVEL_H

#include "launcher/permission.h"

enum level {
	LEVEL_HERE,      /* as one is */
	LEVEL_NET_ADMIN, /* root with CAP_NET_ADMIN and CAP_NET_RAW and no more, as in many containers */
	LEVEL_ROOTLESS, /* root in a user namespace of one's own */
	LEVELS,
};

struct level_row {
	const char *key;  /* in JSON; stable */
	const char *name; /* for people */
};

const struct level_row *level_row(enum level level);

/** level_measure() - what is permitted at a level. 0; -EPERM: that level can not be reached from here */
int level_measure(enum level level, permission_set *ret);

enum feature {
	FEATURE_RUN,       /* programs are served at all */
	FEATURE_NETLINK,   /* their generic netlink sockets */
	FEATURE_INTERFACE, /* Ethernet sessions: ul2tpd at this level */
	FEATURE_TUNNEL_IP, /* tunnels over protocol 115: ul2tpd at this level */
	FEATURE_MANAGED,   /* tunnels on the program's own UDP socket */
	FEATURE_IP_SOCKET, /* L2TP/IP sockets */
	FEATURE_OTHER_NETNS,
	FEATURE_SETUID,
	FEATURE_PPP_SOCKET,  /* PPPoL2TP sockets */
	FEATURE_PPP_CHANNEL, /* /dev/ppp on their channels */
	FEATURE_PPP_UNIT,    /* /dev/ppp on units, which have an interface each */
	FEATURE_PPP_SHARED,  /* units of libul2tp's that share one (ul2tpd --ppp-device shared) */
	FEATURE_PPPD,        /* pppd with its plugin pppol2tp.so, also for xl2tpd */
	FEATURES,
};

struct feature_row {
	const char *key;
	const char *name;
	bool needed; /* without it nothing is of use */
};

const struct feature_row *feature_row(enum feature feature);

/** feature_way() - the best way in which a feature works with these permissions ("uevent", "ebpf", "yes");
 * NULL: it does not */
const char *feature_way(enum feature feature, permission_set have);

/** feature_adds() - a single permission that makes it work, or work in a better way; PERMISSIONS: none does */
enum permission feature_adds(enum feature feature, permission_set have);

/** level_usable() - whether every needed feature works */
bool level_usable(permission_set have);

#endif
