/* SPDX-License-Identifier: BSD-2-Clause */
/* limits.c - limits of a network namespace; see limits.h */
#include "cli/limits.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/cleanup.h"

static const struct {
	enum json_key key;
	enum parameter parameter;
	size_t offset; /* in struct ul2tp_namespace_limits */
} rows[] = {
	{ KEY_TUNNELS, P_TUNNELS, offsetof(struct ul2tp_namespace_limits, tunnels) },
	{ KEY_SESSIONS, P_SESSIONS, offsetof(struct ul2tp_namespace_limits, sessions) },
	{ KEY_MEMORY_KIB, P_MEMORY_KIB, offsetof(struct ul2tp_namespace_limits, memory_kib) },
	{ KEY_REQUESTS, P_REQUESTS, offsetof(struct ul2tp_namespace_limits, requests_per_second) },
	{ KEY_SUBSCRIBERS, P_SUBSCRIBERS, offsetof(struct ul2tp_namespace_limits, subscribers) },
};

static uint32_t *limit_at(struct ul2tp_namespace_limits *l, size_t i)
{
	return (uint32_t *)((char *)l + rows[i].offset);
}

static uint32_t limit_of(struct ul2tp_namespace_limits l, size_t i)
{
	return *limit_at(&l, i);
}

static void print_object(struct printer *p, enum json_key key, struct ul2tp_namespace_limits l)
{
	printer_object_begin(p, key);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		printer_number(p, rows[i].key, NULL, limit_of(l, i), "");
	printer_object_end(p);
}

static void print_table(struct printer *p, const struct ul2tp_daemon_status *s)
{
	fprintf(p->out, "%-12s %10s %10s\n", "", "used", "limit");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t limit = limit_of(s->limits, i);

		fprintf(p->out, "%-12s %10" PRIu32, json_key_name(rows[i].key),
		        limit_of(s->usage, i));
		if (limit)
			fprintf(p->out, " %10" PRIu32 "\n", limit);
		else
			fprintf(p->out, " %10s\n", "none");
	}
}

void limits_print(struct printer *p, const struct ul2tp_daemon_status *s)
{
	if (!p->json) {
		print_table(p, s);
		return;
	}
	print_object(p, KEY_LIMITS, s->limits);
	print_object(p, KEY_USAGE, s->usage);
}

int limits_show(struct cli *cli)
{
	struct printer p = cli_printer(cli);
	const struct ul2tp_daemon_status *s;
	int status = cli_connect(cli);

	if (status != CLI_DONE)
		return status;
	if (ul2tp_status_get(cli->u, &s) < 0)
		return cli_refused(cli);
	printer_object_begin(&p, KEY_NONE);
	limits_print(&p, s);
	printer_object_end(&p);
	printer_line_end(&p);
	return CLI_DONE;
}

int limits_set(struct cli *cli, const struct arguments *a)
{
	struct ul2tp_namespace_limits l = { .size = sizeof(l) };
	bool any = false;
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct value *v = &a->of[rows[i].parameter];

		*limit_at(&l, i) = v->given ? v->number : UL2TP_LIMIT_KEEP;
		any = any || v->given;
	}
	if (!any)
		return cli_wrong(cli, "limits set needs tunnels, sessions, memory_kib, requests or "
		                      "subscribers: what to change");
	status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	return ul2tp_limits_set(cli->u, &l) < 0 ? cli_refused(cli) : CLI_DONE;
}
