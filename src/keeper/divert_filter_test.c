/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_filter_test.c - tests of divert_filter.c and classic.c, run by the kernel
 *
 * A datagram socket of any family runs its filter over what is sent to it, so a pair of AF_UNIX ones
 * shows what a program decides: octets that begin with a UDP header are as a UDP socket's filter sees them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/writer.h"
#include "keeper/divert_filter.h"

struct fixture {
	struct classic program;
	int pair[2]; /* the filter is on the second */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, f->pair) < 0)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->pair[0]);
	close(f->pair[1]);
	free(f);
	return 0;
}

/* Whether the socket gets @len octets of which the first are a UDP header of zeroes and @l2tp. */
static bool reaches(const struct fixture *f, const uint8_t *l2tp, size_t known, size_t len)
{
	uint8_t datagram[8 + 64] = { 0 };

	memcpy(datagram + 8, l2tp, known);
	assert_int_equal(send(f->pair[0], datagram, 8 + len, 0), 8 + len);
	return recv(f->pair[1], datagram, sizeof(datagram), 0) >= 0;
}

static bool v3_reaches(const struct fixture *f, uint32_t id, size_t len)
{
	const uint8_t l2tp[] = { 0x00,           0x03,     0, 0, id >> 24, id >> 16 & 0xff,
		                 id >> 8 & 0xff, id & 0xff };

	return reaches(f, l2tp, sizeof(l2tp), len);
}

static bool v2_reaches(const struct fixture *f, uint8_t flags, uint8_t tunnel, uint8_t session)
{
	const uint8_t plain[] = { flags, 0x02, 0, tunnel, 0, session };
	const uint8_t with_length[] = { flags, 0x02, 0, 20, 0, tunnel, 0, session };

	return flags & 0x40 ? reaches(f, with_length, sizeof(with_length), 20)
	                    : reaches(f, plain, sizeof(plain), 20);
}

static void build(struct fixture *f, const struct filter_session *sessions, size_t count)
{
	assert_int_equal(divert_filter_build(&f->program, sessions, count), 0);
	assert_int_equal(classic_attach(&f->program, f->pair[1]), 0);
}

/* Requirements: RX-1, RX-2, RX-5 */
static void only_data_of_known_sessions_is_dropped(void **state)
{
	static const uint8_t control[] = { 0xc8, 0x03, 0, 20, 0, 0, 0, 77 };
	const struct filter_session sessions[] = { { 77, 3, 8 }, { 0x80000001, 3, 8 } };
	struct fixture *f = *state;

	build(f, sessions, ARRAY_SIZE(sessions));
	assert_false(v3_reaches(f, 77, 14));
	assert_false(v3_reaches(f, 77, 64));
	assert_false(v3_reaches(f, 0x80000001, 64));
	assert_true(v3_reaches(f, 77, 13));
	assert_true(v3_reaches(f, 76, 64));
	assert_true(v3_reaches(f, 78, 64));
	assert_true(v3_reaches(f, 1, 64));
	assert_true(reaches(f, control, sizeof(control), 20));
	assert_true(reaches(f, control, 0, 0));
}

/* Requirements: RX-3, RX-11 */
static void the_ids_of_version_2_may_stand_behind_a_length(void **state)
{
	const struct filter_session sessions[] = { { 5 << 16 | 6, 2, 0 } };
	struct fixture *f = *state;

	build(f, sessions, ARRAY_SIZE(sessions));
	assert_false(v2_reaches(f, 0x00, 5, 6));
	assert_false(v2_reaches(f, 0x40, 5, 6));
	assert_false(v2_reaches(f, 0x0b, 5, 6)); /* S, O and P */
	assert_true(v2_reaches(f, 0x00, 4, 6));
	assert_true(v2_reaches(f, 0x40, 5, 7));
	assert_true(v2_reaches(f, 0x80, 5, 6));
	assert_true(v2_reaches(f, 0xc0, 5, 6));
}

/* Requirements: RX-6 */
static void data_of_another_version_goes_to_the_program(void **state)
{
	static const uint8_t v4[] = { 0x00, 0x04, 0, 0, 0, 0, 0, 77 };
	const struct filter_session sessions[] = { { 77, 3, 8 } };
	struct fixture *f = *state;

	build(f, sessions, ARRAY_SIZE(sessions));
	assert_true(reaches(f, v4, sizeof(v4), 20));
	assert_true(v2_reaches(f, 0, 0, 77));
}

/* Requirements: RX-7 */
static void what_is_shorter_than_its_header_goes_to_the_program(void **state)
{
	const struct filter_session sessions[] = {
		{ 1, 3, 8 }, { 2, 3, 12 }, { 3, 3, 16 }, { 4, 3, 20 }, { 5, 3, 8 }
	};
	struct fixture *f = *state;

	build(f, sessions, ARRAY_SIZE(sessions));
	for (size_t i = 0; i < ARRAY_SIZE(sessions); i++)
		for (size_t len = 14; len < 24; len++)
			assert_int_equal(v3_reaches(f, sessions[i].key, len),
			                 len < sessions[i].least);
	assert_true(v3_reaches(f, 6, 64));
}

