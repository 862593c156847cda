/* SPDX-License-Identifier: BSD-2-Clause */
/* translation_fuzz.c - a program's datagram to ul2tpd and one of ul2tpd's to a program, or the kernel's dump
 *
 * Numbers are replaced without changing a length; translating a message back gives what it was, but for the
 * port, if the numbers it is translated to were not in it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "launcher/family_numbers.h"
#include "launcher/translation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct l2tp_numbers program = { 0x3fe, 0x3ff }, daemon_numbers = { 0x20, 0x10 };

static bool has_octet(const uint8_t *data, size_t size, uint8_t octet)
{
	return size && memchr(data, octet, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader datagram = reader_over(data, size);
	struct family_numbers taken = { 0 };
	struct nl_message m;
	uint16_t family;
	uint32_t group;

	while (nl_message_next(&datagram, &m)) {
		uint8_t *copy = malloc(m.length); /* exactly: a step too far is seen */
		struct control_question question;

		if (!copy)
			return 0;
		memcpy(copy, m.start, m.length);
		family_numbers_note(&taken, &m);
		control_question_read(&m, program.family, &question);
		control_message_names(&m, "l2tp");
		control_message_number(&m);
		translate_request(copy, m.length, &program, &daemon_numbers, m.port);
		translate_answer(copy, m.length, &daemon_numbers, &program, NULL, 0);
		if (!has_octet(m.start, m.length, 0x20) && !has_octet(m.start, m.length, 0x10))
			assert(memcmp(copy, m.start, m.length) == 0);
		translate_answer(copy, m.length, &daemon_numbers, &program, data,
		                 size < m.length ? size : m.length);
		free(copy);
	}
	family_numbers_free_in(&taken, &family, &group);
	assert(family >= GENL_START_ALLOC && group >= 32);
	return 0;
}
