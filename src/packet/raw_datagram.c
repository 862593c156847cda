/* SPDX-License-Identifier: BSD-2-Clause */
/* raw_datagram.c - see raw_datagram.h */
#include "packet/raw_datagram.h"

#include <errno.h>
#include <netinet/in.h>

#include "base/reader.h"
#include "packet/checksum.h"

#define UDP_HEADER       8
#define UDP_CHECKSUM_AT  6
#define V4_HEADER        20
#define V4_ADDRESSES_AT  12
#define V4_ADDRESSES_LEN 8
#define V6_ADDRESSES_LEN 32

/* Of @udp, @len octets of header and payload. */
static enum raw_checksum checksum_look(const uint8_t *udp, size_t len, uint64_t pseudo)
{
	struct reader field = reader_over(udp + UDP_CHECKSUM_AT, 2);
	uint16_t value;

	read_copy(&field, &value, sizeof(value));
	if (!value)
		return RAW_CHECKSUM_NONE;
	/* First, for a partial one may happen to be right as well. */
	if (value == checksum_fold(pseudo))
		return RAW_CHECKSUM_PARTIAL;
	return checksum_value(pseudo + checksum_sum(udp, len)) == 0 ? RAW_CHECKSUM_GOOD
	                                                            : RAW_CHECKSUM_BAD;
}

static int udp_read(struct reader *r, const uint8_t *addresses, size_t addresses_len,
                    struct raw_datagram *ret)
{
	const uint8_t *udp = r->at;
	uint16_t source_port = read_u16(r), port = read_u16(r);
	size_t len = read_u16(r), left;

	read_skip(r, 2);
	left = read_left(r);
	if (r->failed || len < UDP_HEADER || len - UDP_HEADER > left)
		return -EBADMSG;
	*ret = (struct raw_datagram){
		.source_port = source_port,
		.port = port,
		.destination = addresses + addresses_len / 2,
		.checksum = checksum_look(
			udp, len,
			checksum_pseudo(addresses, addresses_len, IPPROTO_UDP, (uint32_t)len)),
		.payload = r->at,
		.len = len - UDP_HEADER,
	};
	return 0;
}

int raw_datagram_read_v4(const void *octets, size_t len, struct raw_datagram *ret)
{
	struct reader r = reader_over(octets, len), header = r;
	size_t header_len = (size_t)(read_u8(&header) & 0x0f) * 4;
	const uint8_t *addresses;

	read_skip(&header, V4_ADDRESSES_AT - 1);
	addresses = read_bytes(&header, V4_ADDRESSES_LEN);
	if (header.failed || header_len < V4_HEADER)
		return -EBADMSG;
	read_skip(&r, header_len);
	return r.failed ? -EBADMSG : udp_read(&r, addresses, V4_ADDRESSES_LEN, ret);
}

int raw_datagram_read_v6(const void *octets, size_t len, const uint8_t *addresses,
                         struct raw_datagram *ret)
{
	struct reader r = reader_over(octets, len);

	return udp_read(&r, addresses, V6_ADDRESSES_LEN, ret);
}
