/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_message.c - see tunnel_message.h */
#include "netlink/tunnel_message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/attribute.h"

static void addresses_put(struct writer *w, int family, const union l2tp_address *local,
                          const union l2tp_address *peer)
{
	if (family == AF_INET6) {
		attribute_put(w, L2TP_ATTR_IP6_SADDR, &local->v6, sizeof(local->v6));
		attribute_put(w, L2TP_ATTR_IP6_DADDR, &peer->v6, sizeof(peer->v6));
	} else if (family == AF_INET) {
		attribute_put(w, L2TP_ATTR_IP_SADDR, &local->v4, sizeof(local->v4));
		attribute_put(w, L2TP_ATTR_IP_DADDR, &peer->v4, sizeof(peer->v4));
	}
}

void tunnel_message_put(struct writer *w, const struct tunnel_message *t)
{
	attribute_put_u8(w, L2TP_ATTR_PROTO_VERSION, t->version);
	attribute_put_u32(w, L2TP_ATTR_CONN_ID, t->conn_id);
	attribute_put_u32(w, L2TP_ATTR_PEER_CONN_ID, t->peer_conn_id);
	attribute_put_u32(w, L2TP_ATTR_DEBUG, 0);
	attribute_put_u16(w, L2TP_ATTR_ENCAP_TYPE, t->encap);
	l2tp_stats_put(w, &t->stats);
	if (t->encap == L2TP_ENCAPTYPE_UDP) {
		if (t->family == AF_INET)
			attribute_put_u8(w, L2TP_ATTR_UDP_CSUM, t->checksum);
		if (t->family == AF_INET6 && t->zero_checksum6_tx)
			attribute_put_flag(w, L2TP_ATTR_UDP_ZERO_CSUM6_TX);
		if (t->family == AF_INET6 && t->zero_checksum6_rx)
			attribute_put_flag(w, L2TP_ATTR_UDP_ZERO_CSUM6_RX);
		attribute_put_u16(w, L2TP_ATTR_UDP_SPORT, t->local_port);
		attribute_put_u16(w, L2TP_ATTR_UDP_DPORT, t->peer_port);
	}
	addresses_put(w, t->family, &t->local, &t->peer);
}

static bool ip6_whole(const struct attributes *a)
{
	return attributes_len(a, L2TP_ATTR_IP6_SADDR) == sizeof(struct in6_addr) &&
	       attributes_len(a, L2TP_ATTR_IP6_DADDR) == sizeof(struct in6_addr);
}

/* Copies what the attribute holds, of which the policy has checked the length. */
static union l2tp_address address_read(const struct attributes *a, uint16_t number)
{
	struct reader value = attributes_value(a, number);
	union l2tp_address address = { 0 };

	read_copy(&value, &address,
	          number == L2TP_ATTR_IP6_SADDR || number == L2TP_ATTR_IP6_DADDR
	                  ? sizeof(address.v6)
	                  : sizeof(address.v4));
	return address;
}

