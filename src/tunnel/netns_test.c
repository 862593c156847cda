/* SPDX-License-Identifier: BSD-2-Clause */
/* netns_test.c - which ids clash, and what a request that names a session finds */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "tunnel/session.h"

/* Tables alone: no socket, no interface. */
struct fixture {
	struct netns *ns;
	struct endpoint udp_a, udp_b, ip;
	struct tunnel_record tunnel_records[8];
	struct session_record session_records[16];
	struct tunnel *tunnels[8];
	struct session *sessions[16];
	uint32_t tunnel_count, session_count;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->ns = netns_new((struct netns_id){ 7 }, 0);
	f->udp_a.at.params.protocol = f->udp_b.at.params.protocol = IPPROTO_UDP;
	f->ip.at.params.protocol = PROTOCOL_L2TP;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (uint32_t i = 0; i < f->session_count; i++)
		session_free(f->sessions[i]);
	for (uint32_t i = 0; i < f->tunnel_count; i++)
		tunnel_free(f->tunnels[i]);
	netns_free(f->ns);
	free(f);
	return 0;
}

static struct tunnel *add_tunnel(struct fixture *f, uint32_t id, uint8_t version,
                                 struct endpoint *e)
{
	struct tunnel_record *record = &f->tunnel_records[f->tunnel_count];
	struct tunnel *t = tunnel_new(f->ns, f->tunnel_count, record, e);

	record->conn_id = id;
	record->version = version;
	f->tunnels[f->tunnel_count++] = t;
	assert_true(tunnel_insert(t));
	return t;
}

static struct session *add_session(struct fixture *f, struct tunnel *t, uint32_t id,
                                   const char *ifname)
{
	struct session_record *record = &f->session_records[f->session_count];
	struct session *s = session_new(t, f->session_count, record);

	record->session_id = id;
	strcpy(record->ifname, ifname);
	f->sessions[f->session_count++] = s;
	assert_false(netns_session_conflict(f->ns, t, id));
	session_insert(s);
	return s;
}

/* Requirements: TUN-1 */
static void test_tunnel_ids_are_one_space(void **state)
{
	struct fixture *f = *state;
	struct tunnel_record record = { .conn_id = 5 };
	struct tunnel *again = tunnel_new(f->ns, 7, &record, &f->ip);

	add_tunnel(f, 5, 3, &f->udp_a);
	assert_false(tunnel_insert(again));
	tunnel_free(again);
}

/* Requirements: SES-3, SES-4 */
static void test_an_ip_tunnels_id_must_be_alone(void **state)
{
	struct fixture *f = *state;
	struct tunnel *a = add_tunnel(f, 1, 3, &f->udp_a), *b = add_tunnel(f, 2, 3, &f->udp_b),
		      *ip = add_tunnel(f, 3, 3, &f->ip);

	add_session(f, a, 100, "a");
	assert_false(netns_session_conflict(f->ns, b, 100));
	assert_true(netns_session_conflict(f->ns, ip, 100));
	add_session(f, ip, 200, "b");
	assert_true(netns_session_conflict(f->ns, a, 200));
	/* ours beyond the kernel: LIM-5 */
	assert_true(netns_session_conflict(f->ns, a, 100));
}

/* Requirements: SES-5, NL-73 */
static void test_colliding_ids_are_told_apart_by_tunnel_for_good(void **state)
{
	struct fixture *f = *state;
	struct tunnel *a = add_tunnel(f, 1, 3, &f->udp_a), *b = add_tunnel(f, 2, 3, &f->udp_b),
		      *c = add_tunnel(f, 3, 3, &f->udp_a);
	struct session *first = add_session(f, a, 100, "a"), *second;

	assert_ptr_equal(netns_session(f->ns, b, 100), first); /* any tunnel will do */
	assert_false(first->record->collides);
	second = add_session(f, b, 100, "b");
	assert_true(first->record->collides && second->record->collides);
	assert_ptr_equal(netns_session(f->ns, a, 100), first);
	assert_ptr_equal(netns_session(f->ns, b, 100), second);
	assert_null(netns_session(f->ns, c, 100));
	session_remove(second);
	assert_ptr_equal(netns_session(f->ns, a, 100), first);
	assert_null(netns_session(f->ns, b, 100));
}

/* Requirements: SES-2, NL-74, Q-2 */
static void test_v2_keys_are_16_bits(void **state)
{
	struct fixture *f = *state;
	struct tunnel *t = add_tunnel(f, 65536 + 4, 2, &f->udp_a);
	struct session *s = add_session(f, t, 65543, "");

	assert_true(netns_session_conflict(f->ns, t, 7));
	assert_ptr_equal(netns_session(f->ns, t, 7), s);
	assert_false(netns_session_conflict(f->ns, t, 8));
}

