/* SPDX-License-Identifier: BSD-2-Clause */
/* shared_device.h - interfaces that many PPP units share (ul2tpd --ppp-device shared)
 *
 * A TUN for each of thousands of sessions takes memory, time, and a descriptor. So a unit can do without: its addresses
 * (unit_address.h) are then routed to a TUN that it shares with the other units of the namespace, and which unit a
 * packet is for says its destination.
 *
 * There is not one such TUN but one for each worker, and a unit's addresses are routed to that of the worker that sends
 * for it (unit.tx). So a packet is read by the thread that owns the sender it needs: the system's routing table does
 * what a TUN with several queues would leave to us, since its queues are chosen by flows and know nothing of sessions;
 * handing packets from worker to worker, or a program in the TUN that chooses the queue, is not needed. A unit that
 * becomes the receiving worker's (unit_combine()) has its routes changed to that worker's device.
 *
 * All are made, up, when the first unit of the namespace needs them, and go with the last. If somebody deletes one of
 * them, all units that share them die, as one dies whose own device is deleted (PPP-44).
 *
 * Who owns what: .units, by destination, is the worker's that reads the device. .sources, the same by source, is the
 * receiving worker's of the namespace: a session may only send from its own addresses, or it could answer in another's
 * name. .known, with which two units are kept from having the same, is the API thread's. The workers' are changed by
 * letters, so no lock is taken.
 *
 * Control frames do not pass here, but by the files of channels and units, which a worker serves before any device
 * (ppp_end.h, .urgent): however many packets wait in a device, at most one batch of them is before a control frame.
 */
#ifndef UL2TP_PATH_SHARED_DEVICE_H
#define UL2TP_PATH_SHARED_DEVICE_H

#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/prefix_table.h"
#include "keeper/keeper.h"
#include "loop/loop.h"
#include "loop/mailbox.h"

struct dataplane;
struct netns;
struct worker;

struct shared_device {
	struct watch watch;
	struct letter letter;
	struct worker *worker;
	struct shared_devices *all;
	struct prefix_table units; /* of struct unit_address, .routed */
	int fd;
	uint32_t slot;           /* the keeper's */
	uint32_t offloads;       /* TUN_F_* */
	_Atomic uint64_t strays; /* packets that are for no unit: TX_DROP_NO_UNIT */
	char name[IFNAMSIZ];     /* as it was made */
};

/* Those of a namespace. */
struct shared_devices {
	struct dataplane *dp;
	struct netns *netns;
	uint32_t users;              /* units */
	atomic_bool lost;            /* somebody has deleted one */
	struct prefix_table known;   /* of struct unit_address, .known */
	struct letter letter;        /* to the receiving worker */
	struct prefix_table sources; /* of struct unit_address, .source */
	uint32_t count;
	struct shared_device at[]; /* by number of the worker */
};

/* API thread. */

/**
 * shared_devices_hold() - one more unit of @ns uses them; they are made if there are none
 * @client: keeper's number of the client, in whose namespace they are made
 *
 * Return: 0; what keeper_shared_device_create() says, with words; -ENOMEM.
 */
int shared_devices_hold(struct dataplane *dp, struct netns *ns, uint32_t client, struct extack *ea);

/**
 * shared_devices_adopt() - those that an earlier engine had (dataplane.ppp_devices), if all are there, for
 * shared_devices_hold() to find. Nobody reads them before shared_devices_begin(), when units have their channels
 *
 * Return: 0; -ENODEV; -ENOMEM.
 */
int shared_devices_adopt(struct dataplane *dp, struct netns *ns);
void shared_devices_begin(struct shared_devices *all);

/** shared_devices_release() - one unit fewer; they go with the last, or if none has come */
void shared_devices_release(struct netns *ns);

/** shared_device_of() - that which @w reads; there are some */
struct shared_device *shared_device_of(const struct netns *ns, const struct worker *w);

/** shared_address_insert(), shared_address_remove() - in the tables of the worker that reads it, and of the receiving
 * worker. Wait. 0, in both; -ENOMEM, in neither */
int shared_address_insert(struct shared_device *d, struct prefix_node *routed,
                          struct prefix_node *source);
void shared_address_remove(struct shared_device *d, struct prefix_node *routed,
                           struct prefix_node *source);

/** shared_device_insert(), shared_device_remove(), shared_source_remove() - only in the one, or the other */
int shared_device_insert(struct shared_device *d, struct prefix_node *routed);
void shared_device_remove(struct shared_device *d, struct prefix_node *routed);
void shared_source_remove(struct shared_devices *all, struct prefix_node *source);

#endif
