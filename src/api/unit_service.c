/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_service.c - see unit_service.h */
#include "api/unit_service.h"

#include <errno.h>

#include "api/server.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_unit_message.h"
#include "path/ppp_file.h"
#include "path/unit.h"
#include "path/unit_account.h"
#include "path/unit_address.h"

#define ANSWER_MAX 16384

static int unit_of_handle(struct request *r, uint64_t handle, struct unit **ret)
{
	struct ppp_file *f;
	int err = ppp_file_find(r->c->server->dataplane, handle, &f, &r->ea);

	if (err < 0)
		return err;
	if (!f->unit)
		return extack_fail(&r->ea, -ENOTTY, 0, "the file is on no unit");
	*ret = f->unit;
	return 0;
}

static int find(struct request *r, const struct ul2tp_request *in,
                struct ul2tp_unit_request *params, struct unit **ret)
{
	int err = ul2tp_unit_request_read(in, params, &r->ea);

	if (err < 0)
		return err;
	if (params->by_handle)
		return unit_of_handle(r, params->handle, ret);
	*ret = unit_find(r->c->netns, params->unit);
	return *ret ? 0 : extack_fail(&r->ea, -ENXIO, 0, "there is no unit %u here", params->unit);
}

static int find_with_prefix(struct request *r, const struct ul2tp_request *in,
                            struct ul2tp_unit_request *params, struct unit **ret)
{
	int err = find(r, in, params, ret);

	if (!err && !params->prefix.family)
		err = extack_fail(&r->ea, -EINVAL, 0, "unit_prefix is missing");
	return err;
}

int unit_serve_address_add(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_unit_request params;
	struct unit *u;
	int err = find_with_prefix(r, in, &params, &u);

	return err < 0 ? err : unit_address_add(u, &params.prefix, &r->ea);
}

int unit_serve_address_remove(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_unit_request params;
	struct unit *u;
	int err = find_with_prefix(r, in, &params, &u);

	return err < 0 ? err : unit_address_remove(u, &params.prefix, &r->ea);
}

int unit_serve_police(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_unit_request params;
	struct unit *u;
	int err = find(r, in, &params, &u);

	if (!err && params.rx.present)
		err = unit_police(u, true, params.rx.rate, params.rx.burst, &r->ea);
	if (!err && params.tx.present)
		err = unit_police(u, false, params.tx.rate, params.tx.burst, &r->ea);
	return err;
}

static bool put(struct writer *w, const struct nl_header *header, const struct unit *u)
{
	struct ul2tp_unit_message m;
	size_t start = ul2tp_message_begin(w, header, UL2TP_CMD_UNIT_GET);

	unit_account(u, &m);
	ul2tp_unit_message_put(w, &m);
	return nl_message_end(w, start);
}

int unit_serve_get(struct request *r, const struct ul2tp_request *in)
{
	struct nl_header header = nl_answer_header(&r->message, UL2TP_FAMILY_ID, 0);
	struct ul2tp_unit_request params;
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct unit *u;
	int err = find(r, in, &params, &u);

	if (err < 0)
		return err;
	if (!put(&w, &header, u))
		return -EMSGSIZE;
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}

bool unit_dump_next(struct connection *c, struct writer *w)
{
	struct unit *u;

	while ((u = unit_from(c->netns, c->dump.next_session))) {
		struct nl_header header =
			nl_answer_header(&c->dump.request, UL2TP_FAMILY_ID, L2TP_DUMP_FLAGS);

		if (!put(w, &header, u))
			return false;
		c->dump.next_session = (uint64_t)u->number + 1;
	}
	return true;
}
