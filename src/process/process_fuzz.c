/* SPDX-License-Identifier: BSD-2-Clause */
/* process_fuzz.c - invented texts of /proc/PID/status: rights are read where a line begins with their name, and nowhere else
 *
 * What is expected is read line by line.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "process/process.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What follows the key in the first line that begins with it, of all lines in @text, which end with NUL. */
static const char *value(const char *text, size_t size, const char *key)
{
	for (const char *line = text; line < text + size; line += strlen(line) + 1)
		if (strncmp(line, key, strlen(key)) == 0)
			return line + strlen(key);
	return NULL;
}

static void check(const struct process_credentials *c, const char *lines, size_t size)
{
	const char *name = value(lines, size, "Name:\t"), *uid = value(lines, size, "Uid:\t");
	const char *effective = value(lines, size, "CapEff:\t");
	const char *process = value(lines, size, "Tgid:\t");
	uint64_t euid;

	assert(name && uid && effective && process);
	assert(memchr(c->name, '\0', sizeof(c->name)));
	assert(strncmp(c->name, name, sizeof(c->name) - 1) == 0);
	assert(sscanf(uid, "%*[^\t]%" SCNu64, &euid) == 1 || *uid == '\t');
	assert(*uid == '\t' || (uid_t)euid == c->euid);
	assert(c->effective == strtoull(effective, NULL, 16));
	assert(c->process == (pid_t)strtol(process, NULL, 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MEMORY char *text = malloc(size + 1); /* exactly: a step too far is seen */
	struct process_credentials c = { 0 };

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (process_status_read(text, &c) < 0)
		return 0;
	size = strlen(text);
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\n')
			text[i] = '\0';
	check(&c, text, size);
	return 0;
}
