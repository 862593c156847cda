/* SPDX-License-Identifier: BSD-2-Clause */
/* answer_fuzz.c - a datagram of answers, as a client reads what a server it need not trust sent
 *
 * What a message of a tunnel, a session, something of PPP or the daemon's state says is written again: decoding and
 * writing that once more must give the same octets.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/control_family.h"
#include "netlink/error_message.h"
#include "netlink/session_message.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_device_message.h"
#include "netlink/ul2tp_ip_socket_message.h"
#include "netlink/ul2tp_ppp_channel.h"
#include "netlink/ul2tp_ppp_message.h"
#include "netlink/ul2tp_session_message.h"
#include "netlink/ul2tp_status_message.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "netlink/ul2tp_unit_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MESSAGE_MAX (1 << 17)

/* Reads attributes and writes what they say; false: they were not taken. */
typedef bool (*recode)(struct reader octets, struct writer *w);

static bool tunnel_recode(struct reader octets, struct writer *w)
{
	struct tunnel_message t;

	if (tunnel_message_read(octets, &t) < 0)
		return false;
	tunnel_message_put(w, &t);
	return true;
}

static bool session_recode(struct reader octets, struct writer *w)
{
	struct session_message s;

	if (session_message_read(octets, &s) < 0)
		return false;
	assert(strlen(s.ifname) < sizeof(s.ifname));
	session_message_put(w, &s);
	return true;
}

static bool ul2tp_tunnel_recode(struct reader octets, struct writer *w)
{
	static struct ul2tp_tunnel_message t;

	if (ul2tp_tunnel_message_read(octets, &t) < 0)
		return false;
	ul2tp_tunnel_message_put(w, &t);
	return true;
}

static bool ul2tp_session_recode(struct reader octets, struct writer *w)
{
	static struct ul2tp_session_message s;

	if (ul2tp_session_message_read(octets, &s) < 0)
		return false;
	ul2tp_session_message_put(w, &s);
	return true;
}

static bool status_recode(struct reader octets, struct writer *w)
{
	struct ul2tp_status s;

	if (ul2tp_status_read(octets, &s) < 0)
		return false;
	ul2tp_status_put(w, &s);
	return true;
}

static bool ppp_state_recode(struct reader octets, struct writer *w)
{
	struct ul2tp_ppp_state_message s;

	if (ul2tp_ppp_state_read(octets, &s) < 0)
		return false;
	ul2tp_ppp_state_put(w, &s);
	return true;
}

static bool ppp_channel_recode(struct reader octets, struct writer *w)
{
	static struct ul2tp_ppp_channel_report c;

	if (ul2tp_ppp_channel_read(octets, &c) < 0)
		return false;
	ul2tp_ppp_channel_put(w, &c);
	return true;
}

static bool unit_recode(struct reader octets, struct writer *w)
{
	static struct ul2tp_unit_message m;

	if (ul2tp_unit_message_read(octets, &m) < 0)
		return false;
	assert(strlen(m.device) < sizeof(m.device));
	ul2tp_unit_message_put(w, &m);
	return true;
}

static bool device_recode(struct reader octets, struct writer *w)
{
	struct ul2tp_device_message m;

	if (ul2tp_device_message_read(octets, &m) < 0)
		return false;
	assert(strlen(m.name) < sizeof(m.name));
	ul2tp_device_message_put(w, &m);
	return true;
}

static bool ip_socket_recode(struct reader octets, struct writer *w)
{
	static struct ul2tp_ip_socket_state state;

	if (ul2tp_ip_socket_state_read(octets, &state) < 0)
		return false;
	assert(read_left(&state.name));
	ul2tp_ip_socket_state_put(w, &state);
	return true;
}

static void recode_twice(recode recode_one, struct reader octets)
{
	static uint8_t first[MESSAGE_MAX], second[MESSAGE_MAX];
	struct writer w1 = writer_over(first, sizeof(first));
	struct writer w2 = writer_over(second, sizeof(second));

	if (!recode_one(octets, &w1) || w1.failed)
		return;
	assert(recode_one(reader_over(first, write_len(&w1)), &w2));
	assert(!w2.failed);
	assert(write_len(&w1) == write_len(&w2));
	assert(!memcmp(first, second, write_len(&w1)));
}

static void message_take(const struct nl_message *m)
{
	static const recode recodes[] = { tunnel_recode,       session_recode,
		                          ul2tp_tunnel_recode, ul2tp_session_recode,
		                          status_recode,       unit_recode,
		                          ppp_state_recode,    ppp_channel_recode,
		                          device_recode,       ip_socket_recode };
	struct control_answer family;
	struct nl_error error;
	struct reader attributes;
	uint8_t command;

	if (m->type == NLMSG_ERROR && nl_error_read(m, &error) == 0)
		assert(error.error <= 0 && strlen(error.text) < m->length);
	if (m->type == NLMSG_DONE)
		assert(nl_done_read(m) <= 0);
	if (control_answer_read(m, &family) == 0) {
		assert(family.group_count <= CONTROL_GROUPS_MAX);
		assert(strlen(family.name) < sizeof(family.name));
		control_answer_group(&family, "l2tp");
	}
	if (genl_header_read(m, &command, &attributes) < 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(recodes); i++)
		recode_twice(recodes[i], attributes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader datagram = reader_over(data, size);
	struct nl_message m;

	while (nl_message_next(&datagram, &m))
		message_take(&m);
	return 0;
}
