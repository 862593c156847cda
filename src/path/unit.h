/* SPDX-License-Identifier: BSD-2-Clause */
/* unit.h - a PPP unit: an interface pppN and the files of /dev/ppp on it (kernel-behaviour §6.1, §6.4 to §6.10)
 *
 * Three owners, as of a channel. Relations (files, channels, device) are the API thread's. What is received (.rx) is
 * the receiving worker's of the namespace, as of all its channels. What is sent (.tx) belongs to one worker, to which
 * the senders of its channels are moved: one chosen by the unit's number, or, of a unit that does more than carry
 * packets as they are (.complete, several channels, traffic looped to its file), the receiving worker, so that
 * both directions are one thread's and share what they must.
 */
#ifndef UL2TP_PATH_UNIT_H
#define UL2TP_PATH_UNIT_H

#include <linux/if_tun.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buckets.h"
#include "base/extack.h"
#include "base/list.h"
#include "base/ordered.h"
#include "base/reader.h"
#include "base/writer.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "packet/coalesce.h"
#include "packet/drop_reason.h"
#include "packet/policer.h"
#include "keeper/ppp_records.h"
#include "path/frame_taker.h"
#include "path/unit_np.h"

struct channel;
struct dataplane;
struct keeper_device;
struct netns;
struct ppp_end;
struct ppp_file;
struct shared_device;
struct unit;
struct unit_complete; /* unit_complete.h */
struct unit_record;

/* Frames of one protocol on their way to the interface: an owner of the worker's coalescer. */
struct unit_flow {
	struct frame_taker taker;
	struct unit *unit;
	struct tun_pi pi;
};

struct unit_rx {
	struct letter letter;
	struct worker *worker; /* does not change */
	int device;            /* -1: it has gone */
	struct ppp_end *file;  /* of the first file on it; NULL: none */
	uint32_t accepts;      /* enum coalesce_accepts of the device */
	struct policer policer;
	const struct prefix_table
		*sources; /* who may send from where (unit_address.h); NULL: it may from anywhere */
	struct unit_flow flows[UNIT_NPS];
	struct unit_counters *counters; /* of the record */
};

struct unit_tx {
	struct letter letter, begun;
	struct watch watch; /* of the device */
	struct worker *worker;
	int device; /* -1: it has gone, or is shared */
	struct policer policer;
	struct channel *channel; /* the first of its channels; NULL: none, frames vanish (PPP-42) */
	struct unit_counters *counters; /* of the record */
};

struct unit {
	struct ordered_node by_number; /* of the namespace, until it is dead */
	struct bucket_node by_device;  /* likewise */
	struct dataplane *dp;
	struct netns *netns;
	uint32_t number;
	uint32_t slot;                /* the keeper's, of its own device */
	int ifindex;                  /* which number that had when it was made; 0: it has none */
	struct shared_device *shared; /* with which it does without one; NULL: it has one */
	struct list addresses;        /* of struct unit_address; then */
	/* Of a dead one's interface: its channels still tell it (DBG-3). */
	char last_name[IFNAMSIZ];
	bool dead;        /* PPP-44; it is freed when its last channel is disconnected (PPP-45) */
	atomic_bool lost; /* somebody has deleted the device, or its namespace has gone */
	struct ppp_file *owner;
	struct list files;    /* of struct ppp_file, .in_unit */
	struct list channels; /* of struct channel, .in_unit */
	int debug, mru;
	_Atomic uint32_t flags;            /* SC_*, as set (PPP-50) */
	_Atomic uint8_t np_mode[UNIT_NPS]; /* its low octet; 0: pass */
	int np_mode_set[UNIT_NPS];         /* as it was given */
	/* What is beyond the plain path: filters, VJ, compression, multilink. NULL: nothing. It and what is in it is
	 * changed by unit_call() of a combined unit. */
	struct unit_complete *complete;
	uint32_t fast_reason, fast_protocols; /* as they were told last (unit_fast.h) */
	struct unit_record *record; /* what the next engine finds of it; see unit_record.h */
	uint32_t record_index;
	struct unit_counters gone[2]; /* what is counted without a record, when it is dead */
	struct unit_rx rx;
	struct unit_tx tx;
};

/* API thread. All wait until the workers have done it. */

/**
 * unit_new() - an interface, down, in the client's namespace, and the unit behind it (PPP-2, PPP-81)
 * @client: keeper's number of the client
 * @number: that which is wanted; negative: the lowest that is free and whose name is
 *
 * @own:    with an interface of its own, even if others share one (shared_device.h)
 *
 * Return: 0; -EEXIST number or name is taken; -ENFILE; what keeper_ppp_device_create() says; with words.
 */
int unit_new(struct dataplane *dp, struct netns *ns, uint32_t client, int number, bool own,
             struct unit **ret, struct extack *ea);

/** unit_adopt() - the unit of a record, which is an earlier engine's or new, on its device, which becomes the unit's
 * @device: NULL: it shares that of its namespace, which has one already */
int unit_adopt(struct dataplane *dp, struct netns *ns, uint32_t record_index,
               const struct keeper_device *device, struct unit **ret);

