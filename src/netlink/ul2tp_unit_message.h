/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_unit_message.h - commands UNIT_* of ul2tp_netlink.h: addresses, rates and counters of PPP units */
#ifndef UL2TP_NETLINK_UL2TP_UNIT_MESSAGE_H
#define UL2TP_NETLINK_UL2TP_UNIT_MESSAGE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/prefix.h"
#include "netlink/ul2tp_accounts.h"
#include "netlink/ul2tp_family.h"

#define UL2TP_UNIT_PREFIXES_MAX 8

struct ul2tp_rate {
	bool present;
	uint64_t rate;  /* bits a second */
	uint32_t burst; /* octets */
};

/* Each command has some of it. */
struct ul2tp_unit_request {
	bool by_handle; /* of a file on it; else by its number, in the client's namespace */
	uint64_t handle;
	uint32_t unit;
	struct prefix prefix;     /* UNIT_ADDRESS_*; .family 0: absent */
	struct ul2tp_rate rx, tx; /* UNIT_POLICE */
};

void ul2tp_unit_request_put(struct writer *w, const struct ul2tp_unit_request *request);

/** ul2tp_unit_request_read() - 0; -EINVAL with words: neither or both of handle and number, or no prefix */
int ul2tp_unit_request_read(const struct ul2tp_request *r, struct ul2tp_unit_request *ret,
                            struct extack *ea);

struct ul2tp_unit_message {
	uint32_t unit;
	char device[IFNAMSIZ];
	bool shared;
	uint64_t strays; /* of a shared device */
	uint64_t counters[UL2TP_UNIT_COUNTER_MAX_PLUS_1];
	struct ul2tp_drops rx_drops, tx_drops;
	uint32_t prefix_count;
	struct prefix prefixes[UL2TP_UNIT_PREFIXES_MAX];
	struct ul2tp_rate rx, tx;
};

void ul2tp_unit_message_put(struct writer *w, const struct ul2tp_unit_message *m);

/** ul2tp_unit_message_read() - attributes of a later ul2tpd are skipped; strings of drops borrow. 0; -EBADMSG malformed */
int ul2tp_unit_message_read(struct reader octets, struct ul2tp_unit_message *ret);

#endif
