/* SPDX-License-Identifier: BSD-2-Clause */
/* quirk.c - see quirk.h */
#include "tunnel/quirk.h"

#include <assert.h>

#include "base/cleanup.h"
#include "base/log.h"

/* clang-format off */
static const struct quirk_row rows[] = {
	/*                      id        kernel's way                                       our way */
	[QUIRK_DATA_BY_IDS] = { "Q-8",    "data is accepted by its ids from anyone",         "only from the tunnel's peer" },
	[QUIRK_NOTIFY_ALL]  = { "Q-20",   "subscribers of all namespaces are notified",      "only those of the tunnel's namespace" },
	[QUIRK_CONNECTED]   = { "TUN-16", "each UDP tunnel has a local port of its own, closed to all but its peer", "several share one" },
	[QUIRK_TICKS]       = { "LIM-9",  "reorder timeouts are rounded up to 4 ms",         "milliseconds as given" },
	[QUIRK_IP_SOCKETS]  = { "Q-19",   "anyone may use L2TP/IP sockets",                  "only with CAP_NET_ADMIN" },
	[QUIRK_PPP_SOCKETS] = { "Q-19",   "anyone may connect PPPoL2TP sockets",             "only with CAP_NET_ADMIN" },
};
/* clang-format on */
static_assert(ARRAY_SIZE(rows) == QUIRKS, "each quirk has a row");

struct quirks quirks_all(bool kernels_way)
{
	struct quirks q;

	for (int i = 0; i < QUIRKS; i++)
		q.kernels_way[i] = kernels_way;
	return q;
}

const struct quirk_row *quirk_row(enum quirk quirk)
{
	return &rows[quirk];
}

void quirks_log(const struct quirks *q)
{
	for (int i = 0; i < QUIRKS; i++)
		if (q->kernels_way[i])
			log_event(LOG_WARNING, "kernel-quirk", "id=%s now=\"%s\" otherwise=\"%s\"",
			          rows[i].id, rows[i].kernels_way, rows[i].our_way);
}
