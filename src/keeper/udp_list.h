/* SPDX-License-Identifier: BSD-2-Clause */
/* udp_list.h - the UDP sockets of a network namespace that have a port, by the inodes of their files
 *
 * From the kernel's texts /proc/net/udp and udp6, which every kernel has, where it has nothing better (socket_watch.h). A
 * text comes in pieces of some thirty sockets; when one closes between two pieces, another may be left out. So a
 * socket that is in none of several readings has gone, one that is not in the last may have.
 */
#ifndef UL2TP_KEEPER_UDP_LIST_H
#define UL2TP_KEEPER_UDP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct udp_list {
	ino_t *inodes; /* ascending after udp_list_sort(); may be there more than once */
	size_t count, room;
};

/** udp_list_add() - 0, -ENOMEM */
int udp_list_add(struct udp_list *l, ino_t ino);

/** udp_list_add_line() - the socket of a line of these texts; one that is no socket's adds nothing. 0, -ENOMEM */
int udp_list_add_line(struct udp_list *l, const char *line, size_t len);

/** udp_list_sort() - before it is asked */
void udp_list_sort(struct udp_list *l);
bool udp_list_has(const struct udp_list *l, ino_t ino);
void udp_list_release(struct udp_list *l);

#define UDP_TEXTS 2 /* of IPv4, and of IPv6 */

/** udp_texts_open() - those of the namespace the caller is in; without IPv6 one of them is -1. 0, -errno */
int udp_texts_open(int fds[UDP_TEXTS]);
void udp_texts_close(int fds[UDP_TEXTS]);

/** udp_texts_read() - add all that is in them now. 0, -errno: some may be missing */
int udp_texts_read(const int fds[UDP_TEXTS], struct udp_list *l);

/** udp_left_fn() - whether one that is looked for is not in @list. @sure: then it has gone */
typedef bool udp_left_fn(void *arg, const struct udp_list *list, bool sure);

/** udp_texts_look() - ask @left about what all readings had, until nothing is missing, or after some it is sure */
void udp_texts_look(const int fds[UDP_TEXTS], udp_left_fn *left, void *arg);

#endif
