/* SPDX-License-Identifier: BSD-2-Clause */
/* params.h - what programs fill in, possibly built with an older ul2tp.h */
#ifndef UL2TP_CLIENT_PARAMS_H
#define UL2TP_CLIENT_PARAMS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "client/connection.h"
#include "config.h"

/*
 * Declares @name, a copy of *@given. A program that was built when the struct was shorter set .size to
 * that: the rest is zero, the default. Where a program may be newer than this library: params_check().
 */
#define PARAMS_COPY(type, name, given)                                                             \
	type name = { 0 };                                                                         \
	memcpy(&name, given, (given)->size < sizeof(name) ? (given)->size : sizeof(name))

/** params_check() - whether a program that is newer than this library asks for nothing that the library does not know:
 * whatever it put behind the @known octets is zero. 0; -E2BIG, with words */
static inline int params_check(struct ul2tp *u, const void *given, size_t size, size_t known)
{
	const uint8_t *octets = given;

	for (size_t i = known; i < size; i++)
		if (octets[i])
			return connection_fail(u, -E2BIG, "",
			                       "libul2tp " UL2TP_VERSION
			                       " is older than this program, which asks for more: "
			                       "install the library it was built with");
	return 0;
}

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
