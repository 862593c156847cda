/* SPDX-License-Identifier: BSD-2-Clause */
/* multilink.h - packets in fragments over several links, and whole again (RFC 1990; PPP-70, PPP-71)
 *
 * The memory of fragments that wait for others is the caller's. One thread's; no allocation.
 *
 *	if (multilink_add(&m, fragment)) {
 *		do {
 *			list_init(&out);
 *			answer = multilink_take(&m, &out);
 *			... a packet is made of what is in out; then give it all back ...
 *		} while (answer != MULTILINK_WAIT);
 *	}
 */
#ifndef UL2TP_PPP_MULTILINK_H
#define UL2TP_PPP_MULTILINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"

#define MULTILINK_WAITING_MAX 128 /* fragments; then what is missing first is taken for lost */
#define MULTILINK_HEADER_MAX  4

struct multilink_header {
	bool begin, end;
	uint32_t seq;
};

/** multilink_write() - @seq's lower bits, in 12 if @is_short, else in 24. Return: octets written, 2 or 4 */
size_t multilink_write(const struct multilink_header *h, bool is_short, uint8_t *at);

/** multilink_read() - of the information of a frame of 003d. Return: octets of the header; 0: nothing is behind it */
size_t multilink_read(const uint8_t *info, size_t len, bool is_short, struct multilink_header *ret);

struct multilink_fragment {
	struct list node;
	uint32_t seq;
	bool begin, end;
};

struct multilink {
	struct list queue; /* by number */
	uint32_t waiting;
	uint32_t next; /* number of the fragment that the next packet begins with */
	uint32_t min;  /* RFC 1990 §4.1, M: on each link one at least this new has come */
	bool skipping; /* something was lost: until the next fragment that begins a packet */
};

void multilink_init(struct multilink *m);

/** multilink_expand() - the whole number of a fragment, of which the frame has the lower bits */
uint32_t multilink_expand(const struct multilink *m, uint32_t seq, bool is_short);

/** multilink_seen() - each link has come at least as far as @seq: what is older and not here was lost */
void multilink_seen(struct multilink *m, uint32_t seq);

/** multilink_is_next() - nothing waits, and this one is the next */
bool multilink_is_next(const struct multilink *m, uint32_t seq);

/** multilink_pass() - that which is next is a packet by itself, and was not given to multilink_add() */
void multilink_pass(struct multilink *m);

/** multilink_add() - false: it comes too late, or twice; the caller keeps it */
bool multilink_add(struct multilink *m, struct multilink_fragment *f);

enum multilink_answer {
	MULTILINK_WAIT,   /* nothing more to be had now */
	MULTILINK_PACKET, /* .out has all of a packet */
	MULTILINK_LOST,   /* a packet, or several in a row, will never be whole */
	MULTILINK_REST,   /* of those: .out has more of them */
};

/** multilink_take() - @out: an empty list; gets fragments that have left, in order */
enum multilink_answer multilink_take(struct multilink *m, struct list *out);

/** multilink_before() - of numbers that wrap around */
static inline bool multilink_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

#endif
