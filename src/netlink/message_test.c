/* SPDX-License-Identifier: BSD-2-Clause */
/* message_test.c - netlink messages read from datagrams and written into them */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/message.h"

/* Requirements: NL-91 */
static void a_datagram_holds_several_messages(void **state)
{
	struct octets o = octets("13000000 2000 0500 01000000 02000000 aabbcc 00"
	                         "11000000 2100 0103 03000000 04000000 dd");
	struct reader datagram = octets_reader(&o);
	struct nl_message m;

	assert_true(nl_message_next(&datagram, &m));
	assert_int_equal(m.length, 19);
	assert_int_equal(m.type, 0x20);
	assert_int_equal(m.flags, NLM_F_REQUEST | NLM_F_ACK);
	assert_int_equal(m.sequence, 1);
	assert_int_equal(m.port, 2);
	assert_ptr_equal(m.start, o.at);
	assert_int_equal(read_left(&m.payload), 3);
	assert_int_equal(read_u8(&m.payload), 0xaa);

	/* the last one may lack its padding */
	assert_true(nl_message_next(&datagram, &m));
	assert_int_equal(m.type, 0x21);
	assert_int_equal(m.length, 17);
	assert_int_equal(read_left(&m.payload), 1);
	assert_int_equal(read_left(&datagram), 0);
	assert_false(nl_message_next(&datagram, &m));
}

static void a_wrong_length_ends_the_datagram(void **state)
{
	static const char *const rows[] = {
		"",
		"10000000 2000 0500 01000000 020000",            /* not even a header */
		"0f000000 2000 0500 01000000 02000000",          /* shorter than the header */
		"00000000 2000 0500 01000000 02000000",          /* would never end */
		"11000000 2000 0500 01000000 02000000",          /* longer than the datagram */
		"ffffffff 2000 0500 01000000 02000000 11223344", /* much longer */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct octets o = octets(rows[i]);
		struct reader datagram = octets_reader(&o);
		struct nl_message m;

		assert_false(nl_message_next(&datagram, &m));
	}
}

/* Requirements: NL-11, NL-14 */
static void flags_and_type_say_what_a_message_is(void **state)
{
	struct nl_message m = { .type = 0x20, .flags = NLM_F_REQUEST };

	assert_true(nl_message_is_request(&m));
	assert_false(nl_message_wants_ack(&m));
	m.type = NLMSG_MIN_TYPE;
	assert_true(nl_message_is_request(&m));
	m.type = NLMSG_MIN_TYPE - 1;
	assert_false(nl_message_is_request(&m));
	m = (struct nl_message){ .type = 0x20, .flags = NLM_F_ACK };
	assert_false(nl_message_is_request(&m));
	assert_true(nl_message_wants_ack(&m));

	assert_false(nl_message_is_dump(&m));
	m.flags = NLM_F_ROOT;
	assert_false(nl_message_is_dump(&m));
	m.flags = NLM_F_MATCH;
	assert_false(nl_message_is_dump(&m));
	m.flags = NLM_F_ROOT | NLM_F_MATCH;
	assert_true(nl_message_is_dump(&m));
}

/* Requirements: NL-6, NL-10 */
static void generic_netlinks_header_is_four_octets_of_which_one_counts(void **state)
{
	struct octets o = octets("18000000 2000 0100 01000000 02000000 04 07 2211 08000900");
	struct reader datagram = octets_reader(&o);
	struct reader attributes;
	struct nl_message m;
	uint8_t command = 0;

	assert_true(nl_message_next(&datagram, &m));
	assert_int_equal(genl_header_read(&m, &command, &attributes), 0);
	assert_int_equal(command, 4);
	assert_int_equal(read_left(&attributes), 4);
	assert_ptr_equal(attributes.at, o.at + 20);

	for (uint8_t length = 16; length < 20; length++) {
		o.at[0] = length;
		datagram = octets_reader(&o);
		assert_true(nl_message_next(&datagram, &m));
		assert_int_equal(genl_header_read(&m, &command, &attributes), -EINVAL);
	}
}

