/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_entry.c - see fast_path_entry.h */
#include "keeper/fast_path_entry.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "keeper/bpf.h"
#include "keeper/server.h"

#define FLOW_LABEL_MASK 0xfffff

static bool is_v6(const struct fast_wish *w)
{
	return w->peer.any.sa_family == AF_INET6;
}

static bool address_is_whole(const union address *a)
{
	if (a->any.sa_family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&a->v6.sin6_addr) && a->v6.sin6_port;
	return a->any.sa_family == AF_INET && a->v4.sin_addr.s_addr && a->v4.sin_port;
}

static bool header_is_sound(uint32_t len)
{
	return len >= FAST_HEADER_MIN && len <= FAST_HEADER_MAX;
}

bool fast_entry_is_sound(const struct fast_wish *w, const union address *local)
{
	return local->any.sa_family == w->peer.any.sa_family && address_is_whole(local) &&
	       address_is_whole(&w->peer) && header_is_sound(w->tx_header_len) &&
	       header_is_sound(w->rx_header_len) && (w->version == 2 || w->version == 3);
}

/* --- keys --------------------------------------------------------------------------------------------- */

/* As it stands in packets. */
static uint32_t wire_id(const struct fast_wish *w)
{
	return htonl(w->version == 2 ? w->conn_id << 16 | w->session_id : w->session_id);
}

static struct fast_place place_of(const struct fast_session *s, const union address *local)
{
	const struct fast_wish *w = &s->wish;
	struct fast_place place;

	/* An initializer need not write what is behind the member of a union that it names. */
	memset(&place, 0, sizeof(place));
	place.map = is_v6(w) ? FAST_MAP_IN6 : FAST_MAP_IN;
	if (!is_v6(w)) {
		place.v4 = (struct fast_in_key){
			.netns = s->netns->number,
			.version = w->version,
			.peer = w->peer.v4.sin_addr.s_addr,
			.local = local->v4.sin_addr.s_addr,
			.peer_port = w->peer.v4.sin_port,
			.local_port = local->v4.sin_port,
			.id = wire_id(w),
		};
		return place;
	}
	place.v6 = (struct fast_in6_key){
		.netns = s->netns->number,
		.version = w->version,
		.peer_port = w->peer.v6.sin6_port,
		.local_port = local->v6.sin6_port,
		.id = wire_id(w),
	};
	memcpy(place.v6.peer, &w->peer.v6.sin6_addr, sizeof(place.v6.peer));
	memcpy(place.v6.local, &local->v6.sin6_addr, sizeof(place.v6.local));
	return place;
}

void fast_entry_place(struct fast_path *f, struct fast_session *s, const union address *local)
{
	struct fast_place place = place_of(s, local);

	if (s->wish.reason == FAST_USED && memcmp(&place, &s->in, sizeof(place))) {
		fast_entry_remove(f, s);
		s->in = place;
	}
	s->out_key = (struct fast_out_key){ s->netns->number, (uint32_t)s->device };
}

void fast_entry_remove(struct fast_path *f, struct fast_session *s)
{
	if (s->way == FAST_NOT_ATTACHED)
		return;
	bpf_map_unset(f->maps[s->in.map], &s->in.v4);
	bpf_map_unset(f->maps[FAST_MAP_OUT], &s->out_key);
	fast_board_written(f);
	s->mapped = false;
}

/* --- what is sent in front of a frame ----------------------------------------------------------------- */

