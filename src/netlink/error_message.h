/* SPDX-License-Identifier: BSD-2-Clause */
/* error_message.h - NLMSG_ERROR: acknowledgements and refusals, with words (NL-90) */
#ifndef UL2TP_NETLINK_ERROR_MESSAGE_H
#define UL2TP_NETLINK_ERROR_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/writer.h"
#include "netlink/message.h"
#include "netlink/policy.h"

/* What the client asked for: setsockopt(SOL_NETLINK) in the kernel, UL2TP_CMD_SOCKET_SET here. */
struct nl_socket_options {
	bool cap_ack; /* NETLINK_CAP_ACK: refusals quote only the header of the request */
	bool ext_ack; /* NETLINK_EXT_ACK: refusals carry words */
};

/**
 * nl_error_put() - acknowledge or refuse a request
 * @error: 0 or a negative errno
 * @ea:    words, or NULL; used only with ext_ack. Control characters in them, which can only come from
 *	   the request, are replaced
 * @fault: which attribute, or NULL (attributes_fault(), ul2tp_request_fault()); likewise
 *
 * An acknowledgement of success says words only of octets left over (fault->trailing); a refusal says
 * them if @ea has none.
 *
 * Success quotes the header of the request and has NLM_F_CAPPED. A refusal quotes the whole request,
 * padded to four octets, unless cap_ack. With something to say NLM_F_ACK_TLVS is set and
 * NLMSGERR_ATTR_MSG, _OFFS, _POLICY follow, each if there is one (success: only _MSG).
 *
 * Needs at most NL_ERROR_OVERHEAD octets more than the request.
 *
 * Return: whether it fitted.
 */
bool nl_error_put(struct writer *w, const struct nl_message *request, int error,
                  const struct extack *ea, const struct nl_fault *fault,
                  struct nl_socket_options options);

#define NL_ERROR_OVERHEAD 256

/* An NLMSG_ERROR that was received. */
struct nl_error {
	int error;        /* 0 or a negative errno */
	const char *text; /* in the message, or "" */
	uint32_t offset;  /* of the attribute to blame in our request; 0: none */
};

/**
 * nl_error_read() - read an NLMSG_ERROR
 * @ret: on success; .text borrows from the message
 *
 * Return: 0; -EBADMSG it is too short, or the number in it is no errno.
 */
int nl_error_read(const struct nl_message *m, struct nl_error *ret);

/** nl_done_read() - the status in an NLMSG_DONE: 0 or a negative errno; -EBADMSG if too short */
int nl_done_read(const struct nl_message *m);

#endif
