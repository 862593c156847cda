/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_name.h - names of L2TP/IP sockets: struct sockaddr_l2tpip and sockaddr_l2tpip6 of linux/l2tp.h
 *
 * A program gives them to bind(), connect() and sendto(), with any length; which lengths and families are
 * refused differs from call to call (IPS-10 to IPS-43) and is the caller's to decide. Here they are only
 * taken apart, as far as they go. Pure.
 */
#ifndef UL2TP_WIRE_IP_NAME_H
#define UL2TP_WIRE_IP_NAME_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IP_NAME4_LEN 16
#define IP_NAME6_LEN 32
#define IP_NAME_MAX  128 /* sizeof(struct sockaddr_storage): more no program can give */

/* Family and connection id in host order, addresses as they are. What a short name lacks is zero. */
struct ip_name {
	uint16_t family;
	uint16_t unused; /* where a port would be; only whether it is zero means something */
	uint32_t flow_info; /* IPv6, as given */
	uint32_t scope_id;  /* IPv6 */
	uint32_t conn_id;
	struct in_addr v4;
	struct in6_addr v6;
	size_t len; /* as given */
};

/**
 * ip_name_read() - take a name apart by the layout of its own family: AF_INET6's, else AF_INET's
 *
 * Return: 0; -EINVAL there is no whole family in it.
 */
int ip_name_read(const uint8_t *octets, size_t len, struct ip_name *ret);

/** ip_name_write() - as getsockname() gives it; AF_INET or AF_INET6. Return: octets written (IP_NAME4_LEN, IP_NAME6_LEN) */
size_t ip_name_write(const struct ip_name *name, uint8_t octets[IP_NAME_MAX]);

/** ip_name_is_multicast() - as connect() asks (IPS-20, IPS-21): IPv6 also in its mapped form */
bool ip_name_is_multicast(const struct ip_name *name);

#endif
