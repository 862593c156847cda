/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - print trace events, one a line; see trace.h */
#include "cli/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/help.h"
#include "cli/options.h"
#include "cli/session_print.h"
#include "debug/trace_text.h"
#include "ul2tp_netlink.h"

static int event_unknown(struct cli *cli, const char *word)
{
	char list[512] = "";
	size_t at = 0;

	for (unsigned int i = 0; ul2tp_trace_name(i) && at < sizeof(list); i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, " %s", ul2tp_trace_name(i));
	return cli_wrong(cli, "there is no event \"%s\", but%s", word, list);
}

static int event_take(struct cli *cli, const char *word, void *arg)
{
	uint64_t *events = arg;

	for (unsigned int i = 0; ul2tp_trace_name(i); i++)
		if (strcmp(ul2tp_trace_name(i), word) == 0) {
			*events |= UINT64_C(1) << i;
			return CLI_DONE;
		}
	return event_unknown(cli, word);
}

static int words_take(struct cli *cli, struct words *words, uint64_t *events)
{
	int status = options_and_words(cli, words, event_take, events);

	if (!*events)
		*events = (UINT64_C(1) << UL2TP_TRACE_EVENTS) - 1;
	return status;
}

static void print_numbers(struct printer *p, const struct ul2tp_trace_record *r)
{
	switch (r->event) {
	case UL2TP_TRACE_REGISTER_TUNNEL:
		printer_number(p, KEY_PEER_TUNNEL_ID, NULL, r->peer_tunnel_id, "");
		printer_number(p, KEY_VERSION, NULL, r->version, "");
		printer_word(p, KEY_ENCAP, NULL, r->encap == UL2TP_ENCAP_IP ? "IP" : "UDP", "");
		if (r->fd >= 0)
			printer_number(p, KEY_FD, NULL, (uint64_t)r->fd, "");
		break;
	case UL2TP_TRACE_REGISTER_SESSION:
		printer_number(p, KEY_PEER_TUNNEL_ID, NULL, r->peer_tunnel_id, "");
		printer_number(p, KEY_PEER_SESSION_ID, NULL, r->peer_session_id, "");
		if (pw_type_name(r->pw_type))
			printer_word(p, KEY_PW_TYPE, NULL, pw_type_name(r->pw_type), "");
		else
			printer_number(p, KEY_PW_TYPE, NULL, r->pw_type, "");
		break;
	case UL2TP_TRACE_SESSION_SEQNUM_UPDATE:
	case UL2TP_TRACE_SESSION_SEQNUM_RESET:
		printer_number(p, KEY_NS, NULL, r->ns, "");
		printer_number(p, KEY_NR, NULL, r->nr, "");
		break;
	case UL2TP_TRACE_SESSION_PKT_EXPIRED:
	case UL2TP_TRACE_SESSION_PKT_OUTSIDE_RX_WINDOW:
	case UL2TP_TRACE_SESSION_PKT_OOS:
		printer_number(p, KEY_PKT_NS, NULL, r->ns, "");
		printer_number(p, KEY_MY_NR, NULL, r->nr, "");
		printer_number(p, KEY_REORDER_Q_LEN, NULL, r->reorder_q_len, "");
		break;
	default:
		break;
	}
}

static void print_json(struct cli *cli, const struct ul2tp_trace_record *r)
{
	struct printer p = cli_printer(cli);

	p.pretty = false; /* one line each is what programs read */
	printer_object_begin(&p, KEY_NONE);
	printer_word(&p, KEY_EVENT, NULL, r->lost ? "lost" : r->name, "");
	if (r->lost) {
		printer_number(&p, KEY_LOST, NULL, r->lost, "");
	} else {
		printer_number(&p, KEY_TIME_US, NULL, r->time_ns / 1000, "");
		printer_word(&p, KEY_PROCESS, NULL, r->process, "");
		printer_number(&p, KEY_PID, NULL, r->pid, "");
		printer_number(&p, KEY_CPU, NULL, r->cpu, "");
		printer_number(&p, KEY_TUNNEL_ID, NULL, r->tunnel_id, "");
		if (strstr(r->name, "session"))
			printer_number(&p, KEY_SESSION_ID, NULL, r->session_id, "");
		print_numbers(&p, r);
	}
	printer_object_end(&p);
	printer_line_end(&p);
}

static int print_ready(struct cli *cli)
{
	struct printer p = cli_printer(cli);

	p.pretty = false;
	printer_object_begin(&p, KEY_NONE);
	printer_word(&p, KEY_EVENT, "# ", "ready", "\n");
	printer_object_end(&p);
	printer_line_end(&p);
	return cli_flush(cli);
}

static void print_record(struct cli *cli, const struct ul2tp_trace_record *r)
{
	if (cli->options.json)
		print_json(cli, r);
	else if (r->lost)
		fprintf(cli->out, "# lost %" PRIu64 " events\n", r->lost);
	else
		trace_line(cli->out, r);
}

static int print_all(struct cli *cli)
{
	while (!ferror(cli->out)) {
		const struct ul2tp_trace_record *r;
		int err = ul2tp_trace_next(cli->u, 0, &r);

		if (err == 0) { /* all that came together goes out together */
			if (cli_flush(cli) != CLI_DONE)
				return CLI_USAGE;
			err = ul2tp_trace_next(cli->u, -1, &r);
		}
		if (err == 1)
			print_record(cli, r);
		else if (err < 0 && err != -EBADMSG)
			return cli_refused(cli);
	}
	return cli_flush(cli);
}

int trace_run(struct cli *cli, struct words *words)
{
	uint64_t events = 0;
	int status = words_take(cli, words, &events);

	if (status != CLI_DONE)
		return status;
	if (cli->options.help)
		return help_topic(cli, "trace");
	status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	if (cli->in_batch)
		return cli_wrong(cli, "trace has no end, and so no place in a batch file");
	if (ul2tp_trace(cli->u, events) < 0)
		return cli_refused(cli);
	status = print_ready(cli);
	return status == CLI_DONE ? print_all(cli) : status;
}
