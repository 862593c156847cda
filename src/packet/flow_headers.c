/* SPDX-License-Identifier: BSD-2-Clause */
/* flow_headers.c - see flow_headers.h */
#include "packet/flow_headers.h"

#include <string.h>

#include "packet/checksum.h"

static void may_differ(struct flow_headers *h, size_t from, size_t len)
{
	memset(h->same + from, 0, len);
}

static void find_same(struct flow_headers *h)
{
	const struct inner_headers *at = &h->at;

	memset(h->same, 0xff, at->end);
	if (at->ip_version == 4) {
		may_differ(h, at->l3 + IPV4_TOTAL_LEN, 2);
		may_differ(h, at->l3 + IPV4_ID, 2);
		may_differ(h, at->l3 + IPV4_CHECKSUM, 2);
	} else {
		may_differ(h, at->l3 + IPV6_PAYLOAD_LEN, 2);
	}
	if (at->protocol == IPPROTO_TCP) {
		may_differ(h, at->l4 + TCP_SEQ, 4);
		h->same[at->l4 + TCP_FLAGS + 1] = (uint8_t)~TCP_PSH;
		may_differ(h, at->l4 + TCP_CHECKSUM, 2);
	} else {
		may_differ(h, at->l4 + UDP_LEN, 2);
		may_differ(h, at->l4 + UDP_CHECKSUM, 2);
	}
}

void flow_headers_set(struct flow_headers *h, const uint8_t *frame, const struct inner_headers *at)
{
	uint8_t common[FLOW_HEADERS_MAX];

	h->at = *at;
	memcpy(h->octets, frame, at->end);
	find_same(h);
	for (size_t i = 0; i < at->end; i++)
		common[i] = h->octets[i] & h->same[i];
	h->ip_sum = checksum_sum(common + at->l3, at->l4 - at->l3);
	h->transport_sum = checksum_sum(common + at->l4, at->end - at->l4) +
	                   checksum_sum(frame + inner_addresses_at(at), inner_addresses_len(at)) +
	                   checksum_number(at->protocol);
}

static uint64_t load_word(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Headers of IP and TCP or UDP have more than a word. The last one overlaps the one before. */
static bool common_is_same(const struct flow_headers *h, const uint8_t *frame)
{
	uint64_t differs = 0;
	size_t i = 0;

	for (; i + sizeof(differs) < h->at.end; i += sizeof(differs))
		differs |=
			(load_word(frame + i) ^ load_word(h->octets + i)) & load_word(h->same + i);
	i = h->at.end - sizeof(differs);
	differs |= (load_word(frame + i) ^ load_word(h->octets + i)) & load_word(h->same + i);
	return !differs;
}

/* We would not write 0xffff, but 0. */
static bool ipv4_is_valid(const struct flow_headers *h, const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + h->at.l3;
	uint16_t checksum = checksum_load(ip + IPV4_CHECKSUM);

	return load_u16(ip + IPV4_TOTAL_LEN) == len - h->at.l3 && checksum != 0xffff &&
	       checksum_fold(h->ip_sum + checksum_load(ip + IPV4_TOTAL_LEN) +
	                     checksum_load(ip + IPV4_ID) + checksum) == 0xffff;
}

/* One without a checksum has nothing that says whether it is whole. */
static bool udp_is_valid(const struct flow_headers *h, const uint8_t *frame, size_t len)
{
	const uint8_t *l4 = frame + h->at.l4;

	return load_u16(l4 + UDP_LEN) == len - h->at.l4 && checksum_load(l4 + UDP_CHECKSUM);
}

bool flow_headers_match(const struct flow_headers *h, const uint8_t *frame, size_t len)
{
	if (len < h->at.end || !common_is_same(h, frame))
		return false;
	if (h->at.protocol == IPPROTO_UDP && !udp_is_valid(h, frame, len))
		return false;
	return h->at.ip_version == 4
	               ? ipv4_is_valid(h, frame, len)
	               : load_u16(frame + h->at.l3 + IPV6_PAYLOAD_LEN) == len - h->at.l4;
}

uint64_t flow_headers_sum(const struct flow_headers *h, const uint8_t *frame, uint32_t payload_len)
{
	const uint8_t *l4 = frame + h->at.l4;
	uint32_t l4_len = (uint32_t)(h->at.end - h->at.l4) + payload_len;
	uint64_t sum = h->transport_sum + checksum_number(l4_len);

	if (h->at.protocol == IPPROTO_UDP)
		return sum + checksum_load(l4 + UDP_LEN) + checksum_load(l4 + UDP_CHECKSUM);
	return sum + checksum_number(load_u32(l4 + TCP_SEQ)) +
	       checksum_number(l4[TCP_FLAGS + 1] & TCP_PSH) + checksum_load(l4 + TCP_CHECKSUM);
}
