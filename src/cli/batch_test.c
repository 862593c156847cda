/* SPDX-License-Identifier: BSD-2-Clause */
/* batch_test.c - lines into words, and what a batch does when a line fails */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/batch.h"
#include "client/connection.h"

/* The words of @line, each in <>. */
static const char *split(const char *line)
{
	static char ret[1000];
	static char copy[1000];
	char *words[BATCH_WORDS_MAX];
	size_t used = 0;
	int count;

	snprintf(copy, sizeof(copy), "%s", line);
	count = batch_words(copy, words);
	ret[0] = '\0';
	if (count < 0)
		return count == -EINVAL ? "EINVAL" : "E2BIG";
	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(ret + used, sizeof(ret) - used, "<%s>", words[i]);
	return ret;
}

static bool memory_is_out;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
	return memory_is_out ? NULL : __real_realloc(old, size);
}

/* What can not be read is not the end: what stands behind it would not be done, and nobody told. */
static void test_a_command_without_memory_is_no_end(void **state)
{
	char text[] = "show \\\ntunnel\nshow session\n";
	struct batch_lines b = { .file = fmemopen(text, strlen(text), "r") };

	assert_non_null(b.file);
	memory_is_out = true;
	assert_false(batch_lines_next(&b));
	memory_is_out = false;
	assert_int_equal(b.err, -ENOMEM);
	batch_lines_release(&b);
	fclose(b.file);
}

static void test_words(void **state)
{
	char many[2 * BATCH_WORDS_MAX + 3] = "";

	assert_string_equal(split(""), "");
	assert_string_equal(split("  \t\n"), "");
	assert_string_equal(split("add  tunnel\ttunnel_id 1\n"), "<add><tunnel><tunnel_id><1>");
	assert_string_equal(split("# all of it"), "");
	assert_string_equal(split("save # the rest"), "<save>");
	assert_string_equal(split("label a#b"), "<label><a#b>");
	assert_string_equal(split("label \"to Berlin\" x"), "<label><to Berlin><x>");
	assert_string_equal(split("label 'it is \"x\"'"), "<label><it is \"x\">");
	assert_string_equal(split("label \"a \\\"b\\\" \\\\c\""), "<label><a \"b\" \\c>");
	assert_string_equal(split("label '\\'"), "<label><\\>");
	assert_string_equal(split("label \"\" ''"), "<label><><>");
	assert_string_equal(split("a\\ b"), "<a b>");
	assert_string_equal(split("label \"open"), "EINVAL");
	for (size_t i = 0; i < BATCH_WORDS_MAX; i++)
		strcat(many, "x ");
	assert_string_not_equal(split(many), "E2BIG");
	strcat(many, "x");
	assert_string_equal(split(many), "E2BIG");
}

static int run(const char *text, bool force, char **out, char **err)
{
	static struct ul2tp nobody; /* of no back end */
	char path[] = "/tmp/ul2tp-batch-test.XXXXXX";
	int fd = mkstemp(path);
	size_t out_size, err_size;
	/* Without netlink or a daemon a command that asks nobody still works: help does. */
	struct cli cli = {
		.options = { .force = force },
		.out = open_memstream(out, &out_size),
		.err = open_memstream(err, &err_size),
		.u = &nobody, /* connected; nothing here asks it */
	};
	int status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	status = batch_run(&cli, path);
	fclose(cli.out);
	fclose(cli.err);
	unlink(path);
	return status;
}

static void test_a_failure_ends_it_and_is_located(void **state)
{
	static const char text[] = "# nothing\n\nhelp\nshow \\\n  \\\ntunel\nhelp\nfoo\n";
	char *out, *err;

	assert_int_equal(run(text, false, &out, &err), CLI_USAGE);
	assert_non_null(strstr(err, "is it tunnel?\nCommand failed /tmp/ul2tp-batch-test."));
	assert_non_null(strstr(err, ":6\n"));
	assert_null(strstr(err, "foo"));
	assert_null(strstr(strstr(out, "Usage: ul2tp [") + 1, "Usage: ul2tp ["));
	free(out);
	free(err);

	assert_int_equal(run(text, true, &out, &err), CLI_USAGE);
	assert_non_null(strstr(err, ":6\n"));
	assert_non_null(strstr(err, ":8\n"));
	assert_non_null(strstr(strstr(out, "Usage: ul2tp [") + 1, "Usage: ul2tp ["));
	free(out);
	free(err);
}

static void test_what_has_no_place_in_a_batch(void **state)
{
	static const char *const lines[] = { "-n x show tunnel", "--batch y",
		                             "show tunnel --backend kernel",
		                             "--socket=/x show tunnel" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *out, *err;

		assert_int_equal(run(lines[i], false, &out, &err), CLI_USAGE);
		assert_non_null(strstr(err, "has no place in a batch file"));
		free(out);
		free(err);
	}
}

static void test_a_file_that_is_not_there(void **state)
{
	char *err;
	size_t size;
	struct cli cli = { .out = stdout, .err = open_memstream(&err, &size) };

	assert_int_equal(batch_run(&cli, "/nonexistent/file"), CLI_USAGE);
	fclose(cli.err);
	assert_non_null(strstr(err, "cannot open \"/nonexistent/file\": No such file"));
	free(err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_a_command_without_memory_is_no_end),
		cmocka_unit_test(test_a_failure_ends_it_and_is_located),
		cmocka_unit_test(test_what_has_no_place_in_a_batch),
		cmocka_unit_test(test_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
