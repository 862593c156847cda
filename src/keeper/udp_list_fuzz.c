/* SPDX-License-Identifier: BSD-2-Clause */
/* udp_list_fuzz.c - invented lines of /proc/net/udp: what is read of one is what sscanf() reads, or nothing */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keeper/udp_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct udp_list l = { 0 };
	char line[256];
	uint64_t value;

	if (size >= sizeof(line))
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	assert(udp_list_add_line(&l, line, size) == 0 && l.count <= 1);
	if (l.count && strlen(line) == size && !strpbrk(line, "\n\v\f\r"))
		assert(sscanf(line, "%*s%*s%*s%*s%*s%*s%*s%*s%*s%" SCNu64, &value) == 1 &&
		       value == l.inodes[0]);
	udp_list_release(&l);
	return 0;
}
