/* SPDX-License-Identifier: BSD-2-Clause */
/* view_fuzz.c - what libul2tp hands to programs, from messages of a server that need not be trusted
 *
 * The input is the attributes of one message, which is read as each kind there is. Whatever they hold,
 * strings end within their memory, pointers are set and counts have their limits.
 */
#include <assert.h>
#include <string.h>

#include "client/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_string(const char *string, size_t room)
{
	assert(string);
	assert(strnlen(string, room) < room);
}

static void check_reasons(const struct ul2tp_reasons *reasons)
{
	assert(reasons->count <= UL2TP_DROPS_MAX);
	for (size_t i = 0; i < reasons->count; i++) {
		check_string(reasons->rows[i].name, sizeof(((struct reasons_view *)0)->names[0]));
		check_string(reasons->rows[i].words, sizeof(((struct reasons_view *)0)->words[0]));
	}
}

static void check_address(const struct ul2tp_address *a)
{
	assert(a->family == AF_UNSPEC || a->family == AF_INET || a->family == AF_INET6);
}

static void take_tunnel(struct reader attributes, bool daemon)
{
	static struct tunnel_view v;

	if (tunnel_view_read(attributes, daemon, &v) < 0)
		return;
	check_string(v.tunnel.label, sizeof(v.label));
	check_string(v.tunnel.device, sizeof(v.device));
	check_address(&v.tunnel.local);
	check_address(&v.tunnel.peer);
	check_reasons(&v.tunnel.rx_drops);
	check_reasons(&v.tunnel.tx_drops);
	assert(v.tunnel.has_extras == daemon);
}

static void take_session(struct reader attributes, bool daemon)
{
	static struct session_view v;

	if (session_view_read(attributes, daemon, &v) < 0)
		return;
	check_string(v.session.ifname, sizeof(v.ifname));
	check_string(v.session.label, sizeof(v.label));
	check_string(v.session.device, sizeof(v.device));
	assert(v.session.cookie.length <= sizeof(v.session.cookie.octets));
	assert(v.session.peer_cookie.length <= sizeof(v.session.peer_cookie.octets));
	check_reasons(&v.session.rx_drops);
	check_reasons(&v.session.tx_drops);
	assert(v.session.has_extras == daemon);
}

static void check_prefix(const struct ul2tp_ppp_prefix *p)
{
	assert(p->address.family == AF_INET || p->address.family == AF_INET6);
	assert(p->bits <= (p->address.family == AF_INET ? 32 : 128));
}

static void take_ppp(struct reader attributes)
{
	static struct ppp_channel_view channel;
	static struct ppp_unit_view unit;

	if (ppp_channel_view_read(attributes, &channel) == 0) {
		check_reasons(&channel.channel.rx_drops);
		check_reasons(&channel.channel.tx_drops);
	}
	if (ppp_unit_view_read(attributes, &unit) == 0) {
		check_string(unit.unit.ifname, sizeof(unit.ifname));
		check_reasons(&unit.unit.rx_drops);
		check_reasons(&unit.unit.tx_drops);
		assert(unit.unit.prefix_count <= UL2TP_UNIT_PREFIXES_MAX);
		for (size_t i = 0; i < unit.unit.prefix_count; i++)
			check_prefix(&unit.unit.prefixes[i]);
		check_string(unit.unit.account->ifname, sizeof(unit.unit.account->ifname));
	}
}

static void take_status(struct reader attributes)
{
	static struct status_view v;

	if (status_view_read(attributes, &v) < 0)
		return;
	check_string(v.status.version, sizeof(v.version));
	assert(v.status.feature_count <= UL2TP_FEATURES_MAX);
	for (size_t i = 0; i < v.status.feature_count; i++)
		check_string(v.status.features[i], sizeof(v.feature_names[i]));
	assert(v.status.lack_count <= UL2TP_LACKS_MAX);
	for (size_t i = 0; i < v.status.lack_count; i++) {
		check_string(v.status.lacks[i].feature, sizeof(v.lack_names[i]));
		check_string(v.status.lacks[i].words, sizeof(v.lack_words[i]));
	}
}

static void take_trace(struct reader attributes)
{
	static struct trace_view v;

	if (trace_view_read(attributes, &v) < 0)
		return;
	check_string(v.record.process, sizeof(v.process));
	assert(v.record.lost || ul2tp_trace_name(v.record.event) == v.record.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader attributes = reader_over(data, size);

	take_tunnel(attributes, false);
	take_tunnel(attributes, true);
	take_session(attributes, false);
	take_session(attributes, true);
	take_ppp(attributes);
	take_status(attributes);
	take_trace(attributes);
	return 0;
}
