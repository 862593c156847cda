/* SPDX-License-Identifier: BSD-2-Clause */
/* diag_answer_fuzz.c - invented answers of sock_diag: what is read of one is what stands at its places
 *
 * The input: an octet (1: of Unix sockets; the others: the question's number, twice), and the datagram.
 */
#include <assert.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "keeper/diag_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is still to be read. */
struct expected {
	const struct nlmsghdr *m;
	int left;
	uint32_t seq;
};

static bool is_whole(const struct nlmsghdr *m, int left)
{
	return left >= (int)sizeof(*m) && m->nlmsg_len >= sizeof(*m) &&
	       m->nlmsg_len <= (uint32_t)left;
}

static const struct nlmsghdr *next(const struct nlmsghdr *m, int *left)
{
	*left -= (int)NLMSG_ALIGN(m->nlmsg_len); /* or less than none */
	return (const void *)((const uint8_t *)m + NLMSG_ALIGN(m->nlmsg_len));
}

/* The value of the first of this type behind @head octets, and its length; NULL: there is none. */
static const void *attribute(const struct nlmsghdr *m, size_t head, uint16_t type, size_t *len)
{
	for (size_t at = NLMSG_HDRLEN + head; at + NLA_HDRLEN <= m->nlmsg_len;) {
		const struct nlattr *a = (const void *)((const uint8_t *)m + at);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > m->nlmsg_len - at)
			return NULL;
		*len = a->nla_len - (size_t)NLA_HDRLEN;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a + 1;
		at += NLA_ALIGN((size_t)a->nla_len);
	}
	return NULL;
}

static bool is_end(const struct nlmsghdr *m)
{
	return m->nlmsg_type == NLMSG_DONE || m->nlmsg_type == NLMSG_ERROR;
}

/* NULL: no more. */
static const struct nlmsghdr *next_socket(struct expected *e)
{
	while (is_whole(e->m, e->left)) {
		const struct nlmsghdr *m = e->m;

		if (m->nlmsg_seq == e->seq && is_end(m))
			return NULL;
		e->m = next(m, &e->left);
		if (m->nlmsg_seq == e->seq && m->nlmsg_type == SOCK_DIAG_BY_FAMILY &&
		    m->nlmsg_len >= NLMSG_HDRLEN + sizeof(struct inet_diag_msg))
			return m;
	}
	return NULL;
}

static int take(void *arg, const struct diag_socket *socket)
{
	const struct nlmsghdr *m = next_socket(arg);
	const struct inet_diag_msg *there;
	const void *group;
	size_t len;

	assert(m);
	there = NLMSG_DATA(m);
	group = attribute(m, sizeof(*there), INET_DIAG_CGROUP_ID, &len);
	assert(socket->ino == there->idiag_inode);
	assert((uint32_t)socket->cookie == there->id.idiag_cookie[0]);
	assert(socket->cookie >> 32 == there->id.idiag_cookie[1]);
	assert(socket->has_group == (group && len >= sizeof(socket->group)));
	assert(!socket->has_group || !memcmp(&socket->group, group, sizeof(socket->group)));
	return 0;
}

static void check_peer(const struct nlmsghdr *m, int left, ino_t peer)
{
	const void *expected = NULL;
	uint32_t ino = (uint32_t)peer;
	size_t len;

	while (is_whole(m, left) && m->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		m = next(m, &left);
	if (is_whole(m, left))
		expected = attribute(m, sizeof(struct unix_diag_msg), UNIX_DIAG_PEER, &len);
	if (expected && len >= sizeof(ino))
		assert(!memcmp(&ino, expected, sizeof(ino)));
	else
		assert(!peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MEMORY uint8_t *datagram = malloc(size); /* exactly: a step too far is seen */
	struct expected e;
	int more;

	if (!size)
		return 0;
	assert(datagram);
	memcpy(datagram, data + 1, size - 1);
	e = (struct expected){ (const void *)datagram, (int)size - 1, data[0] >> 1 };
	if (data[0] & 1) {
		check_peer(e.m, e.left, diag_unix_peer(reader_over(datagram, size - 1)));
		return 0;
	}
	more = diag_sockets_read(reader_over(datagram, size - 1), e.seq, take, &e);
	assert(more <= DIAG_MORE && !next_socket(&e));
	assert((more == DIAG_MORE) == !is_whole(e.m, e.left));
	return 0;
}
