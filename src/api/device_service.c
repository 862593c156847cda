/* SPDX-License-Identifier: BSD-2-Clause */
/* device_service.c - see device_service.h */
#include "api/device_service.h"

#include <errno.h>

#include "netlink/ul2tp_device_message.h"
#include "path/device_account.h"

#define MESSAGE_MAX 192 /* one with all its counters */

struct answering {
	struct nl_header header;
	struct writer w;
};

static bool put(const struct ul2tp_device_message *m, void *arg)
{
	struct answering *a = arg;
	size_t start = ul2tp_message_begin(&a->w, &a->header, UL2TP_CMD_DEVICE_GET);

	ul2tp_device_message_put(&a->w, m);
	return nl_message_end(&a->w, start);
}

int device_serve_get(struct request *r, const struct ul2tp_request *in)
{
	uint8_t octets[UL2TP_DEVICES_MAX * MESSAGE_MAX];
	struct answering a = {
		.header = nl_answer_header(&r->message, UL2TP_FAMILY_ID, 0),
		.w = writer_over(octets, sizeof(octets)),
	};
	struct ul2tp_device_request which;
	int err = ul2tp_device_request_read(in, &which, &r->ea);

	if (err < 0)
		return err;
	device_accounts(r->c->netns, &which, put, &a);
	if (write_len(&a.w))
		connection_answer(r->c, octets, write_len(&a.w));
	return 0;
}
