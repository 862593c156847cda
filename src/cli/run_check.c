/* SPDX-License-Identifier: BSD-2-Clause */
/* run_check.c - see run_check.h
 *
 * A table for each level, whose columns are the level as it is and without one of the permissions that are
 * most often refused; behind it, what single permission would add what is missing.
 */
#include "cli/run_check.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "launcher/level.h"

#define BIT(permission) PERMISSION_BIT(PERMISSION_##permission)

/* What is taken away in each column. A new network namespace is of no use without the right to make it. */
static const struct {
	const char *key, *heading;
	permission_set without;
} variants[] = {
	{ "", "", 0 },
	{ "getfd", "-pidfd_getfd", BIT(GETFD) },
	{ "bpf", "-eBPF", BIT(BPF) },
	{ "new_netns", "-new netns", BIT(NEW_NETNS) | BIT(UEVENT) },
};

#define NAME_WIDTH 36
#define WAY_WIDTH  14

static void put_way(struct printer *p, const char *way)
{
	if (way)
		printer_word(p, KEY_WAY, NULL, way, "");
	else
		printer_null(p, KEY_WAY, NULL);
}

static void json_feature(struct printer *p, enum feature feature, permission_set have)
{
	enum permission adds = feature_adds(feature, have);

	printer_object_begin(p, KEY_NONE);
	printer_word(p, KEY_FEATURE, NULL, feature_row(feature)->key, "");
	put_way(p, feature_way(feature, have));
	if (adds < PERMISSIONS)
		printer_word(p, KEY_ADDS, NULL, permission_row(adds)->key, "");
	printer_object_end(p);
}

static void json_variant(struct printer *p, size_t variant, permission_set have)
{
	printer_object_begin(p, KEY_NONE);
	printer_word(p, KEY_WITHOUT, NULL, variants[variant].key, "");
	printer_bool(p, KEY_USABLE, level_usable(have));
	printer_list_begin(p, KEY_FEATURES);
	for (unsigned int i = 0; i < FEATURES; i++)
		json_feature(p, (enum feature)i, have);
	printer_list_end(p);
	printer_object_end(p);
}

static void json_level(struct printer *p, enum level level, permission_set have)
{
	printer_object_begin(p, KEY_NONE);
	printer_word(p, KEY_LEVEL, NULL, level_row(level)->key, "");
	printer_bool(p, KEY_USABLE, level_usable(have));
	printer_list_begin(p, KEY_PERMISSIONS);
	for (unsigned int i = 0; i < PERMISSIONS; i++)
		if (have & PERMISSION_BIT(i))
			printer_word(p, KEY_NONE, NULL, permission_row((enum permission)i)->key,
			             "");
	printer_list_end(p);
	printer_list_begin(p, KEY_VARIANTS);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		json_variant(p, i, have & ~variants[i].without);
	printer_list_end(p);
	printer_object_end(p);
}

static void text_row(FILE *out, enum feature feature, permission_set have)
{
	fprintf(out, "  %-*s", NAME_WIDTH, feature_row(feature)->name);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		const char *way = feature_way(feature, have & ~variants[i].without);

		fprintf(out, "%-*s", i + 1 < ARRAY_SIZE(variants) ? WAY_WIDTH : 0,
		        way ? way : "no");
	}
	putc('\n', out);
}

/* What would be added, and by what; a better way of what works already counts too. */
static void text_missing(FILE *out, permission_set have)
{
	for (unsigned int i = 0; i < FEATURES; i++) {
		const char *way = feature_way((enum feature)i, have);
		enum permission adds = feature_adds((enum feature)i, have);

		if (adds < PERMISSIONS)
			fprintf(out, "  %s for \"%s\": %s - %s\n", way ? "better" : "missing",
			        feature_row((enum feature)i)->name, permission_row(adds)->name,
			        permission_row(adds)->remedy);
		else if (!way)
			fprintf(out, "  missing for \"%s\": more than one permission\n",
			        feature_row((enum feature)i)->name);
	}
}

static void text_level(FILE *out, enum level level, permission_set have)
{
	fprintf(out, "\n%-*s", NAME_WIDTH + 2, level_row(level)->name);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++)
		fprintf(out, "%-*s", i + 1 < ARRAY_SIZE(variants) ? WAY_WIDTH : 0,
		        i == 0 ? level_usable(have) ? "usable" : "not usable"
		               : variants[i].heading);
	putc('\n', out);
	for (unsigned int i = 0; i < FEATURES; i++)
		text_row(out, (enum feature)i, have);
	text_missing(out, have);
}

static bool answers(struct cli *cli, enum ul2tp_backend backend, struct ul2tp_error *error)
{
	struct ul2tp *u;

	if (ul2tp_connect(backend, cli->options.socket, &u, error) < 0)
		return false;
	ul2tp_disconnect(u);
	return true;
}

static void print_backends(struct cli *cli, struct printer *p, bool daemon, bool kernel,
                           const struct ul2tp_error *error)
{
	const char *which =
		cli->options.backend == UL2TP_BACKEND_KERNEL ||
				(cli->options.backend == UL2TP_BACKEND_AUTO && !daemon && kernel)
			? "kernel"
			: "ul2tpd";

	printer_bool(p, KEY_DAEMON, daemon);
	printer_bool(p, KEY_KERNEL_L2TP, kernel);
	printer_word(p, KEY_BACKEND, NULL, which, "");
	if (p->json)
		return;
	fprintf(p->out, "ul2tpd: %s\n", daemon ? "answers" : error->words);
	fprintf(p->out, "L2TP of this kernel: %s\n",
	        kernel ? "is here too" : "none that is loaded");
	fprintf(p->out, "programs would be run on: %s%s\n", which,
	        daemon && kernel ? " (--backend chooses)" : "");
}

int run_check(struct cli *cli)
{
	struct printer p = cli_printer(cli);
	struct ul2tp_error error = { 0 }, ignored;
	bool daemon, kernel, usable = false;

	if (!cli->u && cli_enter_netns(cli) != CLI_DONE)
		return CLI_USAGE;
	daemon = answers(cli, UL2TP_BACKEND_DAEMON, &error);
	kernel = answers(cli, UL2TP_BACKEND_KERNEL, &ignored);
	printer_object_begin(&p, KEY_NONE);
	print_backends(cli, &p, daemon, kernel, &error);
	if (!p.json && permission_is_taken())
		fputs("a seccomp listener is around this process already: in `ul2tp run` programs are served,\n"
		      "and what follows is not what they have\n",
		      cli->out);
	printer_list_begin(&p, KEY_LEVELS);
	for (unsigned int i = 0; i < LEVELS; i++) {
		permission_set have;
		int err = level_measure((enum level)i, &have);

		if (i == LEVEL_HERE)
			usable = !err && level_usable(have);
		if (err < 0 && !p.json)
			fprintf(p.out, "\n%s: can not be tried from here\n",
			        level_row((enum level)i)->name);
		else if (err == 0 && p.json)
			json_level(&p, (enum level)i, have);
		else if (err == 0)
			text_level(p.out, (enum level)i, have);
	}
	printer_list_end(&p);
	printer_bool(&p, KEY_USABLE, usable);
	printer_object_end(&p);
	printer_line_end(&p);
	if (!usable)
		return CLI_REFUSED;
	return daemon || kernel ? CLI_DONE : CLI_NOBODY;
}
