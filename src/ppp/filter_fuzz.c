/* SPDX-License-Identifier: BSD-2-Clause */
/* filter_fuzz.c - any program is refused, or ends by itself over any frame
 *
 * Input: the number of instructions in one octet, these of 8 octets each, and the frame's information.
 */
#include <string.h>

#include "ppp/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sock_filter program[UINT8_MAX];
	struct ppp_filter *f;
	size_t octets;

	if (size < 1)
		return 0;
	octets = data[0] * sizeof(program[0]);
	if (size - 1 < octets)
		return 0;
	memcpy(program, data + 1, octets);
	if (ppp_filter_new(program, data[0], &f) < 0)
		return 0;
	ppp_filter_run(f, true, 0x0021, data + 1 + octets, size - 1 - octets);
	ppp_filter_free(f);
	return 0;
}
