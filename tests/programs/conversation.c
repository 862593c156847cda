// SPDX-License-Identifier: BSD-2-Clause
/* conversation.c - lines of words between a program and the test that drives it */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conversation.h"

#define LINE_SIZE 8192

static char input[LINE_SIZE], line[LINE_SIZE];
static size_t input_length;

bool command_read(void)
{
	ssize_t got = read(STDIN_FILENO, input + input_length, sizeof(input) - input_length);

	if (got <= 0)
		return got < 0 && errno == EINTR;
	input_length += (size_t)got;
	return true;
}

bool command_next(struct command *ret)
{
	char *end = memchr(input, '\n', input_length), *rest = line;
	size_t length;

	if (!end)
		return false;
	length = (size_t)(end - input) + 1;
	memcpy(line, input, length - 1);
	line[length - 1] = '\0';
	input_length -= length;
	memmove(input, input + length, input_length);

	memset(ret, 0, sizeof(*ret));
	for (char *word; (word = strsep(&rest, " ")) && ret->count < 12;)
		ret->word[ret->count++] = word;
	return true;
}

static const struct verb *verb_find(const struct verb *verbs, const struct command *command)
{
	while (verbs->name &&
	       (strcmp(verbs->name, command->word[0]) || verbs->words != command->count))
		verbs++;
	return verbs->name ? verbs : NULL;
}

void command_obey(const struct verb *own, const struct verb *others, const struct command *command)
{
	const struct verb *verb = verb_find(own, command);

	if (!verb)
		verb = verb_find(others, command);
	if (verb)
		verb->run(command);
	else
		say_result(-EINVAL, command->word[0]);
}

void say(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text) - 1, format, arguments);
	va_end(arguments);
	if (length < 0 || length > (int)sizeof(text) - 2)
		length = (int)sizeof(text) - 2;
	text[length] = '\n';
	/* One write() of at most PIPE_BUF or so is one line, whoever else writes. */
	if (write(STDOUT_FILENO, text, (size_t)length + 1) != length + 1)
		_exit(1);
}

void say_result(int err, const char *call)
{
	if (err < 0)
		say("failed %d %s", -err, call);
	else
		say("ok");
}

void say_control(uint32_t id, const uint8_t *octets, size_t length)
{
	char hex[2 * 1500 + 1] = "";

	for (size_t i = 0; i < length && i < 1500; i++)
		snprintf(hex + 2 * i, 3, "%02x", octets[i]);
	say("control %u %s", id, hex);
}

int octets_from_hex(const char *hex, uint8_t *ret, size_t size)
{
	size_t count = strlen(hex) / 2;

	if (count > size)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		ret[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return (int)count;
}
