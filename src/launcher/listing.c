/* SPDX-License-Identifier: BSD-2-Clause */
/* listing.c - see listing.h */
#include "launcher/listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/translation.h"
#include "netlink/control_family.h"
#include "netlink/l2tp_family.h"

#define REQUEST_MAX 256

void listing_begin(struct netlink_socket *n, const struct nl_message *request)
{
	n->listing = true;
	n->listing_sequence = request->sequence;
}

/* ul2tpd's own description of l2tp, on its way into a dump. */
struct description {
	struct netlink_socket *n;
	const struct daemon_link *link;
	struct writer *out;
};

static void take_description(void *arg, uint8_t *octets, size_t len)
{
	struct description *d = arg;
	struct netlink_socket *n = d->n;
	const struct l2tp_numbers ours = { n->launcher->l2tp_family, n->launcher->l2tp_group };
	struct nlmsghdr header;

	if (len < sizeof(header))
		return;
	memcpy(&header, octets, sizeof(header));
	if (header.nlmsg_type == d->link->numbers.family)
		netlink_deliver_translated(n, d->link, octets, len, NULL);
	if (header.nlmsg_type != GENL_ID_CTRL)
		return;
	header.nlmsg_flags = NLM_F_MULTI;
	header.nlmsg_seq = n->listing_sequence;
	header.nlmsg_pid = n->target.port;
	memcpy(octets, &header, sizeof(header));
	translate_answer(octets, len, &d->link->numbers, &ours, NULL, 0);
	write_bytes(d->out, octets, len);
}

static void describe(struct netlink_socket *n, struct writer *out)
{
	struct description d = { .n = n, .out = out };
	uint8_t request[REQUEST_MAX];
	struct writer w = writer_over(request, sizeof(request));
	struct daemon_link *link;

	if (netlink_link(n, LINK_ANYONE, NULL, &link) < 0 ||
	    !control_request_put(&w, L2TP_GENL_NAME, ++link->sequence))
		return;
	d.link = link;
	daemon_link_ask(link, request, write_len(&w), NULL, 0, take_description, &d, NULL);
}

#define DESCRIPTION_MAX 2048

static bool is_listing(const struct netlink_socket *n, const struct nl_message *m)
{
	return n->listing && m->sequence == n->listing_sequence && m->flags & NLM_F_MULTI;
}

/* A datagram of the listing, with l2tp before the end and without the kernel's own l2tp. */
static void pass_listing(struct netlink_socket *n, const uint8_t *octets, size_t len)
{
	AUTO_MEMORY uint8_t *copy = malloc(len + DESCRIPTION_MAX);
	struct reader datagram = reader_over(octets, len);
	struct nl_message m;
	struct writer w;

	if (!copy)
		return;
	w = writer_over(copy, len + DESCRIPTION_MAX);
	while (nl_message_next(&datagram, &m)) {
		if (control_message_names(&m, L2TP_GENL_NAME))
			continue;
		if (control_message_number(&m) == n->launcher->l2tp_family)
			launcher_say_once(
				n->launcher, ONCE_NUMBER_TAKEN,
				"the kernel has given l2tp's number to a family that came later: "
				"start the program again");
		if (m.type == NLMSG_DONE && is_listing(n, &m)) {
			struct writer before = writer_over(w.at, write_room(&w) - m.length);

			describe(n, &before);
			w.at = before.at;
			n->listing = false;
		}
		write_bytes(&w, m.start, m.length);
		write_zeros(&w, NLMSG_ALIGN(m.length) - m.length);
	}
	if (!w.failed && write_len(&w))
		netlink_deliver_answers(n, copy, write_len(&w));
}

void listing_pass(struct netlink_socket *n, uint8_t *octets, size_t len)
{
	struct reader datagram = reader_over(octets, len);
	bool listing = false;
	struct nl_message m;

	while (nl_message_next(&datagram, &m)) {
		listing |= is_listing(n, &m);
		if (m.port == n->forward.port)
			memcpy(octets + (m.start - octets) + offsetof(struct nlmsghdr, nlmsg_pid),
			       &n->target.port, sizeof(n->target.port));
	}
	if (listing)
		pass_listing(n, octets, len);
	else
		netlink_deliver_answers(n, octets, len);
}
