/* SPDX-License-Identifier: BSD-2-Clause */
/* process_fuzz.c - invented texts of /proc/PID/status: rights and signals are read where a line begins with their name
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

/* If all are told as the kernel tells them. */
static void check_signals(bool waits, const char *lines, size_t size)
{
	static const char *const keys[] = { "SigPnd:\t", "ShdPnd:\t", "SigBlk:\t", "SigIgn:\t" };
	uint64_t masks[4];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *text = value(lines, size, keys[i]);

		if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16) {
			assert(text || waits);
			return;
		}
		masks[i] = strtoull(text, NULL, 16);
	}
	assert(waits == (((masks[0] | masks[1]) & ~(masks[2] | masks[3])) != 0));
}

static void check_innermost(pid_t innermost, const char *lines, size_t size)
{
	const char *text = value(lines, size, "NStgid:\t");
	const char *digits = text ? text + strlen(text) : NULL;

	assert(innermost >= 0 && (text || !innermost));
	while (text && digits > text && strchr("0123456789", digits[-1]))
		digits--;
	if (innermost)
		assert(strtoll(digits, NULL, 10) == innermost);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MEMORY char *text = malloc(size + 1); /* exactly: a step too far is seen */
	struct process_credentials c = { 0 };
	bool known, waits;
	pid_t innermost;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	known = process_status_read(text, &c) == 0;
	waits = process_status_signals(text);
	innermost = process_status_innermost(text);
	size = strlen(text);
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\n')
			text[i] = '\0';
	if (known)
		check(&c, text, size);
	check_signals(waits, text, size);
	check_innermost(innermost, text, size);
	return 0;
}
