/* SPDX-License-Identifier: BSD-2-Clause */
/* iptables_table_test.c - tables in which nothing is left but policies, and others, which count as rules */
#include "keeper/iptables_table.h"

#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#define ACCEPT (-NF_ACCEPT - 1)
#define DROP   (-NF_DROP - 1)

/* As the kernel makes filter: INPUT, FORWARD and OUTPUT, which accept. */
struct table {
	struct ipt_getinfo info;
	struct {
		struct {
			struct ipt_ip ip;
			unsigned int unused;
			uint16_t target_offset, next_offset;
			unsigned int comefrom;
			struct xt_counters counters;
		} entry; /* struct ipt_entry, which has no end */
		struct {
			uint16_t size;
			char name[XT_EXTENSION_MAXNAMELEN];
			uint8_t revision;
			int32_t verdict, padding;
		} target;
	} chains[3];
};

static_assert(sizeof(((struct table *)NULL)->chains[0].entry) == sizeof(struct ipt_entry) &&
                      sizeof(((struct table *)NULL)->chains[0].target) ==
                              sizeof(struct xt_standard_target),
              "the kernel's structures");

static struct table table_empty(void)
{
	struct table t = { .info = { .name = "filter", .num_entries = 4 } };

	for (unsigned int i = 0; i < 3; i++) {
		t.chains[i].entry.target_offset = sizeof(t.chains[i].entry);
		t.chains[i].entry.next_offset = sizeof(t.chains[i]);
		t.chains[i].target.size = sizeof(t.chains[i].target);
		t.chains[i].target.verdict = ACCEPT;
		t.info.valid_hooks |= 1u << (NF_INET_LOCAL_IN + i);
		t.info.hook_entry[NF_INET_LOCAL_IN + i] = i * (unsigned int)sizeof(t.chains[i]);
		t.info.underflow[NF_INET_LOCAL_IN + i] = i * (unsigned int)sizeof(t.chains[i]);
	}
	t.info.size = sizeof(t.chains);
	return t;
}

static bool accepts(const struct table *t)
{
	return iptables_accepts(AF_INET, &t->info, reader_over(t->chains, sizeof(t->chains)));
}

static void policies(void **state)
{
	struct table t = table_empty();

	assert_false(iptables_has_rules(&t.info));
	assert_true(accepts(&t));
	t.chains[1].target.verdict = DROP; /* what is forwarded is no tunnel's */
	assert_true(accepts(&t));
	t.chains[2].target.verdict = DROP;
	assert_false(accepts(&t));
}

static void rules(void **state)
{
	struct table t = table_empty();

	t.info.hook_entry[NF_INET_FORWARD] = 0;
	assert_false(iptables_has_rules(&t.info));
	t.info.underflow[NF_INET_LOCAL_IN] = sizeof(t.chains[0]);
	assert_true(iptables_has_rules(&t.info));
}

/* A chain of a kernel that has more of them. */
static void a_hook_that_is_not_known_counts_as_a_rule(void **state)
{
	struct table t = table_empty();

	t.info.valid_hooks |= 1u << NF_INET_NUMHOOKS;
	assert_true(iptables_has_rules(&t.info));
}

static void what_is_no_policy_does_not_accept(void **state)
{
	struct table t = table_empty();

	t.chains[0].entry.ip.proto = IPPROTO_UDP;
	assert_false(accepts(&t));
	t = table_empty();
	strcpy(t.chains[0].target.name, "NFQUEUE");
	assert_false(accepts(&t));
	t = table_empty();
	t.chains[0].entry.target_offset += 8; /* conditions are between */
	assert_false(accepts(&t));
}

static void what_is_not_there_does_not_accept(void **state)
{
	struct table t = table_empty();

	for (size_t len = 0; len < sizeof(t.chains[0]) * 2 + 100; len++)
		assert_false(iptables_accepts(AF_INET, &t.info, reader_over(t.chains, len)));
	assert_false(iptables_accepts(AF_INET6, &t.info, reader_over(t.chains, sizeof(t.chains))));
	for (unsigned int far = 0; far < 9; far++) {
		t.info.underflow[NF_INET_LOCAL_IN] = UINT32_MAX - far;
		assert_false(accepts(&t));
	}
}

static int count(const char *text, size_t len)
{
	struct reader names = reader_over(text, len);
	char name[XT_TABLE_MAXNAMELEN];
	int more, found = 0;

	while ((more = iptables_name_next(&names, name)) > 0)
		found++;
	return more < 0 ? more : found;
}

static void names(void **state)
{
	assert_int_equal(count("", 0), 0);
	assert_int_equal(count("raw\nfilter\n", 11), 2);
	assert_int_equal(count("raw\nfil", 7), -EBADMSG);
	assert_int_equal(count("\n", 1), -EBADMSG);
	assert_int_equal(count("a\0b\n", 4), -EBADMSG);
	assert_int_equal(count("0123456789012345678901234567890\n", 32), 1);
	assert_int_equal(count("01234567890123456789012345678901\n", 33), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies),
		cmocka_unit_test(rules),
		cmocka_unit_test(a_hook_that_is_not_known_counts_as_a_rule),
		cmocka_unit_test(what_is_no_policy_does_not_accept),
		cmocka_unit_test(what_is_not_there_does_not_accept),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
