/* SPDX-License-Identifier: BSD-2-Clause */
/* launcher.c - what the launcher says to whoever started the program; see launcher.h */
#include "launcher/launcher.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

__attribute__((format(printf, 2, 0))) static void say(struct launcher *l, const char *format,
                                                      va_list args)
{
	char line[512];
	int start = snprintf(line, sizeof(line), "ul2tp run: ");
	int len = start + vsnprintf(line + start, sizeof(line) - (size_t)start, format, args);
	int log = atomic_load(&l->log);

	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	if (log < 0) {
		syslog(LOG_NOTICE, "%s", line);
		return;
	}
	line[len++] = '\n';
	/* One write: lines of several threads do not mix. Where it can not be written there is nobody to tell. */
	if (write(log, line, (size_t)len) < 0)
		return;
}

void launcher_say(struct launcher *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(l, format, args);
	va_end(args);
}

void launcher_say_once(struct launcher *l, enum launcher_once what, const char *format, ...)
{
	va_list args;

	if (atomic_fetch_or(&l->said, 1U << what) & 1U << what)
		return;
	va_start(args, format);
	say(l, format, args);
	va_end(args);
}

void launcher_trace(struct launcher *l, unsigned int level, const char *format, ...)
{
	va_list args;

	if (l->options.verbose < level)
		return;
	va_start(args, format);
	say(l, format, args);
	va_end(args);
}
