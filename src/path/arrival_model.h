/* SPDX-License-Identifier: BSD-2-Clause */
/* arrival_model.h - what must become of a datagram, read once more and in another way: from octets at fixed places, and from records
 *
 * It ends where the session's numbers decide, since these depend on what came before.
 */
#ifndef UL2TP_PATH_ARRIVAL_MODEL_H
#define UL2TP_PATH_ARRIVAL_MODEL_H

#include "keeper/records.h"
#include "packet/drop_reason.h"

struct arrival {
	const uint8_t *octets; /* UDP's payload, or IP's of protocol 115 */
	size_t len;
	bool over_ip;
	uint32_t endpoint;         /* the keeper's slot */
	bool managed;              /* ... of a program's socket */
	const union address *from; /* NULL: nobody says */
};

struct arrival_fate {
	enum rx_drop why; /* RX_DROP_NONE: it goes on */
	uint32_t session; /* index of its record; RECORD_NONE: it is of none */
	bool cut_off;     /* it goes on only until its offset is looked at */
	size_t payload_at;
};

struct arrival_fate arrival_foresee(const struct records *r, const struct arrival *a);

#endif
