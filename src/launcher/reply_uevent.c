/* SPDX-License-Identifier: BSD-2-Clause */
/* reply_uevent.c - answers by way of NETLINK_KOBJECT_UEVENT
 *
 * Whoever has CAP_SYS_ADMIN over a network namespace may hand the kernel a message there, and the kernel sends what
 * is in it, as its own, to the group of all who listen to uevents in that namespace. It takes off the netlink
 * header around it and appends "SEQNUM=" and a number. So the stand-ins are such listeners, and each has a classic
 * BPF filter, locked, that lets pass only what is meant for it and cuts off what was appended:
 *
 *	the message | length (4) | cookie of the stand-in (8) | magic of this run (4) | SEQNUM=...
 *
 * The text has from 8 octets to 28, so the filter looks for the magic from the nearest place on. All its
 * octets are above 127 and the text's are below, so it is not found where it is not; the uevents of the system's own
 * do not have it.
 *
 * The kernel takes 2048 octets at most. A longer message comes from another socket of ours by its port, so from
 * a port that is not 0 (doc/deviations.md); the filter finds the magic at its very end.
 *
 * Source: uevent_net_broadcast() in lib/kobject_uevent.c, as seen from outside.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "launcher/reply_way.h"

#define KERNEL_MAX 2048 /* UEVENT_BUFFER_SIZE: header, message, trailer and text */
#define TEXT_MIN   8    /* "SEQNUM=" and a digit */
#define TEXT_MAX   28   /* and 20 digits and a NUL */

struct trailer { /* network order, as the filter loads it */
	uint32_t length;
	uint32_t cookie[2];
	uint32_t magic;
};
static_assert(sizeof(struct trailer) == 16, "no holes");

#define LONGEST (KERNEL_MAX - NLMSG_HDRLEN - sizeof(struct trailer) - TEXT_MAX)

static struct trailer trailer_of(const struct reply *r, const struct reply_target *target,
                                 size_t len)
{
	return (struct trailer){
		.length = htonl((uint32_t)len),
		.cookie = { htonl((uint32_t)(target->cookie >> 32)),
		            htonl((uint32_t)target->cookie) },
		.magic = htonl(r->magic),
	};
}

struct program {
	struct sock_filter code[128];
	unsigned short len;
};

static void emit(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	assert(p->len < ARRAY_SIZE(p->code));
	p->code[p->len++] = (struct sock_filter){ code, jt, jf, k };
}

/* With X = length of the datagram: if the magic ends @text octets before the end, X = where it ends. The
 * jump to what follows is filled in when that is known. */
static void emit_look(struct program *p, uint32_t magic, uint32_t text)
{
	emit(p, BPF_MISC | BPF_TXA, 0, 0, 0);
	emit(p, BPF_ALU | BPF_SUB | BPF_K, text + sizeof(magic), 0, 0);
	emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
	emit(p, BPF_LD | BPF_W | BPF_IND, 0, 0, 0);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, magic, 0, 0);
}

/* X moves on towards the front from place to place, one octet each but for the first step. A load from
 * before the front ends the program with "refuse". */
static struct program filter_for(const struct reply *r, const struct reply_target *target)
{
	uint8_t looks[TEXT_MAX - TEXT_MIN + 2];
	struct program p = { .len = 0 };
	size_t count = 0;
	unsigned short found;

	emit(&p, BPF_LD | BPF_W | BPF_LEN, 0, 0, 0);
	emit(&p, BPF_MISC | BPF_TAX, 0, 0, 0);
	emit_look(&p, r->magic, 0);
	looks[count++] = (uint8_t)(p.len - 1);
	emit_look(&p, r->magic, TEXT_MIN - sizeof(r->magic));
	looks[count++] = (uint8_t)(p.len - 1);
	for (uint32_t text = TEXT_MIN + 1; text <= TEXT_MAX; text++) {
		emit(&p, BPF_MISC | BPF_TXA, 0, 0, 0);
		emit(&p, BPF_ALU | BPF_SUB | BPF_K, 1, 0, 0);
		emit(&p, BPF_MISC | BPF_TAX, 0, 0, 0);
		emit(&p, BPF_LD | BPF_W | BPF_IND, 0, 0, 0);
		emit(&p, BPF_JMP | BPF_JEQ | BPF_K, r->magic, 0, 0);
		looks[count++] = (uint8_t)(p.len - 1);
	}
	emit(&p, BPF_RET | BPF_K, 0, 0, 0);

