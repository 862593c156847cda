/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_datagram_fuzz.c - any octets as what a raw socket or a packet socket gave: nothing is read outside
 *
 * Input: 4 (IPv4), 6 (IPv6: addresses, then the datagram) or another octet (what a packet socket got, then a
 * datagram of IPv6 to look for). A payload must lie within the input.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packet/gauge.h"
#include "packet/raw_datagram.h"

#define ADDRESSES 32
#define NOTED     256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *octets, size_t len, const struct raw_datagram *d)
{
	assert(d->payload >= octets && d->len <= len);
	assert((size_t)(d->payload - octets) <= len - d->len);
	assert(d->checksum <= RAW_CHECKSUM_BAD);
}

static void look_for(struct gauge *g, const struct raw_datagram *d)
{
	size_t cut;

	if (gauge_find(g, d, &cut))
		assert(cut == 0 || cut < d->len);
	assert(!gauge_find(g, d, &cut));
}

static void take_apart(uint8_t kind, const uint8_t *octets, size_t len)
{
	static struct gauge g;
	struct raw_datagram d;
	size_t noted = 0;

	if (kind == 4) {
		if (raw_datagram_read_v4(octets, len, &d) == 0)
			check(octets, len, &d);
		return;
	}
	memset(&g, 0, sizeof(g));
	if (kind != 6) {
		noted = len < NOTED ? len : NOTED;
		gauge_note(&g, octets, noted);
	}
	octets += noted;
	len -= noted;
	if (len < ADDRESSES ||
	    raw_datagram_read_v6(octets + ADDRESSES, len - ADDRESSES, octets, &d) < 0)
		return;
	check(octets, len, &d);
	look_for(&g, &d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *octets;

	if (size < 1)
		return 0;
	/* of its exact size, so that a sanitizer sees a read past the end */
	octets = malloc(size > 1 ? size - 1 : 1);
	assert(octets);
	memcpy(octets, data + 1, size - 1);
	take_apart(data[0], octets, size - 1);
	free(octets);
	return 0;
}