/** unit_find() - one that lives, by its number; NULL */
struct unit *unit_find(const struct netns *ns, uint32_t number);

/** unit_from() - that with the lowest number that is not below @number; NULL */
struct unit *unit_from(const struct netns *ns, uint64_t number);

/** unit_device_name() - what its interface is called, or was when it died; "" if nobody can tell */
void unit_device_name(const struct unit *u, char ret[IFNAMSIZ]);

/** unit_named() - one that lives, by what its interface is called now, wherever that is; NULL */
struct unit *unit_named(const struct netns *ns, const char *name);

/** unit_die() - its interface goes, its number is free, its files are at their end (PPP-44). Freed with its last channel */
void unit_die(struct unit *u);

/** units_open_lost() - the letter dataplane.units_lost: those whose devices have gone die */
void units_open_lost(struct letter *letter);

/** units_die() - all of a namespace that has gone */
void units_die(struct netns *ns);

/** unit_connect() - PPPIOCCONNECT, checked; unit_disconnect() - PPPIOCDISCONN, or the channel goes */
void unit_connect(struct unit *u, struct channel *c);
void unit_disconnect(struct channel *c);

/** unit_file_attach() - @owner: the unit lives as long as the file does (PPP-44) */
void unit_file_attach(struct unit *u, struct ppp_file *f, bool owner);

/** unit_file_detach() - the program has closed it; the unit dies if it was its owner's */
void unit_file_detach(struct ppp_file *f);

/** unit_is_idle() - reads of its files say end of file now: no channel, and no traffic is looped (PPP-41) */
bool unit_is_idle(const struct unit *u);

/** unit_say_if_idle() - it may have become so: its files are told */
void unit_say_if_idle(struct unit *u);

/** unit_ioctl() - of a file on it (kernel-behaviour §6.4). 0; the call's errno with words */
int unit_ioctl(struct unit *u, uint32_t number, struct reader in, struct writer *out,
               struct extack *ea);

/** unit_dead_ioctl() - of a file on a unit that has died (PPP-44): its number is told, what is set is forgotten */
int unit_dead_ioctl(uint32_t unit_number, uint32_t number, struct reader in, struct writer *out,
                    struct extack *ea);

/**
 * unit_device_ioctl() - SIOCGPPPSTATS, SIOCGPPPVER, SIOCGPPPCSTATS by the name of an interface (PPP-64)
 *
 * Return: 0; -ENODEV it is no unit's of the namespace; -EINVAL another number.
 */
int unit_device_ioctl(const struct netns *ns, const char *name, uint32_t number, struct writer *out,
                      struct extack *ea);

/** unit_combine() - from now on and for good the receiving worker sends for it, too */
void unit_combine(struct unit *u);

/**
 * unit_police() - how much data may pass in a direction from now on (packet/policer.h); what a program writes always does
 * @rate:  bits a second; 0: all
 * @burst: octets; 0: what suits the rate
 *
 * Return: 0; -ERANGE in words.
 */
int unit_police(struct unit *u, bool received, uint64_t rate, uint32_t burst, struct extack *ea);

/** unit_policing_resume() - as the record says, of an earlier engine */
void unit_policing_resume(struct unit *u);

/** unit_settle() - what programs have written to its files so far is sent, and counted, when it returns */
void unit_settle(struct unit *u);

/** unit_call() - @fn runs on the receiving worker, which of a combined unit is the only one */
void unit_call(struct unit *u, void (*fn)(struct unit *u, void *arg), void *arg);

/* On the worker that receives. */

/** unit_receive() - a frame for it came by @c, the protocol number decompressed (§6.7); @info stays where it is until the
 * worker's coalescer is flushed */
void unit_receive(struct unit *u, struct channel *c, uint16_t protocol, const uint8_t *info,
                  size_t len);

/** unit_receive_short() - one too short for a protocol number (PPP-20 (2)) */
void unit_receive_short(struct unit *u);

/**
 * unit_take() - steps 6 to 8 of §6.7: count it, and give it to file or interface
 * @restored: by VJ, perhaps with the numbers of a packet that was lost: its checksum is what shows that, and is never taken
 *            for one that was left to the receiver
 */
void unit_take(struct unit *u, uint16_t protocol, const uint8_t *info, size_t len, bool restored);

/** unit_drop_received() - count one, under a reason and as an error */
void unit_drop_received(struct unit *u, enum rx_drop why);

/* On the worker that owns .tx. */

/** unit_send() - steps 7 and 8 of §6.6: on its first channel, or to its file. Information in two pieces: @head is copied,
 * @payload stays where it is until outbox_flush() */
void unit_send(struct unit *u, uint16_t protocol, const uint8_t *head, size_t head_len,
               const uint8_t *payload, size_t payload_len);

/** unit_gate_follow() - its first channel, or the sender of that, is another: what it reads is counted for that one's
 * session (fast_gate.h) */
void unit_gate_follow(struct unit *u);

/** unit_drop_sent() - count one, under a reason; @error: as tx_errors, else as tx_dropped */
void unit_drop_sent(struct unit *u, enum tx_drop why, bool error);

#endif
