/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_datagrams.c - see fake_datagrams.h */
#include "path/fake_datagrams.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#define LENT_MAX 256

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
                    struct timespec *timeout);

static const struct fake_datagram *next;
static unsigned int left;
static int from_fd;

/* Buffers in whose place datagrams are. */
static struct {
	struct iovec *iov;
	void *base;
} lent[LENT_MAX];
static unsigned int lent_count;

static void put_control(struct msghdr *msg, int level, int type, const void *value, size_t len)
{
	struct cmsghdr *m =
		(struct cmsghdr *)(void *)((uint8_t *)msg->msg_control + msg->msg_controllen);

	*m = (struct cmsghdr){ .cmsg_len = CMSG_LEN(len), .cmsg_level = level, .cmsg_type = type };
	memcpy(CMSG_DATA(m), value, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

static void put_all_control(struct msghdr *msg, const struct fake_datagram *d)
{
	const struct in_pktinfo to4 = { .ipi_addr = d->to.v4.sin_addr, .ipi_ifindex = 1 };
	const struct in6_pktinfo to6 = { .ipi6_addr = d->to.v6.sin6_addr, .ipi6_ifindex = 1 };

	msg->msg_controllen = 0;
	if (d->gro)
		put_control(msg, SOL_UDP, UDP_GRO, &d->gro, sizeof(d->gro));
	if (d->to.any.sa_family == AF_INET)
		put_control(msg, IPPROTO_IP, IP_PKTINFO, &to4, sizeof(to4));
	else if (d->to.any.sa_family == AF_INET6)
		put_control(msg, IPPROTO_IPV6, IPV6_PKTINFO, &to6, sizeof(to6));
}

static void receive(struct mmsghdr *m, const struct fake_datagram *d)
{
	struct msghdr *msg = &m->msg_hdr;

	assert(lent_count < LENT_MAX && d->len <= msg->msg_iov->iov_len);
	lent[lent_count].iov = msg->msg_iov;
	lent[lent_count++].base = msg->msg_iov->iov_base;
	msg->msg_iov->iov_base = d->octets;
	msg->msg_namelen =
		d->from.any.sa_family == AF_INET ? sizeof(d->from.v4) : sizeof(d->from.v6);
	memcpy(msg->msg_name, &d->from, msg->msg_namelen);
	msg->msg_flags = d->truncated ? MSG_TRUNC : 0;
	m->msg_len = (unsigned int)d->len;
	put_all_control(msg, d);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
                    struct timespec *timeout)
{
	unsigned int given = 0;

	for (; given < count && left && fd == from_fd; given++, left--)
		receive(&messages[given], next++);
	if (given)
		return (int)given;
	errno = EAGAIN;
	return -1;
}

void fake_datagrams_wait(int fd, const struct fake_datagram *at, unsigned int count)
{
	from_fd = fd;
	next = at;
	left = count;
}

unsigned int fake_datagrams_left(void)
{
	return left;
}

void fake_datagrams_end(void)
{
	left = 0;
	for (unsigned int i = 0; i < lent_count; i++)
		lent[i].iov->iov_base = lent[i].base;
	lent_count = 0;
}
