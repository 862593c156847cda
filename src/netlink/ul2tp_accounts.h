/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_accounts.h - what was counted for a tunnel or session: packets, octets, drops by reason
 *
 * The nests UL2TP_ATTR_COUNTERS, UL2TP_ATTR_RX_DROPS and UL2TP_ATTR_TX_DROPS.
 */
#ifndef UL2TP_NETLINK_UL2TP_ACCOUNTS_H
#define UL2TP_NETLINK_UL2TP_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "netlink/ul2tp_family.h"

#define UL2TP_DROPS_MAX 48 /* reasons a direction can have */

struct ul2tp_drop {
	const char *name;  /* stable: "cookie" */
	const char *words; /* what it means */
	uint64_t packets;
};

struct ul2tp_drops {
	size_t count;
	struct ul2tp_drop rows[UL2TP_DROPS_MAX];
};

struct ul2tp_accounts {
	uint64_t
		counters[UL2TP_COUNTER_MAX_PLUS_1]; /* by enum ul2tp_counter; index 0 is not used */
	struct ul2tp_drops rx_drops;
	struct ul2tp_drops tx_drops;
};

/** ul2tp_accounts_put() - the three nests; reasons with no packets are not written */
void ul2tp_accounts_put(struct writer *w, const struct ul2tp_accounts *accounts);

/** ul2tp_drops_put() - one of them: @type is UL2TP_ATTR_RX_DROPS or UL2TP_ATTR_TX_DROPS */
void ul2tp_drops_put(struct writer *w, uint16_t type, const struct ul2tp_drops *drops);

/** ul2tp_counters_read() - the value of UL2TP_ATTR_COUNTERS; what is missing or malformed reads 0 */
void ul2tp_counters_read(struct reader nest, uint64_t counters[UL2TP_COUNTER_MAX_PLUS_1]);

/**
 * ul2tp_drops_read() - the value of UL2TP_ATTR_RX_DROPS or UL2TP_ATTR_TX_DROPS
 * @ret: strings borrow from the message; more rows than fit are left out
 *
 * Return: 0; -EBADMSG a row is malformed.
 */
int ul2tp_drops_read(struct reader nest, struct ul2tp_drops *ret);

#endif
