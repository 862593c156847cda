/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_complete.h - what a unit does beyond carrying packets as they are: filters, VJ, encryption, multilink
 *
 * A unit has none of it (unit.complete is NULL) until a program asks for it. From then on both its directions are the
 * receiving worker's, which alone touches what is here; the API thread has it changed by unit_call().
 * Source: §6.6 to §6.9 of doc/kernel-behaviour.md.
 */
#ifndef UL2TP_PATH_UNIT_COMPLETE_H
#define UL2TP_PATH_UNIT_COMPLETE_H

#include "path/unit.h"
#include "ppp/compression.h"
#include "ppp/filter.h"
#include "ppp/multilink.h"
#include "ppp/vj.h"

#define UNIT_CHANNELS_MAX 32 /* of one unit that get fragments; what comes on more is taken */

struct unit_multilink {
	struct channel *channels[UNIT_CHANNELS_MAX]; /* as the worker knows them */
	uint32_t count, next_channel;
	uint32_t seq; /* of the fragment that is sent next */
	int mrru;     /* 0: none are received */
	struct multilink received;
};

struct unit_complete {
	struct ppp_filter *pass, *active; /* NULL: all pass, all are activity */
	struct vj *vj;                    /* NULL: no program has said how many connections */
	struct ppp_compression compression;
	struct unit_multilink multilink;
	struct unit_record
		*kept; /* where compression.state is noted, see unit_kept.h; NULL: nowhere */
};

/* API thread. */

/** unit_complete_begin() - from now on it is; harmless if it was. -ENOMEM */
int unit_complete_begin(struct unit *u);

/** unit_complete_ioctl() - PPPIOCSCOMPRESS, SPASS, SACTIVE, SMAXCID, SMRRU. -ENOTTY: another */
int unit_complete_ioctl(struct unit *u, uint32_t number, struct reader in, struct extack *ea);

/** unit_complete_set_flags() - of a unit that is complete, in which CCP may have been closed (PPP-50) */
void unit_complete_set_flags(struct unit *u, uint32_t flags);

/** unit_complete_state() - bits that PPPIOCGFLAGS shows beside the flags */
uint32_t unit_complete_state(struct unit *u);

/** unit_complete_free() - when no worker has the unit any more */
void unit_complete_free(struct unit *u);

/* On the worker. */

/** unit_complete_lets_out() - step 2 of §6.6; false: the frame was dropped, which is not counted as sent */
bool unit_complete_lets_out(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len);

/** unit_complete_send() - steps 4 to 8; @info stays where it is until outbox_flush() */
void unit_complete_send(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len);

/** unit_complete_room() - for a frame that is to be sent, contiguous */
uint8_t *unit_complete_room(struct unit *u, size_t len);

/** unit_multilink_channels() - they have changed; while the API thread waits */
void unit_multilink_channels(struct unit *u);

/** unit_multilink_send() - step 8, to all channels; pieces stay where they are, but the first is copied */
void unit_multilink_send(struct unit *u, uint16_t protocol, const struct iovec pieces[2]);

/** unit_complete_receive() - steps 2 to 5 of §6.7; unit_take() gets what comes out */
void unit_complete_receive(struct unit *u, struct channel *c, uint16_t protocol,
                           const uint8_t *info, size_t len);

/** unit_complete_whole() - steps 3 to 5, of what is no fragment, or was put together */
void unit_complete_whole(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len);

/** unit_complete_received_room() - for what is made of received frames */
uint8_t *unit_complete_received_room(struct unit *u, size_t len);

/** unit_multilink_receive() - step 2: a fragment */
void unit_multilink_receive(struct unit *u, struct channel *c, const uint8_t *info, size_t len);

/** unit_multilink_restart() - the peer's numbers begin with 0, as after SC_MULTILINK was set (PPP-50). Linux keeps what it
 * knew of the numbers before, so that until they are reached a fragment that is late is taken for lost */
void unit_multilink_restart(struct unit *u);

/** unit_multilink_forget() - those that wait; none are received any more */
void unit_multilink_forget(struct unit *u);

/** unit_complete_lets_in() - the filters of step 8; false: it was dropped */
bool unit_complete_lets_in(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len);

/** unit_complete_error() - something of what is received was lost (step 1) */
void unit_complete_error(struct unit *u);

/** unit_complete_look() - at a frame of CCP on its way (PPP-61) */
void unit_complete_look(struct unit *u, bool outbound, const uint8_t *info, size_t len);

#endif
