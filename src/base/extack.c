/* SPDX-License-Identifier: BSD-2-Clause */
/* extack.c - see extack.h */
#include "base/extack.h"

#include <stdarg.h>
#include <stdio.h>

void extack_set(struct extack *ea, uint16_t attribute, const char *format, ...)
{
	va_list args;

	if (!ea || ea->text[0])
		return;
	va_start(args, format);
	vsnprintf(ea->text, sizeof(ea->text), format, args);
	va_end(args);
	ea->attribute = attribute;
}
