/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_address.h - addresses of the far end of a PPP unit that shares a device (shared_device.h)
 *
 * Whoever negotiates IPCP or delegates prefixes tells them. An address is a route to the device, with which packets for it
 * get there, an entry in the table of the worker that reads the device, and one in that of the receiving worker. The
 * API thread.
 */
#ifndef UL2TP_PATH_UNIT_ADDRESS_H
#define UL2TP_PATH_UNIT_ADDRESS_H

#include "base/extack.h"
#include "base/prefix.h"

struct dataplane;
struct netns;
struct unit;
struct unit_record;

/**
 * unit_address_add() - one more, and the route to it
 *
 * Return: 0; -EOPNOTSUPP the unit has a device of its own; -EINVAL no host has such an address; -EEXIST another unit has
 *         it, or there is a route to it; -ENOSPC too many of the unit, or too many different lengths; -ENOMEM; what the
 *         system says of the route; in words.
 */
int unit_address_add(struct unit *u, const struct prefix *p, struct extack *ea);

/** unit_address_remove() - -EADDRNOTAVAIL: it is not the unit's */
int unit_address_remove(struct unit *u, const struct prefix *p, struct extack *ea);

/** unit_addresses_remove() - all of them: the unit dies */
void unit_addresses_remove(struct unit *u);

/** unit_addresses_leave(), unit_addresses_enter() - around a change of the unit's device, while it does not send */
void unit_addresses_leave(struct unit *u);
void unit_addresses_enter(struct unit *u);

/** unit_addresses_adopt() - those in its record, of an earlier engine */
void unit_addresses_adopt(struct unit *u);

/** unit_addresses_forget() - the routes of a record that no unit has been adopted from, by devices of @ns that have been */
void unit_addresses_forget(struct dataplane *dp, const struct netns *ns,
                           const struct unit_record *r);

#endif
