/* SPDX-License-Identifier: BSD-2-Clause */
/* permission.h - what this process may do here, found out by doing it
 *
 * A container engine, a security module or an older kernel can refuse any of these, and which refused is seldom
 * written anywhere. So each is tried, on descriptors and in child processes of our own; nothing is left over.
 */
#ifndef UL2TP_LAUNCHER_PERMISSION_H
#define UL2TP_LAUNCHER_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

enum permission {
	PERMISSION_TRAP,      /* seccomp user notification */
	PERMISSION_MEMORY,    /* reading the memory of a program one starts (memory.h) */
	PERMISSION_GETFD,     /* pidfd_getfd() */
	PERMISSION_TUN,       /* /dev/net/tun */
	PERMISSION_NET_ADMIN, /* CAP_NET_ADMIN over the network namespace */
	PERMISSION_NET_RAW,   /* raw sockets */
	PERMISSION_BPF,       /* loading an eBPF program and its maps */
	PERMISSION_NEW_NETNS, /* making a network namespace */
	PERMISSION_SETNS,     /* entering one */
	PERMISSION_UEVENT,    /* the echo of NETLINK_KOBJECT_UEVENT in a new network namespace */
	PERMISSION_FIB,       /* the echo of NETLINK_FIB_LOOKUP */
	PERMISSION_SETUID, /* filters without NO_NEW_PRIVS: set-user-ID programs keep their meaning */
	PERMISSION_ROOT,   /* opening a file of mode 0600 that is root's, as /dev/ppp is (PPP-1) */
	PERMISSIONS,
};

/* A set of them. */
typedef uint32_t permission_set;

#define PERMISSION_BIT(permission) (UINT32_C(1) << (permission))

struct permission_row {
	const char *key;    /* in JSON; stable, see doc/interfaces.txt */
	const char *name;   /* for people */
	const char *remedy; /* what gives it */
};

/** permission_row() - constant */
const struct permission_row *permission_row(enum permission permission);

/** permissions_measure() - try all of them; forks, takes some tens of milliseconds */
permission_set permissions_measure(void);

/** permission_is_taken() - whether there is a seccomp listener around this process already, of which there can be
 * one only: that of another `ul2tp run`, or of a container engine */
bool permission_is_taken(void);

#endif
