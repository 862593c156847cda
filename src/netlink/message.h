/* SPDX-License-Identifier: BSD-2-Clause */
/* message.h - netlink messages in a datagram, and generic netlink's header in them
 *
 * A datagram holds one or more messages, each a 16-octet header and a payload, each starting on a
 * multiple of four octets. Numbers are in host order. What is read is borrowed from the datagram.
 *
 * Source: netlink_rcv_skb() and genl_family_rcv_msg() as seen from outside; linux/netlink.h.
 */
#ifndef UL2TP_NETLINK_MESSAGE_H
#define UL2TP_NETLINK_MESSAGE_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"

struct nl_message {
	uint16_t type;     /* below NLMSG_MIN_TYPE: netlink's own; otherwise a family id */
	uint16_t flags;    /* NLM_F_* */
	uint32_t sequence; /* chosen by the requester, repeated in every answer */
	uint32_t port; /* as in the header; a server that knows better may set it, answers use it */
	uint32_t length;       /* header and payload, without padding */
	const uint8_t *start;  /* the header; @length octets; borrowed */
	struct reader payload; /* what follows the header; borrowed */
};

/**
 * nl_message_next() - read the next message of a datagram
 * @datagram: advanced past the message and its padding
 * @ret:      set when true is returned
 *
 * A length below 16 or beyond the end of the datagram ends it silently, as in the kernel (the rest is
 * neither processed nor answered).
 *
 * Return: whether there was one.
 */
bool nl_message_next(struct reader *datagram, struct nl_message *ret);

/**
 * nl_message_is_request() - whether the message is to be handed to a family
 *
 * False: NLM_F_REQUEST is missing, or the type is below NLMSG_MIN_TYPE. Then nothing is done, and
 * error 0 is acknowledged if nl_message_wants_ack(). NL-14.
 */
bool nl_message_is_request(const struct nl_message *m);

/** nl_message_wants_ack() - whether success is acknowledged too (NLM_F_ACK); errors always are. NL-90 */
bool nl_message_wants_ack(const struct nl_message *m);

/** nl_message_is_dump() - both bits of NLM_F_DUMP are set. NL-11 */
bool nl_message_is_dump(const struct nl_message *m);

/**
 * genl_header_read() - split a message's payload at generic netlink's 4-octet header
 * @command, @attributes: set on success; @attributes is borrowed
 *
 * Version and reserved field are ignored (NL-6).
 *
 * Return: 0, or -EINVAL: the payload is shorter than the header (NL-10).
 */
int genl_header_read(const struct nl_message *m, uint8_t *command, struct reader *attributes);

/* The part of a header that the writer chooses. */
struct nl_header {
	uint16_t type;
	uint16_t flags;
	uint32_t sequence;
	uint32_t port;
};

/** nl_answer_header() - the header of an answer to @request: its sequence number and port */
struct nl_header nl_answer_header(const struct nl_message *request, uint16_t type, uint16_t flags);

/**
 * nl_message_begin() - start a message at the writer's position
 *
 * Return: where the message starts, for nl_message_end().
 */
size_t nl_message_begin(struct writer *w, const struct nl_header *header);

/** genl_message_begin() - nl_message_begin() and generic netlink's header */
size_t genl_message_begin(struct writer *w, const struct nl_header *header, uint8_t command,
                          uint8_t version);

/**
 * nl_message_end() - fill in the length of the message that began at @start
 *
 * Return: true; or false when the message did not fit into the writer: then it is taken back, what
 *	   was written before it stands and the writer is good again (a message is never split; NL-92).
 *	   A writer that had failed before the message began stays failed.
 */
bool nl_message_end(struct writer *w, size_t start);

/**
 * nl_done_put() - write the NLMSG_DONE that ends a dump: NLM_F_MULTI, 4 octets of status 0 (NL-56)
 *
 * Return: whether it fitted.
 */
bool nl_done_put(struct writer *w, const struct nl_message *request);

#endif
