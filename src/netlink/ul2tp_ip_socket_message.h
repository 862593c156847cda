/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ip_socket_message.h - commands IPSOCKET_* of ul2tp_netlink.h: a program's L2TP/IP socket
 *
 * Names are struct sockaddr_l2tpip and sockaddr_l2tpip6 octet by octet as the program gave them, so that
 * ul2tpd can refuse what the kernel refuses; wire/ip_name.h takes them apart. What is read borrows from the
 * message.
 */
#ifndef UL2TP_NETLINK_UL2TP_IP_SOCKET_MESSAGE_H
#define UL2TP_NETLINK_UL2TP_IP_SOCKET_MESSAGE_H

#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "netlink/ul2tp_accounts.h"
#include "netlink/ul2tp_family.h"

struct ul2tp_ip_socket_open {
	uint16_t family; /* AF_INET or AF_INET6 */
	uint16_t port;   /* where the raw socket that comes along delivers to */
	uint64_t cookie; /* SO_COOKIE of what the program holds */
};

void ul2tp_ip_socket_open_put(struct writer *w, const struct ul2tp_ip_socket_open *open);
struct ul2tp_ip_socket_open ul2tp_ip_socket_open_read(const struct ul2tp_request *r);

/* UL2TP_CMD_IPSOCKET_SEND; BIND and CONNECT have a name and nothing else. */
struct ul2tp_ip_socket_send {
	struct reader name; /* empty: to the peer */
	struct reader data;
	struct reader control; /* struct cmsghdr and so on, of this machine */
	uint32_t flags;        /* MSG_* */
};

void ul2tp_ip_socket_send_put(struct writer *w, const struct ul2tp_ip_socket_send *send);
struct ul2tp_ip_socket_send ul2tp_ip_socket_send_read(const struct ul2tp_request *r);

struct ul2tp_ip_socket_option {
	uint32_t level, option;
	struct reader value;
};

void ul2tp_ip_socket_option_put(struct writer *w, const struct ul2tp_ip_socket_option *option);
struct ul2tp_ip_socket_option ul2tp_ip_socket_option_read(const struct ul2tp_request *r);

/* The answer to UL2TP_CMD_IPSOCKET_GET. */
struct ul2tp_ip_socket_state {
	struct reader name;      /* what getsockname() says */
	struct reader peer_name; /* what getpeername() says; empty: ENOTCONN */
	uint8_t connected;       /* whether it is, which getpeername() does not tell */
	struct ul2tp_accounts
		accounts; /* packets; rx_drops: of what was nobody's in the namespace */
};

void ul2tp_ip_socket_state_put(struct writer *w, const struct ul2tp_ip_socket_state *state);

/** ul2tp_ip_socket_state_read() - attributes of a later ul2tpd are skipped. 0; -EBADMSG malformed, or without name */
int ul2tp_ip_socket_state_read(struct reader octets, struct ul2tp_ip_socket_state *ret);

#endif
