/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_name.c - see ip_name.h */
#include "wire/ip_name.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/reader.h"
#include "base/writer.h"

int ip_name_read(const uint8_t *octets, size_t len, struct ip_name *ret)
{
	struct reader r = reader_over(octets, len);
	struct ip_name n = { .len = len, .family = read_u16_host(&r) };

	if (r.failed)
		return -EINVAL;
	n.unused = read_u16(&r);
	if (n.family == AF_INET6) {
		n.flow_info = read_u32_host(&r);
		read_copy(&r, &n.v6, sizeof(n.v6));
		n.scope_id = read_u32_host(&r);
	} else {
		read_copy(&r, &n.v4, sizeof(n.v4));
	}
	n.conn_id = read_u32_host(&r);
	*ret = n;
	return 0;
}

size_t ip_name_write(const struct ip_name *name, uint8_t octets[IP_NAME_MAX])
{
	uint8_t room[IP_NAME6_LEN];
	struct writer w = writer_over(room, sizeof(room));

	write_u16_host(&w, name->family);
	write_u16(&w, name->unused);
	if (name->family == AF_INET6) {
		write_u32_host(&w, name->flow_info);
		write_bytes(&w, &name->v6, sizeof(name->v6));
		write_u32_host(&w, name->scope_id);
		write_u32_host(&w, name->conn_id);
	} else {
		write_bytes(&w, &name->v4, sizeof(name->v4));
		write_u32_host(&w, name->conn_id);
		write_zeros(&w, 4);
	}
	memcpy(octets, room, write_len(&w));
	return write_len(&w);
}

bool ip_name_is_multicast(const struct ip_name *name)
{
	if (name->family != AF_INET6)
		return IN_MULTICAST(ntohl(name->v4.s_addr));
	return IN6_IS_ADDR_MULTICAST(&name->v6) ||
	       (IN6_IS_ADDR_V4MAPPED(&name->v6) && IN_MULTICAST(ntohl(name->v6.s6_addr32[3])));
}
