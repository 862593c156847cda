/* SPDX-License-Identifier: BSD-2-Clause */
/* test_octets.h - for the tests of this folder: octets in hex, requests to feed to the code
 *
 * Numbers of netlink are in the machine's order; the octets written down in tests are those of a
 * little-endian machine, so that they can be compared with what a kernel sent. On others tests that
 * use them are skipped.
 */
#ifndef UL2TP_NETLINK_TEST_OCTETS_H
#define UL2TP_NETLINK_TEST_OCTETS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"
#include "netlink/attribute.h"
#include "netlink/message.h"

#define OCTETS_MAX 2048

struct octets {
	size_t len;
	uint8_t at[OCTETS_MAX];
};

static inline uint8_t hex_digit(char c)
{
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10);
}

/** octets() - from lower-case hex; blanks are for the eye */
static inline struct octets octets(const char *hex)
{
	struct octets o = { 0 };

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		skip();
	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		assert_true(isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]));
		assert_true(o.len < OCTETS_MAX);
		o.at[o.len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex++;
	}
	return o;
}

static inline struct reader octets_reader(const struct octets *o)
{
	return reader_over(o->at, o->len);
}

/** assert_written() - a writer that did not fail holds exactly these octets */
static inline void assert_written(const struct writer *w, const char *hex)
{
	struct octets expected = octets(hex);

	assert_false(w->failed);
	assert_int_equal(write_len(w), expected.len);
	assert_memory_equal(w->start, expected.at, expected.len);
}

/* A request to be read. */
struct test_request {
	uint8_t at[OCTETS_MAX];
	struct writer w;
	size_t start;
	struct nl_message message;
	struct reader attributes; /* behind generic netlink's header */
};

#define TEST_SEQUENCE 7
#define TEST_PORT     9

static inline void test_request_begin(struct test_request *r, uint16_t type, uint16_t flags,
                                      uint8_t command)
{
	const struct nl_header header = { type, flags, TEST_SEQUENCE, TEST_PORT };

	r->w = writer_over(r->at, sizeof(r->at));
	r->start = genl_message_begin(&r->w, &header, command, 1);
}

static inline void test_request_end(struct test_request *r)
{
	struct reader datagram;
	uint8_t command;

	assert_true(nl_message_end(&r->w, r->start));
	datagram = reader_over(r->at, write_len(&r->w));
	assert_true(nl_message_next(&datagram, &r->message));
	assert_int_equal(genl_header_read(&r->message, &command, &r->attributes), 0);
}

/** test_request_hex() - a whole request whose attributes are given in hex */
static inline void test_request_hex(struct test_request *r, uint16_t type, uint8_t command,
                                    const char *hex)
{
	struct octets o = octets(hex);

	test_request_begin(r, type, NLM_F_REQUEST | NLM_F_ACK, command);
	write_bytes(&r->w, o.at, o.len);
	test_request_end(r);
}

#endif