/* Sessions that are taken by their ids from any socket may be of another version than the tunnel. */
static void both_versions_have_their_sessions(void **state)
{
	const struct filter_session sessions[] = { { 6, 2, 0 },
		                                   { 5 << 16 | 6, 2, 0 },
		                                   { 77, 3, 16 } };
	struct fixture *f = *state;

	build(f, sessions, ARRAY_SIZE(sessions));
	assert_false(v2_reaches(f, 0x40, 5, 6));
	assert_false(v2_reaches(f, 0, 0, 6));
	assert_false(v3_reaches(f, 77, 16));
	assert_true(v3_reaches(f, 77, 15));
	assert_true(v3_reaches(f, 6, 20));
	assert_true(v2_reaches(f, 0, 0, 77));
}

static void without_sessions_all_goes_to_the_program(void **state)
{
	struct fixture *f = *state;

	build(f, NULL, 0);
	assert_true(v3_reaches(f, 0, 64));
	assert_true(v2_reaches(f, 0, 0, 0));
}

/* Every id that is in, and its neighbours that are not, wherever in the search they stand. */
static void many_sessions_are_told_apart(void **state)
{
	static struct filter_session sessions[2000];
	struct fixture *f = *state;
	size_t count = 0;

	for (uint32_t id = 10; count < ARRAY_SIZE(sessions); id += 3 + (id & 1)) {
		sessions[count++] = (struct filter_session){ id, 3, 8 };
		if (count % 7 == 0 && count < ARRAY_SIZE(sessions))
			sessions[count++] = (struct filter_session){ id + 1, 3, 8 };
	}
	assert_int_equal(divert_filter_build(&f->program, sessions, count), 0);
	if (classic_attach(&f->program, f->pair[1]) == -ENOMEM)
		skip(); /* net.core.optmem_max is small here */
	for (size_t i = 0; i < count; i++) {
		uint32_t id = sessions[i].key;

		assert_false(v3_reaches(f, id, 20));
		assert_true(v3_reaches(f, id - 1, 20) || (i > 0 && sessions[i - 1].key == id - 1));
		assert_true(v3_reaches(f, id + 1, 20) ||
		            (i + 1 < count && sessions[i + 1].key == id + 1));
	}
}

static void consecutive_ids_cost_next_to_nothing(void **state)
{
	static struct filter_session sessions[60000];
	struct fixture *f = *state;

	for (uint32_t i = 0; i < ARRAY_SIZE(sessions); i++)
		sessions[i] = (struct filter_session){ i < 30000 ? i + 1 : i + 1000, 3, 12 };
	build(f, sessions, ARRAY_SIZE(sessions));
	assert_in_range(f->program.count, 1, 40);
	assert_true(v3_reaches(f, 0, 20));
	assert_false(v3_reaches(f, 1, 20));
	assert_false(v3_reaches(f, 30000, 20));
	assert_true(v3_reaches(f, 30001, 20));
	assert_true(v3_reaches(f, 30999, 20));
	assert_false(v3_reaches(f, 31000, 20));
	assert_false(v3_reaches(f, 60999, 20));
	assert_true(v3_reaches(f, 61000, 20));
}

static void the_greatest_id_ends_a_run(void **state)
{
	const struct filter_session sessions[] = { { UINT32_MAX - 1, 3, 8 }, { UINT32_MAX, 3, 8 } };
	struct fixture *f = *state;

	build(f, sessions, ARRAY_SIZE(sessions));
	assert_false(v3_reaches(f, UINT32_MAX, 20));
	assert_false(v3_reaches(f, UINT32_MAX - 1, 20));
	assert_true(v3_reaches(f, UINT32_MAX - 2, 20));
}

static void three_thousand_single_ids_fit_and_six_do_not(void **state)
{
	static struct filter_session sessions[6000];
	struct fixture *f = *state;

	for (uint32_t i = 0; i < ARRAY_SIZE(sessions); i++)
		sessions[i] = (struct filter_session){ i * 1000, 3, 8 };
	assert_int_equal(divert_filter_build(&f->program, sessions, 3000), 0);
	assert_int_equal(divert_filter_build(&f->program, sessions, 6000), -E2BIG);
	assert_int_equal(classic_attach(&f->program, f->pair[1]), -E2BIG);
	divert_filter_build_all(&f->program);
	assert_int_equal(classic_attach(&f->program, f->pair[1]), 0);
	assert_false(v3_reaches(f, 1, 20));
	assert_false(v2_reaches(f, 0, 5, 6));
	assert_true(v3_reaches(f, 1, 13));
	assert_true(v2_reaches(f, 0x80, 5, 6));
}

static void a_filter_is_taken_off(void **state)
{
	struct fixture *f = *state;

	divert_filter_build_all(&f->program);
	assert_int_equal(classic_attach(&f->program, f->pair[1]), 0);
	assert_false(v2_reaches(f, 0, 5, 6));
	assert_int_equal(classic_detach(f->pair[1]), 0);
	assert_true(v2_reaches(f, 0, 5, 6));
	assert_int_equal(classic_detach(f->pair[1]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_data_of_known_sessions_is_dropped, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(the_ids_of_version_2_may_stand_behind_a_length,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(data_of_another_version_goes_to_the_program, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(what_is_shorter_than_its_header_goes_to_the_program,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(both_versions_have_their_sessions, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(without_sessions_all_goes_to_the_program, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(many_sessions_are_told_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(consecutive_ids_cost_next_to_nothing, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(the_greatest_id_ends_a_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(three_thousand_single_ids_fit_and_six_do_not,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_filter_is_taken_off, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
