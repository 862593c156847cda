/* SPDX-License-Identifier: BSD-2-Clause */
/* mppe_test.c - the samples of RFC 3079, and two ends with losses between them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "ppp/mppe.h"

#define STATELESS 0x01
#define BITS_40   0x20
#define BITS_56   0x80
#define BITS_128  0x40

struct ends {
	struct mppe *out, *in;
};

static void option_write(uint8_t option[MPPE_OPTION_LEN], uint8_t first, uint8_t last,
                         const char *key)
{
	memset(option, 0, MPPE_OPTION_LEN);
	memcpy(option, (const uint8_t[]){ 18, 6, first, 0, 0, last }, 6);
	memcpy(option + 6, key, strnlen(key, 16));
}

static struct ends begin(uint8_t first, uint8_t last, const char *key)
{
	uint8_t option[MPPE_OPTION_LEN];
	struct ends e;

	option_write(option, first, last, key);
	assert_int_equal(mppe_new(option, sizeof(option), &e.out), 0);
	assert_int_equal(mppe_new(option, sizeof(option), &e.in), 0);
	assert_true(mppe_start(e.out, option, 6));
	assert_true(mppe_start(e.in, option, 6));
	return e;
}

static void end(struct ends *e)
{
	mppe_free(e->out);
	mppe_free(e->in);
}

static size_t seal(struct ends *e, const char *text, uint8_t *frame)
{
	struct iovec info[2] = { { (void *)text, 1 }, { (void *)(text + 1), strlen(text) - 1 } };
	size_t len = mppe_encrypt(e->out, 0x0021, info, 2, frame);

	assert_int_equal(len, strlen(text) + MPPE_OVERHEAD);
	return len;
}

static enum mppe_result open_sealed(struct ends *e, const uint8_t *frame, size_t len,
                                    const char *text)
{
	uint8_t out[64];
	uint16_t protocol;
	const uint8_t *info;
	size_t info_len;
	enum mppe_result result = mppe_decrypt(e->in, frame, len, out, &protocol, &info, &info_len);

	if (result == MPPE_OK) {
		assert_int_equal(protocol, 0x0021);
		assert_int_equal(info_len, strlen(text));
		assert_memory_equal(info, text, info_len);
	}
	return result;
}

static void sample(uint8_t bits, const char *start, const char *secret)
{
	struct ends e = begin(0, bits, start);
	uint8_t frame[14] = { 0x10, 0 }, out[12];
	uint16_t protocol;
	const uint8_t *info;
	size_t len;

	memcpy(frame + 2, secret, 12);
	assert_int_equal(mppe_decrypt(e.in, frame, sizeof(frame), out, &protocol, &info, &len),
	                 MPPE_OK);
	assert_memory_equal(out, "test message", sizeof(out));
	end(&e);
}

/* Start keys, and what their sessions make of a text: RFC 3079 §3.5.1, §3.5.3 */
static void the_samples_of_the_rfc(void **state)
{
	sample(BITS_40, "\x8b\x7c\xdc\x14\x9b\x99\x3a\x1b",
	       "\x92\x91\x37\x91\x7e\x58\x03\xd6\x68\xd7\x58\x98");
	sample(BITS_128, "\x8b\x7c\xdc\x14\x9b\x99\x3a\x1b\xa1\x18\xcb\x15\x3f\x56\xdc\xcb",
	       "\x81\x84\x83\x17\xdf\x68\x84\x62\x72\xfb\x5a\xbe");
}

/* Requirements: PPP-63 */
static void stateless_frames_stand_alone(void **state)
{
	struct ends e = begin(STATELESS, BITS_128, "sixteen octets!!");
	uint8_t frame[64];
	size_t len = seal(&e, "one", frame);

	assert_int_equal(frame[0], 0x90);
	assert_int_equal(frame[1], 0);
	assert_int_equal(open_sealed(&e, frame, len, "one"), MPPE_OK);
	for (int i = 0; i < 2000; i++)
		len = seal(&e, "lost", frame);
	assert_int_equal(open_sealed(&e, frame, len, "lost"), MPPE_OK);
	assert_int_equal(open_sealed(&e, frame, len, "lost"), MPPE_AGAIN);
	end(&e);
}

static void late_frames_and_frames_in_the_clear_are_suspicious(void **state)
{
	struct ends e = begin(STATELESS, BITS_40, "12345678");
	uint8_t first[64], second[64], clear[] = { 0x80, 2, 1, 2, 3 };
	size_t len = seal(&e, "one", first);

	seal(&e, "two", second);
	assert_int_equal(open_sealed(&e, second, len, "two"), MPPE_OK);
	assert_int_equal(open_sealed(&e, first, len, "one"), MPPE_ERROR);
	for (int i = 0; i < 15; i++)
		assert_int_equal(open_sealed(&e, clear, sizeof(clear), ""), MPPE_ERROR);
	assert_int_equal(open_sealed(&e, clear, sizeof(clear), ""), MPPE_FATAL);
	end(&e);
}

