/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_list.h - the netlink sockets of one network namespace, as /proc/net/netlink lists them
 *
 * How we learn without holding a stand-in that the program has closed it, and how full it is. The list comes in pieces of some
 * forty sockets; when one is closed between two pieces, another that is there may be left out. What none of several readings
 * has is not there.
 */
#ifndef UL2TP_LAUNCHER_SOCKET_LIST_H
#define UL2TP_LAUNCHER_SOCKET_LIST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct socket_list {
	int fd;               /* stays with the namespace it was opened in */
	pthread_mutex_t lock; /* guards the descriptor's position */
};

struct socket_entry {
	ino_t ino;
	uint32_t port;
	uint32_t queued; /* octets in its receive buffer, as the kernel counts them */
};

/** socket_list_open() - of the namespace the calling thread is in; -errno */
int socket_list_open(struct socket_list *list);
void socket_list_close(struct socket_list *list);

/** socket_list_find() - by inode. 0; -ENOENT there is no such; -errno: it can not be known */
int socket_list_find(struct socket_list *list, ino_t ino, struct socket_entry *ret);

/** socket_entry_read() - one line, without its newline; -EBADMSG it is not one of a socket */
int socket_entry_read(const char *line, struct socket_entry *ret);

#endif
