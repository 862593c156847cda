/* SPDX-License-Identifier: BSD-2-Clause */
/* quirk.h - behaviour of the kernel that crosses a boundary of trust or that we do better, and whether we do the
 * same
 *
 * Our way by default; ul2tpd --kernel-quirks switches every row to the kernel's way, for tests that compare.
 */
#ifndef UL2TP_TUNNEL_QUIRK_H
#define UL2TP_TUNNEL_QUIRK_H

#include <stdbool.h>

enum quirk {
	QUIRK_DATA_BY_IDS, /* */
	QUIRK_NOTIFY_ALL,  /* */
	QUIRK_CONNECTED,   /* TUN-16 */
	QUIRK_TICKS,       /* LIM-9 */
	QUIRK_IP_SOCKETS,  /* Q-19, of L2TP/IP sockets */
	QUIRK_PPP_SOCKETS, /* Q-19, of PPPoL2TP sockets */
	QUIRKS,
};

struct quirk_row {
	const char *id; /* in doc/kernel-behaviour.md, and in doc/deviations.md with "(quirk)" */
	const char *kernels_way;
	const char *our_way;
};

/* Which rows are the kernel's way; zeroed: none. */
struct quirks {
	bool kernels_way[QUIRKS];
};

/** quirks_all() - all our way, or all the kernel's */
struct quirks quirks_all(bool kernels_way);

/** quirk_row() - what a quirk is about; constant */
const struct quirk_row *quirk_row(enum quirk quirk);

/** quirks_log() - one line at start for each row that is the kernel's way */
void quirks_log(const struct quirks *q);

#endif
