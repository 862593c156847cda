/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_find.c - which unit of a namespace a number or the name of an interface means; see unit.h */
#include <stdio.h>
#include <string.h>

#include "keeper/tap.h"
#include "path/shared_device.h"
#include "path/unit.h"
#include "tunnel/netns.h"

struct unit *unit_find(const struct netns *ns, uint32_t number)
{
	return ordered_entry(ordered_find(&ns->units, number), struct unit, by_number);
}

struct unit *unit_from(const struct netns *ns, uint64_t number)
{
	return ordered_entry(ordered_from(&ns->units, number), struct unit, by_number);
}

/* One that shares a device is known by the name that its own would have. */
static int unit_name(const struct unit *u, char ret[IFNAMSIZ])
{
	if (!u->shared)
		return tap_name(u->tx.device, ret);
	snprintf(ret, IFNAMSIZ, "ppp%u", u->number);
	return 0;
}

void unit_device_name(const struct unit *u, char ret[IFNAMSIZ])
{
	ret[0] = '\0';
	if (u->dead)
		memcpy(ret, u->last_name, IFNAMSIZ);
	else if (u->shared)
		memcpy(ret, u->shared->name, IFNAMSIZ);
	else if (tap_name(u->tx.device, ret) < 0)
		ret[0] = '\0';
}

/* An interface can have been renamed, or moved into another namespace, where another has the same number. */
struct unit *unit_named(const struct netns *ns, const char *name)
{
	for (struct ordered_node *n = ordered_from(&ns->units, 0); n;
	     n = ordered_from(&ns->units, n->key + 1)) {
		struct unit *u = container_of(n, struct unit, by_number);
		char now[IFNAMSIZ];

		if (unit_name(u, now) == 0 && strncmp(now, name, IFNAMSIZ) == 0)
			return u;
	}
	return NULL;
}
