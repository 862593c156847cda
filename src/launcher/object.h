/* SPDX-License-Identifier: BSD-2-Clause */
/* object.h - stand-ins: what programs hold in place of what their kernel lacks
 *
 * A stand-in is a socket of ours whose duplicate the program got. It is known by its inode, which stays
 * the same whatever number it has, over dup, fork, exec and SCM_RIGHTS; so the program's descriptors need
 * no bookkeeping. When the last of the program's copies is closed, whoever watches for that (each kind its
 * own way) calls object_remove().
 *
 * The table has a lock; an object has one too, held by the thread that serves a call on it.
 */
#ifndef UL2TP_LAUNCHER_OBJECT_H
#define UL2TP_LAUNCHER_OBJECT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

struct trap;
struct object;

/* One message that a program sends, copied out of its memory. */
struct outgoing {
	uint8_t *octets;
	size_t len;
	int flags; /* MSG_* */
	bool has_name;
	struct sockaddr_storage name;
	socklen_t name_len; /* as given: may be longer than what was copied */
	uint8_t *control;
	size_t control_len;
};

/* What object_ops.send() returns to have the kernel do it, with the program's own arguments. */
#define SEND_NATIVE INT64_MIN

/* What a kind of stand-in does with the calls the filter traps on it. NULL: the kernel does it. Each answers
 * the trap, but for send. Called with object.lock held. */
struct object_ops {
	const char *name; /* for the log: "netlink", "l2tp-ip" */
	bool ppp;         /* its numbers are those of launcher.ppp_range */
	bool is_file; /* to the program it is none of a socket: sendto() and its like are ENOTSOCK */

	/** send() - one message of sendto, sendmsg, sendmmsg, write or writev. Return: octets sent, or the
	 * negative errno of the call, or SEND_NATIVE */
	int64_t (*send)(struct trap *t, struct object *o, const struct outgoing *m);

	/** receive() - recvfrom, recvmsg, recvmmsg: with REPLY_TRAP; these and read, readv: of what has numbers of
	 * launcher.ppp_range */
	void (*receive)(struct trap *t, struct object *o);
	void (*bind)(struct trap *t, struct object *o);
	void (*connect)(struct trap *t, struct object *o);
	void (*getsockname)(struct trap *t, struct object *o);
	void (*getpeername)(struct trap *t, struct object *o);
	void (*setsockopt)(struct trap *t, struct object *o);
	void (*getsockopt)(struct trap *t, struct object *o);
	void (*ioctl)(struct trap *t, struct object *o);
	void (*shutdown)(struct trap *t, struct object *o);
	void (*listen)(struct trap *t, struct object *o); /* and accept */

	/** for_tunnel() - a descriptor that a tunnel can be on no more than on what this stands for, and for the same reason; it
	 * goes to ul2tpd instead. Without the lock. -errno. NULL: its own */
	int (*for_tunnel)(struct object *o);

	/** is_gone() - whether the program has closed its last copy; asked now and then. NULL: somebody else
	 * sees it and calls object_remove() */
	bool (*is_gone)(struct object *o);

	/** free() - release what belongs to the object, and the object */
	void (*free)(struct object *o);
};

struct object {
	ino_t ino; /* of the socket that the program has */
	dev_t dev; /* of all sockets: a file may have the same inode number */
	const struct object_ops *ops;
	pthread_mutex_t lock;
	unsigned int references; /* the table's lock guards it */
	bool removed;
	struct object *next; /* in the table's bucket */
};

#define OBJECT_BUCKETS 8192
#define OBJECT_WAIT_MS 50

struct object_table {
	pthread_mutex_t lock;
	struct object *buckets[OBJECT_BUCKETS];
	unsigned int count;
	unsigned int leaving; /* removed, and not freed yet */
};

/** object_table_init() - empty */
void object_table_init(struct object_table *table);

/** object_init() - fill the common part; @fd: the socket whose duplicate the program gets. -errno of fstat() */
int object_init(struct object *o, const struct object_ops *ops, int fd);

/** object_restore() - the same for a socket another supervisor gave out (estate.h) */
void object_restore(struct object *o, const struct object_ops *ops, ino_t ino, dev_t dev);

/** object_add() - into the table, which takes over the caller's reference. Do it before trap_give(): the
 * program may use the descriptor at once */
void object_add(struct object_table *table, struct object *o);

/** object_find() - by inode, with a reference; NULL */
struct object *object_find(struct object_table *table, ino_t ino);

/** object_put() - give a reference back; the last one frees */
void object_put(struct object_table *table, struct object *o);

/** object_remove() - the program has it no longer: out of the table. Harmless if it is out */
void object_remove(struct object_table *table, struct object *o);

/** object_collect() - ask every object that can say so whether it is gone, and remove those */
void object_collect(struct object_table *table);

/**
 * object_collect_surely() - the same, for who needs what they hold
 * @asker: is not asked: the caller serves a call on it; NULL: none
 *
 * An object that another thread has just answered a call for, or looks at, has that thread's lock or reference for a moment more,
 * while the program may have closed it already. Such moments are waited for, OBJECT_WAIT_MS at most.
 */
void object_collect_surely(struct object_table *table, const struct object *asker);

#endif