int tunnel_message_read(struct reader octets, struct tunnel_message *ret)
{
	struct attributes a;

	if (policy_parse(&l2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0 ||
	    !attributes_has(&a, L2TP_ATTR_CONN_ID))
		return -EBADMSG;
	*ret = (struct tunnel_message){
		.conn_id = attributes_u32(&a, L2TP_ATTR_CONN_ID),
		.peer_conn_id = attributes_u32(&a, L2TP_ATTR_PEER_CONN_ID),
		.version = attributes_u8(&a, L2TP_ATTR_PROTO_VERSION),
		.encap = attributes_u16(&a, L2TP_ATTR_ENCAP_TYPE),
		.stats = l2tp_stats_read(attributes_value(&a, L2TP_ATTR_STATS)),
		.local_port = attributes_u16(&a, L2TP_ATTR_UDP_SPORT),
		.peer_port = attributes_u16(&a, L2TP_ATTR_UDP_DPORT),
		.checksum = attributes_u8(&a, L2TP_ATTR_UDP_CSUM),
		.zero_checksum6_tx = attributes_has(&a, L2TP_ATTR_UDP_ZERO_CSUM6_TX),
		.zero_checksum6_rx = attributes_has(&a, L2TP_ATTR_UDP_ZERO_CSUM6_RX),
	};
	if (ip6_whole(&a)) {
		ret->family = AF_INET6;
		ret->local = address_read(&a, L2TP_ATTR_IP6_SADDR);
		ret->peer = address_read(&a, L2TP_ATTR_IP6_DADDR);
	} else if (attributes_has(&a, L2TP_ATTR_IP_SADDR) &&
	           attributes_has(&a, L2TP_ATTR_IP_DADDR)) {
		ret->family = AF_INET;
		ret->local = address_read(&a, L2TP_ATTR_IP_SADDR);
		ret->peer = address_read(&a, L2TP_ATTR_IP_DADDR);
	}
	return 0;
}

void tunnel_create_put(struct writer *w, const struct tunnel_create *t)
{
	attribute_put_u32(w, L2TP_ATTR_CONN_ID, t->conn_id);
	attribute_put_u32(w, L2TP_ATTR_PEER_CONN_ID, t->peer_conn_id);
	attribute_put_u8(w, L2TP_ATTR_PROTO_VERSION, t->version);
	attribute_put_u16(w, L2TP_ATTR_ENCAP_TYPE, t->encap);
	if (t->has_fd) {
		attribute_put_u32(w, L2TP_ATTR_FD, (uint32_t)t->fd);
		return;
	}
	addresses_put(w, t->family, &t->local, &t->peer);
	if (t->encap != L2TP_ENCAPTYPE_UDP)
		return;
	attribute_put_u16(w, L2TP_ATTR_UDP_SPORT, t->local_port);
	attribute_put_u16(w, L2TP_ATTR_UDP_DPORT, t->peer_port);
	if (t->checksum)
		attribute_put_u8(w, L2TP_ATTR_UDP_CSUM, 1);
	if (t->zero_checksum6_tx)
		attribute_put_flag(w, L2TP_ATTR_UDP_ZERO_CSUM6_TX);
	if (t->zero_checksum6_rx)
		attribute_put_flag(w, L2TP_ATTR_UDP_ZERO_CSUM6_RX);
}

/* Step 5: without a descriptor both addresses of one family; both of IPv6 win (NL-44). */
static int addresses_choose(const struct attributes *a, struct tunnel_create *t, struct extack *ea)
{
	if (attributes_has(a, L2TP_ATTR_IP6_SADDR) && attributes_has(a, L2TP_ATTR_IP6_DADDR)) {
		t->family = AF_INET6;
		return 0;
	}
	if (attributes_has(a, L2TP_ATTR_IP_SADDR) && attributes_has(a, L2TP_ATTR_IP_DADDR)) {
		t->family = AF_INET;
		return 0;
	}

	bool local =
		attributes_has(a, L2TP_ATTR_IP_SADDR) || attributes_has(a, L2TP_ATTR_IP6_SADDR);
	bool peer = attributes_has(a, L2TP_ATTR_IP_DADDR) || attributes_has(a, L2TP_ATTR_IP6_DADDR);

	if (local && peer)
		return extack_fail(ea, -EINVAL, 0,
		                   "local and remote are not of one address family");
	return extack_fail(ea, -EINVAL, 0, "%s missing, give both or a socket",
	                   local  ? "remote is"
	                   : peer ? "local is"
	                          : "local and remote are");
}

static int addresses_take(const struct attributes *a, struct tunnel_create *t, struct extack *ea)
{
	if (t->family == AF_INET6 && !ip6_whole(a)) { /* LIM-4 */
		bool local = attributes_len(a, L2TP_ATTR_IP6_SADDR) != sizeof(struct in6_addr);

		return extack_fail(ea, -EINVAL, local ? L2TP_ATTR_IP6_SADDR : L2TP_ATTR_IP6_DADDR,
		                   "%s is an IPv6 address of less than 16 octets",
		                   local ? "local" : "remote");
	}
	if (t->family == AF_INET6) {
		t->local = address_read(a, L2TP_ATTR_IP6_SADDR);
		t->peer = address_read(a, L2TP_ATTR_IP6_DADDR);
	} else {
		t->local = address_read(a, L2TP_ATTR_IP_SADDR);
		t->peer = address_read(a, L2TP_ATTR_IP_DADDR);
	}
	t->local_port = attributes_u16(a, L2TP_ATTR_UDP_SPORT);
	t->peer_port = attributes_u16(a, L2TP_ATTR_UDP_DPORT);
	t->checksum = attributes_has(a, L2TP_ATTR_UDP_CSUM);
	t->zero_checksum6_tx = attributes_has(a, L2TP_ATTR_UDP_ZERO_CSUM6_TX);
	t->zero_checksum6_rx = attributes_has(a, L2TP_ATTR_UDP_ZERO_CSUM6_RX);
	return 0;
}

int tunnel_create_read(const struct attributes *a, struct tunnel_create *ret, struct extack *ea)
{
	struct tunnel_create t = { .family = AF_UNSPEC, .fd = -1 };
	int err = l2tp_conn_id_read(a, &t.conn_id, ea);

	if (err < 0)
		return err;
	if (!attributes_has(a, L2TP_ATTR_PEER_CONN_ID))
		return extack_fail(ea, -EINVAL, 0, "peer_tunnel_id is missing");
	if (!attributes_has(a, L2TP_ATTR_PROTO_VERSION))
		return extack_fail(ea, -EINVAL, 0, "version is missing, give 2 or 3");
	if (!attributes_has(a, L2TP_ATTR_ENCAP_TYPE))
		return extack_fail(ea, -EINVAL, 0, "encap is missing, give udp or ip");

	t.has_fd = attributes_has(a, L2TP_ATTR_FD);
	if (!t.has_fd) {
		err = addresses_choose(a, &t, ea);
		if (err < 0)
			return err;
	}

	t.encap = attributes_u16(a, L2TP_ATTR_ENCAP_TYPE);
	if (t.encap != L2TP_ENCAPTYPE_UDP && t.encap != L2TP_ENCAPTYPE_IP)
		return extack_fail(ea, -EINVAL, L2TP_ATTR_ENCAP_TYPE,
		                   "encap is %u, it must be 0 (udp) or 1 (ip)", t.encap);

	t.peer_conn_id = attributes_u32(a, L2TP_ATTR_PEER_CONN_ID);
	t.version = attributes_u8(a, L2TP_ATTR_PROTO_VERSION);
	if (t.has_fd)
		t.fd = (int)attributes_u32(a, L2TP_ATTR_FD);
	else
		err = addresses_take(a, &t, ea);
	if (err < 0)
		return err;
	*ret = t;
	return 0;
}

void tunnel_select_put(struct writer *w, uint32_t conn_id)
{
	attribute_put_u32(w, L2TP_ATTR_CONN_ID, conn_id);
}
