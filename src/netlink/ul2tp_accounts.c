/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_accounts.c - see ul2tp_accounts.h */
#include "netlink/ul2tp_accounts.h"

#include <assert.h>
#include <errno.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"
#include "netlink/policy.h"

/* clang-format off */
static const struct policy_row drop_rows[] = {
	[UL2TP_DROP_NAME]    = { "name",    ATTRIBUTE_STRING },
	[UL2TP_DROP_WORDS]   = { "words",   ATTRIBUTE_STRING },
	[UL2TP_DROP_PACKETS] = { "packets", ATTRIBUTE_U64 },
};
/* clang-format on */

static const struct policy drop_policy = { drop_rows, ARRAY_SIZE(drop_rows) };

static void counters_put(struct writer *w, const uint64_t counters[UL2TP_COUNTER_MAX_PLUS_1])
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_COUNTERS | NLA_F_NESTED);

	for (uint16_t n = 1; n < UL2TP_COUNTER_MAX_PLUS_1; n++)
		if (n <= UL2TP_COUNTER_RX_REORDERED || counters[n])
			attribute_put_u64(w, n, counters[n]);
	attribute_nest_end(w, nest);
}

void ul2tp_drops_put(struct writer *w, uint16_t type, const struct ul2tp_drops *drops)
{
	size_t list = attribute_nest_begin(w, type | NLA_F_NESTED);

	assert(drops->count <= UL2TP_DROPS_MAX);
	for (size_t i = 0; i < drops->count; i++) {
		const struct ul2tp_drop *drop = &drops->rows[i];

		if (!drop->packets)
			continue;

		size_t row = attribute_nest_begin(w, UL2TP_DROP | NLA_F_NESTED);

		attribute_put_string(w, UL2TP_DROP_NAME, drop->name);
		attribute_put_string(w, UL2TP_DROP_WORDS, drop->words);
		attribute_put_u64(w, UL2TP_DROP_PACKETS, drop->packets);
		attribute_nest_end(w, row);
	}
	attribute_nest_end(w, list);
}

void ul2tp_accounts_put(struct writer *w, const struct ul2tp_accounts *accounts)
{
	counters_put(w, accounts->counters);
	ul2tp_drops_put(w, UL2TP_ATTR_RX_DROPS, &accounts->rx_drops);
	ul2tp_drops_put(w, UL2TP_ATTR_TX_DROPS, &accounts->tx_drops);
}

void ul2tp_counters_read(struct reader nest, uint64_t counters[UL2TP_COUNTER_MAX_PLUS_1])
{
	struct attribute a;

	memset(counters, 0, UL2TP_COUNTER_MAX_PLUS_1 * sizeof(counters[0]));
	while (attribute_next(&nest, &a))
		if (a.type < UL2TP_COUNTER_MAX_PLUS_1)
			counters[a.type] = read_u64_host(&a.value);
}

int ul2tp_drops_read(struct reader nest, struct ul2tp_drops *ret)
{
	struct ul2tp_drops drops = { 0 };
	struct attribute row;

	while (attribute_next(&nest, &row) && drops.count < UL2TP_DROPS_MAX) {
		struct attributes a;

		if (row.type != UL2TP_DROP)
			continue;
		if (policy_parse(&drop_policy, POLICY_LIBERAL, row.value, row.start, &a, NULL) <
		            0 ||
		    !attributes_has(&a, UL2TP_DROP_NAME))
			return -EBADMSG;
		drops.rows[drops.count++] = (struct ul2tp_drop){
			.name = attributes_string(&a, UL2TP_DROP_NAME),
			.words = attributes_string(&a, UL2TP_DROP_WORDS),
			.packets = attributes_u64(&a, UL2TP_DROP_PACKETS),
		};
	}
	*ret = drops;
	return 0;
}
