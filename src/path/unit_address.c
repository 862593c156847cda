/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_address.c - see unit_address.h
 *
 * What the record says is at least what there is: an address is noted before its route is made, and stays noted until
 * that is gone, so whatever becomes of the engine in between, the next one removes it, or takes it up.
 */
#include "path/unit_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "path/dataplane_private.h"
#include "path/shared_device.h"
#include "path/unit.h"
#include "path/unit_address_entry.h"

/* --- the record */

static struct prefix *noted(struct unit *u, const struct prefix *p)
{
	for (uint32_t i = 0; i < UNIT_ADDRESSES_MAX; i++)
		if (prefix_equal(&u->record->addresses[i], p))
			return &u->record->addresses[i];
	return NULL;
}

static void forget(struct unit *u, const struct prefix *p)
{
	*noted(u, p) = (struct prefix){ 0 };
}

/* --- one address */

static bool is_a_hosts(const struct prefix *p)
{
	if (!p->bits || p->bits > prefix_bits_max(p->family))
		return false;
	if (p->family == AF_INET)
		return p->octets[0] && p->octets[0] != 127 && p->octets[0] < 224;
	return p->octets[0] && p->octets[0] != 0xff;
}

static struct unit_address *address_of(const struct unit *u, const struct prefix *p)
{
	struct prefix_node *node = prefix_table_find(&u->netns->shared->known, p);

	return node ? container_of(node, struct unit_address, known) : NULL;
}

static int taken_by(const struct unit_address *a, const struct unit *u, const char *words,
                    struct extack *ea)
{
	if (a->unit == u)
		return extack_fail(ea, -EEXIST, 0, "the unit has %s already", words);
	return extack_fail(ea, -EEXIST, 0, "unit %u has %s", a->unit->number, words);
}

static const char *words_of(const struct prefix *p, char words[INET6_ADDRSTRLEN + 4])
{
	size_t len;

	inet_ntop(p->family, p->octets, words, INET6_ADDRSTRLEN);
	len = strlen(words);
	snprintf(words + len, INET6_ADDRSTRLEN + 4 - len, "/%u", p->bits);
	return words;
}

static int check(const struct unit *u, const struct prefix *p, struct extack *ea)
{
	char room[INET6_ADDRSTRLEN + 4];
	const struct unit_address *a;

	if (!u->shared)
		return extack_fail(ea, -EOPNOTSUPP, 0,
		                   "unit %u has an interface of its own to give addresses to",
		                   u->number);
	if (!is_a_hosts(p))
		return extack_fail(ea, -EINVAL, 0, "%s is no address of a host, or of hosts",
		                   words_of(p, room));
	a = address_of(u, p);
	return a ? taken_by(a, u, words_of(p, room), ea) : 0;
}

/* In all three tables, or in none. */
static int insert(struct unit_address *a)
{
	struct shared_devices *all = a->unit->netns->shared;
	int err = prefix_table_insert(&all->known, &a->known);

	if (err < 0)
		return err;
	err = shared_address_insert(a->unit->shared, &a->routed, &a->source);
	if (err < 0)
		prefix_table_remove(&all->known, &a->known);
	return err;
}

static void remove_from_tables(struct unit_address *a)
{
	struct shared_devices *all = a->unit->netns->shared;

	shared_address_remove(a->unit->shared, &a->routed, &a->source);
	prefix_table_remove(&all->known, &a->known);
}

static int address_new(struct unit *u, const struct prefix *p, struct unit_address **ret,
                       struct extack *ea)
{
	struct unit_address *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -ENOMEM;
	a->unit = u;
	a->known.prefix = a->routed.prefix = a->source.prefix = *p;
	err = insert(a);
	if (err < 0) {
		free(a);
		if (err != -ENOSPC)
			return err;
		return extack_fail(ea, err, 0,
		                   "no more than %d different lengths of prefixes can be routed",
		                   PREFIX_TABLE_LENGTHS);
	}
	list_append(&u->addresses, &a->in_unit);
	*ret = a;
	return 0;
}

