/* SPDX-License-Identifier: BSD-2-Clause */
/* iptables_table_fuzz.c - invented answers about tables: accepted is only what the structures of the kernel's headers say
 *
 * The input: an octet (0: a list of names; 1: a table of IPv4; others: of IPv6), and the list; or the kernel's two answers.
 */
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "keeper/iptables_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read, line by line, is the text. */
static void check_names(const uint8_t *text, size_t size)
{
	struct reader names = reader_over(text, size);
	char name[XT_TABLE_MAXNAMELEN];
	size_t at = 0;
	int more;

	while ((more = iptables_name_next(&names, name)) > 0) {
		size_t len = strlen(name);

		assert(len && len < sizeof(name) && at + len < size);
		assert(!memcmp(text + at, name, len) && text[at + len] == '\n');
		at += len + 1;
	}
	assert(more == 0 ? at == size : at < size);
}

#define VERDICT (offsetof(struct xt_standard_target, verdict) + sizeof(int))

static bool is_accept(const uint8_t *at)
{
	struct xt_standard_target t;

	memcpy(&t, at, VERDICT);
	return !t.target.u.user.name[0] && t.verdict == -NF_ACCEPT - 1;
}

static bool accepts4(const uint8_t *at, size_t size)
{
	static const struct ipt_ip none;
	struct ipt_entry e;

	if (size < sizeof(e) + VERDICT)
		return false;
	memcpy(&e, at, sizeof(e));
	return !memcmp(&e.ip, &none, sizeof(none)) && e.target_offset == sizeof(e) &&
	       is_accept(at + sizeof(e));
}

static bool accepts6(const uint8_t *at, size_t size)
{
	static const struct ip6t_ip6 none;
	struct ip6t_entry e;

	if (size < sizeof(e) + VERDICT)
		return false;
	memcpy(&e, at, sizeof(e));
	return !memcmp(&e.ipv6, &none, sizeof(none)) && e.target_offset == sizeof(e) &&
	       is_accept(at + sizeof(e));
}

static bool accepts(int family, const uint8_t *entries, size_t size, uint32_t offset)
{
	if (offset >= size)
		return false;
	entries += offset;
	size -= offset;
	return family == AF_INET ? accepts4(entries, size) : accepts6(entries, size);
}

static void check_table(int family, const struct ipt_getinfo *info, const uint8_t *entries,
                        size_t size)
{
	bool rules = info->valid_hooks >= 1u << NF_INET_NUMHOOKS, all = true;

	for (unsigned int hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
		if (hook == NF_INET_FORWARD || !(info->valid_hooks >> hook & 1))
			continue;
		rules |= info->hook_entry[hook] != info->underflow[hook];
		all &= accepts(family, entries, size, info->underflow[hook]);
	}
	assert(iptables_has_rules(info) == rules);
	assert(iptables_accepts(family, info, reader_over(entries, size)) == all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MEMORY uint8_t *octets = NULL; /* exactly: a step too far is seen */
	struct reader r = reader_over(data, size);
	uint8_t kind = read_u8(&r);
	struct ipt_getinfo info;

	if (kind)
		read_copy(&r, &info, sizeof(info));
	if (r.failed)
		return 0;
	size = read_left(&r);
	octets = malloc(size);
	assert(octets || !size);
	read_copy(&r, octets, size);
	if (kind)
		check_table(kind == 1 ? AF_INET : AF_INET6, &info, octets, size);
	else
		check_names(octets, size);
	return 0;
}
