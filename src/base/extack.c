/* SPDX-License-Identifier: BSD-2-Clause */
/* extack.c - see extack.h */
#include "base/extack.h"

#include <stdarg.h>
#include <stdio.h>

static __attribute__((format(printf, 3, 0))) void say(struct extack *ea, uint16_t attribute,
                                                      const char *format, va_list args)
{
	if (!ea || ea->text[0])
		return;
	vsnprintf(ea->text, sizeof(ea->text), format, args);
	ea->attribute = attribute;
}

void extack_set(struct extack *ea, uint16_t attribute, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ea, attribute, format, args);
	va_end(args);
}

int extack_fail(struct extack *ea, int err, uint16_t attribute, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(ea, attribute, format, args);
	va_end(args);
	return err;
}
