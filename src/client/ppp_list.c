/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_list.c - libul2tp: the PPP channels and units of a namespace; see ul2tp.h */
#include <errno.h>

#include "client/exchange.h"

struct channels {
	ul2tp_ppp_channel_fn *fn;
	void *arg;
};

struct units {
	ul2tp_ppp_unit_fn *fn;
	void *arg;
};

static int take_channel(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	const struct channels *l = arg;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 ||
	    ppp_channel_view_read(attributes, &u->ppp_channel) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that is no channel");
	return l->fn(&u->ppp_channel.channel, l->arg);
}

static int take_unit(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	const struct units *l = arg;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 ||
	    ppp_unit_view_read(attributes, &u->ppp_unit) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that is no unit");
	return l->fn(&u->ppp_unit.unit, l->arg);
}

int ul2tp_ppp_channel_list(struct ul2tp *u, ul2tp_ppp_channel_fn *fn, void *arg)
{
	struct channels l = { fn, arg };
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_PPP_CHANNEL_GET, true);

	return err < 0 ? err : request_run(&r, take_channel, &l);
}

int ul2tp_ppp_unit_list(struct ul2tp *u, ul2tp_ppp_unit_fn *fn, void *arg)
{
	struct units l = { fn, arg };
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_UNIT_GET, true);

	return err < 0 ? err : request_run(&r, take_unit, &l);
}
