/* SPDX-License-Identifier: BSD-2-Clause */
/* device_account.h - what the interface of a kernel's L2TP or PPP would have counted, as UL2TP_CMD_DEVICE_GET says it
 *
 * What an interface of ours counts itself is not that: it counts a frame as sent when it is read, nothing of what the fast
 * path moves, and a frame that was put together of many as one. What its session or unit counted is. The API thread.
 */
#ifndef UL2TP_PATH_DEVICE_ACCOUNT_H
#define UL2TP_PATH_DEVICE_ACCOUNT_H

#include "netlink/ul2tp_device_message.h"
#include "tunnel/netns.h"

/** Called for each; false: call no more */
typedef bool device_account_fn(const struct ul2tp_device_message *m, void *arg);

/** device_accounts() - of those among @which that sessions or units of this namespace have for themselves, in that order */
void device_accounts(const struct netns *ns, const struct ul2tp_device_request *which,
                     device_account_fn *fn, void *arg);

#endif
