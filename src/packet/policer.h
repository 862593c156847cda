/* SPDX-License-Identifier: BSD-2-Clause */
/* policer.h - a token bucket: what comes faster than a rate, and more than a burst at once, does not pass
 *
 * Of one direction, by the thread that moves its packets, which tells the time: once a batch is enough. Credit is
 * counted in thousandths of a bit, which is what one bit a second earns in a millisecond, so nothing is rounded.
 */
#ifndef UL2TP_PACKET_POLICER_H
#define UL2TP_PACKET_POLICER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICER_RATE_MIN  1000ull          /* bits a second */
#define POLICER_RATE_MAX  1000000000000ull /* a terabit a second */
#define POLICER_BURST_MIN 1500u /* octets: less, and a packet of the usual MTU never passes */
#define POLICER_BURST_MAX (1024u * 1024 * 1024)

#define POLICER_CREDIT_OF_OCTET 8000ull

struct policer {
	uint64_t rate; /* bits a second; 0: all passes */
	uint64_t full; /* credit, of a whole burst */
	uint64_t credit;
	uint64_t last_ms;
};

/** policer_burst() - octets that are a sensible burst at @rate: 100 ms of it, and at least one super-packet */
static inline uint32_t policer_burst(uint64_t rate)
{
	uint64_t octets = rate / 80;

	return octets < 65536               ? 65536
	       : octets > POLICER_BURST_MAX ? POLICER_BURST_MAX
	                                    : (uint32_t)octets;
}

/** policer_set() - with a whole burst to begin with; @rate 0: let all pass */
static inline void policer_set(struct policer *p, uint64_t rate, uint32_t burst_octets,
                               uint64_t now_ms)
{
	uint64_t full = burst_octets * POLICER_CREDIT_OF_OCTET;

	*p = (struct policer){ .rate = rate, .full = full, .credit = full, .last_ms = now_ms };
}

static inline void policer_earn(struct policer *p, uint64_t now_ms)
{
	uint64_t elapsed_ms = now_ms > p->last_ms ? now_ms - p->last_ms : 0;
	uint64_t missing = p->full - p->credit;

	p->last_ms = now_ms;
	/* The product can not overflow: it is no more than what is missing. */
	p->credit = elapsed_ms > missing / p->rate ? p->full : p->credit + elapsed_ms * p->rate;
}

/** policer_passes() - whether a packet of @len octets does; @now_ms: monotonic */
static inline bool policer_passes(struct policer *p, size_t len, uint64_t now_ms)
{
	uint64_t price = len * POLICER_CREDIT_OF_OCTET;

	if (!p->rate)
		return true;
	if (now_ms != p->last_ms)
		policer_earn(p, now_ms);
	if (p->credit < price)
		return false;
	p->credit -= price;
	return true;
}

#endif
