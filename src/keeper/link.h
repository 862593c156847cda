/* SPDX-License-Identifier: BSD-2-Clause */
/* link.h - network interfaces over rtnetlink, in the namespace the calling thread is in */
#ifndef UL2TP_KEEPER_LINK_H
#define UL2TP_KEEPER_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct nlmsghdr;

/** link_socket() - an rtnetlink socket of this namespace; a descriptor, the caller's, or -errno */
int link_socket(void);

/* What to change of an interface; zero leaves it. */
struct link_change {
	uint32_t mtu_bytes;
	uint32_t queue_len; /* frames */
	bool up;
};

/** link_request() - send one and wait for its acknowledgement. Return: 0 or the kernel's -errno. */
int link_request(int socket, const struct nlmsghdr *nlh);

/** link_set() - one request, done when it returns. Return: 0 or the kernel's -errno. */
int link_set(int socket, int ifindex, const struct link_change *change);

/** link_set_group() - put the interface @name into @group */
int link_set_group(int socket, const char *name, uint32_t group);

/** link_delete_group() - delete all interfaces of @group in one go */
int link_delete_group(int socket, uint32_t group);

/** link_ifindex() - number of the interface @name, or -errno */
int link_ifindex(int socket, const char *name);

#endif
