/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_name_fuzz.c - any name a program could give; what was read is written and is the same */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/ppp_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t written[PPP_NAME_MAX], *name = malloc(size ? size : 1);
	struct ppp_name n;

	assert(name);
	memcpy(name, data, size);
	if (ppp_name_read(name, size, &n) == 0) {
		assert(ppp_name_write(&n, written) == size);
		assert(!memcmp(written, name, size));
	}
	free(name);
	return 0;
}
