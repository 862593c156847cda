/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_requests.h - the connections behind l2tp_requests.h that speak raw netlink */
#ifndef RAW_REQUESTS_H
#define RAW_REQUESTS_H

#include "l2tp_requests.h"
#include "raw_netlink.h"

struct l2tp {
	struct raw_netlink netlink;
};

/**
 * raw_requests_begin() - the first connection, which finds the family for all
 * @await:     how it waits, see raw_netlink.h; later connections wait so, too
 * @hand_over: called before the first request, to change where answers are read; may be NULL
 * @err:       0 or a negative errno
 */
struct l2tp *raw_requests_begin(void (*await)(int answers),
                                int (*hand_over)(struct raw_netlink *nl), int *err);

#endif
