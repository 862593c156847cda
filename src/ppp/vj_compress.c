/* SPDX-License-Identifier: BSD-2-Clause */
/* vj_compress.c - what is sent (RFC 1144 §3.2.2); see vj.h */
#include <netinet/in.h>
#include <string.h>

#include "ppp/vj_private.h"

#define FRAGMENT_BITS 0x3fff /* more fragments, offset */
#define CHANGES_MAX   16     /* octets of deltas: five of three at most, URG's among them */

struct deltas {
	uint8_t octets[CHANGES_MAX];
	size_t len;
	unsigned int changes;
};

/* A difference of 0 is three octets, too, like one that does not fit one octet. */
static void put_delta(struct deltas *d, uint32_t delta)
{
	if (!delta || delta > UINT8_MAX) {
		d->octets[d->len++] = 0;
		d->octets[d->len++] = (uint8_t)(delta >> 8);
	}
	d->octets[d->len++] = (uint8_t)delta;
}

static void put_change(struct deltas *d, unsigned int change, uint32_t delta)
{
	put_delta(d, delta);
	d->changes |= change;
}

/* Return: length of the headers; 0: not such a packet as is ever compressed. */
static size_t compressible(const uint8_t *packet, size_t len, size_t *ip_len)
{
	size_t headers = vj_headers_len(packet, len, ip_len);
	uint8_t flags;

	if (!headers || packet[IPV4_PROTOCOL] != IPPROTO_TCP ||
	    load_u16(packet + IPV4_FRAGMENT) & FRAGMENT_BITS ||
	    load_u16(packet + IPV4_TOTAL_LEN) != len)
		return 0;
	flags = packet[*ip_len + TCP_FLAGS];
	if (flags & (TCP_SYN | TCP_FIN | TCP_RST) || !(flags & TCP_HAS_ACK))
		return 0;
	return headers;
}

/* The addresses and ports. */
static bool same_connection(const struct vj_slot *slot, const uint8_t *packet, size_t ip_len)
{
	return slot->len && !memcmp(slot->header + IPV4_SOURCE, packet + IPV4_SOURCE, 8) &&
	       !memcmp(slot->header + slot->ip_len, packet + ip_len, 4);
}

/* The slot of the packet's connection, or that which was used longest ago, whose connection is then forgotten. */
static struct vj_slot *find(struct vj *vj, const uint8_t *packet, size_t ip_len)
{
	struct vj_slot *slot = NULL;

	for (struct list *at = vj->by_use.next; at != &vj->by_use; at = at->next) {
		slot = list_entry(at, struct vj_slot, by_use);
		if (same_connection(slot, packet, ip_len))
			break;
		if (at->next != &vj->by_use) {
			vj->counters.searches++;
			continue;
		}
		vj->counters.misses++;
		slot->len = 0;
	}
	list_remove(&slot->by_use);
	list_prepend(&vj->by_use, &slot->by_use);
	return slot;
}

/* Fields that must not change, for nothing tells the other end of it: version, lengths, type of service, fragment word,
 * time to live, options. */
static bool same_constants(const struct vj_slot *slot, const uint8_t *packet, size_t ip_len,
                           size_t len)
{
	const uint8_t *old = slot->header, *old_tcp = old + ip_len, *tcp = packet + ip_len;

	return slot->ip_len == ip_len && slot->len == len && !memcmp(old, packet, 2) &&
	       !memcmp(old + IPV4_FRAGMENT, packet + IPV4_FRAGMENT, 4) &&
	       !memcmp(old + IPV4_HEADER_MIN, packet + IPV4_HEADER_MIN, ip_len - IPV4_HEADER_MIN) &&
	       old_tcp[TCP_HEADER_LEN] == tcp[TCP_HEADER_LEN] &&
	       !((old_tcp[TCP_FLAGS] ^ tcp[TCP_FLAGS]) & ~(TCP_PSH | TCP_URG)) &&
	       !memcmp(old_tcp + TCP_OPTIONS, tcp + TCP_OPTIONS, len - ip_len - TCP_OPTIONS);
}

