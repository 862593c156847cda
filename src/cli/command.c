/* SPDX-License-Identifier: BSD-2-Clause */
/* command.c - from the first word to the function that does it; see command.h
 *
 * add, del, set and show name an object, tunnel or session, which may stand anywhere among the
 * parameters, as with ip l2tp. They become one of enum command and the arguments for it.
 */
#include "cli/command.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/debug.h"
#include "cli/help.h"
#include "cli/limits.h"
#include "cli/monitor.h"
#include "cli/options.h"
#include "cli/parameter.h"
#include "cli/ppp_show.h"
#include "cli/run_command.h"
#include "cli/save.h"
#include "cli/session_command.h"
#include "cli/status.h"
#include "cli/suggestion.h"
#include "cli/trace.h"
#include "cli/tunnel_command.h"
#include "cli/unit_command.h"
#include "cli/upgrade.h"

typedef int object_fn(struct cli *cli, const struct arguments *a);

static const struct {
	enum command command;
	object_fn *fn;
} object_commands[] = {
	{ ADD_TUNNEL, tunnel_add },   { DEL_TUNNEL, tunnel_del },     { SET_TUNNEL, tunnel_set },
	{ SHOW_TUNNEL, tunnel_show }, { ADD_SESSION, session_add },   { DEL_SESSION, session_del },
	{ SET_SESSION, session_set }, { SHOW_SESSION, session_show },
};

#define TUNNEL_COMMANDS  (ADD_TUNNEL | DEL_TUNNEL | SET_TUNNEL | SHOW_TUNNEL)
#define SESSION_COMMANDS (ADD_SESSION | DEL_SESSION | SET_SESSION | SHOW_SESSION)

static int object_choose(struct cli *cli, const char *word, unsigned int *commands)
{
	unsigned int of = strcmp(word, "tunnel") == 0 ? TUNNEL_COMMANDS : SESSION_COMMANDS;

	if (!(*commands & of))
		return cli_wrong(cli, "one command is about a tunnel or a session, not both");
	*commands &= of;
	return CLI_DONE;
}

/* Reads the words of a command on objects. *help: they ask for help instead. */
static int object_words(struct cli *cli, struct words *words, unsigned int *commands,
                        struct arguments *a, bool *help)
{
	const char *word;

	while ((word = words_next(words))) {
		int status;

		if (*word == '-')
			status = option_take(cli, word, words);
		else if (strcmp(word, "tunnel") == 0 || strcmp(word, "session") == 0)
			status = object_choose(cli, word, commands);
		else if (strcmp(word, "help") == 0)
			cli->options.help = true, status = CLI_DONE;
		else
			status = parameter_take(cli, word, words, *commands, a);
		if (status != CLI_DONE)
			return status;
		if (cli->options.help) {
			*help = true;
			return CLI_DONE;
		}
	}
	return CLI_DONE;
}

/* Of show there is more than has parameters. */
static int help_objects(struct cli *cli, unsigned int commands)
{
	int status = help_commands(cli, commands);

	if (commands == (SHOW_TUNNEL | SHOW_SESSION))
		fputs("\nThere are \"show ppp\", \"show unit\" and \"show debug\", too: \"ul2tp show ppp help\" "
		      "and the like.\n",
		      cli->out);
	return status;
}

static int object_run(struct cli *cli, struct words *words, unsigned int commands)
{
	struct arguments a = { 0 };
	bool help = false;
	int status = object_words(cli, words, &commands, &a, &help);

	if (status != CLI_DONE)
		return status;
	if (help)
		return help_objects(cli, commands);
	for (size_t i = 0; i < ARRAY_SIZE(object_commands); i++) {
		if (object_commands[i].command != commands)
			continue;
		status = arguments_check(cli, &a, object_commands[i].command);
		return status == CLI_DONE ? object_commands[i].fn(cli, &a) : status;
	}
	return cli_wrong(cli, "say what: \"%s\"%s \"%s\"%s",
	                 command_name((enum command)(commands & TUNNEL_COMMANDS)),
	                 commands & SHOW_TUNNEL ? "," : " or",
	                 command_name((enum command)(commands & SESSION_COMMANDS)),
	                 commands & SHOW_TUNNEL ? ", \"show ppp\", \"show unit\" or \"show debug\""
	                                        : "");
}

static int verb_add(struct cli *cli, struct words *words)
{
	return object_run(cli, words, ADD_TUNNEL | ADD_SESSION);
}

static int verb_del(struct cli *cli, struct words *words)
{
	return object_run(cli, words, DEL_TUNNEL | DEL_SESSION);
}

static int verb_set(struct cli *cli, struct words *words)
{
	return object_run(cli, words, SET_TUNNEL | SET_SESSION);
}

static int verb_show(struct cli *cli, struct words *words)
{
	if (words->count > 0 && strcmp(words->at[0], "debug") == 0) {
		words_next(words);
		return debug_show(cli, words);
	}
	if (words->count > 0 && strcmp(words->at[0], "ppp") == 0) {
		words_next(words);
		return ppp_show(cli, words);
	}
	if (words->count > 0 && strcmp(words->at[0], "unit") == 0) {
		words_next(words);
		return unit_show(cli, words);
	}
	return object_run(cli, words, SHOW_TUNNEL | SHOW_SESSION);
}

