/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_device_message.h - command DEVICE_GET of ul2tp_netlink.h: what interfaces of a kernel's would have counted */
#ifndef UL2TP_NETLINK_UL2TP_DEVICE_MESSAGE_H
#define UL2TP_NETLINK_UL2TP_DEVICE_MESSAGE_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "base/extack.h"
#include "netlink/ul2tp_family.h"

/* Which interfaces, by their numbers in the client's namespace. */
struct ul2tp_device_request {
	size_t count;
	uint32_t ifindex[UL2TP_DEVICES_MAX];
};

void ul2tp_device_request_put(struct writer *w, const struct ul2tp_device_request *request);

/** ul2tp_device_request_read() - 0; -EINVAL with words: no number at all, or a piece of one */
int ul2tp_device_request_read(const struct ul2tp_request *r, struct ul2tp_device_request *ret,
                              struct extack *ea);

/* One of them. */
struct ul2tp_device_message {
	uint32_t ifindex;    /* as it was asked for */
	char name[IFNAMSIZ]; /* now */
	uint64_t counters[UL2TP_DEVICE_COUNTER_MAX_PLUS_1];
};

void ul2tp_device_message_put(struct writer *w, const struct ul2tp_device_message *m);

/** ul2tp_device_message_read() - attributes of a later ul2tpd are skipped. 0; -EBADMSG malformed */
int ul2tp_device_message_read(struct reader octets, struct ul2tp_device_message *ret);

#endif
