/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_list_fuzz.c - invented lines of /proc/net/netlink and /proc/net/unix
 *
 * Of a line that has all its words, the numbers are what stands there; of others nothing is made up.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "launcher/socket_list.h"
#include "launcher/unix_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The word of this number, which are between blanks; "": there is none. */
static const char *word(const char *line, unsigned int number)
{
	line += strspn(line, " ");
	for (; number > 0; number--) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

static bool is_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && digits < 10 && (text[digits] == ' ' || !text[digits]);
}

static void check_netlink(const char *line)
{
	struct socket_entry entry;
	bool known = socket_entry_read(line, &entry) == 0;

	for (unsigned int i = 0; i <= 9; i++)
		if (!is_number(word(line, i)))
			return;
	assert(known && entry.port == strtoul(word(line, 2), NULL, 10));
	assert(entry.queued == strtoul(word(line, 4), NULL, 10));
	assert(entry.ino == strtoull(word(line, 9), NULL, 10));
}

static void check_unix(const char *line)
{
	unsigned long long inode;

	if (!unix_list_line(reader_over(line, strlen(line)), &inode))
		assert(line[0] == ' ' || !is_number(word(line, 6)));
	else if (line[0] != ' ' && is_number(word(line, 6)))
		assert(inode == strtoull(word(line, 6), NULL, 10));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MEMORY char *line = malloc(size + 1); /* exactly: a step too far is seen */

	assert(line);
	memcpy(line, data, size);
	line[size] = '\0';
	check_netlink(line);
	check_unix(line);
	return 0;
}