/* Of an even number of octets, fewer than some thousand; folded, not inverted. */
static uint16_t octets_sum(const void *octets, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2) {
		uint16_t word;

		memcpy(&word, (const uint8_t *)octets + i, sizeof(word));
		sum += word;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static void wire_add(struct fast_out *out, const void *octets, size_t len)
{
	memcpy(out->wire + out->wire_len, octets, len);
	out->wire_len += (uint32_t)len;
}

/* One for each tunnel and way, as the system gives one to each socket and way; RFC 6437 wants it to look like chance. */
static uint32_t flow_label(const struct fast_place *place)
{
	uint8_t octets[sizeof(place->v6)];
	uint32_t hash = 2166136261;

	memcpy(octets, &place->v6, sizeof(octets));
	for (size_t i = 0; i < offsetof(struct fast_in6_key, id); i++)
		hash = (hash ^ octets[i]) * 16777619;
	hash = (hash ^ hash >> 15) * 0x2c1b3c6d;
	return (hash ^ hash >> 12) & FLOW_LABEL_MASK;
}

static int socket_says(int fd, int level, int option, int otherwise)
{
	int value = otherwise;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, option, &value, &len) < 0 ? otherwise : value;
}

/* The socket's, or the route's, or that of all. */
static uint8_t ttl_of(const struct fast_session *s, const struct keeper_endpoint *about)
{
	if (about->params.ttl)
		return about->params.ttl;
	return s->route.hop_limit ? s->route.hop_limit
	                          : (uint8_t)socket_says(about->fd, IPPROTO_IP, IP_TTL, 64);
}

static void add_v4(struct fast_out *out, const struct fast_session *s,
                   const struct keeper_endpoint *about)
{
	const struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tos = about->params.tos,
		.ttl = ttl_of(s, about),
		.protocol = IPPROTO_UDP,
		.saddr = about->params.local.v4.sin_addr.s_addr,
		.daddr = s->wish.peer.v4.sin_addr.s_addr,
	};
	const struct udphdr udp = {
		.source = about->params.local.v4.sin_port,
		.dest = s->wish.peer.v4.sin_port,
	};

	out->header_sum = octets_sum(&ip, sizeof(ip));
	wire_add(out, &ip, sizeof(ip));
	wire_add(out, &udp, sizeof(udp));
}

static void add_v6(struct fast_out *out, const struct fast_session *s,
                   const struct keeper_endpoint *about)
{
	const struct udphdr udp = {
		.source = about->params.local.v6.sin6_port,
		.dest = s->wish.peer.v6.sin6_port,
	};
	uint32_t flow = 6u << 28 | (uint32_t)about->params.tos << 20;
	struct ip6_hdr ip = {
		.ip6_nxt = IPPROTO_UDP,
		.ip6_hlim = about->params.ttl ? about->params.ttl : s->route.hop_limit,
		.ip6_src = about->params.local.v6.sin6_addr,
		.ip6_dst = s->wish.peer.v6.sin6_addr,
	};

	if (socket_says(about->fd, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 0))
		flow |= flow_label(&s->in);
	ip.ip6_flow = htonl(flow);
	out->v6 = 1;
	wire_add(out, &ip, sizeof(ip));
	wire_add(out, &udp, sizeof(udp));
}

static bool sends_checksums(const struct endpoint_params *p)
{
	return p->local.any.sa_family == AF_INET6 ? !(p->flags & ENDPOINT_ZERO_CHECKSUM6_TX)
	                                          : p->flags & ENDPOINT_CHECKSUM_TX;
}

static bool takes_zero(const struct endpoint_params *p)
{
	return p->local.any.sa_family != AF_INET6 || p->flags & ENDPOINT_ZERO_CHECKSUM6_RX;
}

/* All of the headers is there. From the addresses on, which are right in front of UDP. */
static void sums_add(struct fast_out *out)
{
	size_t from = out->v6 ? offsetof(struct ip6_hdr, ip6_src) : offsetof(struct iphdr, saddr);

	out->sums = 1;
	out->udp_sum =
		(uint32_t)octets_sum(out->wire + from, out->wire_len - from) + htons(IPPROTO_UDP);
}

