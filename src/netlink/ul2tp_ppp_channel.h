/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ppp_channel.h - a channel of PPP as it is told: the answer to PPP_CHANNEL_GET of ul2tp_netlink.h
 *
 * Attributes only. Strings in .accounts borrow from the message.
 */
#ifndef UL2TP_NETLINK_UL2TP_PPP_CHANNEL_H
#define UL2TP_NETLINK_UL2TP_PPP_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "netlink/ul2tp_accounts.h"
#include "netlink/ul2tp_family.h"

struct ul2tp_ppp_channel_report {
	uint32_t number;
	uint8_t state;    /* enum ul2tp_ppp_state, of its socket */
	uint32_t files;   /* of /dev/ppp on it */
	bool has_session; /* else it has been deleted: no ids, nothing counted */
	uint32_t conn_id, session_id;
	bool has_unit, has_bridge;
	uint32_t unit, bridge;          /* numbers */
	struct ul2tp_accounts accounts; /* of the session */
};

void ul2tp_ppp_channel_put(struct writer *w, const struct ul2tp_ppp_channel_report *c);

/** ul2tp_ppp_channel_read() - 0; -EBADMSG malformed, or without PPP_CHANNEL */
int ul2tp_ppp_channel_read(struct reader octets, struct ul2tp_ppp_channel_report *ret);

#endif
