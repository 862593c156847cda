/* SPDX-License-Identifier: BSD-2-Clause */
/* control_service.c - nlctrl: which families there are (NL-1 to NL-3) */
#include <errno.h>

#include "api/request.h"
#include "base/cleanup.h"
#include "netlink/control_family.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_family.h"

#define ANSWER_MAX 2048

static const struct genl_family *const families[] = { &control_family, &l2tp_family,
	                                              &ul2tp_family };

int control_serve(struct request *r)
{
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	const struct genl_family *found;
	struct attributes a;
	int err = policy_parse(&control_policy, control_family.mode, r->generic.attributes,
	                       r->message.start, &a, &r->ea);

	if (!err)
		err = control_find(&a, families, ARRAY_SIZE(families), &found, &r->ea);
	r->fault = attributes_fault(&a, &r->ea);
	if (err < 0)
		return err;
	if (!control_answer_put(&w, &r->message, 0, found))
		return -EMSGSIZE;
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}

bool control_dump_next(struct connection *c, struct writer *w)
{
	struct dump *d = &c->dump;

	for (; d->next_tunnel < ARRAY_SIZE(families); d->next_tunnel++)
		if (!control_answer_put(w, &d->request, NLM_F_MULTI, families[d->next_tunnel]))
			return false;
	return true;
}
