/* SPDX-License-Identifier: BSD-2-Clause */
/* layout.c - what programs that were built with an ul2tp.h rely on, asked when a later library is built
 *
 * A struct that stands in another, in an array, or in memory of the program's keeps its size; another may grow at its end,
 * behind what was its last member. A counter added to struct ul2tp_counters, for one, would move all that stands behind it in
 * a session. There is no code here: what does not hold does not compile.
 */
#include <assert.h>
#include <stddef.h>

#include "ul2tp.h"
#include "ul2tp_ppp.h"

#define KEEPS(name, size)                                                                          \
	static_assert(sizeof(struct name) == (size), "its size is taken for granted")
#define STAYS(name, member, place)                                                                 \
	static_assert(offsetof(struct name, member) == (place), "what is there stays there")

#if __SIZEOF_POINTER__ == 8
/* clang-format off */
KEEPS(ul2tp_error, 292);
KEEPS(ul2tp_address, 24);
KEEPS(ul2tp_stats, 80);
KEEPS(ul2tp_reason, 24);
KEEPS(ul2tp_reasons, 16);
KEEPS(ul2tp_counters, 64);
KEEPS(ul2tp_fast_counters, 32);
KEEPS(ul2tp_cookie, 9);
KEEPS(ul2tp_session_key, 16);
KEEPS(ul2tp_event, 24);
KEEPS(ul2tp_namespace_limits, 32);
KEEPS(ul2tp_lack, 16);
KEEPS(ul2tp_message, 32);
KEEPS(ul2tp_ppp, 16);
KEEPS(ul2tp_ppp_stats, 24);
KEEPS(ul2tp_ppp_rate, 16);
KEEPS(ul2tp_ppp_prefix, 28);

/* The last member each had. */
STAYS(ul2tp_tunnel_params, peer_check, 109);
STAYS(ul2tp_tunnel, session_count, 288);
STAYS(ul2tp_session_params, label, 72);
STAYS(ul2tp_session, fast, 312);
STAYS(ul2tp_session_change, label, 24);
STAYS(ul2tp_trace_record, reorder_q_len, 84);
STAYS(ul2tp_daemon_status, lacks, 96);
STAYS(ul2tp_ppp_params, fd, 28);
STAYS(ul2tp_ppp_account, strays, 152);
STAYS(ul2tp_ppp_channel_info, tx_drops, 120);
STAYS(ul2tp_ppp_unit_info, account, 152);
/* clang-format on */
#endif