static void address_free(struct unit_address *a)
{
	remove_from_tables(a);
	list_remove(&a->in_unit);
	free(a);
}

static void address_end(struct unit_address *a)
{
	struct unit *u = a->unit;
	struct prefix p = a->known.prefix;

	keeper_device_route_remove(u->dp->keeper, u->shared->slot, &p);
	address_free(a);
	forget(u, &p);
}

/* --- those of a unit */

int unit_address_add(struct unit *u, const struct prefix *p, struct extack *ea)
{
	const struct prefix none = { 0 };
	struct unit_address *a;
	struct prefix *place;
	int err = check(u, p, ea);

	if (err < 0)
		return err;
	place = noted(u, &none);
	if (!place)
		return extack_fail(ea, -ENOSPC, 0, "a unit has at most %d addresses and prefixes",
		                   UNIT_ADDRESSES_MAX);
	err = address_new(u, p, &a, ea);
	if (err < 0)
		return err;
	*place = *p;
	err = keeper_device_route_add(u->dp->keeper, u->shared->slot, p, false, ea);
	if (err < 0) {
		address_free(a);
		*place = none;
	}
	return err;
}

int unit_address_remove(struct unit *u, const struct prefix *p, struct extack *ea)
{
	struct unit_address *a = u->shared ? address_of(u, p) : NULL;
	char room[INET6_ADDRSTRLEN + 4];

	if (!a || a->unit != u)
		return extack_fail(ea, -EADDRNOTAVAIL, 0, "unit %u does not have %s", u->number,
		                   words_of(p, room));
	address_end(a);
	return 0;
}

void unit_addresses_remove(struct unit *u)
{
	list_for_each_safe (node, &u->addresses)
		address_end(list_entry(node, struct unit_address, in_unit));
}

void unit_addresses_leave(struct unit *u)
{
	list_for_each (node, &u->addresses) {
		struct unit_address *a = list_entry(node, struct unit_address, in_unit);

		shared_device_remove(u->shared, &a->routed);
		keeper_device_route_remove(u->dp->keeper, u->shared->slot, &a->known.prefix);
	}
}

static void lose(struct unit_address *a, int err)
{
	struct unit *u = a->unit;
	char room[INET6_ADDRSTRLEN + 4];

	log_event(LOG_ERR, "ppp-address-lost", "unit=%u address=%s error=\"%s\"", u->number,
	          words_of(&a->known.prefix, room), strerror(-err));
	shared_source_remove(u->netns->shared, &a->source);
	prefix_table_remove(&u->netns->shared->known, &a->known);
	forget(u, &a->known.prefix);
	list_remove(&a->in_unit);
	free(a);
}

void unit_addresses_enter(struct unit *u)
{
	list_for_each_safe (node, &u->addresses) {
		struct unit_address *a = list_entry(node, struct unit_address, in_unit);
		int err = shared_device_insert(u->shared, &a->routed);

		if (err < 0)
			lose(a, err);
		else
			keeper_device_route_add(u->dp->keeper, u->shared->slot, &a->known.prefix,
			                        true, NULL);
	}
}

void unit_addresses_adopt(struct unit *u)
{
	for (uint32_t i = 0; i < UNIT_ADDRESSES_MAX; i++) {
		struct prefix *p = &u->record->addresses[i];
		struct unit_address *a;

		if (!p->family)
			continue;
		if (address_new(u, p, &a, NULL) < 0)
			*p = (struct prefix){ 0 };
		else
			keeper_device_route_add(u->dp->keeper, u->shared->slot, p, true, NULL);
	}
}

void unit_addresses_forget(struct dataplane *dp, const struct netns *ns,
                           const struct unit_record *r)
{
	for (uint32_t i = 0; ns->shared && i < UNIT_ADDRESSES_MAX; i++)
		for (uint32_t d = 0; r->addresses[i].family && d < ns->shared->count; d++)
			keeper_device_route_remove(dp->keeper, ns->shared->at[d].slot,
			                           &r->addresses[i]);
}
