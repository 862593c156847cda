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

int ul2tp_upgrade(struct ul2tp *u)
{
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_UPGRADE, false);

	if (!err)
		err = request_run(&r, NULL, NULL);
	if (!err)
		err = wait_for_the_end(u);
	if (!err && u->renew(u) < 0)
		err = connection_fail(u, -EPIPE, "",
		                      "no ul2tpd is there any more: its log says why");
	return err;
}
