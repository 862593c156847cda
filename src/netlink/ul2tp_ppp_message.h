/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ppp_message.h - commands PPP_* of ul2tp_netlink.h: PPPoL2TP sockets and files of /dev/ppp
 *
 * Names are struct sockaddr_pppol2tp and its like octet by octet as the program gave them. What is read borrows from
 * the message.
 */
#ifndef UL2TP_NETLINK_UL2TP_PPP_MESSAGE_H
#define UL2TP_NETLINK_UL2TP_PPP_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "netlink/ul2tp_family.h"

/* Of UL2TP_CMD_PPP_OPEN. */
struct ul2tp_ppp_open {
	uint8_t kind; /* enum ul2tp_ppp_kind */
	bool empty_reads;
	bool own_device;
};

void ul2tp_ppp_open_put(struct writer *w, const struct ul2tp_ppp_open *open);
struct ul2tp_ppp_open ul2tp_ppp_open_read(const struct ul2tp_request *r);

/* Of the others: each command has some of it. */
struct ul2tp_ppp_request {
	uint64_t handle;
	struct reader name;  /* PPP_CONNECT */
	uint32_t pid;        /* PPP_CONNECT */
	uint32_t ioctl;      /* PPP_IOCTL */
	struct reader data;  /* PPP_IOCTL; empty: there is none */
	uint32_t option;     /* PPP_OPTION_* */
	struct reader value; /* PPP_OPTION_SET */
};

void ul2tp_ppp_request_put(struct writer *w, enum ul2tp_command command,
                           const struct ul2tp_ppp_request *request);
struct ul2tp_ppp_request ul2tp_ppp_request_read(const struct ul2tp_request *r);

/* What is answered; what a file has not is absent. */
struct ul2tp_ppp_state_message {
	bool has_handle, has_kind, has_state, has_channel, has_unit;
	uint64_t handle;
	uint8_t kind, state; /* enum ul2tp_ppp_kind, ul2tp_ppp_state */
	uint32_t channel, unit;
	struct reader name;  /* empty: none */
	struct reader data;  /* what an ioctl wrote */
	const char *device;  /* that a new unit shares; "" or NULL: it has one of its own */
	struct reader value; /* of an option */
};

void ul2tp_ppp_state_put(struct writer *w, const struct ul2tp_ppp_state_message *state);

/** ul2tp_ppp_state_read() - attributes of a later ul2tpd are skipped. 0; -EBADMSG malformed */
int ul2tp_ppp_state_read(struct reader octets, struct ul2tp_ppp_state_message *ret);

#endif
