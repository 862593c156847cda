/* SPDX-License-Identifier: BSD-2-Clause */
/* upgrade.c - have ul2tpd become another release; see upgrade.h */
#include "cli/upgrade.h"

int upgrade_run(struct cli *cli)
{
	const struct ul2tp_daemon_status *s;
	struct printer p = cli_printer(cli);
	int status = cli_connect(cli);

	if (status != CLI_DONE)
		return status;
	if (ul2tp_upgrade(cli->u) < 0 || ul2tp_status_get(cli->u, &s) < 0)
		return cli_refused(cli);
	printer_object_begin(&p, KEY_NONE);
	printer_word(&p, KEY_RELEASE, "release ", s->version, "\n");
	printer_object_end(&p);
	printer_line_end(&p);
	return CLI_DONE;
}
