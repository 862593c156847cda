// SPDX-License-Identifier: BSD-2-Clause
/* l2tp_commands.c - commands that are requests and nothing more, for the programs in C */
#include <linux/genetlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/l2tp.h>

#include "l2tp_commands.h"

static struct l2tp *l2tp;

void l2tp_commands_by(struct l2tp *connection)
{
	l2tp = connection;
}

uint32_t number(const char *word)
{
	return (uint32_t)strtoul(word, NULL, 10);
}

static void get(const struct command *command)
{
	char name[NAME_SIZE] = "";
	int err = l2tp_session_name(l2tp, number(command->word[1]), number(command->word[2]), name);

	if (err < 0)
		say_result(err, "SESSION_GET");
	else
		say("ok %s", name);
}

static void modify(const struct command *command)
{
	int err = l2tp_session_modify(l2tp, number(command->word[1]), number(command->word[2]),
	                              (uint16_t)number(command->word[3]));

	say_result(err, "SESSION_MODIFY");
}

static void delete_session(const struct command *command)
{
	int err = l2tp_session_delete(l2tp, number(command->word[1]), number(command->word[2]));

	say_result(err, "SESSION_DELETE");
}

static void delete_tunnel(const struct command *command)
{
	say_result(l2tp_tunnel_delete(l2tp, number(command->word[1])), "TUNNEL_DELETE");
}

static void list(const struct command *command)
{
	struct l2tp_objects found = { .count = 0 };
	char text[32 * OBJECTS_MAX] = "";
	size_t used = 0;
	int err = l2tp_dump(l2tp, L2TP_CMD_TUNNEL_GET, &found);

	if (err == 0)
		err = l2tp_dump(l2tp, L2TP_CMD_SESSION_GET, &found);
	if (err < 0)
		return say_result(err, "dump");
	for (int i = 0; i < found.count; i++) {
		used += (size_t)sprintf(text + used, " %u", found.object[i].id);
		if (found.object[i].session)
			used += (size_t)sprintf(text + used, "/%u", found.object[i].session);
	}
	say("ok%s", text);
}

/* --- many threads, each with a connection of its own ------------------------------------------------------ */

struct storm {
	uint32_t id, session, times, done;
	int err; /* the first */
	pthread_t thread;
};

static void *storm_run(void *data)
{
	struct storm *storm = data;
	struct l2tp *own = l2tp_open();

	for (uint32_t i = 0; own && i < storm->times && storm->err == 0; i++) {
		char name[NAME_SIZE] = "";

		storm->err = l2tp_session_name(own, storm->id, storm->session, name);
		if (storm->err == 0 && *name)
			storm->done++;
	}
	if (own)
		l2tp_close(own);
	return NULL;
}

static void storm(const struct command *command)
{
	uint32_t workers = number(command->word[3]), done = 0;
	struct storm *all = calloc(workers, sizeof(*all));
	int err = 0;

	for (uint32_t i = 0; i < workers; i++) {
		all[i] = (struct storm){ .id = number(command->word[1]),
			                 .session = number(command->word[2]),
			                 .times = number(command->word[4]) };
		pthread_create(&all[i].thread, NULL, storm_run, &all[i]);
	}
	for (uint32_t i = 0; i < workers; i++) {
		pthread_join(all[i].thread, NULL);
		done += all[i].done;
		err = err ? err : all[i].err;
	}
	free(all);
	if (err < 0)
		say_result(err, "storm");
	else
		say("ok %u", done);
}

const struct verb l2tp_commands[] = {
	{ "get", 3, get },
	{ "modify", 4, modify },
	{ "list", 1, list },
	{ "storm", 5, storm },
	{ "delete-session", 3, delete_session },
	{ "delete-tunnel", 2, delete_tunnel },
	{ NULL },
};
