/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_new.c - a unit is made, with an interface of its own or without; the API thread. See unit.h */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "path/dataplane_private.h"
#include "path/shared_device.h"
#include "path/unit_private.h"
#include "path/unit_record.h"

static int make_device(struct dataplane *dp, uint32_t client, uint32_t number,
                       struct keeper_device *ret, struct extack *ea)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "ppp%u", number);
	return keeper_ppp_device_create(dp->keeper, client, name, ret, ea);
}

static uint32_t first_free(struct netns *ns)
{
	while (unit_find(ns, ns->lowest_unit))
		ns->lowest_unit++;
	return ns->lowest_unit;
}

/* The lowest number that is free, whose name is; below netns.lowest_unit all are taken. */
static int make_first_free(struct dataplane *dp, struct netns *ns, uint32_t client,
                           uint32_t *number, struct keeper_device *ret, struct extack *ea)
{
	int err;

	for (*number = first_free(ns);; ++*number) {
		if (unit_find(ns, *number))
			continue;
		err = make_device(dp, client, *number, ret, ea);
		if (err != -EEXIST)
			return err;
	}
}

/* @device: NULL: it shares one */
static int unit_open(struct dataplane *dp, struct netns *ns, uint32_t number,
                     const struct keeper_device *device, struct unit **ret, struct extack *ea)
{
	uint32_t record_index;
	int err = unit_record_open(dp, ns, number, device ? device->slot : RECORD_NONE,
	                           &record_index, ea);

	if (err < 0)
		return err;
	err = unit_adopt(dp, ns, record_index, device, ret);
	if (err < 0)
		unit_record_drop(dp, record_index);
	return err;
}

static int new_with_own(struct dataplane *dp, struct netns *ns, uint32_t client, int wanted,
                        struct unit **ret, struct extack *ea)
{
	struct keeper_device device;
	uint32_t number = (uint32_t)wanted;
	int err = wanted < 0 ? make_first_free(dp, ns, client, &number, &device, ea)
	                     : make_device(dp, client, number, &device, ea);

	if (err < 0)
		return err;
	err = unit_open(dp, ns, number, &device, ret, ea);
	if (err < 0) {
		close(device.fd);
		keeper_device_remove(dp->keeper, device.slot);
		return err;
	}
	log_event(LOG_NOTICE, "ppp-unit-created", "unit=%u interface=%s netns=%llu", number,
	          device.name, (unsigned long long)ns->id.cookie);
	return 0;
}

/* The unit holds the devices from then on, so that they go here if there is none. */
static int new_with_shared(struct dataplane *dp, struct netns *ns, uint32_t client, int wanted,
                           struct unit **ret, struct extack *ea)
{
	uint32_t number = wanted < 0 ? first_free(ns) : (uint32_t)wanted;
	int err = shared_devices_hold(dp, ns, client, ea);

	if (err < 0)
		return err;
	err = unit_open(dp, ns, number, NULL, ret, ea);
	shared_devices_release(ns);
	if (err < 0)
		return err;
	log_event(LOG_INFO, "ppp-unit-created", "unit=%u interface=%s netns=%llu", number,
	          (*ret)->shared->name, (unsigned long long)ns->id.cookie);
	return 0;
}

int unit_new(struct dataplane *dp, struct netns *ns, uint32_t client, int wanted, bool own,
             struct unit **ret, struct extack *ea)
{
	if (wanted >= 0 && unit_find(ns, (uint32_t)wanted))
		return extack_fail(ea, -EEXIST, 0, "there is a unit %d already", wanted);
	return own || !dp->options.shared_devices
	               ? new_with_own(dp, ns, client, wanted, ret, ea)
	               : new_with_shared(dp, ns, client, wanted, ret, ea);
}
