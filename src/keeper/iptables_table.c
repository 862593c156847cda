/* SPDX-License-Identifier: BSD-2-Clause */
/* iptables_table.c - see iptables_table.h */
#include "keeper/iptables_table.h"

#include <assert.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stddef.h>
#include <sys/socket.h>

#define ACCEPT (-NF_ACCEPT - 1)

/* An entry begins with its conditions on addresses; behind it are other conditions, and the target. */
struct layout {
	size_t conditions, target_offset, entry;
};

static const struct layout layout4 = { sizeof(struct ipt_ip),
	                               offsetof(struct ipt_entry, target_offset),
	                               sizeof(struct ipt_entry) };
static const struct layout layout6 = { sizeof(struct ip6t_ip6),
	                               offsetof(struct ip6t_entry, target_offset),
	                               sizeof(struct ip6t_entry) };

static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one layout");

int iptables_name_next(struct reader *names, char ret[XT_TABLE_MAXNAMELEN])
{
	const uint8_t *newline;
	size_t len;

	if (!read_left(names))
		return 0;
	newline = memchr(names->at, '\n', read_left(names));
	len = newline ? (size_t)(newline - names->at) : 0;
	if (!len || len >= XT_TABLE_MAXNAMELEN || memchr(names->at, '\0', len))
		return -EBADMSG;
	read_copy(names, ret, len);
	ret[len] = '\0';
	read_skip(names, 1);
	return 1;
}

static bool concerns(const struct ipt_getinfo *info, unsigned int hook)
{
	return hook != NF_INET_FORWARD && info->valid_hooks & 1u << hook;
}

bool iptables_has_rules(const struct ipt_getinfo *info)
{
	if (info->valid_hooks >> NF_INET_NUMHOOKS)
		return true;
	for (unsigned int hook = 0; hook < NF_INET_NUMHOOKS; hook++)
		if (concerns(info, hook) && info->hook_entry[hook] != info->underflow[hook])
			return true;
	return false;
}

static bool is_zero(struct reader octets)
{
	bool zero = !octets.failed;

	while (read_left(&octets))
		zero &= read_u8(&octets) == 0;
	return zero;
}

/* Whether this entry accepts everything. */
static bool accepts(const struct layout *l, struct reader entry)
{
	struct reader conditions = entry, offset = entry, name;
	uint16_t target;
	int32_t verdict;

	read_skip(&offset, l->target_offset);
	target = read_u16_host(&offset);
	read_skip(&entry, l->entry + offsetof(struct xt_entry_target, u.user.name));
	name = read_sub(&entry, sizeof(((struct xt_entry_target *)NULL)->u.user.name));
	read_skip(&entry, sizeof(((struct xt_entry_target *)NULL)->u.user.revision));
	verdict = (int32_t)read_u32_host(&entry);
	/* The target that is a verdict has no name. */
	return is_zero(read_sub(&conditions, l->conditions)) && target == l->entry &&
	       read_left(&name) && !read_u8(&name) && verdict == ACCEPT && !entry.failed;
}

static_assert(offsetof(struct xt_standard_target, verdict) ==
                      offsetof(struct xt_entry_target, u.user.revision) + 1,
              "the verdict follows the target's revision");

bool iptables_accepts(int family, const struct ipt_getinfo *info, struct reader entries)
{
	const struct layout *l = family == AF_INET6 ? &layout6 : &layout4;

	for (unsigned int hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
		struct reader entry = entries;

		read_skip(&entry, info->underflow[hook]);
		if (concerns(info, hook) && !accepts(l, entry))
			return false;
	}
	return true;
}
