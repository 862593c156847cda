/* SPDX-License-Identifier: BSD-2-Clause */
/* iptables_table.h - what the kernel tells of a table of the older iptables: may it do anything to a tunnel's packets?
 *
 * Pure. The kernel says where each chain begins and where its policy is (the "underflow"), and gives the entries, of which a
 * policy is one without conditions, whose target is a verdict. Whatever is otherwise than a kernel we know would have it
 * counts as a rule.
 */
#ifndef UL2TP_KEEPER_IPTABLES_TABLE_H
#define UL2TP_KEEPER_IPTABLES_TABLE_H

#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <stdbool.h>

#include "base/reader.h"

/** iptables_name_next() - of a list of tables, a name a line. Return: 1; 0: no more; -EBADMSG: that can be no table's */
int iptables_name_next(struct reader *names, char ret[XT_TABLE_MAXNAMELEN]);

/** iptables_has_rules() - whether a chain, but FORWARD, has rules, or is none that we know. @info has one layout for both families */
bool iptables_has_rules(const struct ipt_getinfo *info);

/** iptables_accepts() - whether the policies of these chains are to accept. @family: AF_INET, AF_INET6; @entries: all of the table */
bool iptables_accepts(int family, const struct ipt_getinfo *info, struct reader entries);

#endif
