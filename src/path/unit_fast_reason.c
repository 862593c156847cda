/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_fast_reason.c - whether sessions of a unit may take the fast path, and with which protocols; see unit_fast.h */
#include <linux/ppp-ioctl.h>
#include <stdatomic.h>

#include "keeper/fast_path_maps.h"
#include "path/unit_complete.h"
#include "path/unit_fast.h"

uint32_t unit_fast_protocols(const struct unit *u)
{
	uint32_t protocols = 0;

	if (!atomic_load(&u->np_mode[UNIT_IP]))
		protocols |= FAST_PPP_IP;
	if (!atomic_load(&u->np_mode[UNIT_IPV6]))
		protocols |= FAST_PPP_IPV6;
	return protocols;
}

/* Than to carry packets as they are. Much of what programs ask for they do not use then, as pppd does not; and what a peer has
 * compressed goes to the engine by its protocol number. */
static bool does_more(const struct unit *u)
{
	const struct unit_complete *c = u->complete;

	if (atomic_load(&u->flags) & (SC_COMP_TCP | SC_MULTILINK))
		return true;
	return c && (c->pass || c->active || c->multilink.mrru || c->compression.compressor ||
	             c->compression.decompressor);
}

enum fast_reason unit_fast_reason(const struct unit *u)
{
	if (u->dead || u->shared || atomic_load(&u->lost))
		return FAST_PPP_UNIT;
	if (!list_empty(&u->channels) && u->channels.next != u->channels.prev)
		return FAST_PPP_CHANNELS;
	if (u->record->rx_rate.rate || u->record->tx_rate.rate)
		return FAST_PPP_POLICED;
	if (!unit_fast_protocols(u) || atomic_load(&u->flags) & SC_LOOP_TRAFFIC)
		return FAST_PPP_MODE;
	return does_more(u) ? FAST_PPP_FEATURES : FAST_USED;
}
