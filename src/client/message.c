/* SPDX-License-Identifier: BSD-2-Clause */
/* message.c - libul2tp: requests and dumps a program wrote itself; see ul2tp.h */
#include <errno.h>
#include <string.h>

#include "client/exchange.h"
#include "netlink/l2tp_family.h"
#include "ul2tp_netlink.h"

struct taker {
	const char *family;
	ul2tp_message_fn *fn;
	void *arg;
};

static int take_message(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	const struct taker *t = arg;
	struct ul2tp_message message = { .family = t->family, .flags = m->flags };
	struct reader attributes;

	if (genl_header_read(m, &message.command, &attributes) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer without a command");
	message.attributes = attributes.at;
	message.length = read_left(&attributes);
	return t->fn ? t->fn(&message, t->arg) : 0;
}

static int family_find(struct ul2tp *u, const char *name, enum client_family *ret)
{
	if (strcmp(name, L2TP_GENL_NAME) == 0)
		*ret = FAMILY_L2TP;
	else if (strcmp(name, UL2TP_GENL_NAME) == 0)
		*ret = FAMILY_UL2TP;
	else
		return connection_fail(u, -EOPNOTSUPP, "",
		                       "family \"%s\": expected \"l2tp\" or \"ul2tp\"", name);
	return 0;
}

static int message_run(struct ul2tp *u, const char *family, uint8_t command, const void *attributes,
                       size_t length, int fd, bool dump, struct taker *taker)
{
	enum client_family number = FAMILY_L2TP;
	struct request r;
	int err = family_find(u, family, &number);

	if (err < 0)
		return err;
	err = request_begin(&r, u, number, command, dump);
	if (err < 0)
		return err;
	write_bytes(&r.attributes, attributes, length);
	r.fd = fd;
	return request_run(&r, take_message, taker);
}

int ul2tp_request(struct ul2tp *u, const char *family, uint8_t command, const void *attributes,
                  size_t length, int fd, ul2tp_message_fn *fn, void *arg)
{
	struct taker taker = { .family = family, .fn = fn, .arg = arg };

	return message_run(u, family, command, attributes, length, fd, false, &taker);
}

int ul2tp_dump(struct ul2tp *u, const char *family, uint8_t command, const void *attributes,
               size_t length, ul2tp_message_fn *fn, void *arg)
{
	struct taker taker = { .family = family, .fn = fn, .arg = arg };

	return message_run(u, family, command, attributes, length, -1, true, &taker);
}
