/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_datagram_test.c - lengths and checksums of datagrams from raw sockets */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "packet/checksum.h"
#include "packet/raw_datagram.h"

#define PAYLOAD 21

enum field { FIELD_GOOD, FIELD_NONE, FIELD_PARTIAL, FIELD_WRONG };

static const uint8_t v4_addresses[8] = { 192, 0, 2, 1, 198, 51, 100, 2 };
static const uint8_t v6_addresses[32] = { 0x20, 1, [15] = 7, [16] = 0x20, [31] = 9 };

/* A datagram of PAYLOAD octets from port 1702 to 1701. Return: its length. */
static size_t udp_make(uint8_t *to, const uint8_t *addresses, size_t addresses_len,
                       enum field field)
{
	const size_t len = 8 + PAYLOAD;
	uint64_t pseudo = checksum_pseudo(addresses, addresses_len, IPPROTO_UDP, len);
	uint16_t value = 0;

	memcpy(to, (const uint8_t[]){ 0x06, 0xa6, 0x06, 0xa5, 0, len, 0, 0 }, 8);
	for (uint8_t i = 0; i < PAYLOAD; i++)
		to[8 + i] = (uint8_t)(i * 11 + 3);
	if (field == FIELD_PARTIAL)
		value = checksum_fold(pseudo);
	else if (field != FIELD_NONE)
		value = checksum_value_nonzero(pseudo + checksum_sum(to, len));
	if (field == FIELD_WRONG)
		value ^= 0x0100;
	memcpy(to + 6, &value, sizeof(value));
	return len;
}

static size_t v4_make(uint8_t *to, size_t options, enum field field)
{
	memset(to, 0, 20 + options);
	to[0] = (uint8_t)(0x40 | (20 + options) / 4);
	to[9] = IPPROTO_UDP;
	memcpy(to + 12, v4_addresses, sizeof(v4_addresses));
	return 20 + options +
	       udp_make(to + 20 + options, v4_addresses, sizeof(v4_addresses), field);
}

static const struct {
	enum field field;
	enum raw_checksum seen;
} fields[] = {
	{ FIELD_GOOD, RAW_CHECKSUM_GOOD },
	{ FIELD_NONE, RAW_CHECKSUM_NONE },
	{ FIELD_PARTIAL, RAW_CHECKSUM_PARTIAL },
	{ FIELD_WRONG, RAW_CHECKSUM_BAD },
};

static void assert_datagram(const struct raw_datagram *d, const uint8_t *udp)
{
	assert_int_equal(d->source_port, 1702);
	assert_int_equal(d->port, 1701);
	assert_int_equal(d->len, PAYLOAD);
	assert_ptr_equal(d->payload, udp + 8);
}

static void ipv4_with_and_without_options(void **state)
{
	uint8_t octets[128];
	struct raw_datagram d;

	for (size_t i = 0; i < 4; i++)
		for (size_t options = 0; options <= 40; options += 4) {
			size_t len = v4_make(octets, options, fields[i].field);

			assert_int_equal(raw_datagram_read_v4(octets, len, &d), 0);
			assert_datagram(&d, octets + 20 + options);
			assert_int_equal(d.checksum, fields[i].seen);
		}
}

static void ipv6_begins_with_udp(void **state)
{
	uint8_t octets[64];
	struct raw_datagram d;

	for (size_t i = 0; i < 4; i++) {
		size_t len = udp_make(octets, v6_addresses, sizeof(v6_addresses), fields[i].field);

		assert_int_equal(raw_datagram_read_v6(octets, len, v6_addresses, &d), 0);
		assert_datagram(&d, octets);
		assert_int_equal(d.checksum, fields[i].seen);
	}
}

/* The kernel's UDP takes as much as the header says, and nothing if there is less. */
static void the_length_in_the_header_counts(void **state)
{
	uint8_t octets[128];
	struct raw_datagram d;
	size_t len = v4_make(octets, 0, FIELD_GOOD);

	assert_int_equal(raw_datagram_read_v4(octets, len + 5, &d), 0);
	assert_int_equal(d.len, PAYLOAD);
	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(raw_datagram_read_v4(octets, cut, &d), -EBADMSG);
	octets[25] = 7;
	assert_int_equal(raw_datagram_read_v4(octets, len, &d), -EBADMSG);
}

static void a_header_shorter_than_any_is_refused(void **state)
{
	uint8_t octets[128];
	struct raw_datagram d;
	size_t len = v4_make(octets, 0, FIELD_GOOD);

	octets[0] = 0x44;
	assert_int_equal(raw_datagram_read_v4(octets, len, &d), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_with_and_without_options),
		cmocka_unit_test(ipv6_begins_with_udp),
		cmocka_unit_test(the_length_in_the_header_counts),
		cmocka_unit_test(a_header_shorter_than_any_is_refused),
	};

	return cmocka_run_group_tests_name("raw_datagram", tests, NULL, NULL);
}
