/* SPDX-License-Identifier: BSD-2-Clause */
/* params.h - what programs fill in, possibly built with an older ul2tp.h */
#ifndef UL2TP_CLIENT_PARAMS_H
#define UL2TP_CLIENT_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * Declares @name, a copy of *@given. A program that was built when the struct was shorter set .size to
 * that: the rest is zero, the default. What a program newer than this library put at the end is not seen.
 */
#define PARAMS_COPY(type, name, given)                                                             \
	type name = { 0 };                                                                         \
	memcpy(&name, given, (given)->size < sizeof(name) ? (given)->size : sizeof(name))

/** params_string() - copy @from, NULL reading as ""; false if it does not fit */
static inline bool params_string(char *to, size_t size, const char *from)
{
	size_t length = from ? strlen(from) : 0;

	if (length >= size)
		return false;
	memcpy(to, from ? from : "", length);
	to[length] = '\0';
	return true;
}

#endif
