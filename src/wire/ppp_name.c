/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_name.c - see ppp_name.h
 *
 * The structures are packed. Those of IPv4 have the address before the ids, those of IPv6 behind them.
 */
#include "wire/ppp_name.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "base/writer.h"

/* clang-format off */
static const struct form {
	size_t len;
	uint8_t version;
	bool ipv6;
} forms[] = {
	{ PPP_NAME_V2_LEN,  2, false },
	{ PPP_NAME_V2_6LEN, 2, true },
	{ PPP_NAME_V3_LEN,  3, false },
	{ PPP_NAME_V3_6LEN, 3, true },
};
/* clang-format on */

static uint32_t read_id(struct reader *r, uint8_t version)
{
	return version == 2 ? read_u16_host(r) : read_u32_host(r);
}

static void read_ids(struct reader *r, struct ppp_name *n)
{
	n->conn_id = read_id(r, n->version);
	n->session_id = read_id(r, n->version);
	n->peer_conn_id = read_id(r, n->version);
	n->peer_session_id = read_id(r, n->version);
}

int ppp_name_read(const uint8_t *octets, size_t len, struct ppp_name *ret)
{
	struct reader r = reader_over(octets, len);
	struct ppp_name n = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].len == len) {
			n.version = forms[i].version;
			n.ipv6 = forms[i].ipv6;
		}
	if (!n.version)
		return -EINVAL;
	n.family = read_u16_host(&r);
	n.protocol = read_u32_host(&r);
	n.pid = (int32_t)read_u32_host(&r);
	n.fd = (int32_t)read_u32_host(&r);
	if (n.ipv6) {
		read_ids(&r, &n);
		read_copy(&r, &n.peer.v6, sizeof(n.peer.v6));
	} else {
		read_copy(&r, &n.peer.v4, sizeof(n.peer.v4));
		read_ids(&r, &n);
	}
	*ret = n;
	return 0;
}

static void write_id(struct writer *w, uint8_t version, uint32_t id)
{
	if (version == 2)
		write_u16_host(w, (uint16_t)id);
	else
		write_u32_host(w, id);
}

static void write_ids(struct writer *w, const struct ppp_name *n)
{
	write_id(w, n->version, n->conn_id);
	write_id(w, n->version, n->session_id);
	write_id(w, n->version, n->peer_conn_id);
	write_id(w, n->version, n->peer_session_id);
}

size_t ppp_name_write(const struct ppp_name *n, uint8_t octets[PPP_NAME_MAX])
{
	struct writer w = writer_over(octets, PPP_NAME_MAX);

	write_u16_host(&w, n->family);
	write_u32_host(&w, n->protocol);
	write_u32_host(&w, (uint32_t)n->pid);
	write_u32_host(&w, (uint32_t)n->fd);
	if (n->ipv6) {
		write_ids(&w, n);
		write_bytes(&w, &n->peer.v6, sizeof(n->peer.v6));
	} else {
		write_bytes(&w, &n->peer.v4, sizeof(n->peer.v4));
		write_ids(&w, n);
	}
	return write_len(&w);
}
