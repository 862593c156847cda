/* SPDX-License-Identifier: BSD-2-Clause */
/* trap.h - one trapped system call: what it asked, who asked it, and the answer it gets
 *
 * A handler runs on a thread of its own and may block. It answers exactly once, by one of the functions
 * below; a trap that was not answered when its handler returns is answered with ENOSYS and a line.
 *
 * Memory of the program changes under our eyes: read each argument once, decide on the copy. Never
 * trap_continue() where the decision depended on memory and matters for safety.
 */
#ifndef UL2TP_LAUNCHER_TRAP_H
#define UL2TP_LAUNCHER_TRAP_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "launcher/launcher.h"
#include "process/process.h"

struct estate_answer;

/* Who called, once it was asked: while the call waits nobody changes it. */
struct trap_caller {
	bool known; /* who */
	struct process_credentials who;
	pid_t process; /* 0: not asked yet */
	int memory;    /* memory.h; -1: not written to yet */
};

struct trap {
	struct launcher *launcher;
	struct seccomp_notif
		notif; /* .pid: the thread that called, in our pid namespace; .data.nr, .data.args */
	bool answered;
	bool again; /* an earlier supervisor was killed over it, and may have carried it out, or a part of it */
	uint32_t tokens;              /* that it has had */
	struct estate_answer *answer; /* where the next supervisor would find it; NULL: nowhere */
	struct trap_caller *caller;   /* room for it; NULL: it is read anew each time */
};

/** trap_argument() - the argument with this number */
static inline uint64_t trap_argument(const struct trap *t, unsigned int number)
{
	return t->notif.data.args[number];
}

/* Answers. Each may find the caller gone (killed); that is no failure. */

/** trap_return() - the call returns @value */
void trap_return(struct trap *t, int64_t value);

/** trap_fail() - the call fails; @err: negative errno */
void trap_fail(struct trap *t, int err);

/** trap_result() - trap_fail() if @result is negative, else trap_return() */
void trap_result(struct trap *t, int64_t result);

/** trap_decide() - the call will return this; what comes between that and the answer can not be done twice: if this
 * supervisor is killed now the next one only answers. trap_result() with the same follows */
void trap_decide(struct trap *t, int64_t result);

/** trap_answer_again() - the answer that an earlier supervisor had decided on; false: it had not */
bool trap_answer_again(struct trap *t);

/** trap_token() - the next number for something that this call does, by which it is known; the next supervisor, which makes the
 * call again, gets the same ones in the same order */
uint64_t trap_token(struct trap *t);

/** trap_continue() - the kernel executes the call as if it had not been trapped */
void trap_continue(struct trap *t);

enum give_where {
	GIVE_LOWEST,         /* as the kernel chooses a number */
	GIVE_IN_RANGE,       /* the lowest free one of launcher.range; EMFILE if there is none */
	GIVE_IN_PPP_RANGE,   /* a free one of launcher.ppp_range; if there is none as GIVE_LOWEST */
	GIVE_IN_ROUTE_RANGE, /* the same of launcher.route_range */
};

/**
 * trap_give() - the call returns a descriptor: a duplicate of @fd, which stays the caller's
 *
 * Return: its number in the program, or a negative errno that the call failed with.
 */
int trap_give(struct trap *t, int fd, enum give_where where, bool cloexec);

/** trap_has_ppp_room() - whether a number of launcher.ppp_range is free and allowed, which may have changed when it
 * returns */
bool trap_has_ppp_room(const struct trap *t);

/** trap_note_unit() - the file of /dev/ppp at this number is on a unit now; of numbers out of the range nothing is kept */
void trap_note_unit(const struct trap *t, int number, uint32_t unit);

/**
 * trap_files_on_unit() - numbers of the range at which the program may have files on that unit
 *
 * Those that were noted, and, unless it has had more than the range has room for, all of which nothing was noted: copies,
 * and what another program left. Return: how many.
 */
unsigned int trap_files_on_unit(const struct trap *t, uint32_t unit, int ret[PPP_PLACES_MAX]);

/** trap_give_from() - the same in the range, and not below @first */
int trap_give_from(struct trap *t, int fd, unsigned int first, bool cloexec);

/* The program's memory. -EFAULT as the kernel would say, -ESRCH: it has gone, -EPERM: it
 * may not be looked at (said once). */
int trap_read(const struct trap *t, uint64_t address, void *to, size_t len);
int trap_write(const struct trap *t, uint64_t address, const void *from, size_t len);

/** trap_read_string() - up to a NUL; -ENAMETOOLONG if there is none within @size. Return: its length */
int trap_read_string(const struct trap *t, uint64_t address, char *to, size_t size);

/** trap_write_sized() - as the kernel writes names and options: at most what *@length_address allows, then
 * the full length there. 0, -EFAULT, -EINVAL (negative length) */
int trap_write_sized(const struct trap *t, uint64_t address, uint64_t length_address,
                     const void *from, uint32_t len);

/** trap_write_option() - as the kernel writes an int that getsockopt() asked for: cut off at *@length_address,
 * which becomes what was written. 0, -EFAULT, -EINVAL */
int trap_write_option(const struct trap *t, uint64_t address, uint64_t length_address, int value);

/** trap_is_valid() - whether the caller still waits: ask after opening anything by its number (/proc/TID) */
bool trap_is_valid(const struct trap *t);

/** trap_descriptor() - a duplicate of the program's descriptor @number (close-on-exec). Negative errno:
 * -EBADF there is none; -EPERM this machine does not let us (pidfd_getfd) */
int trap_descriptor(const struct trap *t, int number);

/** trap_descriptor_of() - the same of the stand-in that was found at @number. -EBADF: the program has put something else
 * there since, which must not be acted on with our rights */
int trap_descriptor_of(const struct trap *t, const struct object *o, int number);

/** trap_object() - the stand-in behind the program's descriptor @number, with a reference that the caller
 * gives back (object_put()); NULL: an ordinary descriptor, or none */
struct object *trap_object(const struct trap *t, int number);

/** trap_namespace() - a descriptor of the calling thread's namespace, which the caller closes. @kind: as in /proc/PID/ns */
int trap_namespace(const struct trap *t, const char *kind);

/** trap_netns() - that of the network */
int trap_netns(const struct trap *t);

/** trap_netns_number() - its inode, which is another's when it has gone. 0: the caller has gone */
ino_t trap_netns_number(const struct trap *t);

/** trap_process() - the process of the calling thread (its tgid) in our pid namespace; -ESRCH */
pid_t trap_process(const struct trap *t);

#endif