/* Return: false: by more than a compressed header can say. */
static bool put_numbers(struct deltas *d, const uint8_t *old, const uint8_t *tcp, uint32_t sent)
{
	uint32_t ack = load_u32(tcp + TCP_ACK) - load_u32(old + TCP_ACK);
	uint32_t seq = load_u32(tcp + TCP_SEQ) - load_u32(old + TCP_SEQ);
	uint16_t window = (uint16_t)(load_u16(tcp + TCP_WINDOW) - load_u16(old + TCP_WINDOW));
	size_t before;

	if (tcp[TCP_FLAGS] & TCP_URG)
		put_change(d, CHANGED_URGENT, load_u16(tcp + TCP_URGENT_AT));
	else if (load_u16(tcp + TCP_URGENT_AT) != load_u16(old + TCP_URGENT_AT))
		return false;
	if (window)
		put_change(d, CHANGED_WINDOW, window);
	if (ack > UINT16_MAX || seq > UINT16_MAX)
		return false;
	before = d->len;
	if (ack)
		put_change(d, CHANGED_ACK, ack);
	if (seq)
		put_change(d, CHANGED_SEQ, seq);
	if (d->changes == ECHOED || d->changes == STREAMED)
		return false;         /* these mean something else */
	if (old[TCP_FLAGS] & TCP_URG) /* which some leave set with what stands for two changes */
		return true;
	if (d->changes == CHANGED_SEQ && seq == sent) {
		d->changes = STREAMED;
		d->len = before;
	} else if (d->changes == (CHANGED_SEQ | CHANGED_ACK) && seq == sent && ack == sent) {
		d->changes = ECHOED;
		d->len = before;
	}
	return true;
}

/* Return: false: the packet is to be sent with its whole header. */
static bool put_changes(struct deltas *d, const struct vj_slot *slot, const uint8_t *packet)
{
	const uint8_t *old = slot->header;
	uint32_t old_len = load_u16(old + IPV4_TOTAL_LEN);
	uint16_t id = (uint16_t)(load_u16(packet + IPV4_ID) - load_u16(old + IPV4_ID));

	if (!put_numbers(d, old + slot->ip_len, packet + slot->ip_len, old_len - slot->len))
		return false;
	/* Nothing has changed: data behind an acknowledgement, or something sent again, which tells us that the
	 * other end may have lost its way (RFC 1144 §3.2.2). */
	if (!d->changes && (load_u16(packet + IPV4_TOTAL_LEN) == old_len || old_len != slot->len))
		return false;
	if (id != 1)
		put_change(d, CHANGED_ID, id);
	if (packet[slot->ip_len + TCP_FLAGS] & TCP_PSH)
		d->changes |= PUSH;
	return true;
}

static void put_compressed(struct vj *vj, bool omit_number, const struct vj_slot *slot,
                           const struct deltas *d, const uint8_t *packet, struct vj_packet *ret)
{
	uint8_t *at = ret->head;
	bool numbered = !omit_number || vj->last_sent != slot->number;

	*at++ = (uint8_t)(d->changes | (numbered ? CHANGED_NUMBER : 0));
	if (numbered)
		*at++ = slot->number;
	memcpy(at, packet + slot->ip_len + TCP_CHECKSUM, 2);
	at += 2;
	memcpy(at, d->octets, d->len);
	ret->protocol = PROTOCOL_VJ_COMPRESSED;
	ret->head_len = (uint16_t)(at + d->len - ret->head);
	vj->counters.compressed++;
}

static void put_uncompressed(const struct vj_slot *slot, const uint8_t *packet, size_t len,
                             struct vj_packet *ret)
{
	memcpy(ret->head, packet, len);
	ret->head[IPV4_PROTOCOL] = slot->number;
	ret->protocol = PROTOCOL_VJ_UNCOMPRESSED;
	ret->head_len = (uint16_t)len;
}

void vj_compress(struct vj *vj, bool omit_number, const uint8_t *packet, size_t len,
                 struct vj_packet *ret)
{
	struct deltas d = { .changes = 0 };
	size_t ip_len, headers = compressible(packet, len, &ip_len);
	struct vj_slot *slot;

	ret->protocol = PROTOCOL_IP;
	ret->head_len = ret->payload_at = 0;
	if (!headers)
		return;
	slot = find(vj, packet, ip_len);
	vj->counters.packets++;
	if (same_constants(slot, packet, ip_len, headers) && put_changes(&d, slot, packet))
		put_compressed(vj, omit_number, slot, &d, packet, ret);
	else
		put_uncompressed(slot, packet, headers, ret);
	ret->payload_at = (uint16_t)headers;
	slot->ip_len = (uint8_t)ip_len;
	slot->len = (uint8_t)headers;
	memcpy(slot->header, packet, headers);
	vj->last_sent = slot->number;
}
