/* SPDX-License-Identifier: BSD-2-Clause */
/* address.h - addresses of endpoints and peers: comparing, hashing, printing */
#ifndef UL2TP_ENCAP_ADDRESS_H
#define UL2TP_ENCAP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/keeper.h"
#include "netlink/l2tp_family.h"

/** address_make() - @family AF_INET or AF_INET6, @port in host order */
union address address_make(int family, const union l2tp_address *ip, uint16_t port);

/** address_ip() - the address alone */
union l2tp_address address_ip(const union address *a);

/** address_unspecified() - whether it is 0.0.0.0 or ::, or of no family at all */
bool address_unspecified(const union address *a);

/** address_ip_equal() - whether family and address are the same; ports and scopes do not count */
bool address_ip_equal(const union address *a, const union address *b);

/** address_equal() - whether family, address and port are the same */
bool address_equal(const union address *a, const union address *b);

/** address_hash() - of what address_equal() compares */
uint64_t address_hash(const union address *a, uint64_t seed);

/** address_size() - what sendmsg() wants as length */
socklen_t address_size(const union address *a);

#define ADDRESS_TEXT_MAX 64

/** address_text() - "192.0.2.1:1701", "[2001:db8::1]:1701", without port "192.0.2.1", for log lines; returns @to */
const char *address_text(const union address *a, char to[ADDRESS_TEXT_MAX]);

#endif
