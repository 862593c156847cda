/* SPDX-License-Identifier: BSD-2-Clause */
/* compression_test.c - what frames of CCP do to compressors, as seen on Linux 6.12, and links that lose frames */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ppp/compression.h"

#define CONF_REQ   "\x01\x01\x00\x04"
#define TERM_REQ   "\x05\x01\x00\x04"
#define TERM_ACK   "\x06\x01\x00\x04"
#define RESET_REQ  "\x0e\x01\x00\x04"
#define RESET_ACK  "\x0f\x01\x00\x04"
#define STATELESS  "\x12\x06\x01\x00\x00\x40"
#define STATEFUL   "\x12\x06\x00\x00\x00\x40"
#define BITS_56    "\x12\x06\x01\x00\x00\x80"
#define OPTION_LEN 6
#define ROOM       256

#define IN  false
#define OUT true

#define OPEN SC_CCP_OPEN
#define UP   (SC_CCP_OPEN | SC_CCP_UP)

static void look(struct ppp_compression *c, uint32_t flags, bool outbound, const char *packet)
{
	ppp_compression_look(c, flags, outbound, (const uint8_t *)packet, 4);
}

static void acknowledge(struct ppp_compression *c, uint32_t flags, bool outbound,
                        const char *options, size_t len, uint8_t claimed)
{
	uint8_t packet[32] = { 2, 1, 0, claimed };

	memcpy(packet + 4, options, len);
	ppp_compression_look(c, flags, outbound, packet, 4 + len);
}

static void set(struct ppp_compression *c, bool transmit, const char *option)
{
	uint8_t whole[MPPE_OPTION_LEN] = { 0 };
	struct mppe *m;

	memcpy(whole, option, OPTION_LEN);
	memcpy(whole + OPTION_LEN, "sixteen octets!!", 16);
	assert_int_equal(mppe_new(whole, sizeof(whole), &m), 0);
	mppe_free(ppp_compression_set(c, transmit, m));
}

static void start(struct ppp_compression *c, bool transmit, const char *option)
{
	set(c, transmit, option);
	acknowledge(c, OPEN, transmit, option, OPTION_LEN, 10);
	assert_true(c->state & (transmit ? SC_COMP_RUN : SC_DECOMP_RUN));
}

static enum ppp_sending send(struct ppp_compression *c, uint32_t flags, uint16_t protocol,
                             const char *text, uint8_t *frame, size_t *len)
{
	struct iovec info[2] = { { NULL, 0 }, { (void *)text, strlen(text) } };

	assert_true(ppp_compression_sends(c, protocol));
	return ppp_compression_send(c, flags, protocol, info, frame, len);
}

static enum ppp_receiving receive(struct ppp_compression *c, const uint8_t *frame, size_t len,
                                  const char *text)
{
	uint8_t room[ROOM];
	const uint8_t *info;
	uint16_t protocol;
	size_t info_len;
	enum ppp_receiving result;

	assert_true(ppp_compression_receives(c, PPP_COMP));
	result = ppp_compression_receive(c, frame, len, room, &protocol, &info, &info_len);
	if (result == PPP_RECEIVED_RESTORED && text) {
		assert_int_equal(protocol, PPP_IP);
		assert_int_equal(info_len, strlen(text));
		assert_memory_equal(info, text, info_len);
	}
	return result;
}

/* Requirements: PPP-50, PPP-61, PPP-65 */
static void a_pair_lives_as_linux_6_12_was_seen_to_have_it(void **state)
{
	struct ppp_compression c = { 0 };

	set(&c, OUT, STATELESS);
	set(&c, IN, STATELESS);
	assert_int_equal(c.state, 0);
	acknowledge(&c, 0, OUT, STATELESS, OPTION_LEN, 10);
	assert_int_equal(c.state, 0);
	acknowledge(&c, OPEN, OUT, STATELESS, OPTION_LEN, 10);
	assert_int_equal(c.state, 0x1000);
	acknowledge(&c, OPEN, IN, STATELESS, OPTION_LEN, 10);
	assert_int_equal(c.state, 0x3000);
	assert_int_equal(receive(&c,
	                         (const uint8_t *)"\x80\x01"
	                                          "abcdef",
	                         8, NULL),
	                 PPP_RECEIVED_UNREADABLE);
	assert_int_equal(c.state, 0x403000);
	assert_false(ppp_compression_receives(&c, PPP_COMP));
	ppp_compression_close(&c);
	assert_int_equal(c.state, 0);
	assert_null(c.compressor);
	acknowledge(&c, OPEN, OUT, STATELESS, OPTION_LEN, 10);
	assert_int_equal(c.state, 0);
}

