/* SPDX-License-Identifier: BSD-2-Clause */
/* host_nftables.h - whether rules of nftables can apply to a tunnel's packets
 *
 * A base chain can apply if it has a rule, whatever the rule says, or drops by default. The forward hook does not count,
 * for a tunnel's packets are not forwarded; nor do the families arp and bridge: what they see, they see with the fast
 * path too. Rules of iptables-nft are here as well; the older tables are in host_iptables.h.
 */
#ifndef UL2TP_KEEPER_HOST_NFTABLES_H
#define UL2TP_KEEPER_HOST_NFTABLES_H

#include <net/if.h>

#include "keeper/host_source.h"

#define NFT_DEVICES_MAX 32

/* What can apply. */
struct nft_summary {
	bool v4, v6;
	bool any_device; /* a chain on devices that are not all in the list */
	uint32_t count;
	char devices[NFT_DEVICES_MAX][IFNAMSIZ]; /* those with a chain of their own */
};

struct host_nftables {
	struct host_source source;
	bool absent; /* netfilter tells, but this kernel has not loaded nftables */
	struct nft_summary summary;
};

/** host_nftables_open() - while in the namespace */
void host_nftables_open(struct host_nftables *n);
void host_nftables_close(struct host_nftables *n);

/** host_nftables_news() - .source.news is readable */
void host_nftables_news(struct host_nftables *n);

/** host_nftables_look() - where it was not loaded, it may be now: nothing else tells. While in the namespace
 * Return: whether .source is another */
bool host_nftables_look(struct host_nftables *n);

/** host_nftables_read() - all chains anew. Return: 0; else they are in doubt */
int host_nftables_read(struct host_nftables *n);

/** host_nftables_applies() - to packets of @family (AF_*) */
bool host_nftables_applies(const struct host_nftables *n, int family);

/** host_nftables_applies_to_device() - a chain of the device's own, or of what may be it */
bool host_nftables_applies_to_device(const struct host_nftables *n, const char *device);

#endif