/* Requirements: SES-7, Q-1 */
static void test_other_versions_are_found_by_name_only(void **state)
{
	struct fixture *f = *state;
	struct tunnel *t = add_tunnel(f, 9, 5, &f->udp_a);
	struct session *s = add_session(f, t, 70, "odd0");

	assert_null(netns_session(f->ns, t, 70));
	assert_ptr_equal(netns_session_named(f->ns, "odd0"), s);
	assert_null(netns_dump_from(f->ns, t, 0));
	assert_false(session_can_be_found(s));
}

/* Requirements: NL-70, NL-71 */
static void test_a_name_finds_the_newest_of_the_lowest_tunnel(void **state)
{
	struct fixture *f = *state;
	struct tunnel *b = add_tunnel(f, 2, 3, &f->udp_a), *a = add_tunnel(f, 1, 3, &f->udp_a);
	struct session *newer;

	add_session(f, b, 1, "same");
	add_session(f, a, 2, "same");
	newer = add_session(f, a, 3, "same");
	assert_ptr_equal(netns_session_named(f->ns, "same"), newer);
	assert_null(netns_session_named(f->ns, "other"));
}

/* Requirements: NL-78 */
static void test_dumps_go_by_ascending_id(void **state)
{
	struct fixture *f = *state;
	struct tunnel *t = add_tunnel(f, 1, 3, &f->udp_a), *v2 = add_tunnel(f, 2, 2, &f->udp_a),
		      *big = add_tunnel(f, 70000, 2, &f->udp_a);
	struct session *high = add_session(f, t, UINT32_MAX, "a"),
		       *zero = add_session(f, t, 0, "b"), *two = add_session(f, v2, 65538, "c"),
		       *low_zero = add_session(f, v2, 65536, "f");

	add_session(f, big, 0, "d");
	add_session(f, big, 5, "e");
	assert_ptr_equal(netns_dump_from(f->ns, t, 0), zero);
	assert_ptr_equal(netns_dump_from(f->ns, t, 1), high);
	assert_null(netns_dump_from(f->ns, t, (uint64_t)UINT32_MAX + 1));
	assert_ptr_equal(netns_dump_from(f->ns, v2, 0), low_zero);
	assert_ptr_equal(netns_dump_from(f->ns, v2, 1), two);
	assert_null(netns_dump_from(f->ns, v2, 3));
	assert_null(netns_dump_from(f->ns, big, 0));
}

/* Requirements: NL-78, SES-8 */
static void test_what_a_dump_of_version_2_leaves_out(void **state)
{
	struct fixture *f = *state;
	struct tunnel *t = add_tunnel(f, 4, 2, &f->udp_a),
		      *big = add_tunnel(f, 65536 + 4, 2, &f->udp_a);
	struct session *seven = add_session(f, t, 7, "a");

	add_session(f, t, 0, "b");
	add_session(f, big, 8, "c");
	add_session(f, t, 9, "d");
	assert_ptr_equal(netns_dump_from(f->ns, t, 0), seven);
	assert_null(netns_dump_from(f->ns, t, 8));
	assert_ptr_equal(netns_dump_from(f->ns, big, 0), seven);
	assert_null(netns_dump_from(f->ns, big, 8));
	assert_ptr_equal(netns_session(f->ns, big, 7), seven);
}

static void test_quotas(void **state)
{
	struct fixture *f = *state;
	struct extack ea = { 0 };

	f->ns->limits.values[UL2TP_LIMIT_TUNNELS] = 1;
	assert_int_equal(netns_may_add(f->ns, UL2TP_LIMIT_TUNNELS, 1, &ea), 0);
	add_tunnel(f, 1, 3, &f->udp_a);
	assert_true(netns_may_add(f->ns, UL2TP_LIMIT_TUNNELS, 1, &ea) < 0);
	assert_string_not_equal(ea.text, "");
	assert_int_equal(netns_may_add(f->ns, UL2TP_LIMIT_SESSIONS, 1000000, &ea), 0);

	f->ns->limits.values[UL2TP_LIMIT_REQUESTS] = 2;
	assert_int_equal(netns_request(f->ns, 1000, &ea), 0);
	assert_int_equal(netns_request(f->ns, 1999, &ea), 0);
	assert_true(netns_request(f->ns, 1999, &ea) < 0);
	assert_int_equal(netns_request(f->ns, 2000, &ea), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tunnel_ids_are_one_space),
		TEST(test_an_ip_tunnels_id_must_be_alone),
		TEST(test_colliding_ids_are_told_apart_by_tunnel_for_good),
		TEST(test_v2_keys_are_16_bits),
		TEST(test_other_versions_are_found_by_name_only),
		TEST(test_a_name_finds_the_newest_of_the_lowest_tunnel),
		TEST(test_dumps_go_by_ascending_id),
		TEST(test_what_a_dump_of_version_2_leaves_out),
		TEST(test_quotas),
	};

	return cmocka_run_group_tests_name("netns", tests, NULL, NULL);
}