static void a_stateful_pair_needs_a_new_key_after_a_loss(void **state)
{
	struct ends e = begin(0, BITS_40, "12345678");
	uint8_t frame[64];
	size_t len;

	for (int i = 0; i < 700; i++) { /* with two flag packets */
		len = seal(&e, "text", frame);
		assert_int_equal(frame[0] & 0x80, i % 256 == 255 ? 0x80 : 0);
		assert_int_equal(open_sealed(&e, frame, len, "text"), MPPE_OK);
	}
	for (int i = 0; i < 600; i++)
		len = seal(&e, "lost", frame);
	assert_int_equal(open_sealed(&e, frame, len, "lost"), MPPE_ERROR);
	len = seal(&e, "text", frame);
	assert_int_equal(open_sealed(&e, frame, len, "text"), MPPE_ERROR);
	mppe_reset(e.out);
	len = seal(&e, "text", frame);
	assert_int_equal(frame[0] & 0x80, 0x80);
	assert_int_equal(open_sealed(&e, frame, len, "text"), MPPE_OK);
	len = seal(&e, "next", frame);
	assert_int_equal(open_sealed(&e, frame, len, "next"), MPPE_OK);
	end(&e);
}

/* One end is lost, and another goes on in its stead, from what was kept. */
static void replace(struct ends *e, bool sends, struct mppe_kept *kept)
{
	struct mppe **at = sends ? &e->out : &e->in;
	uint8_t option[MPPE_OPTION_LEN];

	mppe_free(*at);
	option_write(option, 0, 0, "");
	assert_int_equal(mppe_new(option, sizeof(option), at), 0);
	assert_true(mppe_resume(*at, kept, sends));
	mppe_keep(*at, kept);
}

static void pass(struct ends *e, int count, const char *text)
{
	uint8_t frame[64];

	for (int i = 0; i < count; i++) {
		size_t len = seal(e, text, frame);

		assert_int_equal(open_sealed(e, frame, len, text), MPPE_OK);
	}
}

static void another_goes_on_where_one_stood(void **state)
{
	const uint8_t ways[] = { 0, STATELESS };
	uint8_t frame[64];

	for (size_t i = 0; i < 2 * sizeof(ways); i++) {
		struct ends e = begin(ways[i / 2], i % 2 ? BITS_40 : BITS_128, "abc");
		struct mppe_kept out = { 0 }, in = { 0 };

		mppe_keep(e.out, &out);
		mppe_keep(e.in, &in);
		pass(&e, 300, "before");
		replace(&e, true, &out);
		pass(&e, 300, "sender replaced");
		seal(&e, "lost", frame);
		replace(&e, true, &out);
		replace(&e, false, &in);
		pass(&e, 1, "both replaced, and one lost");
		replace(&e, false, &in);
		if (!ways[i / 2]) { /* it asks for a new key */
			assert_int_equal(open_sealed(&e, frame, seal(&e, "lost", frame), "lost"),
			                 MPPE_ERROR);
			mppe_reset(e.out);
		}
		pass(&e, 300, "receiver replaced");
		assert_false(mppe_resume(e.in, &(struct mppe_kept){ 0 }, false));
		end(&e);
	}
}

static void other_protocols_go_as_they_are(void **state)
{
	struct ends e = begin(STATELESS, BITS_128, "sixteen octets!!");
	uint8_t frame[64];
	struct iovec info = { "x", 1 };

	assert_int_equal(mppe_encrypt(e.out, 0x8021, &info, 1, frame), 0);
	assert_int_equal(mppe_encrypt(e.out, 0x00fb, &info, 1, frame), 0);
	assert_int_equal(mppe_encrypt(e.out, 0x00fa, &info, 1, frame), 5);
	assert_int_equal(frame[1], 0);
	end(&e);
}

/* Requirements: PPP-60 */
static void options_are_checked(void **state)
{
	uint8_t option[MPPE_OPTION_LEN];
	struct mppe *m;

	option_write(option, 0, BITS_128, "key");
	assert_int_equal(mppe_new(option, 1, &m), -EINVAL);
	assert_int_equal(mppe_new(option, 5, &m), -EINVAL);
	assert_int_equal(mppe_new(option, 6, &m), -ENOBUFS);
	assert_int_equal(mppe_new(option, 21, &m), -ENOBUFS);
	option[1] = 7;
	assert_int_equal(mppe_new(option, 22, &m), -ENOBUFS);
	option[1] = 1;
	assert_int_equal(mppe_new(option, 22, &m), -EINVAL);
	option[1] = 6;
	option[0] = 26;
	assert_int_equal(mppe_new(option, 22, &m), -EINVAL);
	option[0] = 18;
	assert_int_equal(mppe_new(option, 22, &m), 0);
	option[5] = BITS_56;
	assert_false(mppe_start(m, option, 6));
	option[5] = BITS_40;
	assert_false(mppe_start(m, option, 5));
	assert_false(
		mppe_start(m, option, 7)); /* Linux 6.12 wants this one option and nothing more */
	assert_true(mppe_start(m, option, 6));
	mppe_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_samples_of_the_rfc),
		cmocka_unit_test(stateless_frames_stand_alone),
		cmocka_unit_test(late_frames_and_frames_in_the_clear_are_suspicious),
		cmocka_unit_test(a_stateful_pair_needs_a_new_key_after_a_loss),
		cmocka_unit_test(another_goes_on_where_one_stood),
		cmocka_unit_test(other_protocols_go_as_they_are),
		cmocka_unit_test(options_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