/* Requirements: PPP-61, PPP-63 */
static void only_one_known_option_starts_anything(void **state)
{
	struct ppp_compression c = { 0 };

	set(&c, OUT, STATELESS);
	acknowledge(&c, OPEN, OUT, STATELESS "\x15\x03\x2f", 9, 13);
	acknowledge(&c, OPEN, OUT, STATELESS, OPTION_LEN, 3);
	acknowledge(&c, OPEN, OUT, STATELESS, OPTION_LEN, 9);
	acknowledge(&c, OPEN, OUT, STATELESS, 4, 10);
	acknowledge(&c, OPEN, OUT, BITS_56, OPTION_LEN, 10);
	acknowledge(&c, UP, OUT, STATELESS, OPTION_LEN, 10);
	acknowledge(&c, OPEN, IN, STATELESS, OPTION_LEN, 10);
	ppp_compression_look(&c, OPEN, OUT, (const uint8_t *)"\x02\x01\x00", 3);
	ppp_compression_look(&c, OPEN, OUT, NULL, 0);
	assert_int_equal(c.state, 0);
	acknowledge(&c, OPEN, OUT, STATELESS "more", OPTION_LEN + 4, 10); /* padding */
	assert_int_equal(c.state, SC_COMP_RUN);
	ppp_compression_close(&c);
}

