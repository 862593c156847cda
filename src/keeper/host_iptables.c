/* SPDX-License-Identifier: BSD-2-Clause */
/* host_iptables.c - see host_iptables.h */
#include "keeper/host_iptables.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "keeper/iptables_table.h"

#define NAMES_OCTETS 1024
#define ENTRIES_OCTETS                                                                             \
	16384 /* of a table of which only policies are left to see; a larger one is in doubt */

static const struct family {
	const char *names; /* of a file */
	int family, level, get_info, get_entries;
} families[] = {
	{ "/proc/thread-self/net/ip_tables_names", AF_INET, IPPROTO_IP, IPT_SO_GET_INFO,
	  IPT_SO_GET_ENTRIES },
	{ "/proc/thread-self/net/ip6_tables_names", AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO,
	  IP6T_SO_GET_ENTRIES },
};

static_assert(offsetof(struct ipt_get_entries, entrytable) ==
                      offsetof(struct ip6t_get_entries, entrytable),
              "one layout");

void host_iptables_open(struct host_iptables *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		t->sockets[i] = socket(families[i].family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		t->names[i] = -1;
		t->applies[i] = false;
	}
	host_iptables_look(t);
}

void host_iptables_close(struct host_iptables *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (t->sockets[i] >= 0)
			close(t->sockets[i]);
		if (t->names[i] >= 0)
			close(t->names[i]);
		t->sockets[i] = t->names[i] = -1;
	}
}

#define ENTRIES_AT offsetof(struct ipt_get_entries, entrytable)

/* The kernel's answer: a head, and entries of the size it said. */
struct entries {
	_Alignas(struct ipt_get_entries) uint8_t octets[ENTRIES_AT + ENTRIES_OCTETS];
};

static int entries_read(const struct family *f, int socket, const struct ipt_getinfo *info,
                        struct entries *e)
{
	struct ipt_get_entries head = { .size = info->size };
	socklen_t len = (socklen_t)ENTRIES_AT + info->size;

	if (info->size > ENTRIES_OCTETS)
		return -E2BIG;
	memcpy(head.name, info->name, sizeof(head.name));
	memcpy(e->octets, &head, ENTRIES_AT);
	if (getsockopt(socket, f->level, f->get_entries, e->octets, &len) < 0)
		return -errno;
	return len == ENTRIES_AT + info->size ? 0 : -EBADMSG;
}

static bool table_applies(const struct family *f, int socket, const char *name)
{
	static struct entries e;
	struct ipt_getinfo info = { 0 };
	socklen_t len = sizeof(info);

	strcpy(info.name, name);
	if (getsockopt(socket, f->level, f->get_info, &info, &len) < 0)
		return errno != ENOENT; /* it has gone since; else in doubt */
	if (len != sizeof(info) || iptables_has_rules(&info))
		return true;
	return entries_read(f, socket, &info, &e) < 0 ||
	       !iptables_accepts(f->family, &info, reader_over(e.octets + ENTRIES_AT, info.size));
}

static bool family_applies(struct host_iptables *t, size_t i)
{
	char octets[NAMES_OCTETS], name[XT_TABLE_MAXNAMELEN];
	struct reader names;
	ssize_t len;
	int more;

	if (t->names[i] < 0)
		t->names[i] = open(families[i].names, O_RDONLY | O_CLOEXEC);
	if (t->names[i] < 0)
		return errno != ENOENT; /* no tables were ever loaded; else in doubt */
	len = pread(t->names[i], octets, NAMES_OCTETS, 0);
	if (len < 0 || len == NAMES_OCTETS)
		return true;
	names = reader_over(octets, (size_t)len);
	while ((more = iptables_name_next(&names, name)) > 0)
		if (t->sockets[i] < 0 || table_applies(&families[i], t->sockets[i], name))
			return true;
	return more < 0;
}

bool host_iptables_look(struct host_iptables *t)
{
	bool other = false;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		bool applies = family_applies(t, i);

		other |= applies != t->applies[i];
		t->applies[i] = applies;
	}
	return other;
}

bool host_iptables_applies(const struct host_iptables *t, int family)
{
	return t->applies[family == AF_INET6];
}
