/* SPDX-License-Identifier: BSD-2-Clause */
/* session_group.c - see session_group.h */
#include "cli/session_group.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAX 32 /* as many as libul2tp sends at once */

struct session_group {
	size_t count;
	unsigned int number, refused;
	int status;
	struct ul2tp_session_params params[SESSIONS_MAX];
	char names[SESSIONS_MAX][IFNAMSIZ];
	unsigned int numbers[SESSIONS_MAX];
};

struct session_group *session_group_new(void)
{
	return calloc(1, sizeof(struct session_group));
}

void session_group_free(struct session_group *g)
{
	free(g);
}

void session_group_at(struct session_group *g, unsigned int number)
{
	g->number = number;
}

bool session_group_take(struct session_group *g, const struct ul2tp_session_params *params)
{
	size_t i = g->count;

	if (params->label || (params->ifname && strlen(params->ifname) >= IFNAMSIZ))
		return false;
	g->params[i] = *params;
	if (params->ifname) {
		memcpy(g->names[i], params->ifname, strlen(params->ifname) + 1);
		g->params[i].ifname = g->names[i];
	}
	g->numbers[i] = g->number;
	g->count++;
	return true;
}

bool session_group_is_full(const struct session_group *g)
{
	return g->count == SESSIONS_MAX;
}

int session_group_flush(struct cli *cli, struct session_group *g)
{
	size_t count = g->count, made;

	g->count = 0;
	if (!count || ul2tp_sessions_add(cli->u, g->params, count, &made) == 0)
		return CLI_DONE;
	g->refused = g->numbers[made];
	g->status = cli_refused(cli);
	return g->status;
}

unsigned int session_group_refused(const struct session_group *g, int *status)
{
	if (g->refused)
		*status = g->status;
	return g->refused;
}
