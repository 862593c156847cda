/* SPDX-License-Identifier: BSD-2-Clause */
/* arrival_fixture.c - see arrival_fixture.h */
#include "path/arrival_fixture.h"

#include <assert.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "path/ppp_adopt.h"
#include "path/ppp_file.h"
#include "path/raw_receive.h"

#define LATE_MS 60000 /* nothing waits for so long here */

union address arrival_address(bool six, uint8_t last, uint16_t port)
{
	union address a = { .any.sa_family = six ? AF_INET6 : AF_INET };

	if (six) {
		a.v6.sin6_port = htons(port);
		a.v6.sin6_addr.s6_addr[15] = last;
	} else {
		a.v4.sin_port = htons(port);
		a.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last);
	}
	return a;
}

union address arrival_peer(const struct arrival_engine *e, uint8_t tunnel)
{
	return arrival_address(arrival_is_six(e, tunnel), 1,
	                       tunnel == FAKE_IP ? 0 : (uint16_t)(2701 + tunnel));
}

struct endpoint *arrival_endpoint(const struct arrival_engine *e, uint8_t slot)
{
	return netns_tunnel(e->ns, slot + 1u)->endpoint; /* of the first tunnel on it */
}

/* --- records */

static void fill_tunnels(const struct arrival_engine *e)
{
	struct tunnel_record *fourth = records_tunnel(e->records, 3);

	*fourth = *records_tunnel(e->records, 1);
	fourth->endpoint = FAKE_UDP;
	fourth->conn_id = 4;
	e->records->tunnels_used = FIXTURE_TUNNELS;
	for (uint8_t i = 0; i < FIXTURE_TUNNELS; i++) {
		struct tunnel_record *t = records_tunnel(e->records, i);

		t->peer = t->source = arrival_peer(e, i);
		t->peer_check = e->setup.tunnels[i] & 2 ? UL2TP_PEER_CHECK_IDS : 0;
		t->peer_known = !(e->setup.tunnels[i] & 4);
	}
}

static void fill_sessions(const struct arrival_engine *e)
{
	static const uint8_t cookie_lens[] = { 0, 4, 8, 8 };

	for (uint8_t i = 0; i < FIXTURE_SESSIONS; i++) {
		struct session_record *s = records_session(e->records, i);
		uint8_t how = e->setup.sessions[i];

		s->l2spec_type = how & 1;
		s->peer_cookie_len = cookie_lens[how >> 1 & 3];
		memset(s->peer_cookie, 'A' + i, sizeof(s->peer_cookie));
		s->recv_seq = how >> 3 & 1;
		s->lns_mode = how >> 4 & 1;
		s->reorder_timeout_ms = how & 32 ? LATE_MS : 0;
		s->tunnel = (s->tunnel + (how >> 6)) % FIXTURE_TUNNELS;
	}
}

static void fill_ppp(const struct arrival_engine *e)
{
	struct channel_record *second = &records_file(e->records, 1)->channel;

	records_unit(e->records, 1)->addresses[1] =
		(struct prefix){ .octets = { 0x20, 1, 0xd, 0xb8 }, .bits = 64, .family = AF_INET6 };
	if (arrival_has(e, ARRIVAL_TO_SHARED)) {
		second->unit = 1;
	} else if (arrival_has(e, ARRIVAL_TO_SOCKET)) {
		second->bound = 0;
		memset((void *)records_file(e->records, 3), 0, sizeof(struct ppp_file_record));
	}
}

/* --- programs' sockets */

static int pair_open(int *far)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
	*far = pair[1];
	return pair[0];
}

/* As the keeper has it from a program. */
static void give_to_program(struct arrival_engine *e, uint8_t slot, const struct raw_fds *fds)
{
	struct endpoint *endpoint = arrival_endpoint(e, slot);

	endpoint->at.cookie = slot + 1u;
	if (arrival_has(e, ARRIVAL_CONNECTED))
		endpoint->at.params.peer = arrival_peer(e, slot);
	assert(raw_receive_join(&e->raws, endpoint->intake, fds) == 0);
}

