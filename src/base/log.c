/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c - see log.h
 *
 * The lock guards the table of rate limits; lines leave in one write() each, so that those of two
 * threads never mix.
 */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/monotonic.h"

#define LOG_LINE_MAX    1024
#define EVENT_NAMES_MAX 64

struct event_rate {
	char name[32];
	uint64_t second;
	unsigned int lines;
	unsigned int suppressed;
};

static int log_level = LOG_NOTICE;
static pthread_mutex_t rates_lock = PTHREAD_MUTEX_INITIALIZER;
static struct event_rate rates[EVENT_NAMES_MAX];

void log_level_set(int level)
{
	log_level = level;
}

/* The last row stands for all names that found no row of their own. */
static struct event_rate *rate_of(const char *event)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rates) - 1 && rates[i].name[0]; i++)
		if (strncmp(rates[i].name, event, sizeof(rates[i].name) - 1) == 0)
			return &rates[i];
	snprintf(rates[i].name, sizeof(rates[i].name), "%s", event);
	return &rates[i];
}

/* Whether the line may be written; *suppressed: how many lines before it were not. */
static bool rate_allows(const char *event, unsigned int *suppressed)
{
	struct event_rate *rate;
	uint64_t second = monotonic_ms() / 1000;
	bool allowed;

	*suppressed = 0;
	pthread_mutex_lock(&rates_lock);
	rate = rate_of(event);
	if (rate->second != second) {
		*suppressed = rate->suppressed;
		rate->second = second;
		rate->lines = rate->suppressed = 0;
	}
	allowed = rate->lines < LOG_BURST;
	if (allowed)
		rate->lines++;
	else
		rate->suppressed++;
	pthread_mutex_unlock(&rates_lock);
	return allowed;
}

/* Values can hold what a client wrote: it must not start a line of its own, nor reach a terminal. */
static void make_printable(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

void log_event(int level, const char *event, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	unsigned int suppressed;
	size_t len = 0;
	va_list args;

	if (level > log_level || !rate_allows(event, &suppressed))
		return;

	if (!isatty(STDERR_FILENO))
		len = (size_t)snprintf(line, sizeof(line), "<%d>", level);
	len += (size_t)snprintf(line + len, sizeof(line) - len, "event=%s ", event);
	if (suppressed)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "suppressed=%u ",
		                        suppressed);
	va_start(args, format);
	len += (size_t)vsnprintf(line + len, sizeof(line) - len, format, args);
	va_end(args);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	make_printable(line, len);
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nobody listens; there is nowhere to say so */
}
