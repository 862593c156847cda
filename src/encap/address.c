/* SPDX-License-Identifier: BSD-2-Clause */
/* address.c - see address.h */
#include "encap/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

union address address_make(int family, const union l2tp_address *ip, uint16_t port)
{
	union address a;

	memset(&a, 0, sizeof(a));
	a.any.sa_family = (sa_family_t)family;
	if (family == AF_INET6) {
		a.v6.sin6_addr = ip->v6;
		a.v6.sin6_port = htons(port);
	} else {
		a.v4.sin_addr = ip->v4;
		a.v4.sin_port = htons(port);
	}
	return a;
}

union l2tp_address address_ip(const union address *a)
{
	union l2tp_address ip;

	memset(&ip, 0, sizeof(ip));
	if (a->any.sa_family == AF_INET6)
		ip.v6 = a->v6.sin6_addr;
	else
		ip.v4 = a->v4.sin_addr;
	return ip;
}

bool address_unspecified(const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr);
	return a->any.sa_family != AF_INET || a->v4.sin_addr.s_addr == 0;
}

bool address_ip_equal(const union address *a, const union address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET6)
		return !memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr));
	return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

bool address_equal(const union address *a, const union address *b)
{
	return address_ip_equal(a, b) && address_port(a) == address_port(b);
}

uint64_t address_hash(const union address *a, uint64_t seed)
{
	uint64_t key[2] = { 0 };

	if (a->any.sa_family == AF_INET6)
		memcpy(key, &a->v6.sin6_addr, sizeof(key));
	else
		key[0] = a->v4.sin_addr.s_addr;
	return hash_u64(key[0] ^ hash_u64(key[1], address_port(a)), seed);
}

socklen_t address_size(const union address *a)
{
	return a->any.sa_family == AF_INET6 ? sizeof(a->v6) : sizeof(a->v4);
}

const char *address_text(const union address *a, char to[ADDRESS_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN] = "none";
	bool v6 = a->any.sa_family == AF_INET6;

	if (a->any.sa_family == AF_UNSPEC)
		return strcpy(to, ip);
	inet_ntop(a->any.sa_family, v6 ? (const void *)&a->v6.sin6_addr : &a->v4.sin_addr, ip,
	          sizeof(ip));
	if (!address_port(a))
		return strcpy(to, ip);
	snprintf(to, ADDRESS_TEXT_MAX, v6 ? "[%s]:%u" : "%s:%u", ip, address_port(a));
	return to;
}
