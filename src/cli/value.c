/* SPDX-License-Identifier: BSD-2-Clause */
/* value.c - read the value of a parameter; see value.h */
#include "cli/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "cli/suggestion.h"

#define LABEL_MAX 63

static int read_number(const struct parameter_row *row, const char *word, struct value *ret,
                       char *expected, size_t size)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(word, &end, 0);
	if (isdigit((unsigned char)*word) && *end == '\0' && errno == 0 && n >= row->min &&
	    n <= row->max) {
		ret->number = (uint32_t)n;
		return 0;
	}
	snprintf(expected, size, "a number from %u to %u%s", row->min, row->max,
	         row->kind == VALUE_LIMIT ? ", or none" : "");
	return -EINVAL;
}

static int read_choice(const struct parameter_row *row, const char *word, struct value *ret,
                       char *expected, size_t size)
{
	size_t used = 0;

	for (const struct choice *c = row->choices; c->name; c++) {
		if (strcmp(word, c->name) == 0) {
			ret->number = c->number;
			return 0;
		}
	}
	for (const struct choice *c = row->choices; c->name && used < size; c++) {
		const char *between = c == row->choices ? "" : c[1].name ? ", " : " or ";
		int n = snprintf(expected + used, size - used, "%s%s", between, c->name);

		used += n > 0 ? (size_t)n : 0;
	}
	return -EINVAL;
}

static int read_address(const char *word, struct value *ret, char *expected, size_t size)
{
	ret->address = (struct ul2tp_address){ .family = AF_UNSPEC };
	if (strcmp(word, "any") == 0)
		return 0;
	if (inet_pton(AF_INET, word, &ret->address.v4) == 1) {
		ret->address.family = AF_INET;
		return 0;
	}
	if (inet_pton(AF_INET6, word, &ret->address.v6) == 1) {
		ret->address.family = AF_INET6;
		return 0;
	}
	snprintf(expected, size, "an IPv4 or IPv6 address, as 192.0.2.1 or 2001:db8::1");
	return -EINVAL;
}

static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	return (unsigned int)(tolower((unsigned char)c) - 'a' + 10);
}

static int read_cookie(const char *word, struct value *ret, char *expected, size_t size)
{
	size_t length = strlen(word);

	if ((length != 8 && length != 16) || strspn(word, "0123456789abcdefABCDEF") != length) {
		snprintf(expected, size, "8 or 16 hexadecimal digits");
		return -EINVAL;
	}
	ret->cookie = (struct ul2tp_cookie){ .length = (uint8_t)(length / 2) };
	for (size_t i = 0; i < length / 2; i++)
		ret->cookie.octets[i] = (uint8_t)(digit(word[2 * i]) << 4 | digit(word[2 * i + 1]));
	return 0;
}

/* What dev_valid_name() of the kernel takes (SES-20), and ip(8) with it. */
static bool ifname_is_valid(const char *word)
{
	size_t length = strlen(word);

	if (length == 0 || length >= IFNAMSIZ || strcmp(word, ".") == 0 || strcmp(word, "..") == 0)
		return false;
	for (const char *c = word; *c; c++)
		if (*c == '/' || *c == ':' || isspace((unsigned char)*c))
			return false;
	return true;
}

static int read_ifname(const char *word, struct value *ret, char *expected, size_t size)
{
	if (!ifname_is_valid(word)) {
		snprintf(expected, size,
		         "the name of an interface: 1 to %d characters without space, / and :",
		         IFNAMSIZ - 1);
		return -EINVAL;
	}
	ret->text = word;
	return 0;
}

static int read_label(const char *word, struct value *ret, char *expected, size_t size)
{
	bool printable = true;

	for (const char *c = word; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			printable = false;
	if (!printable || strlen(word) > LABEL_MAX) {
		snprintf(expected, size, "at most %d printable octets", LABEL_MAX);
		return -EINVAL;
	}
	ret->text = word;
	return 0;
}

int value_read(const struct parameter_row *row, const char *word, struct value *ret, char *expected,
               size_t size)
{
	switch (row->kind) {
	case VALUE_LIMIT:
		if (strcmp(word, "none") == 0) {
			ret->number = 0;
			return 0;
		}
		return read_number(row, word, ret, expected, size);
	case VALUE_NUMBER:
		return read_number(row, word, ret, expected, size);
	case VALUE_CHOICE:
		return read_choice(row, word, ret, expected, size);
	case VALUE_ADDRESS:
		return read_address(word, ret, expected, size);
	case VALUE_COOKIE:
		return read_cookie(word, ret, expected, size);
	case VALUE_IFNAME:
		return read_ifname(word, ret, expected, size);
	case VALUE_LABEL:
		return read_label(word, ret, expected, size);
	case VALUE_IGNORED:
		return 0;
	}
	return -EINVAL;
}
