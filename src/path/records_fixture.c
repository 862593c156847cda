/* SPDX-License-Identifier: BSD-2-Clause */
/* records_fixture.c - see records_fixture.h */
#include "path/records_fixture.h"

#include <linux/l2tp.h>
#include <string.h>

#include "path/fake_keeper.h"

static const struct netns_id here = { FAKE_NETNS };

static union address address_at(uint16_t port)
{
	return (union address){ .v4 = { .sin_family = AF_INET,
		                        .sin_port = htons(port),
		                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) } };
}

static void tunnel(struct records *r, uint32_t index, uint32_t endpoint, uint8_t version)
{
	struct tunnel_record *t = records_tunnel(r, index);

	t->endpoint = endpoint;
	t->netns = here;
	t->fd = -1;
	t->conn_id = t->peer_conn_id = index + 1;
	t->version = version;
	t->peer_known = 1;
	t->source = address_at((uint16_t)(1701 + index));
	t->peer = address_at((uint16_t)(2701 + index));
	t->state = RECORD_LIVE;
	r->tunnels_used = index + 1;
}

static void session(struct records *r, uint32_t index, uint32_t of_tunnel, uint32_t device)
{
	struct session_record *s = records_session(r, index);

	s->tunnel = of_tunnel;
	s->device = device;
	s->session_id = s->peer_session_id = index + 1;
	s->pw_type = device == RECORD_NONE ? L2TP_PWTYPE_PPP : L2TP_PWTYPE_ETH;
	s->l2spec_type = L2TP_L2SPECTYPE_DEFAULT;
	s->cookie_len = s->peer_cookie_len = device == RECORD_NONE ? 0 : 4;
	s->serial = ++r->serial;
	memcpy(s->label, "left", sizeof("left"));
	s->state = RECORD_LIVE;
	r->sessions_used = index + 1;
}

static struct ppp_file_record *file(struct records *r, uint32_t index)
{
	struct ppp_file_record *f = records_file(r, index);

	f->slot = index;
	f->handle = index + 1;
	f->serial = index + 1;
	f->netns = here;
	f->channel.session = f->channel.unit = f->channel.bridge = RECORD_NONE;
	f->attached = ++r->serial;
	f->state = RECORD_LIVE;
	r->files_used = index + 1;
	return f;
}

static void socket_of(struct records *r, uint32_t index, uint32_t of_session, uint32_t unit)
{
	struct ppp_file_record *f = file(r, index);

	f->is_socket = 1;
	f->channel.session = of_session;
	f->channel.session_serial = records_session(r, of_session)->serial;
	f->channel.number = index + 1;
	f->channel.unit = unit;
	f->channel.joined = ++r->serial;
	f->channel.connected = f->channel.bound = 1;
}

static void file_on(struct records *r, uint32_t index, enum ppp_file_on on, uint32_t what)
{
	struct ppp_file_record *f = file(r, index);

	f->on = (uint8_t)on;
	f->on_index = what;
	f->owner = on == PPP_FILE_ON_UNIT;
}

static struct unit_record *unit(struct records *r, uint32_t index, uint32_t device)
{
	struct unit_record *u = records_unit(r, index);

	u->device = device;
	u->netns = here;
	u->number = index;
	u->present = 1u << UNIT_SET_FLAGS | 1u << UNIT_SET_MRU;
	u->settings[UNIT_SET_MRU] = 1400;
	u->modes[0] = (struct unit_mode_record){ .protocol = 0x21, .mode = 0 };
	u->state = RECORD_LIVE;
	r->units_used = index + 1;
	return u;
}

static void filters(struct records *r, uint32_t index)
{
	static const struct sock_filter pass_all = BPF_STMT(BPF_RET | BPF_K, 1);

	records_unit_filters(r, index)->pass[0] = records_unit_filters(r, index)->active[0] =
		pass_all;
	records_unit(r, index)->pass_count = records_unit(r, index)->active_count = 1;
}

void records_fixture_fill(struct records *r)
{
	struct unit_record *shares;

	memset((void *)r, 0, records_size(FIXTURE_TUNNELS, FIXTURE_SESSIONS));
	r->max_tunnels = FIXTURE_TUNNELS;
	r->max_sessions = FIXTURE_SESSIONS;
	tunnel(r, 0, FAKE_UDP, 3);
	tunnel(r, 1, FAKE_UDP_TOO, 2);
	tunnel(r, 2, FAKE_IP, 3);
	session(r, 0, 0, FAKE_TAP);
	session(r, 1, 1, RECORD_NONE);
	session(r, 2, 1, RECORD_NONE);
	session(r, 3, 2, FAKE_TAP_TOO);
	unit(r, 0, FAKE_PPP);
	filters(r, 0);
	shares = unit(r, 1, RECORD_NONE);
	shares->shared = 1;
	shares->addresses[0] =
		(struct prefix){ .octets = { 10, 0, 0, 1 }, .bits = 32, .family = AF_INET };
	socket_of(r, 0, 1, 0);
	socket_of(r, 1, 2, RECORD_NONE);
	file_on(r, 2, PPP_FILE_ON_UNIT, 0);
	file_on(r, 3, PPP_FILE_ON_CHANNEL, 1);
	file_on(r, 4, PPP_FILE_ON_UNIT, 1);
	file_on(r, 5, PPP_FILE_ON_NOTHING, 0);
	file_on(r, 6, PPP_FILE_ON_NOTHING, 0);
	file(r, 7)->is_socket = 1;
}
