/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_policing.c - how much a unit may receive and send; the API thread. See unit.h
 *
 * What was set stands in the record, and holds for the next engine too, which begins with a whole burst.
 */
#include <errno.h>

#include "path/unit_fast.h"
#include "path/unit_private.h"
#include "path/worker.h"

static void set_received(struct unit *u, void *arg)
{
	const struct unit_rate_record *r = arg;

	policer_set(&u->rx.policer, r->rate, r->burst, loop_now_ms(u->rx.worker->loop));
}

static void set_sent(struct unit *u, void *arg)
{
	const struct unit_rate_record *r = arg;

	policer_set(&u->tx.policer, r->rate, r->burst, loop_now_ms(u->tx.worker->loop));
}

static int check(uint64_t rate, uint32_t burst, struct extack *ea)
{
	if (rate && (rate < POLICER_RATE_MIN || rate > POLICER_RATE_MAX))
		return extack_fail(ea, -ERANGE, 0,
		                   "a rate is %llu to %llu bits a second, or 0: no limit",
		                   POLICER_RATE_MIN, POLICER_RATE_MAX);
	if (burst && (burst < POLICER_BURST_MIN || burst > POLICER_BURST_MAX))
		return extack_fail(ea, -ERANGE, 0,
		                   "a burst is %u to %u octets, or 0: what suits the rate",
		                   POLICER_BURST_MIN, POLICER_BURST_MAX);
	return 0;
}

int unit_police(struct unit *u, bool received, uint64_t rate, uint32_t burst, struct extack *ea)
{
	struct unit_rate_record *r = received ? &u->record->rx_rate : &u->record->tx_rate;
	int err = check(rate, burst, ea);

	if (err < 0)
		return err;
	r->rate = rate;
	r->burst = burst || !rate ? burst : policer_burst(rate);
	if (received)
		unit_call(u, set_received, r);
	else
		unit_call_sending(u, set_sent, r);
	unit_fast_changed(u);
	return 0;
}

void unit_policing_resume(struct unit *u)
{
	unit_call(u, set_received, &u->record->rx_rate);
	unit_call_sending(u, set_sent, &u->record->tx_rate);
}
