/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_delivery.c - see ip_delivery.h */
#include "path/ip_delivery.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/writer.h"
#include "encap/address.h"
#include "path/counter.h"

#define MESSAGES        32 /* a batch of receive.c */
#define IP4_OCTETS      20
#define IP6_OCTETS      40
#define UDP_OCTETS      8
#define IP4_VERSION_IHL 0x45
#define IP6_VERSION     0x60000000u

struct ip_delivery {
	uint32_t count;
	struct ip_binding *bindings[MESSAGES];
	struct mmsghdr wire[MESSAGES];
	struct iovec iovs[MESSAGES][2];
	union address to[MESSAGES];
	uint8_t headers[MESSAGES][IP6_OCTETS + UDP_OCTETS];
};

struct ip_delivery *ip_delivery_new(void)
{
	return calloc(1, sizeof(struct ip_delivery));
}

void ip_delivery_free(struct ip_delivery *d)
{
	free(d);
}

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

int ip_delivery_socket_check(int fd, int family)
{
	int type = option(fd, SO_TYPE);

	if (type < 0)
		return -ENOTSOCK;
	if (type != SOCK_RAW || option(fd, SO_DOMAIN) != family ||
	    option(fd, SO_PROTOCOL) != IPPROTO_RAW)
		return -EPROTONOSUPPORT;
	return 0;
}

/* Where the message was sent to, if that can be the address of a host; its own loopback address if not. */
static union address destination(const struct ip_arrival *a)
{
	union address to = a->to;

	if (to.any.sa_family == AF_INET6) {
		to.v6.sin6_port = 0;
		to.v6.sin6_scope_id = 0;
		if (IN6_IS_ADDR_UNSPECIFIED(&to.v6.sin6_addr) ||
		    IN6_IS_ADDR_MULTICAST(&to.v6.sin6_addr) ||
		    IN6_IS_ADDR_LINKLOCAL(&to.v6.sin6_addr))
			to.v6.sin6_addr = in6addr_loopback;
	} else {
		to.v4.sin_port = 0;
		if (!to.v4.sin_addr.s_addr || to.v4.sin_addr.s_addr == INADDR_NONE ||
		    IN_MULTICAST(ntohl(to.v4.sin_addr.s_addr)))
			to.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	return to;
}

/* The system fills in length, identification and checksum. */
static void write_ip4(struct writer *w, const struct ip_arrival *a, const union address *to)
{
	write_u8(w, IP4_VERSION_IHL);
	write_u8(w, a->tos);
	write_zeros(w, 6);
	write_u8(w, a->ttl);
	write_u8(w, IPPROTO_UDP);
	write_u16(w, 0);
	write_bytes(w, &a->from.v4.sin_addr, sizeof(struct in_addr));
	write_bytes(w, &to->v4.sin_addr, sizeof(struct in_addr));
}

static void write_ip6(struct writer *w, const struct ip_arrival *a, const union address *to,
                      size_t payload_len)
{
	write_u32(w, IP6_VERSION | (uint32_t)a->tos << 20);
	write_u16(w, (uint16_t)payload_len);
	write_u8(w, IPPROTO_UDP);
	write_u8(w, a->ttl);
	write_bytes(w, &a->from.v6.sin6_addr, sizeof(struct in6_addr));
	write_bytes(w, &to->v6.sin6_addr, sizeof(struct in6_addr));
}

/* From port 0, as IPS-50 wants the sender's. No checksum: the receiving socket has been told so. */
static void write_udp(struct writer *w, uint16_t port, size_t len)
{
	write_u16(w, 0);
	write_u16(w, port);
	write_u16(w, (uint16_t)len);
	write_u16(w, 0);
}

void ip_delivery_add(struct ip_delivery *d, struct ip_binding *b, const struct ip_arrival *a,
                     const uint8_t *message, size_t len)
{
	uint32_t i = d->count;
	struct writer w = writer_over(d->headers[i], sizeof(d->headers[i]));
	size_t udp_len = UDP_OCTETS + len;

	if (udp_len + IP4_OCTETS > UINT16_MAX) {
		counter_add(&b->lost, 1);
		return;
	}
	d->to[i] = destination(a);
	if (b->family == AF_INET6)
		write_ip6(&w, a, &d->to[i], udp_len);
	else
		write_ip4(&w, a, &d->to[i]);
	write_udp(&w, b->port, udp_len);
	d->bindings[i] = b;
	d->iovs[i][0] = (struct iovec){ d->headers[i], write_len(&w) };
	d->iovs[i][1] = (struct iovec){ (void *)message, len };
	d->wire[i].msg_hdr = (struct msghdr){ .msg_name = &d->to[i],
		                              .msg_namelen = address_size(&d->to[i]),
		                              .msg_iov = d->iovs[i],
		                              .msg_iovlen = 2 };
	if (++d->count == MESSAGES)
		ip_delivery_flush(d);
}

/* Messages that go by one descriptor, in one call. Return: the first behind those that were dealt with. */
static uint32_t send_run(struct ip_delivery *d, uint32_t first)
{
	int fd = d->bindings[first]->fd, sent;
	uint32_t end = first + 1;

	while (end < d->count && d->bindings[end]->fd == fd)
		end++;
	sent = sendmmsg(fd, &d->wire[first], end - first, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent <= 0) {
		counter_add(&d->bindings[first]->lost, 1);
		return first + 1;
	}
	for (uint32_t i = first; i < first + (uint32_t)sent; i++)
		counter_add(&d->bindings[i]->received, 1);
	return first + (uint32_t)sent;
}

void ip_delivery_flush(struct ip_delivery *d)
{
	for (uint32_t i = 0; i < d->count;)
		i = send_run(d, i);
	d->count = 0;
}
