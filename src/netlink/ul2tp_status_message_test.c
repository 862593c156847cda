/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_status_message_test.c - the daemon's state, limits and options of a connection, written and read */
#include "netlink/test_octets.h"

#include <errno.h>

#include "netlink/ul2tp_status_message.h"

static struct test_request t;

/* Reads what was written as the server would: strictly. */
static struct ul2tp_request as_request(uint8_t number, const struct writer *w)
{
	struct ul2tp_request r;

	assert_false(w->failed);
	test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, number);
	write_bytes(&t.w, w->start, write_len(w));
	test_request_end(&t);
	assert_int_equal(ul2tp_request_read(&t.message, &ul2tp_family.commands[number - 1],
	                                    t.attributes, &r, NULL),
	                 0);
	return r;
}

#define STATUS                                                                                     \
	"08000100 302e3100 28000280 08000100 65746800 07000100 69700000"                           \
	"14000280 08000100 70707000 07000300 6e6f0000"                                             \
	"2c001280 08000100 0a000000 08000200 14000000 08000300 00000000 08000400 00000000"         \
	"08000500 00000000"                                                                        \
	"2c001380 08000100 01000000 08000200 00000000 08000300 00000000 08000400 00000000"         \
	"08000500 02000000"

static void the_state_is_written_and_read(void **state)
{
	const struct ul2tp_status status = {
		.version = "0.1",
		.feature_count = 2,
		.features = { "eth", "ip" },
		.lack_count = 1,
		.lacks = { { "ppp", "no" } },
		.limits.values = { [UL2TP_LIMIT_TUNNELS] = 10, [UL2TP_LIMIT_SESSIONS] = 20 },
		.usage.values = { [UL2TP_LIMIT_TUNNELS] = 1, [UL2TP_LIMIT_SUBSCRIBERS] = 2 },
	};
	struct ul2tp_status back;
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_status_put(&w, &status);
	assert_written(&w, STATUS);
	assert_int_equal(ul2tp_status_read(reader_over(room, write_len(&w)), &back), 0);
	assert_string_equal(back.version, "0.1");
	assert_int_equal(back.feature_count, 2);
	assert_string_equal(back.features[1], "ip");
	assert_int_equal(back.lack_count, 1);
	assert_string_equal(back.lacks[0].feature, "ppp");
	assert_string_equal(back.lacks[0].words, "no");
	assert_memory_equal(&back.limits, &status.limits, sizeof(back.limits));
	assert_memory_equal(&back.usage, &status.usage, sizeof(back.usage));
}

static void what_a_later_release_says_is_skipped(void **state)
{
	struct octets o = octets("0800ff00 11223344 08000100 302e3100"
	                         "10000280 08000900 00000000 04000000"
	                         "0c001280 08000900 01000000");
	struct ul2tp_status status;

	assert_int_equal(ul2tp_status_read(octets_reader(&o), &status), 0);
	assert_int_equal(status.feature_count, 0);
	assert_int_equal(status.limits.values[UL2TP_LIMIT_TUNNELS], 0);
}

static void malformed_states_are_not_taken(void **state)
{
	static const char *const cases[] = {
		"",                                             /* no version */
		"08000100 302e3131",                            /* no NUL */
		"08000100 302e3100 0c000280 08000100 61626364", /* a feature without NUL */
		"08000100 302e3100 08000280 04000100",          /* an empty one */
		"08000100 302e3100 0c001280 06000100 61620000", /* a short limit */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct octets o = octets(cases[i]);
		struct ul2tp_status status;

		assert_int_equal(ul2tp_status_read(octets_reader(&o), &status), -EBADMSG);
	}
}

static void more_features_than_fit_are_left_out(void **state)
{
	uint8_t room[OCTETS_MAX];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_status status;
	size_t nest;

	attribute_put_string(&w, UL2TP_ATTR_VERSION, "1");
	nest = attribute_nest_begin(&w, UL2TP_ATTR_FEATURES | NLA_F_NESTED);
	for (int i = 0; i < 2 * UL2TP_FEATURES_MAX; i++)
		attribute_put_string(&w, UL2TP_FEATURE, "x");
	attribute_nest_end(&w, nest);
	assert_int_equal(ul2tp_status_read(reader_over(room, write_len(&w)), &status), 0);
	assert_int_equal(status.feature_count, UL2TP_FEATURES_MAX);
}

