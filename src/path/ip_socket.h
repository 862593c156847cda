/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket.h - a program's L2TP/IP socket: socket(AF_INET or AF_INET6, SOCK_DGRAM, 115)
 *
 * It binds, connects and sends by a raw socket that the keeper made in the program's namespace, and receives by
 * the one endpoint of its namespace and family (endpoint_params_of_all_ip()). What each call refuses, and in
 * which order, is kernel-behaviour §4.10. All of it belongs to the API thread.
 *
 * Errors are those of the call, with words. -EPERM of anything but opening: the client may not use it.
 */
#ifndef UL2TP_PATH_IP_SOCKET_H
#define UL2TP_PATH_IP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/list.h"
#include "netlink/ul2tp_ip_socket_message.h"
#include "path/dataplane.h"
#include "path/ip_binding.h"
#include "wire/ip_name.h"

struct tunnel_ends; /* dataplane_private.h */

struct ip_socket {
	struct list in_netns;
	struct dataplane *dataplane;
	struct netns *netns;
	uint32_t client;            /* keeper's number; the socket does not outlive it */
	struct endpoint *sending;   /* ENDPOINT_TWIN; NULL until first used */
	struct endpoint *receiving; /* shared; NULL while unbound */
	int family;
	int delivery; /* raw socket that messages are written to */
	uint16_t port;
	uint64_t cookie; /* SO_COOKIE of what the program holds; 0: not told */
	uint32_t conn_id, peer_conn_id;
	bool bound, connected;
	bool peer_has_port; /* l2tp_unused of connect() was not 0 */
	bool corked;        /* MSG_MORE: a message has been begun (IPS-43) */
	struct ip_name peer;
	struct keeper_socket_names names;
	struct ip_binding *binding;
	uint64_t sent;
};

/**
 * ip_socket_open() - a socket that is neither bound nor connected
 * @delivery: becomes the socket's on success
 *
 * Return: 0; -EAFNOSUPPORT; -ENOTSOCK, -EPROTONOSUPPORT @delivery is not what it must be; -ENOMEM.
 */
int ip_socket_open(struct dataplane *dp, struct netns *ns, uint32_t client,
                   const struct ul2tp_ip_socket_open *params, int delivery, struct ip_socket **ret,
                   struct extack *ea);

/** ip_socket_free() - with its binding, and the tunnel on it (IPS-54); NULL is fine */
void ip_socket_free(struct ip_socket *s);

/** ip_socket_bind() - IPS-10, IPS-11; @name as the program gave it */
int ip_socket_bind(struct ip_socket *s, struct reader name, struct extack *ea);

/** ip_socket_connect() - IPS-20 to IPS-23 */
int ip_socket_connect(struct ip_socket *s, struct reader name, struct extack *ea);

/** ip_socket_send() - IPS-40 to IPS-43 */
int ip_socket_send(struct ip_socket *s, const struct ul2tp_ip_socket_send *send, struct extack *ea);

/** ip_socket_option() - setsockopt() of what decides how packets leave; -ENOPROTOOPT: nothing of that */
int ip_socket_option(struct ip_socket *s, const struct ul2tp_ip_socket_option *option,
                     struct extack *ea);

/** ip_socket_name() - getsockname(). Return: octets written */
size_t ip_socket_name(const struct ip_socket *s, uint8_t name[IP_NAME_MAX]);

/** ip_socket_peer_name() - getpeername(). Return: octets written, 0: ENOTCONN (IPS-30) */
size_t ip_socket_peer_name(const struct ip_socket *s, uint8_t name[IP_NAME_MAX]);

/** ip_socket_accounts() - messages received and sent; drops are those of the namespace that were nobody's */
void ip_socket_accounts(const struct ip_socket *s, struct ul2tp_accounts *ret);

/** ip_socket_of() - which one the program's descriptor @fd stands for (SO_COOKIE), in whatever namespace; NULL: none */
struct ip_socket *ip_socket_of(const struct dataplane *dp, int fd);

/** ip_socket_endpoint() - what a tunnel with encapsulation @encap in @ns stands on that is to be on the socket; checks
 * of TUN-20. The socket's own, whatever becomes of the tunnel */
int ip_socket_endpoint(struct ip_socket *s, const struct netns *ns, uint16_t encap,
                       struct endpoint **ret, struct extack *ea);

/** ip_socket_ends() - where packets of the tunnel on it come from and go to */
void ip_socket_ends(const struct ip_socket *s, struct tunnel_ends *ret);

/** ip_socket_tunnel_moved() - the tunnel on it, if there is one, learns that these have changed (TUN-23) */
void ip_socket_tunnel_moved(struct ip_socket *s);

/* For the other files of it: the twin and the endpoint that receives, made if need be; a name as the system takes it,
 * without port. */
int ip_socket_need_sending(struct ip_socket *s, struct extack *ea);
int ip_socket_need_receiving(struct ip_socket *s, struct extack *ea);
union address ip_socket_address(const struct ip_name *name);

/** ip_socket_place() - whose messages it takes */
struct ip_place ip_socket_place(const struct ip_socket *s);

/** ip_socket_conflict() - whether another socket of the namespace, or an IP tunnel, takes the same messages */
bool ip_socket_conflict(const struct netns *ns, const struct ip_socket *but, int family,
                        uint32_t conn_id, const struct ip_place *place);

#endif