static void an_answer_repeats_sequence_and_port(void **state)
{
	const struct nl_message request = { .type = 0x20,
		                            .sequence = 0x11223344,
		                            .port = 0x55667788 };
	const struct nl_header header = nl_answer_header(&request, 0x23, NLM_F_ACK);
	uint8_t room[64];
	struct writer w = writer_over(room, sizeof(room));
	size_t start = genl_message_begin(&w, &header, 4, 1);

	attribute_put_u8(&w, 1, 0xaa);
	assert_true(nl_message_end(&w, start));
	assert_written(&w, "1c000000 2300 0400 44332211 88776655 04 01 0000 05000100 aa000000");
}

/* Requirements: NL-56 */
static void a_dump_ends_with_done(void **state)
{
	const struct nl_message request = { .type = 0x20, .sequence = 5, .port = 6 };
	uint8_t room[64];
	struct writer w = writer_over(room, sizeof(room));

	assert_true(nl_done_put(&w, &request));
	assert_written(&w, "14000000 0300 0200 05000000 06000000 00000000");
	w = writer_over(room, 19);
	assert_false(nl_done_put(&w, &request));
	assert_int_equal(write_len(&w), 0);
}

/* Requirements: NL-92 */
static void a_message_that_does_not_fit_is_taken_back(void **state)
{
	const struct nl_header header = { 0x20, NLM_F_MULTI, 1, 2 };
	uint8_t room[60];
	struct writer w = writer_over(room, sizeof(room));
	size_t start = genl_message_begin(&w, &header, 4, 1);

	attribute_put_u32(&w, 9, 1);
	assert_true(nl_message_end(&w, start));
	assert_int_equal(write_len(&w), 28);

	start = genl_message_begin(&w, &header, 4, 1);
	attribute_put_u32(&w, 9, 2);
	attribute_put_u64(&w, 22, 3);
	assert_true(w.failed);
	assert_false(nl_message_end(&w, start));
	assert_false(w.failed);
	assert_int_equal(write_len(&w), 28);

	start = genl_message_begin(&w, &header, 4, 1);
	attribute_put_u32(&w, 9, 2);
	assert_true(nl_message_end(&w, start));
	assert_int_equal(write_len(&w), 56);

	w.failed = true; /* by whoever wrote before: not ours to forgive */
	start = genl_message_begin(&w, &header, 4, 1);
	assert_false(nl_message_end(&w, start));
	assert_true(w.failed);
}

/* Requirements: NL-92 */
static void a_dump_goes_on_in_the_next_datagram(void **state)
{
	const struct nl_header header = { 0x20, NLM_F_MULTI, 1, 2 };
	uint8_t room[100];
	uint32_t next = 0, seen = 0;
	int datagrams = 0;

	while (next < 20) {
		struct writer w = writer_over(room, sizeof(room));
		struct reader datagram, attributes;
		struct nl_message m;
		uint8_t command;

		for (; next < 20; next++) {
			size_t start = genl_message_begin(&w, &header, 4, 1);

			attribute_put_u32(&w, 9, next);
			if (!nl_message_end(&w, start))
				break;
		}
		datagrams++;
		datagram = reader_over(room, write_len(&w));
		while (nl_message_next(&datagram, &m)) {
			assert_int_equal(genl_header_read(&m, &command, &attributes), 0);
			read_skip(&attributes, NLA_HDRLEN);
			assert_int_equal(read_u32_host(&attributes), seen);
			seen++;
		}
		assert_int_equal(read_left(&datagram), 0);
	}
	assert_int_equal(seen, 20);
	assert_int_equal(datagrams, 7); /* three messages of 28 octets in each */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_holds_several_messages),
		cmocka_unit_test(a_wrong_length_ends_the_datagram),
		cmocka_unit_test(flags_and_type_say_what_a_message_is),
		cmocka_unit_test(generic_netlinks_header_is_four_octets_of_which_one_counts),
		cmocka_unit_test(an_answer_repeats_sequence_and_port),
		cmocka_unit_test(a_dump_ends_with_done),
		cmocka_unit_test(a_message_that_does_not_fit_is_taken_back),
		cmocka_unit_test(a_dump_goes_on_in_the_next_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