static int word_refuse(struct cli *cli, const char *word, void *name)
{
	return cli_wrong(cli, "%s takes no \"%s\"", (const char *)name, word);
}

/* A command that has nothing but options. */
static int plain_run(struct cli *cli, struct words *words, const char *name,
                     int (*fn)(struct cli *cli))
{
	int status = options_and_words(cli, words, word_refuse, (void *)name);

	if (status != CLI_DONE)
		return status;
	return cli->options.help ? help_topic(cli, name) : fn(cli);
}

static int verb_monitor(struct cli *cli, struct words *words)
{
	return plain_run(cli, words, "monitor", monitor_run);
}

static int verb_save(struct cli *cli, struct words *words)
{
	return plain_run(cli, words, "save", save_run);
}

static int verb_status(struct cli *cli, struct words *words)
{
	return plain_run(cli, words, "status", status_show);
}

static int verb_upgrade(struct cli *cli, struct words *words)
{
	return plain_run(cli, words, "upgrade", upgrade_run);
}

struct limits_wanted {
	struct words *words;
	struct arguments arguments;
};

static int limit_take(struct cli *cli, const char *word, void *arg)
{
	struct limits_wanted *wanted = arg;

	return parameter_take(cli, word, wanted->words, LIMITS_SET, &wanted->arguments);
}

static int limits_set_run(struct cli *cli, struct words *words)
{
	struct limits_wanted wanted = { .words = words };
	int status = options_and_words(cli, words, limit_take, &wanted);

	if (status != CLI_DONE)
		return status;
	if (cli->options.help)
		return help_topic(cli, "limits");
	if (arguments_check(cli, &wanted.arguments, LIMITS_SET) != CLI_DONE)
		return CLI_USAGE;
	return limits_set(cli, &wanted.arguments);
}

static int verb_limits(struct cli *cli, struct words *words)
{
	const char *word = words->count > 0 && *words->at[0] != '-' ? words_next(words) : "show";

	if (strcmp(word, "set") == 0)
		return limits_set_run(cli, words);
	if (strcmp(word, "show") == 0)
		return plain_run(cli, words, "limits", limits_show);
	if (strcmp(word, "help") == 0)
		return help_topic(cli, "limits");
	return cli_wrong(cli, "limits \"%s\": expected show or set", word);
}

static int verb_help(struct cli *cli, struct words *words)
{
	const char *word = words_next(words);

	if (!word || word_matches(word, "help"))
		return help_overview(cli);
	if (strcmp(word, "tunnel") == 0)
		return help_commands(cli, TUNNEL_COMMANDS);
	if (strcmp(word, "session") == 0)
		return help_commands(cli, SESSION_COMMANDS);
	if (strcmp(word, "ppp") == 0 || strcmp(word, "debug") == 0)
		return help_topic(cli, word);
	cli->options.help = true;
	words->at--;
	words->count++;
	return command_run(cli, *words);
}

/* The first that begins with what was typed is meant; ip's come first. */
static const struct {
	const char *name;
	int (*fn)(struct cli *cli, struct words *words);
} verbs[] = {
	{ "add", verb_add },         { "delete", verb_del }, { "show", verb_show },
	{ "list", verb_show },       { "lst", verb_show },   { "set", verb_set },
	{ "monitor", verb_monitor }, { "save", verb_save },  { "status", verb_status },
	{ "limits", verb_limits },   { "trace", trace_run }, { "run", run_command },
	{ "unit", unit_command },    { "help", verb_help },  { "upgrade", verb_upgrade },
};

static int verb_unknown(struct cli *cli, const char *word)
{
	struct suggestion s = { .word = word };

	if (strcmp(word, "tunnel") == 0 || strcmp(word, "session") == 0 ||
	    strcmp(word, "ppp") == 0 || strcmp(word, "debug") == 0)
		return cli_wrong(cli, "say what to do: \"ul2tp show %s\"?", word);
	if (strcmp(word, "address") == 0 || strcmp(word, "police") == 0)
		return cli_wrong(cli, "say of what: \"ul2tp unit %s\"?", word);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		suggestion_try(&s, verbs[i].name);
	if (s.nearest)
		return cli_wrong(cli, "unknown command \"%s\": is it %s?", word, s.nearest);
	return cli_wrong(cli, "unknown command \"%s\": \"ul2tp help\" lists them", word);
}

int command_run(struct cli *cli, struct words words)
{
	const char *word = words_next(&words);

	if (word && strcmp(word, "l2tp") == 0)
		word = words_next(&words);
	while (word && *word == '-') {
		int status = option_take(cli, word, &words);

		if (status != CLI_DONE)
			return status;
		word = words_next(&words);
	}
	if (!word && cli->options.help)
		return help_overview(cli);
	if (!word)
		return cli_wrong(cli, "say what to do: \"ul2tp help\" tells what there is");

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (!word_matches(word, verbs[i].name))
			continue;
		if (cli->options.help && words.count == 0) {
			char help[] = "help";
			char *at[] = { help };

			return verbs[i].fn(cli, &(struct words){ 1, at });
		}
		return verbs[i].fn(cli, &words);
	}
	return verb_unknown(cli, word);
}
