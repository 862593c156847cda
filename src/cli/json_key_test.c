/* SPDX-License-Identifier: BSD-2-Clause */
/* json_key_test.c - the keys are those of doc/interfaces.txt, which programs rely on */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/json_key.h"

static enum json_key key_find(const char *name)
{
	for (int key = KEY_NONE + 1; key < JSON_KEYS; key++)
		if (strcmp(json_key_name((enum json_key)key), name) == 0)
			return (enum json_key)key;
	return KEY_NONE;
}

static void test_keys_are_those_of_the_document(void **state)
{
	FILE *document = fopen(INTERFACES, "r");
	bool documented[JSON_KEYS] = { false };
	bool inside = false;
	char line[300], name[100];

	assert_non_null(document);
	while (fgets(line, sizeof(line), document)) {
		enum json_key key;

		if (line[0] == '[')
			inside = strcmp(line, "[json-keys]\n") == 0;
		if (!inside || line[0] == '[' || line[0] == '#' || sscanf(line, "%99s", name) != 1)
			continue;
		key = key_find(name);
		if (key == KEY_NONE)
			fail_msg("%s is in doc/interfaces.txt only", name);
		assert_false(documented[key]);
		documented[key] = true;
	}
	fclose(document);
	for (int key = KEY_NONE + 1; key < JSON_KEYS; key++)
		if (!documented[key])
			fail_msg("%s is not in doc/interfaces.txt",
			         json_key_name((enum json_key)key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_those_of_the_document),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
