/* SPDX-License-Identifier: BSD-2-Clause */
/* device_counters.h - ul2tpd is asked what it has counted for interfaces (UL2TP_CMD_DEVICE_GET) */
#ifndef UL2TP_LAUNCHER_DEVICE_COUNTERS_H
#define UL2TP_LAUNCHER_DEVICE_COUNTERS_H

#include <stddef.h>

#include "launcher/trap.h"
#include "netlink/ul2tp_device_message.h"

struct device_counters {
	size_t count;
	struct ul2tp_device_message devices[UL2TP_DEVICES_MAX];
};

/**
 * device_counters_ask() - those of @which that are ul2tpd's
 * @socket: of the network namespace that the numbers are of; nobody is asked if the caller has left it for another, and we
 *          may not know which it is (netns_of_socket())
 *
 * An ul2tpd that says nothing is waited for a second, and not asked again for some. Return: none if it can not be asked.
 */
void device_counters_ask(struct trap *t, int socket, const struct ul2tp_device_request *which,
                         struct device_counters *ret);

/** device_counters_find() - NULL: it is none of ul2tpd's
 * @name: as the kernel has it; "": that is not known */
const struct ul2tp_device_message *device_counters_find(const struct device_counters *c,
                                                        uint32_t ifindex, const char *name);

#endif
