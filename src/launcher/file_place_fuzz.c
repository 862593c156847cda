/* SPDX-License-Identifier: BSD-2-Clause */
/* file_place_fuzz.c - what a program gives as a path, in what its mounts are
 *
 * The input: the base, the path and mountinfo, with a NUL between them.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "launcher/file_place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct reader *r, char *to, size_t size)
{
	size_t len = 0;
	uint8_t c;

	while ((c = read_u8(r)) && len + 1 < size)
		to[len++] = (char)c;
	to[len] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	char base[300], path[300], plain[256], again[256];
	struct file_place place;
	struct mounts m;

	take(&r, base, sizeof(base));
	take(&r, path, sizeof(path));
	mounts_read(r, &m);
	mounts_default(&m);
	for (int kind = 0; kind < MOUNT_KINDS; kind++)
		for (unsigned int i = 0; i < m.count[kind]; i++)
			assert(!m.at[kind][i][0] || m.at[kind][i][0] == '/');
	if (!file_place_join(base, path, plain, sizeof(plain)))
		return 0;
	assert(plain[0] == '/' && strlen(plain) < sizeof(plain));
	assert(file_place_join("/x", plain, again, sizeof(again)) && strcmp(plain, again) == 0);
	place = file_place_find(&m, plain);
	assert(place.kind == FILE_NONE || file_place_possible(plain));
	assert(strlen(place.task) < sizeof(place.task));
	return 0;
}
