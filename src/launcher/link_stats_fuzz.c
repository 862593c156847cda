/* SPDX-License-Identifier: BSD-2-Clause */
/* link_stats_fuzz.c - a datagram of rtnetlink's: what is changed in it are the counters, and what was found is found again */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "launcher/link_stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS 8

static void undo(uint8_t *copy, const uint8_t *data, const uint8_t *at, size_t width)
{
	if (at)
		memcpy(copy + (at - data), at, FIELDS * width);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t counters[UL2TP_DEVICE_COUNTER_MAX_PLUS_1] = {
		0, UINT64_MAX, 1, UINT64_MAX, 2, UINT64_MAX, 3, UINT64_MAX, 4,
	};
	struct reader datagram = reader_over(data, size);
	uint8_t *copy = malloc(size ? size : 1); /* exactly: a step too far is seen */
	struct link_stats l;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	while (link_stats_next(&datagram, &l)) {
		assert(l.stats32 || l.stats64);
		assert(strlen(l.name) < sizeof(l.name));
		link_stats_set(copy, data, &l, counters);
		undo(copy, data, l.stats32, sizeof(uint32_t));
		undo(copy, data, l.stats64, sizeof(uint64_t));
		assert(memcmp(copy, data, size) == 0);
	}
	free(copy);
	return 0;
}
