/* SPDX-License-Identifier: BSD-2-Clause */
/* gauge_test.c - which note belongs to which packet */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <linux/virtio_net.h>

#include "packet/gauge.h"

#define UDP_L4 5 /* VIRTIO_NET_HDR_GSO_UDP_L4 */
#define LINK   14
#define IP     20

static uint8_t payload[1500];

/* What a packet socket gets of a datagram with @len octets of payload[], which begins with @mark. */
static size_t frame_make(uint8_t *to, uint8_t mark, size_t len, uint16_t size)
{
	const struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = size ? UDP_L4 : VIRTIO_NET_HDR_GSO_NONE,
		.gso_size = size,
		.csum_start = LINK + IP,
		.csum_offset = 6,
	};
	uint8_t *udp = to + sizeof(hdr) + LINK + IP;

	memset(to, 0, 256);
	memcpy(to, &hdr, sizeof(hdr));
	udp[4] = (uint8_t)((len + 8) >> 8);
	udp[5] = (uint8_t)(len + 8);
	payload[0] = mark;
	memcpy(udp + 8, payload, len < GAUGE_HEAD ? len : GAUGE_HEAD);
	return sizeof(hdr) + LINK + IP + 8 + (len < GAUGE_HEAD ? len : GAUGE_HEAD);
}

static void note(struct gauge *g, uint8_t mark, size_t len, uint16_t size)
{
	uint8_t octets[256];
	size_t octets_len = frame_make(octets, mark, len, size);

	assert_int_equal(gauge_note(g, octets, octets_len), 0);
}

static bool find(struct gauge *g, uint8_t mark, size_t len, size_t *size)
{
	const struct raw_datagram d = { .payload = payload, .len = len };

	payload[0] = mark;
	return gauge_find(g, &d, size);
}

static void each_note_is_used_once(void **state)
{
	struct gauge g = { 0 };
	size_t size;

	assert_false(find(&g, 1, 1000, &size));
	note(&g, 1, 1000, 100);
	note(&g, 2, 30, 0);
	assert_true(find(&g, 2, 30, &size));
	assert_int_equal(size, 0);
	assert_true(find(&g, 1, 1000, &size));
	assert_int_equal(size, 100);
	assert_false(find(&g, 1, 1000, &size));
}

static void length_and_octets_must_be_the_same(void **state)
{
	struct gauge g = { 0 };
	size_t size;

	note(&g, 1, 1000, 100);
	assert_false(find(&g, 1, 999, &size));
	assert_false(find(&g, 2, 1000, &size));
	assert_true(find(&g, 1, 1000, &size));
}

static void of_equal_ones_the_oldest_is_meant(void **state)
{
	struct gauge g = { 0 };
	size_t size;

	for (uint16_t i = 1; i <= 3; i++)
		note(&g, 1, 1000, i);
	for (size_t i = 1; i <= 3; i++) {
		assert_true(find(&g, 1, 1000, &size));
		assert_int_equal(size, i);
	}
}

/* Packets that the packet filter drops leave notes behind that nobody asks for. */
static void notes_that_nobody_uses_give_way(void **state)
{
	struct gauge g = { 0 };
	size_t size;

	for (unsigned int i = 0; i < 3 * GAUGE_NOTES + 5; i++)
		note(&g, 1, 1000, 100);
	note(&g, 2, 1000, 200);
	assert_true(find(&g, 2, 1000, &size));
	for (unsigned int i = 1; i < GAUGE_NOTES; i++)
		assert_true(find(&g, 1, 1000, &size));
	assert_false(find(&g, 1, 1000, &size));
}

static void a_size_that_cuts_nothing_is_none(void **state)
{
	struct gauge g = { 0 };
	size_t size;

	note(&g, 1, 1000, 1000);
	assert_true(find(&g, 1, 1000, &size));
	assert_int_equal(size, 0);
}

static void what_is_no_note_is_ignored(void **state)
{
	struct gauge g = { 0 };
	uint8_t octets[256];
	size_t len = frame_make(octets, 1, 1000, 100), size;

	for (size_t cut = 0; cut < len; cut++)
		assert_int_equal(gauge_note(&g, octets, cut), -EBADMSG);
	octets[0] = VIRTIO_NET_HDR_F_DATA_VALID;
	assert_int_equal(gauge_note(&g, octets, len), -EBADMSG);
	assert_false(find(&g, 1, 1000, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_note_is_used_once),
		cmocka_unit_test(length_and_octets_must_be_the_same),
		cmocka_unit_test(of_equal_ones_the_oldest_is_meant),
		cmocka_unit_test(notes_that_nobody_uses_give_way),
		cmocka_unit_test(a_size_that_cuts_nothing_is_none),
		cmocka_unit_test(what_is_no_note_is_ignored),
	};

	return cmocka_run_group_tests_name("gauge", tests, NULL, NULL);
}