/* Requirements: PPP-60, PPP-61 */
static void what_stops_them(void **state)
{
	static const struct {
		const char *packet;
		bool outbound;
		uint32_t left;
	} rows[] = {
		{ CONF_REQ, OUT, SC_COMP_RUN }, { CONF_REQ, IN, SC_DECOMP_RUN },
		{ TERM_REQ, OUT, 0 },           { TERM_REQ, IN, 0 },
		{ TERM_ACK, OUT, 0 },           { TERM_ACK, IN, 0 },
		{ RESET_REQ, OUT, 0x3000 },     { RESET_REQ, IN, 0x3000 },
		{ RESET_ACK, OUT, 0x3000 },     { RESET_ACK, IN, 0x3000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ppp_compression c = { 0 };

		start(&c, OUT, STATELESS);
		start(&c, IN, STATEFUL);
		look(&c, UP, rows[i].outbound, rows[i].packet);
		assert_int_equal(c.state, rows[i].left);
		ppp_compression_close(&c);
	}
}

/* Requirements: PPP-51, PPP-61, PPP-63 */
static void an_error_is_forgotten_by_an_ack_and_a_fatal_one_by_a_new_start(void **state)
{
	const uint8_t clear[] = "\x80\x01 in the clear";
	struct ppp_compression c = { 0 };

	start(&c, IN, STATEFUL);
	for (int i = 0; i < 15; i++) {
		assert_int_equal(receive(&c, clear, sizeof(clear), NULL), PPP_RECEIVED_UNREADABLE);
		assert_int_equal(c.state, 0x402000);
		look(&c, OPEN, IN, RESET_ACK);
		look(&c, UP, OUT, RESET_ACK);
		assert_int_equal(c.state, 0x402000);
		look(&c, UP, IN, RESET_ACK);
		assert_int_equal(c.state, 0x2000);
	}
	assert_false(ppp_compression_refuses(&c, SC_MUST_COMP));
	receive(&c, clear, sizeof(clear), NULL);
	assert_int_equal(c.state, 0xc02000);
	look(&c, UP, IN, RESET_ACK);
	assert_int_equal(c.state, 0x802000);
	assert_false(ppp_compression_receives(&c, PPP_COMP));
	assert_true(ppp_compression_refuses(&c, SC_MUST_COMP));
	assert_false(ppp_compression_refuses(&c, UP));
	look(&c, UP, OUT, CONF_REQ);
	assert_int_equal(c.state, 0x800000);
	acknowledge(&c, OPEN, IN, STATEFUL, OPTION_LEN, 10);
	assert_int_equal(c.state, 0x2000);
	receive(&c, clear, sizeof(clear), NULL); /* not forgiven: that takes another compressor */
	assert_int_equal(c.state, 0xc02000);
	look(&c, UP, OUT, TERM_REQ);
	look(&c, UP, IN, RESET_ACK);
	assert_int_equal(c.state, 0xc00000); /* nothing runs that an ack could be about */
	ppp_compression_close(&c);
}

/* Requirements: PPP-62 */
static void what_can_not_go_compressed(void **state)
{
	struct ppp_compression c = { 0 };
	uint8_t frame[ROOM];
	size_t len;

	assert_false(ppp_compression_sends(&c, PPP_IP));
	start(&c, OUT, STATELESS);
	assert_false(ppp_compression_sends(&c, PPP_LCP));
	assert_false(ppp_compression_sends(&c, PPP_CCP));
	assert_int_equal(send(&c, OPEN, PPP_IP, "count 0", frame, &len), PPP_SEND_NOT);
	assert_int_equal(send(&c, OPEN | SC_MUST_COMP, PPP_IPCP, "x", frame, &len), PPP_SEND_NOT);
	assert_int_equal(send(&c, OPEN | SC_MUST_COMP, PPP_IP, "x", frame, &len), PPP_SEND_NOT);
	assert_int_equal(send(&c, OPEN, PPP_IPCP, "x", frame, &len), PPP_SEND_PLAIN);
	assert_int_equal(send(&c, UP | SC_MUST_COMP, PPP_IPCP, "x", frame, &len), PPP_SEND_PLAIN);
	assert_int_equal(send(&c, UP, PPP_IP, "count 1", frame, &len), PPP_SEND_COMPRESSED);
	assert_int_equal(len, strlen("count 1") + MPPE_OVERHEAD);
	assert_memory_equal(frame, "\x90\x01", 2);
	ppp_compression_close(&c);
}

/* Requirements: PPP-64 */
static void counters_are_those_of_linux_6_12(void **state)
{
	struct ppp_compression a = { 0 }, b = { 0 };
	char text[71];
	uint8_t frame[ROOM];
	size_t len;

	memset(text, 'x', 70);
	text[70] = 0;
	start(&a, OUT, STATELESS);
	start(&b, IN, STATELESS);
	assert_int_equal(send(&a, UP, PPP_IP, text, frame, &len), PPP_SEND_COMPRESSED);
	assert_int_equal(receive(&b, frame, len, text), PPP_RECEIVED_RESTORED);
	assert_int_equal(send(&a, UP, PPP_IPCP, text, frame, &len), PPP_SEND_PLAIN);
	ppp_compression_pass(&a, PPP_IPCP, 30); /* nothing is decompressed there */
	ppp_compression_pass(&b, PPP_IPCP, 30);
	assert_int_equal(a.stats.c.unc_bytes, 72);
	assert_int_equal(a.stats.c.comp_bytes, 78);
	assert_int_equal(a.stats.c.unc_packets, 1);
	assert_int_equal(a.stats.c.comp_packets, 1);
	assert_int_equal(a.stats.d.inc_packets, 0);
	assert_int_equal(b.stats.d.unc_bytes, 108);
	assert_int_equal(b.stats.d.unc_packets, 2);
	assert_int_equal(b.stats.d.comp_bytes, 72);
	assert_int_equal(b.stats.d.comp_packets, 1);
	assert_int_equal(b.stats.d.inc_bytes, 34);
	assert_int_equal(b.stats.d.inc_packets, 1);
	set(&b, IN, STATELESS);
	assert_int_equal(b.stats.d.unc_packets, 0);
	assert_int_equal(b.state, 0);
	ppp_compression_close(&a);
	ppp_compression_close(&b);
}

#define FRAMES     20000
#define ROUND_TRIP 5 /* frames that are on their way until the peer hears of a loss */

/* Of each hundred frames one is lost, one comes twice, and one comes behind its successor. */
struct lossy {
	struct ppp_compression sender, receiver;
	unsigned int restored, again, resets;
	int asked; /* frame at which the program asked for a reset, -1: it has not */
};

static void arrive(struct lossy *l, int i, const uint8_t *frame, size_t len, const char *text)
{
	if (!ppp_compression_receives(&l->receiver, PPP_COMP))
		return;
	switch (receive(&l->receiver, frame, len, text)) {
	case PPP_RECEIVED_RESTORED:
		l->restored++;
		break;
	case PPP_RECEIVED_AGAIN:
		l->again++;
		break;
	case PPP_RECEIVED_UNREADABLE:
		assert_true(l->receiver.state & SC_DC_ERROR);
		l->asked = i;
		break;
	}
}

static void carry(struct lossy *l, const char *option)
{
	uint8_t frame[ROOM], held[ROOM];
	char text[32], held_text[32];
	size_t len, held_len = 0;

	start(&l->sender, OUT, option);
	start(&l->receiver, IN, option);
	l->asked = -1;
	for (int i = 0; i < FRAMES; i++) {
		if (l->asked >= 0 && i >= l->asked + ROUND_TRIP) {
			look(&l->sender, UP, OUT, RESET_ACK);
			look(&l->receiver, UP, IN, RESET_ACK);
			l->asked = -1;
			l->resets++;
		}
		snprintf(text, sizeof(text), "frame %d", i);
		assert_int_equal(send(&l->sender, UP, PPP_IP, text, frame, &len),
		                 PPP_SEND_COMPRESSED);
		if (i % 100 == 33) {
			memcpy(held, frame, len);
			strcpy(held_text, text);
			held_len = len;
		} else if (i % 100 != 66) {
			arrive(l, i, frame, len, text);
		}
		if (i % 100 == 99)
			arrive(l, i, frame, len, text);
		if (i % 100 == 34)
			arrive(l, i, held, held_len, held_text);
	}
	assert_false(l->receiver.state & SC_DC_FERROR);
	ppp_compression_close(&l->sender);
	ppp_compression_close(&l->receiver);
}

/* Requirements: PPP-61, PPP-63 */
static void stateless_frames_over_a_bad_link(void **state)
{
	struct lossy l = { 0 };

	carry(&l, STATELESS);
	assert_int_equal(l.again, FRAMES / 100);
	assert_int_equal(l.resets,
	                 FRAMES / 100); /* late ones, as in Linux; losses disturb nothing */
	assert_int_equal(l.restored, FRAMES / 100 * (100 - 2 - ROUND_TRIP + 1));
}

/* Requirements: PPP-61, PPP-63 */
static void stateful_frames_over_a_bad_link(void **state)
{
	struct lossy l = { 0 };

	carry(&l, STATEFUL);
	assert_int_equal(l.again, 0);
	assert_in_range(l.resets, 2 * FRAMES / 100, 3 * FRAMES / 100 + 1);
	assert_in_range(l.restored, FRAMES / 100 * (100 - 4 * ROUND_TRIP), FRAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_lives_as_linux_6_12_was_seen_to_have_it),
		cmocka_unit_test(only_one_known_option_starts_anything),
		cmocka_unit_test(what_stops_them),
		cmocka_unit_test(an_error_is_forgotten_by_an_ack_and_a_fatal_one_by_a_new_start),
		cmocka_unit_test(what_can_not_go_compressed),
		cmocka_unit_test(counters_are_those_of_linux_6_12),
		cmocka_unit_test(stateless_frames_over_a_bad_link),
		cmocka_unit_test(stateful_frames_over_a_bad_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
