/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_unit_message.c - see ul2tp_unit_message.h
 *
 * A prefix is 18 octets: 4 or 6, how many bits count, the address, of IPv4 with 12 zeros behind it.
 */
#include "netlink/ul2tp_unit_message.h"

#include <errno.h>

#include "netlink/attribute.h"

#define PREFIX_LEN 18

static void prefix_put(struct writer *w, const struct prefix *p)
{
	write_u8(w, p->family == AF_INET6 ? 6 : 4);
	write_u8(w, p->bits);
	write_bytes(w, p->octets, sizeof(p->octets));
}

static void prefixes_put(struct writer *w, const struct prefix *p, uint32_t count)
{
	uint8_t octets[PREFIX_LEN * UL2TP_UNIT_PREFIXES_MAX];
	struct writer all = writer_over(octets, sizeof(octets));

	for (uint32_t i = 0; i < count; i++)
		prefix_put(&all, &p[i]);
	attribute_put(w, UL2TP_ATTR_UNIT_PREFIX, octets, write_len(&all));
}

static int prefix_read(struct reader *r, struct prefix *ret)
{
	uint8_t version = read_u8(r), bits = read_u8(r);
	uint8_t family = version == 6 ? AF_INET6 : AF_INET;
	const uint8_t *octets = read_bytes(r, PREFIX_OCTETS);

	if (r->failed || (version != 4 && version != 6) || bits > prefix_bits_max(family))
		return -EBADMSG;
	*ret = prefix_make(family, octets, bits);
	return 0;
}

static void rates_put(struct writer *w, const struct ul2tp_rate *rx, const struct ul2tp_rate *tx)
{
	if (rx->present) {
		attribute_put_u64(w, UL2TP_ATTR_UNIT_RX_RATE, rx->rate);
		attribute_put_u32(w, UL2TP_ATTR_UNIT_RX_BURST, rx->burst);
	}
	if (tx->present) {
		attribute_put_u64(w, UL2TP_ATTR_UNIT_TX_RATE, tx->rate);
		attribute_put_u32(w, UL2TP_ATTR_UNIT_TX_BURST, tx->burst);
	}
}

static struct ul2tp_rate rate_read(const struct attributes *a, uint16_t rate, uint16_t burst)
{
	return (struct ul2tp_rate){
		.present = attributes_has(a, rate),
		.rate = attributes_u64(a, rate),
		.burst = attributes_u32(a, burst),
	};
}

static void rates_read(const struct attributes *a, struct ul2tp_rate *rx, struct ul2tp_rate *tx)
{
	*rx = rate_read(a, UL2TP_ATTR_UNIT_RX_RATE, UL2TP_ATTR_UNIT_RX_BURST);
	*tx = rate_read(a, UL2TP_ATTR_UNIT_TX_RATE, UL2TP_ATTR_UNIT_TX_BURST);
}

void ul2tp_unit_request_put(struct writer *w, const struct ul2tp_unit_request *request)
{
	if (request->by_handle)
		attribute_put_u64(w, UL2TP_ATTR_PPP_HANDLE, request->handle);
	else
		attribute_put_u32(w, UL2TP_ATTR_PPP_UNIT, request->unit);
	if (request->prefix.family)
		prefixes_put(w, &request->prefix, 1);
	rates_put(w, &request->rx, &request->tx);
}

int ul2tp_unit_request_read(const struct ul2tp_request *r, struct ul2tp_unit_request *ret,
                            struct extack *ea)
{
	struct reader prefix = attributes_value(&r->top, UL2TP_ATTR_UNIT_PREFIX);

