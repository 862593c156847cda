/* SPDX-License-Identifier: BSD-2-Clause */
/* launcher.h - what one `ul2tp run` knows: the context that every file of this folder is passed
 *
 * Processes of one run:
 *
 *	program     the pid that was `ul2tp run`; exec'ed after the filter was installed
 *	guardian    holds duplicates of what must outlive a supervisor, and starts another if it is killed
 *	supervisor  answers the few system calls the filter traps; one thread a trapped call
 *
 * Nothing of a program is ever held: no descriptor, no namespace longer than the stand-in it belongs to.
 */
#ifndef UL2TP_LAUNCHER_LAUNCHER_H
#define UL2TP_LAUNCHER_LAUNCHER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/file_place.h"
#include "launcher/held_sockets.h"
#include "launcher/object.h"

/* How an answer gets into a stand-in netlink socket as if the kernel had sent it; see reply.h. */
enum reply_way {
	REPLY_AUTO, /* the first of the others that passes its self-test */
	REPLY_UEVENT, /* echo by NETLINK_KOBJECT_UEVENT: octet for octet, at most about 2000 octets a message */
	REPLY_FIB,  /* echo by NETLINK_FIB_LOOKUP: any length, an attribute of padding in front */
	REPLY_TRAP, /* recvmsg() is trapped: works everywhere, 10 us a call */
};

struct launcher_options {
	const char *socket; /* ul2tpd's; NULL: the default, see ul2tp_connect() */
	enum reply_way reply;
	bool files;           /* stand-ins for files of /proc, debugfs and tracefs */
	unsigned int verbose; /* 1: say what was chosen; 2: a line for each trapped call */
	bool trap_all_sends; /* also of descriptors out of the range (dup2 of a stand-in out of it) */
};

/* The numbers at which stand-ins of sockets are put, so that the filter knows them by their numbers. */
struct descriptor_range {
	unsigned int first, last; /* both belong to it */
};

struct reply;        /* reply.h */
struct netlink_pump; /* netlink_pump.h */
struct estate;       /* estate.h */
struct tracing;      /* tracing.h */

/* Which is said once a run, however often a program asks for it. */
enum launcher_once {
	ONCE_IO_URING,
	ONCE_LISTENER,
	ONCE_FOREIGN,
	ONCE_PPPOX,
	ONCE_IP_SOCKET,
	ONCE_MEMORY,
	ONCE_DESCRIPTOR,
	ONCE_RANGE_FULL,
	ONCE_LIMIT,
	ONCE_OUT_OF_RANGE,
	ONCE_ORPHAN,
	ONCE_BUSY,
	ONCE_LONG_ANSWER,
	ONCE_NUMBER_TAKEN,
	ONCE_FILTER,
	ONCE_LANGUAGE,
};

#define GIVE_LOCKS 64

#define THREADS_KNOWN 256

#define PPP_PLACES_MAX 128 /* as many as ppp_range has at most */

/* A process's ppp_range: where its next stand-in goes, and what is where. */
struct ppp_places {
	pid_t process; /* of the last that asked; another begins anew */
	unsigned int next;
	bool full;     /* none was free the last time */
	bool was_full; /* or some time before */
	uint32_t unit_at
		[PPP_PLACES_MAX]; /* number of its unit + 1 of a file put there; 0: unknown */
};

struct launcher {
	struct launcher_options options;
	struct descriptor_range range;
	struct descriptor_range
		ppp_range; /* just below: of PPP, while there is room; their receive calls are trapped too */
	/* Below that, with .files: of NETLINK_ROUTE, likewise; first 0: none. */
	struct descriptor_range route_range;
	struct object_table objects;
	struct held_sockets held_sockets;
	int listener;    /* of the filter */
	int program;     /* pidfd of the process that was `ul2tp run` */
	int home_netns;  /* where the supervisor lives */
	int home_userns; /* likewise */
	ino_t home_userns_number;
	int private_netns;            /* ours alone, empty but for lo; -1: none can be made here */
	atomic_bool private_is_local; /* every address is local there, see private_net.h */
	struct reply *reply;
	bool keeps; /* pidfd_getfd() is refused: duplicates of stand-ins are kept, and /proc tells when they are closed */
	struct netlink_pump *pump;             /* NULL before netlink_start() */
	struct tracing *_Atomic tracing;       /* NULL before its files are used */
	atomic_int files_expected[FILE_KINDS]; /* of file_text.c; 0: none */
	uint16_t l2tp_family; /* id by which programs know "l2tp": not one of the kernel's own */
	uint32_t l2tp_group;  /* id of its multicast group, likewise */

	struct estate *estate; /* what a supervisor leaves to the next one */
	int guardian;          /* socket to it */
	_Atomic int log;  /* lines go there; -1: to syslog(3), when the first program has ended */
	atomic_uint said; /* 1 << enum launcher_once */
	pthread_mutex_t give_locks[GIVE_LOCKS];   /* by process: who chooses a number in .range */
	struct ppp_places ppp_places[GIVE_LOCKS]; /* guarded by them, one each */
	_Atomic uint64_t
		process_of[THREADS_KNOWN]; /* by thread: its number << 32 | its process's */
};

/** launcher_say() - one line on the launcher's standard error, "ul2tp run: ..."; any thread */
void launcher_say(struct launcher *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** launcher_say_once() - the same, but only the first time for @what */
void launcher_say_once(struct launcher *l, enum launcher_once what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** launcher_trace() - the same if options.verbose is at least @level */
void launcher_trace(struct launcher *l, unsigned int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
