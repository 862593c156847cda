/* SPDX-License-Identifier: BSD-2-Clause */
/* status.c - show who is at the other end; see status.h */
#include "cli/status.h"

#include "cli/limits.h"

/* A line each. */
static void print_lacks(struct printer *p, const struct ul2tp_daemon_status *s)
{
	printer_list_begin(p, KEY_LACKS);
	for (size_t i = 0; i < s->lack_count; i++) {
		printer_object_begin(p, KEY_NONE);
		printer_word(p, KEY_FEATURE, "without ", s->lacks[i].feature, ": ");
		printer_word(p, KEY_WORDS, "", s->lacks[i].words, "\n");
		printer_object_end(p);
	}
	printer_list_end(p);
}

static void print_daemon(struct printer *p, const struct ul2tp_daemon_status *s)
{
	printer_word(p, KEY_RELEASE, "release ", s->version, "\n");
	printer_text(p, "features");
	printer_list_begin(p, KEY_FEATURES);
	for (size_t i = 0; i < s->feature_count; i++)
		printer_word(p, KEY_NONE, " ", s->features[i], "");
	printer_list_end(p);
	printer_text(p, "\n");
	print_lacks(p, s);
	limits_print(p, s);
}

int status_show(struct cli *cli)
{
	struct printer p = cli_printer(cli);
	const struct ul2tp_daemon_status *s = NULL;
	bool daemon;
	int status = cli_connect(cli);

	if (status != CLI_DONE)
		return status;
	daemon = ul2tp_backend(cli->u) == UL2TP_BACKEND_DAEMON;
	if (daemon && ul2tp_status_get(cli->u, &s) < 0)
		return cli_refused(cli);

	printer_object_begin(&p, KEY_NONE);
	printer_word(&p, KEY_BACKEND, "backend ", daemon ? "ul2tpd" : "kernel", "\n");
	if (s)
		print_daemon(&p, s);
	printer_object_end(&p);
	printer_line_end(&p);
	return CLI_DONE;
}