	*ret = (struct ul2tp_unit_request){
		.by_handle = attributes_has(&r->top, UL2TP_ATTR_PPP_HANDLE),
		.handle = attributes_u64(&r->top, UL2TP_ATTR_PPP_HANDLE),
		.unit = attributes_u32(&r->top, UL2TP_ATTR_PPP_UNIT),
	};
	rates_read(&r->top, &ret->rx, &ret->tx);
	if (ret->by_handle == attributes_has(&r->top, UL2TP_ATTR_PPP_UNIT))
		return extack_fail(ea, -EINVAL, 0,
		                   "a unit is named by ppp_handle or by ppp_unit, give one");
	if (attributes_has(&r->top, UL2TP_ATTR_UNIT_PREFIX) &&
	    (prefix_read(&prefix, &ret->prefix) < 0 || read_left(&prefix)))
		return extack_fail(ea, -EINVAL, UL2TP_BLAME(UL2TP_ATTR_UNIT_PREFIX),
		                   "unit_prefix is not 4 or 6, bits, and 16 octets");
	return 0;
}

static void counters_put(struct writer *w, const uint64_t *counters)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_UNIT_COUNTERS | NLA_F_NESTED);

	for (uint16_t n = 1; n < UL2TP_UNIT_COUNTER_MAX_PLUS_1; n++)
		attribute_put_u64(w, n, counters[n]);
	attribute_nest_end(w, nest);
}

static void counters_read(struct reader nest, uint64_t *counters)
{
	struct attribute a;

	while (attribute_next(&nest, &a)) {
		uint16_t n = a.type;

		if (n < UL2TP_UNIT_COUNTER_MAX_PLUS_1)
			counters[n] = read_u64_host(&a.value);
	}
}

void ul2tp_unit_message_put(struct writer *w, const struct ul2tp_unit_message *m)
{
	attribute_put_u32(w, UL2TP_ATTR_PPP_UNIT, m->unit);
	if (m->device[0])
		attribute_put_string(w, UL2TP_ATTR_DEVICE, m->device);
	if (m->shared) {
		attribute_put_u8(w, UL2TP_ATTR_UNIT_SHARED, 1);
		attribute_put_u64(w, UL2TP_ATTR_UNIT_STRAYS, m->strays);
	}
	counters_put(w, m->counters);
	ul2tp_drops_put(w, UL2TP_ATTR_RX_DROPS, &m->rx_drops);
	ul2tp_drops_put(w, UL2TP_ATTR_TX_DROPS, &m->tx_drops);
	if (m->prefix_count)
		prefixes_put(w, m->prefixes, m->prefix_count);
	rates_put(w, &m->rx, &m->tx);
}

int ul2tp_unit_message_read(struct reader octets, struct ul2tp_unit_message *ret)
{
	struct reader prefixes, device;
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0)
		return -EBADMSG;
	*ret = (struct ul2tp_unit_message){
		.unit = attributes_u32(&a, UL2TP_ATTR_PPP_UNIT),
		.shared = attributes_has(&a, UL2TP_ATTR_UNIT_SHARED),
		.strays = attributes_u64(&a, UL2TP_ATTR_UNIT_STRAYS),
	};
	rates_read(&a, &ret->rx, &ret->tx);
	device = attributes_value(&a, UL2TP_ATTR_DEVICE);
	if (read_left(&device) < sizeof(ret->device))
		read_copy(&device, ret->device, read_left(&device));
	counters_read(attributes_value(&a, UL2TP_ATTR_UNIT_COUNTERS), ret->counters);
	if (ul2tp_drops_read(attributes_value(&a, UL2TP_ATTR_RX_DROPS), &ret->rx_drops) < 0 ||
	    ul2tp_drops_read(attributes_value(&a, UL2TP_ATTR_TX_DROPS), &ret->tx_drops) < 0)
		return -EBADMSG;
	prefixes = attributes_value(&a, UL2TP_ATTR_UNIT_PREFIX);
	while (read_left(&prefixes) && ret->prefix_count < UL2TP_UNIT_PREFIXES_MAX)
		if (prefix_read(&prefixes, &ret->prefixes[ret->prefix_count++]) < 0)
			return -EBADMSG;
	return 0;
}
