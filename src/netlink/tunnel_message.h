/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_message.h - what the l2tp family says about tunnels, and is asked to do with them
 *
 * Functions here read and write attributes only; the headers around them are genl_message_begin() and
 * nl_message_end(). So the ul2tp family uses the same functions inside its nest UL2TP_ATTR_L2TP.
 * Numbers in struct extack.attribute are L2TP_ATTR_*.
 */
#ifndef UL2TP_NETLINK_TUNNEL_MESSAGE_H
#define UL2TP_NETLINK_TUNNEL_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/writer.h"
#include "netlink/l2tp_family.h"
#include "netlink/policy.h"

/* A tunnel as TUNNEL_GET, dumps and notifications describe it (kernel-behaviour §1.7). */
struct tunnel_message {
	uint32_t conn_id;
	uint32_t peer_conn_id;
	uint8_t version; /* 2, 3, or any other */
	uint16_t encap;  /* L2TP_ENCAPTYPE_UDP or _IP */
	struct l2tp_stats stats;
	int family; /* of the socket (NL-58): AF_INET or AF_INET6; AF_UNSPEC in an answer without addresses */
	union l2tp_address local;
	union l2tp_address peer;
	/* UDP only */
	uint16_t local_port;    /* host order; 0: not bound */
	uint16_t peer_port;     /* host order; 0: not connected */
	bool checksum;          /* IPv4: sends checksums */
	bool zero_checksum6_tx; /* IPv6: sends none */
	bool zero_checksum6_rx; /* IPv6: accepts packets that carry none */
};

/** tunnel_message_put() - the attributes of a tunnel message, in the kernel's order and conditions */
void tunnel_message_put(struct writer *w, const struct tunnel_message *t);

/**
 * tunnel_message_read() - the reverse, of ul2tpd's messages and of a kernel's
 * @octets: the attributes, in any order and alignment; unknown ones are skipped
 *
 * Return: 0; -EBADMSG an attribute is malformed, or CONN_ID is missing.
 */
int tunnel_message_read(struct reader octets, struct tunnel_message *ret);

/* What L2TP_CMD_TUNNEL_CREATE asks for. */
struct tunnel_create {
	uint32_t conn_id;
	uint32_t peer_conn_id;
	uint8_t version; /* not validated (NL-41) */
	uint16_t encap;  /* L2TP_ENCAPTYPE_UDP or _IP */
	bool has_fd;     /* a managed tunnel: all that follows is not there (NL-45) */
	int fd; /* number in the client's process; negative: unmanaged, without addresses (NL-43) */
	int family; /* AF_INET or AF_INET6; AF_UNSPEC with has_fd */
	union l2tp_address local;
	union l2tp_address peer;
	uint16_t local_port; /* host order; 0 if absent */
	uint16_t peer_port;  /* host order; 0 if absent */
	bool checksum;       /* UDP_CSUM is present, whatever its value */
	bool zero_checksum6_tx;
	bool zero_checksum6_rx;
};

/** tunnel_create_put() - the request's attributes */
void tunnel_create_put(struct writer *w, const struct tunnel_create *t);

/**
 * tunnel_create_read() - steps 1 to 6 of kernel-behaviour §1.5, in their order
 *
 * Both IPv6 addresses win over IPv4 (NL-44). Ours beyond the kernel: a short IPv6 address is
 * -EINVAL (LIM-4). Whether a descriptor is accepted (ret->has_fd) is for the caller.
 *
 * Return: 0; -EINVAL with words.
 */
int tunnel_create_read(const struct attributes *a, struct tunnel_create *ret, struct extack *ea);

/** tunnel_select_put() - attributes of TUNNEL_DELETE, TUNNEL_MODIFY and TUNNEL_GET: CONN_ID.
 * Their reading side is l2tp_conn_id_read(). */
void tunnel_select_put(struct writer *w, uint32_t conn_id);

#endif
