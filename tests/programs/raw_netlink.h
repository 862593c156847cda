/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_netlink.h - generic netlink as a program without a library speaks it: octets, send, receive
 *
 * How the program waits for answers is its own affair: the connection is given a function for it.
 */
#ifndef RAW_NETLINK_H
#define RAW_NETLINK_H

#include <stddef.h>
#include <stdint.h>

struct raw_netlink {
	int sock;
	int answers;   /* where datagrams are read: sock, or what a reader thread fills */
	uint16_t l2tp; /* the family's id */
	uint32_t port, sequence;
	/** await() - come back when answers is readable; NULL: reading blocks */
	void (*await)(int answers);
};

struct raw_message {
	uint8_t octets[1024];
	uint32_t length;
};

/** raw_netlink_open() - socket, bind, getsockname. Return: 0 or a negative errno. */
int raw_netlink_open(struct raw_netlink *ret);

/** raw_netlink_find() - CTRL_CMD_GETFAMILY l2tp, without NLM_F_ACK. Return: 0 or a negative errno. */
int raw_netlink_find(struct raw_netlink *nl);

void raw_begin(struct raw_message *message, uint16_t family, uint8_t command, uint16_t flags);
void raw_add(struct raw_message *message, uint16_t attribute, const void *value, size_t length);
void raw_add_u8(struct raw_message *message, uint16_t attribute, uint8_t value);
void raw_add_u16(struct raw_message *message, uint16_t attribute, uint16_t value);
void raw_add_u32(struct raw_message *message, uint16_t attribute, uint32_t value);
void raw_add_string(struct raw_message *message, uint16_t attribute, const char *value);

struct nlmsghdr;

/** raw_find() - an attribute's value in a message of the family, or NULL; *length is set with it */
const void *raw_find(const struct nlmsghdr *answer, uint16_t attribute, size_t *length);

/**
 * raw_exchange() - send, and receive until the request is answered: by an NLMSG_ERROR, by NLMSG_DONE, or, if
 * neither NLM_F_ACK nor NLM_F_DUMP was asked for, by one message
 * @each: called for each message that is neither; may be NULL
 *
 * Return: 0, the negative errno of the answer, -EPROTO: it came from somebody else than the kernel.
 */
int raw_exchange(struct raw_netlink *nl, struct raw_message *request,
                 void (*each)(const struct nlmsghdr *answer, void *data), void *data);

#endif
