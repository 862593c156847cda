/* SPDX-License-Identifier: BSD-2-Clause */
/* record_check.c - see record_check.h */
#include "path/record_check.h"

#include <errno.h>
#include <linux/l2tp.h>
#include <string.h>

static bool is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

static bool is_address(const union address *a)
{
	return a->any.sa_family == AF_UNSPEC || a->any.sa_family == AF_INET ||
	       a->any.sa_family == AF_INET6;
}

/* Neither is given, and whoever walks from one to the next stops at the last. */
static bool is_number(uint64_t number)
{
	return number && number != UINT64_MAX;
}

int record_check_tunnel(const struct tunnel_record *r)
{
	return is_text(r->label, sizeof(r->label)) && is_address(&r->source) && is_address(&r->peer)
	               ? 0
	               : -EBADMSG;
}

int record_check_session(const struct session_record *r)
{
	return r->cookie_len <= sizeof(r->cookie) && r->peer_cookie_len <= sizeof(r->peer_cookie) &&
	                       (r->pw_type == L2TP_PWTYPE_ETH || r->pw_type == L2TP_PWTYPE_PPP) &&
	                       is_text(r->ifname, sizeof(r->ifname)) &&
	                       is_text(r->label, sizeof(r->label))
	               ? 0
	               : -EBADMSG;
}

/* Bits that do not count are 0, or one that is equal is not found. */
static bool is_prefix(const struct prefix *p)
{
	struct prefix same;

	if (!p->family)
		return true;
	if (!p->bits || p->bits > prefix_bits_max(p->family))
		return false;
	same = prefix_make(p->family, p->octets, p->bits);
	return prefix_equal(&same, p);
}

/* A socket never gives up its end. */
int record_check_file(const struct ppp_file_record *r)
{
	if (r->is_socket && r->slot == RECORD_NONE)
		return -EBADMSG;
	return is_number(r->netns.cookie) && is_number(r->serial) && r->handle &&
	                       r->channel.number <= INT32_MAX
	               ? 0
	               : -EBADMSG;
}

int record_check_unit(const struct unit_record *r)
{
	if (!is_number(r->netns.cookie) || r->number > INT32_MAX)
		return -EBADMSG;
	for (int i = 0; i < UNIT_ADDRESSES_MAX; i++)
		if (!is_prefix(&r->addresses[i]))
			return -EBADMSG;
	return 0;
}
