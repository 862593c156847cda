/* SPDX-License-Identifier: BSD-2-Clause */
/* script.h - for tests: libul2tp against a server that does what a script says
 *
 * The server's thread reads the script and writes what it was asked last; a test does either while no request is on its
 * way.
 */
#ifndef UL2TP_CLIENT_SCRIPT_H
#define UL2TP_CLIENT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/reader.h"
#include "client/fake_server.h"
#include "ul2tp.h"

/* What the server is to do, and what it was last asked. */
struct script {
	int error; /* acknowledge with this */
	const char *words;
	uint16_t blame;       /* attribute of the request that is to blame; 0: none */
	bool silent;          /* do not answer */
	bool garbage;         /* answer with a message that has no attributes */
	unsigned int tunnels; /* answer a dump or get with so many */
	unsigned int requests;
	char family[8];
	uint8_t command;
	uint16_t flags;
	size_t length;
	_Alignas(8) uint8_t attributes[4096];
	ino_t file; /* inode of the descriptor that came along; 0: none */
};

struct scripted {
	struct script script;
	struct fake_server *server;
	struct ul2tp *u;
};

/** scripted_begin(), scripted_end() - set up and tear down a struct scripted, with an empty script, for cmocka */
int scripted_begin(void **state);
int scripted_begin_without_ul2tp(void **state); /* a server that lacks the family "ul2tp" */
int scripted_end(void **state);

/** attribute_in() - the value of attribute @type in @attributes, or NULL; its length in *length */
const uint8_t *attribute_in(struct reader attributes, uint16_t type, size_t *length);

/** script_asked() - the value of attribute @type in the last request, or NULL; its length in *length */
const uint8_t *script_asked(const struct script *s, uint16_t type, size_t *length);
bool script_was_asked(const struct script *s, uint16_t type);

#define assert_asked(s, type, ...)                                                                 \
	do {                                                                                       \
		static const uint8_t wanted_[] = __VA_ARGS__;                                      \
		size_t length_ = 0;                                                                \
		const uint8_t *is_ = script_asked(s, type, &length_);                              \
		assert_non_null(is_);                                                              \
		assert_int_equal(length_, sizeof(wanted_));                                        \
		assert_memory_equal(is_, wanted_, sizeof(wanted_));                                \
	} while (0)

#endif
