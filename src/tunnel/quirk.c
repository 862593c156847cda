/* SPDX-License-Identifier: BSD-2-Clause */
/* quirk.c - see quirk.h */
#include "tunnel/quirk.h"

#include <assert.h>

#include "base/cleanup.h"
#include "base/log.h"

/* clang-format off */
static const struct quirk_row rows[] = {
	/*                      id      kernel's way                                       safe way */
	[QUIRK_DATA_BY_IDS] = { "Q-8",  "data is accepted by its ids from anyone",         "only from the tunnel's peer" },
	[QUIRK_NOTIFY_ALL]  = { "Q-20", "subscribers of all namespaces are notified",      "only those of the tunnel's namespace" },
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
			log_event(LOG_WARNING, "kernel-quirk", "id=%s now=\"%s\" safe=\"%s\"",
			          rows[i].id, rows[i].kernels_way, rows[i].safe_way);
}
