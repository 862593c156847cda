/* SPDX-License-Identifier: BSD-2-Clause */
/* process.h - who a process is and what it may do, read from /proc
 *
 * A process is known by a descriptor of its directory below /proc: that names one process for ever,
 * where its number may come to name another.
 */
#ifndef UL2TP_PROCESS_PROCESS_H
#define UL2TP_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* User namespaces nest at most this deep. */
#define RIGHTS_DEPTH_MAX 33

/* The user namespace that owns a network namespace, and those around it, as far as we can see. */
struct rights_owner {
	uint32_t depth;
	struct {
		ino_t userns;
		uid_t made_by;
	} level[RIGHTS_DEPTH_MAX];
};

struct process_credentials {
	pid_t process; /* a thread's; its own number of a process */
	uid_t euid;
	uint64_t effective; /* capabilities */
	ino_t userns;
	char name[16];
};

/** process_open() - the directory of process @pid
 * Return: a descriptor, the caller's; -ESRCH: there is none; -EMFILE and the like: there may be one */
int process_open(pid_t pid);

/** process_is_alive() - whether the process of the directory has not ended */
bool process_is_alive(int process);

/** process_status() - its file "status", in which the groups it is in, up to 65,536, come before most else. NULL; free() it */
char *process_status(int process);

/** process_credentials() - what it may do now. Return: 0, or -ESRCH if it ended or may not be looked at. */
int process_credentials(int process, struct process_credentials *ret);

/**
 * process_status_read() - what @status, the text of that file, says of who it is and what it may do
 *
 * A line begins with its key; of several the first counts. A process names itself, but the kernel writes newlines in names as \n.
 * Sets all of @ret but .userns. Return: 0, or -ESRCH: something is not there.
 */
int process_status_read(const char *status, struct process_credentials *ret);

/** process_status_signals() - whether a signal waits that would be delivered: neither blocked nor ignored; true, too, if not known */
bool process_status_signals(const char *status);

/** process_status_innermost() - the process's number in the innermost of its pid namespaces; 0: not told (CONFIG_PID_NS) */
pid_t process_status_innermost(const char *status);

/** process_is_raised() - whether it has that by a set-user-ID program or file capabilities, or that is not known */
bool process_is_raised(int process);

/** process_has_socket() - whether one of its descriptors is the socket with inode @socket */
bool process_has_socket(int process, ino_t socket);

/** process_has_socket_at() - whether descriptor @number is it: one look, however many descriptors there are */
bool process_has_socket_at(int process, int number, ino_t socket);

/** rights_owner_read() - who owns the network namespace @netns. Return: 0 or -errno. */
int rights_owner_read(int netns, struct rights_owner *ret);

/** rights_allow() - whether @who has CAP_NET_ADMIN over it, by the rule of capabilities(7) and user_namespaces(7) */
bool rights_allow(const struct rights_owner *owner, const struct process_credentials *who);

#endif
