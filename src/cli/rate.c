/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.c - see rate.h */
#include "cli/rate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define KILO            UINT64_C(1000)
#define KIBI            UINT64_C(1024)
#define FRACTION_DIGITS 6 /* so many times the largest unit is within 64 bits */

struct scale {
	const char *name;
	uint64_t times;
};

/* clang-format off */
static const struct scale rates[] = {
	{ "",     1 },
	{ "bit",  1 },
	{ "kbit", KILO },                     { "kibit", KIBI },
	{ "mbit", KILO * KILO },              { "mibit", KIBI * KIBI },
	{ "gbit", KILO * KILO * KILO },       { "gibit", KIBI * KIBI * KIBI },
	{ "tbit", KILO * KILO * KILO * KILO }, { "tibit", KIBI * KIBI * KIBI * KIBI },
	{ "bps",  8 },
	{ "kbps", 8 * KILO },                 { "kibps", 8 * KIBI },
	{ "mbps", 8 * KILO * KILO },          { "mibps", 8 * KIBI * KIBI },
	{ "gbps", 8 * KILO * KILO * KILO },   { "gibps", 8 * KIBI * KIBI * KIBI },
	{ "tbps", 8 * KILO * KILO * KILO * KILO }, { "tibps", 8 * KIBI * KIBI * KIBI * KIBI },
};

static const struct scale sizes[] = {
	{ "",  1 },                  { "b",  1 },
	{ "k", KIBI },               { "kb", KIBI },               { "kbit", KIBI / 8 },
	{ "m", KIBI * KIBI },        { "mb", KIBI * KIBI },        { "mbit", KIBI * KIBI / 8 },
	{ "g", KIBI * KIBI * KIBI }, { "gb", KIBI * KIBI * KIBI }, { "gbit", KIBI * KIBI * KIBI / 8 },
};

/* What is printed: from the largest on; the last fits all. */
static const struct scale rate_names[] = {
	{ "Tbit", KILO * KILO * KILO * KILO }, { "Gbit", KILO * KILO * KILO }, { "Mbit", KILO * KILO }, { "Kbit", KILO },
	{ "bit", 1 },
};

static const struct scale size_names[] = {
	{ "Gb", KIBI * KIBI * KIBI }, { "Mb", KIBI * KIBI }, { "Kb", KIBI }, { "b", 1 },
};
/* clang-format on */

static const struct scale *scale_find(const struct scale *scales, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(scales[i].name, name) == 0)
			return &scales[i];
	return NULL;
}

/* The digits behind a point, as millionths; *word is behind them then. -EINVAL: none, or too many */
static int millionths_read(const char **word, uint64_t *ret)
{
	size_t digits = strspn(*word, "0123456789");

	if (digits == 0 || digits > FRACTION_DIGITS)
		return -EINVAL;
	*ret = 0;
	for (size_t i = 0; i < FRACTION_DIGITS; i++)
		*ret = *ret * 10 + (i < digits ? (uint64_t)((*word)[i] - '0') : 0);
	*word += digits;
	return 0;
}

static int scaled_read(const char *word, const struct scale *scales, size_t count, uint64_t max,
                       uint64_t *ret)
{
	uint64_t whole, millionths = 0;
	const struct scale *scale;
	char *end;

	if (strspn(word, "0123456789") == 0)
		return -EINVAL;
	errno = 0;
	whole = strtoull(word, &end, 10);
	if (errno != 0)
		return -EINVAL;
	word = end;
	if (*word == '.') {
		word++;
		if (millionths_read(&word, &millionths) < 0)
			return -EINVAL;
	}
	scale = scale_find(scales, count, word);
	if (!scale || whole > max / scale->times)
		return -EINVAL;
	millionths = millionths * scale->times / (KILO * KILO);
	if (millionths > max - whole * scale->times)
		return -EINVAL;
	*ret = whole * scale->times + millionths;
	return 0;
}

int rate_read(const char *word, uint64_t *ret)
{
	if (strcmp(word, "none") == 0) {
		*ret = 0;
		return 0;
	}
	return scaled_read(word, rates, ARRAY_SIZE(rates), UINT64_MAX, ret);
}

int size_read(const char *word, uint32_t *ret)
{
	uint64_t octets;
	int err = scaled_read(word, sizes, ARRAY_SIZE(sizes), UINT32_MAX, &octets);

	if (!err)
		*ret = (uint32_t)octets;
	return err;
}

static const char *scaled_name(uint64_t value, const struct scale *names, char *buffer)
{
	while (names->times > 1 && (value == 0 || value % names->times))
		names++;
	snprintf(buffer, RATE_NAME_MAX, "%" PRIu64 "%s", value / names->times, names->name);
	return buffer;
}

const char *rate_name(uint64_t bits_per_second, char buffer[RATE_NAME_MAX])
{
	return bits_per_second ? scaled_name(bits_per_second, rate_names, buffer) : "none";
}

const char *size_name(uint32_t octets, char buffer[RATE_NAME_MAX])
{
	return scaled_name(octets, size_names, buffer);
}
