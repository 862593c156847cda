/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_name_fuzz.c - any name a program could give; what was read is written and read again */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/ip_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t written[IP_NAME_MAX], *name = malloc(size ? size : 1);
	struct ip_name n, again;
	size_t len;

	assert(name);
	memcpy(name, data, size);
	if (ip_name_read(name, size, &n) == 0) {
		assert(size >= 2 && n.len == size);
		len = ip_name_write(&n, written);
		assert(len == (n.family == AF_INET6 ? IP_NAME6_LEN : IP_NAME4_LEN));
		assert(ip_name_read(written, len, &again) == 0);
		assert(again.conn_id == n.conn_id && again.unused == n.unused);
		assert(ip_name_is_multicast(&again) == ip_name_is_multicast(&n));
	}
	free(name);
	return 0;
}
