/* SPDX-License-Identifier: BSD-2-Clause */
/* mppe_vectors_test.c - both directions against tests/vectors/mppe.txt, which tells what its lines mean */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ppp/mppe.h"

#define LINE_MAX_LEN 2048
#define OCTETS_MAX   512

struct octets {
	uint8_t data[OCTETS_MAX];
	size_t len;
};

struct ends {
	struct mppe *out, *in;
};

/* The value of KEY in a line; none where there is no such key. */
static struct octets value(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	struct octets o = { 0 };
	unsigned int octet;

	if (!at)
		return o;
	for (at += strlen(key); sscanf(at, "%2x", &octet) == 1 && *at != ' '; at += 2) {
		assert_true(o.len < sizeof(o.data));
		o.data[o.len++] = (uint8_t)octet;
	}
	return o;
}

static void end(struct ends *e)
{
	mppe_free(e->out);
	mppe_free(e->in);
}

static void begin(struct ends *e, const char *line)
{
	struct octets option = value(line, " option="), key = value(line, " key=");

	end(e);
	assert_int_equal(option.len + key.len, MPPE_OPTION_LEN);
	memcpy(option.data + option.len, key.data, key.len);
	assert_int_equal(mppe_new(option.data, MPPE_OPTION_LEN, &e->out), 0);
	assert_int_equal(mppe_new(option.data, MPPE_OPTION_LEN, &e->in), 0);
	assert_true(mppe_start(e->out, option.data, option.len));
	assert_true(mppe_start(e->in, option.data, option.len));
}

static void again(struct ends *e, const char *line)
{
	struct octets option = value(line, " option=");

	assert_true(mppe_start(e->out, option.data, option.len));
	assert_true(mppe_start(e->in, option.data, option.len));
}

static size_t sent(struct ends *e, const char *line, uint8_t frame[OCTETS_MAX + MPPE_OVERHEAD])
{
	struct octets number = value(line, " protocol="), info = value(line, " info=");
	struct iovec pieces[2] = { { info.data, info.len / 2 },
		                   { info.data + info.len / 2, info.len - info.len / 2 } };

	assert_int_equal(number.len, 2);
	return mppe_encrypt(e->out, (uint16_t)(number.data[0] << 8 | number.data[1]), pieces, 2,
	                    frame);
}

static void pass(struct ends *e, const char *line, enum mppe_result expected)
{
	struct octets number = value(line, " protocol="), info = value(line, " info="),
		      frame = value(line, " frame=");
	uint8_t out[OCTETS_MAX + MPPE_OVERHEAD];
	const uint8_t *back;
	uint16_t protocol;
	size_t len = sent(e, line, out);

	assert_int_equal(len, frame.len);
	assert_memory_equal(out, frame.data, len);
	assert_int_equal(mppe_decrypt(e->in, frame.data, frame.len, out, &protocol, &back, &len),
	                 expected);
	if (expected != MPPE_OK)
		return;
	assert_int_equal(protocol, number.data[0] << 8 | number.data[1]);
	assert_int_equal(len, info.len);
	assert_memory_equal(back, info.data, len);
}

static void lose(struct ends *e, const char *line)
{
	const char *count = strstr(line, " count=");
	uint8_t frame[OCTETS_MAX + MPPE_OVERHEAD];

	assert_non_null(count);
	for (long i = strtol(count + strlen(" count="), NULL, 10); i > 0; i--)
		sent(e, line, frame);
}

/* Return: whether it is one. */
static bool obey(struct ends *e, const char *line)
{
	char verb[16];

	if (*line == '#' || sscanf(line, "%15s", verb) != 1)
		return false;
	if (!strcmp(verb, "begin"))
		begin(e, line);
	else if (!strcmp(verb, "pass"))
		pass(e, line, MPPE_OK);
	else if (!strcmp(verb, "fail"))
		pass(e, line, MPPE_ERROR);
	else if (!strcmp(verb, "lost"))
		lose(e, line);
	else if (!strcmp(verb, "reset"))
		mppe_reset(e->out);
	else if (!strcmp(verb, "again"))
		again(e, line);
	else
		fail_msg("no verb: %s", verb);
	return true;
}

/* Requirements: PPP-63 */
static void each_frame_is_as_another_implementation_makes_it(void **state)
{
	FILE *f = fopen(VECTORS "/mppe.txt", "r");
	struct ends e = { NULL, NULL };
	char line[LINE_MAX_LEN];
	unsigned int count = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		count += obey(&e, line);
	fclose(f);
	end(&e);
	assert_true(count > 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_frame_is_as_another_implementation_makes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
