/* SPDX-License-Identifier: BSD-2-Clause */
/* bequest.h - what a keeper leaves to the one of another release that takes its place (upgrade.h)
 *
 * Numbers and descriptors, one after the other, in memory of which the heir gets a descriptor. Each file of the keeper leaves
 * what it holds, and inherits it in the same order. The heir takes nothing for granted: a number is read within bounds, a
 * descriptor is looked at, and is nobody else's yet. Reading what is not there gives zero, or -1, and marks the inheritance
 * failed, as reader.h does; whoever inherits checks before it acts.
 *
 * What is left by one release is read by another, so whoever changes what is left, or how, raises LAYOUT_VERSION (layout.h).
 */
#ifndef UL2TP_KEEPER_BEQUEST_H
#define UL2TP_KEEPER_BEQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/reader.h"
#include "keeper/netns.h"

#define BEQUEST_END UINT32_MAX /* in place of a slot or a number of things: no more follow */

/* Being written. All zero: empty. */
struct bequest {
	uint8_t *octets;
	size_t len, room;
	int *fds; /* borrowed; those that go along */
	size_t fd_count, fd_room;
	bool failed; /* no memory */
};

void leave_u32(struct bequest *b, uint32_t value);
void leave_u64(struct bequest *b, uint64_t value);
void leave_bytes(struct bequest *b, const void *octets, size_t len);

/** leave_fd() - it goes along; -1: there is none. It stays open here until the heir has taken our place */
void leave_fd(struct bequest *b, int fd);

/** bequest_bind() - have the descriptors stay open over an execve(), or not. 0 or -errno */
int bequest_bind(const struct bequest *b, bool stay);
void bequest_release(struct bequest *b);

/* Being read. */
struct inheritance {
	struct reader reader;
	void *octets; /* it is over these; NULL: they are somebody else's */
};

static inline bool inherit_failed(const struct inheritance *i)
{
	return i->reader.failed;
}

/** inherit_refuse() - something that was read makes no sense */
static inline void inherit_refuse(struct inheritance *i)
{
	i->reader.failed = true;
}

uint32_t inherit_u32(struct inheritance *i);
uint64_t inherit_u64(struct inheritance *i);
bool inherit_bool(struct inheritance *i);
void inherit_bytes(struct inheritance *i, void *to, size_t len);

/** inherit_address() - of IPv4 or IPv6, or AF_UNSPEC */
void inherit_address(struct inheritance *i, union address *ret);

/** inherit_fd() - one that was left: the caller's, close-on-exec from now on, never 0 to 2; -1: none was, or failed */
int inherit_fd(struct inheritance *i);

/* What a socket is to be; 0: it does not matter (.netns: 0, too). */
struct socket_kind {
	int family, type, protocol;
	uint64_t netns; /* cookie */
};

/** inherit_socket() - as inherit_fd(); another kind of descriptor is closed, and failed */
int inherit_socket(struct inheritance *i, const struct socket_kind *kind);

/** inherit_file() - likewise: of @type (S_IFMT), and if @device is not 0 of that number */
int inherit_file(struct inheritance *i, mode_t type, dev_t device);

/** inherit_child() - a process that is a child of ours; 0: none was left, or it is not */
pid_t inherit_child(struct inheritance *i);

#endif