static void take_from_program(struct arrival_engine *e, uint8_t slot)
{
	struct endpoint *endpoint = arrival_endpoint(e, slot);

	raw_receive_leave(endpoint->intake);
	endpoint->at.cookie = 0;
	endpoint->at.params.peer = (union address){ 0 };
}

static void programs_begin(struct arrival_engine *e)
{
	struct raw_fds fds = RAW_FDS_NONE;

	for (int i = 0; i < 2; i++) {
		fds.fd[GAUGE_V4 + i] = pair_open(&e->gauge[i]);
		fds.fd[RAW_V4 + i] = e->raw[i] = fake_keeper_pair(e->keeper);
	}
	give_to_program(e, FAKE_UDP, &fds);
	give_to_program(e, FAKE_UDP_TOO, &RAW_FDS_NONE);
	raw_receive_read(&e->raws);
}

static void programs_end(struct arrival_engine *e)
{
	take_from_program(e, FAKE_UDP);
	take_from_program(e, FAKE_UDP_TOO);
	for (int i = 0; i < 2; i++)
		close(e->gauge[i]);
}

static void binding_begin(struct arrival_engine *e)
{
	struct intake *in = arrival_endpoint(e, FAKE_IP)->intake;

	e->binding = (struct ip_binding){
		.worker = in->worker,
		.netns_index = e->ns->index,
		.conn_id = ARRIVAL_CONN_ID,
		.family = arrival_is_six(e, FAKE_IP) ? AF_INET6 : AF_INET,
		.fd = pair_open(&e->binding_far),
		.port = 1701,
	};
	in->gives_control = true; /* as the one of all addresses does */
	ip_binding_attach(&e->binding);
}

static void binding_end(struct arrival_engine *e)
{
	ip_binding_detach(&e->binding);
	close(e->binding.fd);
	close(e->binding_far);
}

/* --- all */

static void first(struct arrival_engine *e)
{
	e->records = aligned_alloc(64, records_size(FIXTURE_TUNNELS, FIXTURE_SESSIONS));
	assert(e->records);
	log_level_set(LOG_EMERG);
	e->alone = unshare(CLONE_NEWNET) == 0;
}

static void engine_begin(struct arrival_engine *e)
{
	const bool two = arrival_has(e, ARRIVAL_TWO_WORKERS) && !arrival_has(e, ARRIVAL_PROGRAMS);
	const struct dataplane_options options = { .workers = two ? 2 : 1 };
	const struct keeper_start start = { .keeper = e->keeper, .records = e->records };

	assert(dataplane_new(&start, &options, &e->dp) == 0);
	assert(ppp_adopt(e->dp, e->files) == 0);
	e->ns = dataplane_netns_find(e->dp, (struct netns_id){ FAKE_NETNS });
	for (uint8_t slot = FAKE_UDP; slot <= FAKE_IP; slot++)
		arrival_endpoint(e, slot)->at.params.local = arrival_address(
			arrival_is_six(e, slot), 1, slot == FAKE_IP ? 0 : (uint16_t)(1701 + slot));
}

void arrival_begin(struct arrival_engine *e)
{
	if (!e->records)
		first(e);
	records_fixture_fill(e->records);
	fill_tunnels(e);
	fill_sessions(e);
	fill_ppp(e);
	e->keeper = fake_keeper_new();
	e->files = loop_new();
	assert(e->files);
	engine_begin(e);
	list_init(&e->raws);
	if (arrival_has(e, ARRIVAL_PROGRAMS))
		programs_begin(e);
	binding_begin(e);
}

void arrival_end(struct arrival_engine *e)
{
	binding_end(e);
	if (arrival_has(e, ARRIVAL_PROGRAMS))
		programs_end(e);
	ppp_files_close(e->dp);
	dataplane_free(e->dp);
	loop_free(e->files);
	fake_keeper_free(e->keeper);
}
