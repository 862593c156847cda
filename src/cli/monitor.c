/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor.c - print events, one a line; see monitor.h */
#include "cli/monitor.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "cli/command_words.h"
#include "cli/session_print.h"
#include "cli/tunnel_print.h"

static const char *event_name(enum ul2tp_event_kind kind)
{
	switch (kind) {
	case UL2TP_EVENT_TUNNEL_ADD:
	case UL2TP_EVENT_SESSION_ADD:
		return "add";
	case UL2TP_EVENT_TUNNEL_DELETE:
	case UL2TP_EVENT_SESSION_DELETE:
		return "del";
	case UL2TP_EVENT_TUNNEL_SET:
	case UL2TP_EVENT_SESSION_SET:
		return "set";
	case UL2TP_EVENT_OTHER:
		break;
	}
	return "other";
}

static void now_name(char *buffer, size_t size)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	n = gmtime_r(&now.tv_sec, &tm) ? strftime(buffer, size, "%Y-%m-%dT%H:%M:%S", &tm) : 0;
	snprintf(buffer + n, size - n, ".%06ldZ", now.tv_nsec / 1000);
}

static void print_text(struct cli *cli, const char *name, const struct ul2tp_event *e)
{
	bool deleted =
		e->kind == UL2TP_EVENT_TUNNEL_DELETE || e->kind == UL2TP_EVENT_SESSION_DELETE;

	fputs(name, cli->out);
	if (e->tunnel) {
		fputs(" tunnel ", cli->out);
		if (deleted)
			fprintf(cli->out, "tunnel_id %" PRIu32, e->tunnel->tunnel_id);
		else
			tunnel_words(cli->out, e->tunnel);
	}
	if (e->session) {
		fputs(" session ", cli->out);
		if (deleted)
			fprintf(cli->out, "tunnel_id %" PRIu32 " session_id %" PRIu32,
			        e->session->tunnel_id, e->session->session_id);
		else
			session_words(cli->out, e->session);
	}
	putc('\n', cli->out);
}

/* @e may be NULL: @name says all. CLI_DONE, or told that it can not be written */
static int print_event(struct cli *cli, const char *name, const struct ul2tp_event *e)
{
	static const struct ul2tp_event nothing = { .kind = UL2TP_EVENT_OTHER };
	struct printer p = cli_printer(cli);
	char now[48] = "";

	if (!e)
		e = &nothing;
	now_name(now, sizeof(now));
	p.pretty = false; /* one line each is what programs read */
	printer_object_begin(&p, KEY_NONE);
	if (cli->options.timestamp)
		printer_word(&p, KEY_TIMESTAMP, "[", now, "] ");
	if (!p.json) {
		print_text(cli, name, e);
	} else {
		printer_word(&p, KEY_EVENT, NULL, name, "");
		if (e->tunnel)
			tunnel_print(&p, KEY_TUNNEL, e->tunnel, cli_extent(cli));
		if (e->session)
			session_print(&p, KEY_SESSION, e->session, cli_extent(cli));
	}
	printer_object_end(&p);
	printer_line_end(&p);
	return cli_flush(cli);
}

int monitor_run(struct cli *cli)
{
	int status = cli_connect(cli);

	if (status != CLI_DONE)
		return status;
	if (cli->in_batch)
		return cli_wrong(cli, "monitor has no end, and so no place in a batch file");
	if (ul2tp_subscribe(cli->u) < 0)
		return cli_refused(cli);
	status = print_event(cli, "ready", NULL);

	while (status == CLI_DONE) {
		struct ul2tp_event e;
		int err = ul2tp_event_next(cli->u, -1, &e);

		if (err == 1)
			status = print_event(cli, event_name(e.kind), &e);
		else if (err == -ENOBUFS)
			status = print_event(cli, "lost", NULL);
		else if (err < 0 && err != -EBADMSG)
			status = cli_refused(cli);
	}
	return status;
}
