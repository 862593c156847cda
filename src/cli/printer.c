/* SPDX-License-Identifier: BSD-2-Clause */
/* printer.c - text or JSON; see printer.h */
#include "cli/printer.h"

#include <inttypes.h>

#include "base/cleanup.h"

static void newline_indent(struct printer *p)
{
	if (p->pretty)
		fprintf(p->out, "\n%*s", 4 * p->depth, "");
}

/* What stands before any value: a comma, and the key on a line of its own. */
static void value_begin(struct printer *p, enum json_key key)
{
	const char *name = json_key_name(key);

	if (p->separator)
		putc(',', p->out);
	p->separator = true;
	if (!name)
		return;
	newline_indent(p);
	fprintf(p->out, "\"%s\":%s", name, p->pretty ? " " : "");
}

static void nest_begin(struct printer *p, enum json_key key, const char *bracket)
{
	if (!p->json)
		return;
	value_begin(p, key);
	fputs(bracket, p->out);
	p->separator = false;
	p->depth++;
}

void printer_list_begin(struct printer *p, enum json_key key)
{
	nest_begin(p, key, p->pretty ? "[ " : "[");
}

void printer_list_end(struct printer *p)
{
	if (!p->json)
		return;
	p->depth--;
	if (p->pretty && p->separator)
		putc(' ', p->out);
	putc(']', p->out);
	p->separator = true;
}

void printer_object_begin(struct printer *p, enum json_key key)
{
	nest_begin(p, key, "{");
}

void printer_object_end(struct printer *p)
{
	if (!p->json)
		return;
	p->depth--;
	if (p->separator)
		newline_indent(p);
	putc('}', p->out);
	p->separator = true;
}

void printer_line_end(struct printer *p)
{
	if (!p->json)
		return;
	putc('\n', p->out);
	p->separator = false;
}

void printer_text(struct printer *p, const char *text)
{
	if (!p->json)
		fputs(text, p->out);
}

void printer_number(struct printer *p, enum json_key key, const char *prefix, uint64_t value,
                    const char *suffix)
{
	if (!p->json) {
		if (prefix)
			fprintf(p->out, "%s%" PRIu64 "%s", prefix, value, suffix);
		return;
	}
	value_begin(p, key);
	fprintf(p->out, "%" PRIu64, value);
}

/* What an octet of UTF-8 that is not ASCII begins: octets of it, and what the second one may be (RFC 3629 §4). */
static const struct {
	unsigned char first, last, second, second_last;
	size_t length;
} characters[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* How many octets the character at @text has; 0: it is none. */
static size_t character_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	size_t i = 0, n;

	if (c[0] < 0x80)
		return 1;
	while (i < ARRAY_SIZE(characters) &&
	       (c[0] < characters[i].first || c[0] > characters[i].last))
		i++;
	if (i == ARRAY_SIZE(characters) || c[1] < characters[i].second ||
	    c[1] > characters[i].second_last)
		return 0;
	for (n = 2; n < characters[i].length; n++)
		if ((c[n] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Names of interfaces and processes, and labels, may be in another encoding, and JSON is UTF-8 (RFC 8259 §8.1): an octet that
 * is none becomes U+FFFD, so that what is around it can still be read. */
static void write_escaped(FILE *out, const char *value)
{
	size_t length;

	putc('"', out);
	for (const char *c = value; *c; c += length ? length : 1) {
		length = character_length(c);
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if ((unsigned char)*c < 0x20 || *c == 0x7f)
			fprintf(out, "\\u%04x", (unsigned int)(unsigned char)*c);
		else if (length)
			fwrite(c, 1, length, out);
		else
			fputs("\\ufffd", out);
	}
	putc('"', out);
}

void printer_word(struct printer *p, enum json_key key, const char *prefix, const char *value,
                  const char *suffix)
{
	if (!p->json) {
		if (prefix)
			fprintf(p->out, "%s%s%s", prefix, value, suffix);
		return;
	}
	value_begin(p, key);
	write_escaped(p->out, value);
}

void printer_octets(struct printer *p, enum json_key key, const char *prefix, const uint8_t *octets,
                    size_t length, const char *suffix)
{
	char digits[2 * 64 + 1] = "";

	for (size_t i = 0; i < length && i < 64; i++)
		snprintf(digits + 2 * i, 3, "%02x", octets[i]);
	printer_word(p, key, prefix, digits, suffix);
}

void printer_bool(struct printer *p, enum json_key key, bool value)
{
	if (!p->json)
		return;
	value_begin(p, key);
	fputs(value ? "true" : "false", p->out);
}

void printer_null(struct printer *p, enum json_key key, const char *text)
{
	if (!p->json) {
		fputs(text, p->out);
		return;
	}
	value_begin(p, key);
	fputs("null", p->out);
}
