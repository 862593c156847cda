/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_name.h - names of PPPoL2TP sockets: struct sockaddr_pppol2tp and its three like of linux/if_pppol2tp.h
 *
 * Which of the four it is follows from the length alone (PX-10). Pure.
 */
#ifndef UL2TP_WIRE_PPP_NAME_H
#define UL2TP_WIRE_PPP_NAME_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PPP_NAME_V2_LEN  38
#define PPP_NAME_V2_6LEN 50
#define PPP_NAME_V3_LEN  46
#define PPP_NAME_V3_6LEN 58
#define PPP_NAME_MAX     58

#define PPP_NAME_FAMILY   24 /* AF_PPPOX */
#define PPP_NAME_PROTOCOL 1  /* PX_PROTO_OL2TP */

/* All in host order but the address of the tunnel's peer, which stands as it is in struct sockaddr_in or _in6. */
struct ppp_name {
	uint8_t version; /* 2 or 3: how wide ids are */
	bool ipv6;
	uint16_t family;
	uint32_t protocol;
	int32_t pid, fd;
	uint32_t conn_id, session_id;           /* s_tunnel, s_session */
	uint32_t peer_conn_id, peer_session_id; /* d_tunnel, d_session */
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} peer;
};

/** ppp_name_read() - 0; -EINVAL the length is none of the four */
int ppp_name_read(const uint8_t *octets, size_t len, struct ppp_name *ret);

/** ppp_name_write() - as getsockname() gives it; ids are cut to what the version has room for. Return: octets written */
size_t ppp_name_write(const struct ppp_name *name, uint8_t octets[PPP_NAME_MAX]);

#endif