static void only_limits_that_are_present_are_set(void **state)
{
	const struct ul2tp_limits_set set = {
		.has = { [UL2TP_LIMIT_SESSIONS] = true, [UL2TP_LIMIT_REQUESTS] = true },
		.limits.values = { [UL2TP_LIMIT_SESSIONS] = 7, [UL2TP_LIMIT_TUNNELS] = 9 },
	};
	struct ul2tp_limits_set back;
	struct ul2tp_request r;
	uint8_t room[128];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_limits_set_put(&w, &set);
	assert_written(&w, "14001280 08000200 07000000 08000400 00000000");
	r = as_request(UL2TP_CMD_LIMITS_SET, &w);
	back = ul2tp_limits_set_read(&r);
	for (size_t n = 1; n < UL2TP_LIMIT_MAX_PLUS_1; n++)
		assert_int_equal(back.has[n], set.has[n]);
	assert_int_equal(back.limits.values[UL2TP_LIMIT_SESSIONS], 7);
	assert_int_equal(back.limits.values[UL2TP_LIMIT_TUNNELS], 0);
}

static void only_options_that_are_present_are_set(void **state)
{
	const struct ul2tp_socket_set cases[] = {
		{ 0 },
		{ .has_cap_ack = true, .cap_ack = true },
		{ .has_cap_ack = true },
		{ .has_ext_ack = true, .ext_ack = true },
		{ .has_cap_ack = true, .cap_ack = true, .has_ext_ack = true },
		{ .drop_rights = true },
		{ .keep_rights = true },
		{ .has_stop = true, .stop = true },
		{ .has_stop = true },
		{ .token = UINT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ul2tp_socket_set back;
		struct ul2tp_request r;
		uint8_t room[64];
		struct writer w = writer_over(room, sizeof(room));

		ul2tp_socket_set_put(&w, &cases[i]);
		r = as_request(UL2TP_CMD_SOCKET_SET, &w);
		back = ul2tp_socket_set_read(&r);
		assert_int_equal(back.has_cap_ack, cases[i].has_cap_ack);
		assert_int_equal(back.cap_ack, cases[i].cap_ack);
		assert_int_equal(back.has_ext_ack, cases[i].has_ext_ack);
		assert_int_equal(back.ext_ack, cases[i].ext_ack);
		assert_int_equal(back.drop_rights, cases[i].drop_rights);
		assert_int_equal(back.keep_rights, cases[i].keep_rights);
		assert_int_equal(back.has_stop, cases[i].has_stop);
		assert_int_equal(back.stop, cases[i].stop);
		assert_int_equal(back.token, cases[i].token);
	}
}

static void a_group_is_subscribed_to_by_its_id(void **state)
{
	struct ul2tp_request r;
	uint8_t room[16];
	struct writer w = writer_over(room, sizeof(room));

	ul2tp_subscribe_put(&w, 0x10);
	assert_written(&w, "08000300 10000000");
	r = as_request(UL2TP_CMD_SUBSCRIBE, &w);
	assert_int_equal(ul2tp_subscribe_read(&r), 0x10);
	r = as_request(UL2TP_CMD_UNSUBSCRIBE, &w);
	assert_int_equal(ul2tp_subscribe_read(&r), 0x10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_state_is_written_and_read),
		cmocka_unit_test(what_a_later_release_says_is_skipped),
		cmocka_unit_test(malformed_states_are_not_taken),
		cmocka_unit_test(more_features_than_fit_are_left_out),
		cmocka_unit_test(only_limits_that_are_present_are_set),
		cmocka_unit_test(only_options_that_are_present_are_set),
		cmocka_unit_test(a_group_is_subscribed_to_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
