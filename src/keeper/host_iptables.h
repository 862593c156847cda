/* SPDX-License-Identifier: BSD-2-Clause */
/* host_iptables.h - whether rules of the older iptables can apply to a tunnel's packets
 *
 * Nothing tells when these tables change, so they are looked at. Only tables that are there are asked for: a question
 * for another would make it. A table can apply if one of its chains, but FORWARD, has a rule or does not accept by
 * default. Rules of iptables-nft are in host_nftables.h.
 */
#ifndef UL2TP_KEEPER_HOST_IPTABLES_H
#define UL2TP_KEEPER_HOST_IPTABLES_H

#include <stdbool.h>

struct host_iptables {
	int sockets[2]; /* IPv4, IPv6; -1: none */
	int names[2];   /* the lists of tables in /proc; -1: not there, or not yet */
	bool applies[2];
};

/** host_iptables_open() - while in the namespace */
void host_iptables_open(struct host_iptables *t);
void host_iptables_close(struct host_iptables *t);

/** host_iptables_look() - while in the namespace. Return: whether something is otherwise than it was */
bool host_iptables_look(struct host_iptables *t);

/** host_iptables_applies() - to packets of @family (AF_*) */
bool host_iptables_applies(const struct host_iptables *t, int family);

#endif
