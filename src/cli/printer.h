/* SPDX-License-Identifier: BSD-2-Clause */
/* printer.h - one thing said twice: as text for people, or as JSON for programs
 *
 * What is shown is written down once, field by field; the printer is one of the two and leaves out
 * what is not for it. A field with a key and without a prefix is for JSON alone, one without a key
 * for text alone. The JSON is laid out as iproute2 lays out its own.
 */
#ifndef UL2TP_CLI_PRINTER_H
#define UL2TP_CLI_PRINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/json_key.h"

struct printer {
	FILE *out; /* borrowed */
	bool json;
	bool pretty;    /* JSON over several lines, indented */
	bool separator; /* JSON: a comma is due before the next value */
	int depth;      /* JSON: of open lists and objects */
};

/** printer_list_begin() - a list of what follows, in JSON; nothing in text */
void printer_list_begin(struct printer *p, enum json_key key);
void printer_list_end(struct printer *p);

void printer_object_begin(struct printer *p, enum json_key key);
void printer_object_end(struct printer *p);

/** printer_line_end() - after the outermost JSON value; nothing in text */
void printer_line_end(struct printer *p);

/** printer_text() - in text alone */
void printer_text(struct printer *p, const char *text);

/**
 * printer_number() - a number
 * @prefix: text before it; NULL: not in text
 * @suffix: text after it
 */
void printer_number(struct printer *p, enum json_key key, const char *prefix, uint64_t value,
                    const char *suffix);

/** printer_word() - a string; in JSON, what is not printable is escaped, and what is no UTF-8 becomes U+FFFD */
void printer_word(struct printer *p, enum json_key key, const char *prefix, const char *value,
                  const char *suffix);

/** printer_octets() - as hexadecimal digits */
void printer_octets(struct printer *p, enum json_key key, const char *prefix, const uint8_t *octets,
                    size_t length, const char *suffix);

/** printer_bool() - true or false, in JSON alone */
void printer_bool(struct printer *p, enum json_key key, bool value);

/** printer_null() - a key whose presence says all; @text in text */
void printer_null(struct printer *p, enum json_key key, const char *text);

#endif