	found = p.len;
	for (size_t i = 0; i < count; i++)
		p.code[looks[i]].jt = (uint8_t)(found - looks[i] - 1);
	emit(&p, BPF_MISC | BPF_TXA, 0, 0, 0);
	emit(&p, BPF_ALU | BPF_SUB | BPF_K, offsetof(struct trailer, magic), 0, 0);
	emit(&p, BPF_MISC | BPF_TAX, 0, 0, 0);
	emit(&p, BPF_LD | BPF_W | BPF_IND, offsetof(struct trailer, cookie), 0, 0);
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(target->cookie >> 32), 0, 2);
	emit(&p, BPF_LD | BPF_W | BPF_IND, offsetof(struct trailer, cookie) + 4, 0, 0);
	emit(&p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)target->cookie, 1, 0);
	emit(&p, BPF_RET | BPF_K, 0, 0, 0);
	emit(&p, BPF_LD | BPF_W | BPF_IND, offsetof(struct trailer, length), 0, 0);
	emit(&p, BPF_RET | BPF_A, 0, 0, 0);
	return p;
}

static int uevent_prepare(struct reply *r, int fd, const struct reply_target *target)
{
	struct program p = filter_for(r, target);
	struct sock_fprog f = { .len = p.len, .filter = p.code };
	const int on = 1, group = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &f, sizeof(f)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return -errno;
	return 0;
}

static int uevent_open(struct reply *r)
{
	uint32_t port;

	if (getrandom(&r->magic, sizeof(r->magic), 0) != sizeof(r->magic))
		return -EIO;
	r->magic |= 0x80808080;
	r->sender = reply_sender_open(NETLINK_KOBJECT_UEVENT, &r->port);
	if (r->sender < 0)
		return r->sender;
	r->stranger = reply_sender_open(NETLINK_KOBJECT_UEVENT, &port);
	return r->stranger < 0 ? r->stranger : 0;
}

/* The kernel answers only what it refuses. */
static int refusal(int fd)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} m;

	if (recv(fd, &m, sizeof(m), MSG_DONTWAIT) < (ssize_t)sizeof(m) ||
	    m.header.nlmsg_type != NLMSG_ERROR)
		return 0;
	return m.error.error;
}

static ssize_t uevent_send(struct reply *r, struct reply_target *target, const void *octets,
                           size_t len)
{
	struct trailer trailer = trailer_of(r, target, len);
	struct nlmsghdr around = {
		.nlmsg_len = (uint32_t)(sizeof(around) + len + sizeof(trailer)),
		.nlmsg_type = NLMSG_MIN_TYPE,
		.nlmsg_flags = NLM_F_REQUEST,
	};
	struct iovec parts[] = {
		{ &around, sizeof(around) },
		{ (void *)octets, len },
		{ &trailer, sizeof(trailer) },
	};
	ssize_t n;

	if (len > LONGEST) {
		atomic_store(&r->strayed, true);
		return reply_sender_send(r->stranger, parts + 1, 2, target->port);
	}
	n = reply_sender_send(r->sender, parts, 3, 0);
	return n < 0 ? n : refusal(r->sender);
}

const struct reply_way_ops reply_uevent = {
	.name = "uevent",
	.protocol = NETLINK_KOBJECT_UEVENT,
	.open = uevent_open,
	.prepare = uevent_prepare,
	.send = uevent_send,
	.longest = LONGEST,
};
