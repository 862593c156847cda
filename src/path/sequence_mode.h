/* SPDX-License-Identifier: BSD-2-Clause */
/* sequence_mode.h - whether a packet may come with or without a number, and what transmit learns from it
 *
 * RX-42 and RX-43: a session that is not LNS follows its peer, numbering what it sends while numbered packets come.
 */
#ifndef UL2TP_PATH_SEQUENCE_MODE_H
#define UL2TP_PATH_SEQUENCE_MODE_H

#include <stdbool.h>

enum sequence_mode {
	SEQUENCE_AS_IS,
	SEQUENCE_SWITCH_ON,  /* go on, and set send_seq */
	SEQUENCE_SWITCH_OFF, /* go on, and clear send_seq */
	SEQUENCE_REFUSED,    /* drop: RX_DROP_NO_SEQUENCE */
};

/** sequence_mode() - what a packet with or without a number means for a session with these flags */
static inline enum sequence_mode sequence_mode(bool has_ns, bool recv_seq, bool lns_mode,
                                               bool send_seq)
{
	if (has_ns)
		return !lns_mode && !send_seq ? SEQUENCE_SWITCH_ON : SEQUENCE_AS_IS;
	if (recv_seq)
		return SEQUENCE_REFUSED;
	if (!send_seq)
		return SEQUENCE_AS_IS;
	return lns_mode ? SEQUENCE_REFUSED : SEQUENCE_SWITCH_OFF;
}

#endif
