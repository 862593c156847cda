/* SPDX-License-Identifier: BSD-2-Clause */
/* reorder_story.c - see reorder_story.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "path/reorder_story.h"

struct reorder_story story;

void start(uint8_t version, uint32_t timeout_ms)
{
	story = (struct reorder_story){
		.pool = { .packets_max = UINT32_MAX, .octets_max = UINT64_MAX },
		.timeout_ms = timeout_ms,
		.now_ms = 5000,
	};
	reorder_init(&story.r, version, &story.pool);
}

static void tell(uint32_t ns, const char *what)
{
	size_t at = strlen(story.text);

	if (ns == UNNUMBERED)
		snprintf(story.text + at, sizeof(story.text) - at, " u%s", what);
	else
		snprintf(story.text + at, sizeof(story.text) - at, " %u%s", ns, what);
}

static void count(enum rx_drop why)
{
	const struct drop_reason *reason = rx_drop_reason(why);

	story.errors += !!(reason->counts & COUNT_RX_ERRORS);
	story.seq_discards += !!(reason->counts & COUNT_RX_SEQ_DISCARDS);
}

static const char *word_of(enum rx_drop why)
{
	switch (why) {
	case RX_DROP_NONE:
		return "";
	case RX_DROP_OUTSIDE_WINDOW:
	case RX_DROP_OUT_OF_SEQUENCE:
		return "x";
	case RX_DROP_DUPLICATE:
		return "d";
	case RX_DROP_QUEUE_FULL:
		return "f";
	case RX_DROP_EXPIRED:
		return "e";
	default:
		fail_msg("no such drop here: %d", why);
		return NULL;
	}
}

static void came_out(struct reorder_entry *e, enum rx_drop why)
{
	tell(e->has_ns ? e->ns : UNNUMBERED, word_of(why));
	if (why)
		count(why);
}

void receive(uint32_t ns)
{
	const struct reorder_arrival a = {
		.has_ns = ns != UNNUMBERED,
		.ns = ns == UNNUMBERED ? 0 : ns,
		.timeout_ms = story.timeout_ms,
		.octets = OCTETS,
		.now_ms = story.now_ms,
	};
	struct reorder_decision d = reorder_receive(&story.r, &a);
	struct reorder_entry *e;
	enum rx_drop why;

	switch (d.verdict) {
	case REORDER_DELIVER:
		tell(ns, d.out_of_order ? "+" : "");
		break;
	case REORDER_HOLD:
		tell(ns, d.out_of_order ? "H" : "h");
		reorder_hold(&story.r, &a, &story.entries[story.used++]);
		break;
	case REORDER_DROP:
		tell(ns, word_of(d.why));
		count(d.why);
		break;
	}
	story.oos_packets += d.out_of_order;
	while ((e = reorder_next(&story.r, story.now_ms, &why)))
		came_out(e, why);
}

void happened(const char *words)
{
	assert_string_equal(story.text[0] ? story.text + 1 : "", words);
	story.text[0] = 0;
}

void story_goes(const char *comes, const char *words)
{
	for (char *end; *comes; comes = end + strspn(end, " ")) {
		uint32_t number = (uint32_t)strtoul(comes, &end, 10);

		if (*comes == 'u') {
			receive(UNNUMBERED);
			end++;
		} else if (!strncmp(end, "ms", 2)) {
			story.now_ms += number;
			end += 2;
		} else {
			assert_ptr_not_equal(end, comes);
			receive(number);
		}
	}
	happened(words);
}

void counted(uint32_t errors, uint32_t seq_discards, uint32_t oos_packets)
{
	assert_int_equal(story.errors, errors);
	assert_int_equal(story.seq_discards, seq_discards);
	assert_int_equal(story.oos_packets, oos_packets);
}
