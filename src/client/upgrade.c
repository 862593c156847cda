/* SPDX-License-Identifier: BSD-2-Clause */
/* upgrade.c - libul2tp: another ul2tpd in place of the one that is there; see ul2tp.h */
#include <errno.h>

#include "client/exchange.h"

/* Whoever has answered closes his connections when another takes over. */
static int wait_for_the_end(struct ul2tp *u)
{
	int64_t deadline = deadline_after(u->timeout_ms);
	struct reader unasked;
	int err;

	do
		err = connection_receive(u, deadline, &unasked);
	while (err == 0);
	if (err == -ETIMEDOUT)
		return connection_fail(u, err, "", "ul2tpd has not upgraded: its log says why");
	return err == -EPIPE ? 0 : err;
}

static int meet_the_next(struct ul2tp *u)
{
	int err = u->renew(u);

	if (err == -ENOTCONN)
		return connection_fail(
			u, err, "",
			"ul2tpd has upgraded, but has to be connected to anew: the thread's "
			"network namespace is another by now, or ul2tpd's language");
	return err < 0 ? connection_fail(u, -EPIPE, "",
	                                 "no ul2tpd is there any more: its log says why")
	               : 0;
}

int ul2tp_upgrade(struct ul2tp *u)
{
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_UPGRADE, false);

	if (!err)
		err = request_run(&r, NULL, NULL);
	if (!err)
		err = wait_for_the_end(u);
	return err < 0 ? err : meet_the_next(u);
}