/* What stands there is not written again for nothing. */
static int say(const struct fast_path *f, struct fast_session *s, const struct fast_in *in,
               const struct fast_out *out)
{
	bool in_is_same = s->mapped && !memcmp(in, &s->in_said, sizeof(*in));
	bool out_is_same = s->mapped && !memcmp(out, &s->out_said, sizeof(*out));
	int err = 0;

	if (!in_is_same)
		err = bpf_map_set(f->maps[s->in.map], &s->in.v4, in);
	if (err == 0 && !out_is_same)
		err = bpf_map_set(f->maps[FAST_MAP_OUT], &s->out_key, out);
	if (!in_is_same || !out_is_same)
		fast_board_written(f);
	s->mapped = err == 0;
	s->in_said = *in;
	s->out_said = *out;
	return err;
}

static bool xdp_takes(const struct fast_session *s, const struct endpoint_params *p)
{
	return s->underlay && s->underlay->xdp >= 0 && !s->wish.ppp && !sends_checksums(p) &&
	       takes_zero(p);
}

/* What the system cuts in front of a card arrives packet by packet, since nothing puts together what is in tunnels without
 * checksums. User space cuts by UDP_SEGMENT, with checksums, and the peer's system puts that together again; so does XDP, where
 * the peer has it as we do. That gains more than user space costs for this host's own streams, if they come many frames at a time;
 * not for those that are forwarded, which end in no socket at the other host either. With checksums there is no choice, see
 * sum_out(). */
static bool others_cut(const struct fast_session *s, const struct endpoint_params *p)
{
	return !s->underlay || s->underlay->cuts || !s->underlay->batches || xdp_takes(s, p);
}

enum fast_streams fast_entry_streams(const struct fast_path *f, const struct fast_session *s,
                                     const struct endpoint *e)
{
	if (sends_checksums(&e->about.params) || f->streams == FAST_STREAMS_OFF)
		return FAST_NO_STREAMS;
	if (f->streams == FAST_STREAMS_ON || others_cut(s, &e->about.params))
		return FAST_ALL_STREAMS;
	if (f->streams == FAST_STREAMS_CARD)
		return FAST_NO_STREAMS;
	return s->underlay->paced ? FAST_ALL_STREAMS : FAST_FORWARDED;
}

int fast_entry_write(const struct fast_path *f, struct fast_session *s, const struct endpoint *e,
                     uint32_t mtu_bytes, bool closed)
{
	struct fast_in in = {
		.session = s->index,
		.closed = closed,
		.device = (uint32_t)s->device,
		.underlay = s->underlay ? (uint32_t)s->underlay->ifindex : 0,
		.header_len = s->wish.rx_header_len,
		.xdp = xdp_takes(s, &e->about.params),
		.zero = takes_zero(&e->about.params),
		.ppp = (uint16_t)s->wish.ppp,
	};
	struct fast_out out = {
		.session = s->index,
		.closed = closed,
		.underlay = s->underlay ? (uint32_t)s->underlay->ifindex : 0,
		.mark = e->about.params.mark,
		.priority = (uint32_t)socket_says(e->about.fd, SOL_SOCKET, SO_PRIORITY, 0),
		.mtu = mtu_bytes,
		.header_len = s->wish.tx_header_len,
		.streams = (uint8_t)fast_entry_streams(f, s, e),
		.ppp = (uint16_t)s->wish.ppp,
		.hop_family = s->route.hop.family,
	};

	memcpy(in.mac, s->route.mac, sizeof(s->route.mac));
	memcpy(in.header, s->wish.rx_header, sizeof(in.header));
	memcpy(out.hop, s->route.hop.address, sizeof(out.hop));
	if (is_v6(&s->wish))
		add_v6(&out, s, &e->about);
	else
		add_v4(&out, s, &e->about);
	wire_add(&out, s->wish.tx_header, s->wish.tx_header_len);
	if (sends_checksums(&e->about.params))
		sums_add(&out);
	return say(f, s, &in, &out);
}

int fast_entry_shut(const struct fast_path *f, struct fast_session *s)
{
	struct fast_in in = s->in_said;
	struct fast_out out = s->out_said;

	if (!s->mapped)
		return 0;
	in.closed = out.closed = 1;
	return say(f, s, &in, &out);
}
