/* SPDX-License-Identifier: BSD-2-Clause */
/* value.h - read the value of a parameter */
#ifndef UL2TP_CLI_VALUE_H
#define UL2TP_CLI_VALUE_H

#include "cli/parameter.h"

/**
 * value_read() - read @word as the value of a parameter
 * @ret: set on success
 * @expected: on failure, @size octets at most: what would be right
 *
 * Return: 0 or -EINVAL.
 */
int value_read(const struct parameter_row *row, const char *word, struct value *ret, char *expected,
               size_t size);

#endif
