/* SPDX-License-Identifier: BSD-2-Clause */
/* numbering.c - see numbering.h */
#include "keeper/numbering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool numbering_guess(const struct numbering *n, struct netns_id netns, const char *pattern,
                     uint64_t now_ms, char ret[IFNAMSIZ])
{
	const char *percent = strchr(pattern, '%');
	int len;

	if (!percent || n->netns.cookie != netns.cookie || strcmp(n->pattern, pattern) != 0 ||
	    now_ms - n->last_ms > NUMBERING_ROW_MS)
		return false;
	len = snprintf(ret, IFNAMSIZ, "%.*s%u%s", (int)(percent - pattern), pattern, n->next,
	               percent + 2);
	return len < IFNAMSIZ;
}

void numbering_note(struct numbering *n, struct netns_id netns, const char *pattern,
                    const char *name, uint64_t now_ms)
{
	const char *percent = strchr(pattern, '%');

	if (!percent)
		return;
	n->netns = netns;
	snprintf(n->pattern, sizeof(n->pattern), "%s", pattern);
	n->next = (uint32_t)strtoul(name + (percent - pattern), NULL, 10) + 1;
	n->last_ms = now_ms;
}

void numbering_forget(struct numbering *n)
{
	*n = (struct numbering){ 0 };
}
