/* SPDX-License-Identifier: BSD-2-Clause */
/* arrival_fuzz.c - whole datagrams, from the system's hands to a session's interface, socket or file
 *
 * The input: struct arrival_setup, then datagrams, each with an octet that says by which way it comes (enum way and flags), one
 * from whom, one how it is to be cut, one with its length, and its own.
 *
 * Each datagram is counted once, for the reason that arrival_model.h foresees. What is handed on is the payload of one that
 * was for this session, with its cookie, and none twice; what a session has received was handed on or is counted as lost. With
 * two workers all is as with one. Of programs' sockets, which keep what is not ours, less is foreseen.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "path/arrival_fixture.h"
#include "path/arrival_model.h"
#include "path/channel.h"
#include "path/fake_datagrams.h"
#include "path/raw_receive.h"
#include "path/receive.h"
#include "path/shared_device.h"

#define BATCH_MAX     32
#define DATAGRAMS_MAX 64
#define FRAME_MAX     4096
#define TUN_HEADERS   (sizeof(struct tun_pi) + sizeof(struct virtio_net_hdr))
#define TO_BINDING    FIXTURE_SESSIONS /* in place of a session: control messages */
#define ZERO_WORD     4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum way { WAY_UDP, WAY_UDP_TOO, WAY_IP, WAY_RAW_V4, WAY_RAW_V6, WAY_RING, WAY_NOTICE, WAY_TUN };

enum way_flag {
	WAY_MASK = 7,
	WAY_MORE = 8, /* the next comes in the same batch */
	WAY_TRUNCATED = 16,
	WAY_OTHER_WORKER = 32, /* comes to the last */
	WAY_OTHER_SOCKET = 64, /* the second of two programs */
};

/* What may be handed on. */
struct payload {
	uint32_t session;
	uint8_t *octets;
	size_t len;
	size_t address_len, protocol_len; /* of PPP: ff 03, and the protocol number */
	bool used;
};

/* Of which the program or the system gets less than came. */
enum without { WITHOUT_NOTHING, WITHOUT_ADDRESS, WITHOUT_PROTOCOL };

static struct arrival_engine engine;

/* Of the input that is being dealt with. */
static struct payload *payloads;
static size_t payload_count;
static size_t cuts[DATAGRAMS_MAX];
static size_t cut_count;
static uint64_t foreseen[RX_DROP_REASONS], came, handed_on[FIXTURE_SESSIONS + 1];
/* Of a session: what was left to the system may have been done (packet/coalesce.h). */
static bool reshaped[FIXTURE_SESSIONS];

/* --- what comes out */

static bool is_payload(const struct payload *p, uint32_t session, const uint8_t *frame, size_t len,
                       enum without without)
{
	size_t front = (without >= WITHOUT_ADDRESS ? p->address_len : 0) +
	               (without == WITHOUT_PROTOCOL ? p->protocol_len : 0);

	return !p->used && p->session == session && p->len == front + len &&
	       memcmp(p->octets + front, frame, len) == 0;
}

static void check_frame(uint32_t session, const uint8_t *frame, size_t len, enum without without)
{
	handed_on[session]++;
	for (size_t i = 0; i < payload_count; i++)
		if (is_payload(&payloads[i], session, frame, len, without)) {
			payloads[i].used = true;
			return;
		}
	assert(session < FIXTURE_SESSIONS && reshaped[session]);
}

/* It shares its device with others, and speaks for itself alone. */
static void check_source(const uint8_t *frame, size_t len)
{
	static const uint8_t prefix[8] = { 0x20, 1, 0xd, 0xb8 }, own[4] = { 10, 0, 0, 1 };
	bool six = frame[2] == ETH_P_IPV6 >> 8;

	frame += TUN_HEADERS;
	len -= TUN_HEADERS;
	assert(six ? len >= 24 && memcmp(frame + 8, prefix, sizeof(prefix)) == 0
	           : len >= 16 && memcmp(frame + 12, own, sizeof(own)) == 0);
}

/* What was on it has gone; else it is a frame without octets. */
static bool is_shut(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	return poll(&p, 1, 0) > 0 && p.revents & POLLRDHUP;
}

static void drain(int fd, uint32_t session, size_t header, enum without without)
{
	uint8_t frame[FRAME_MAX];
	ssize_t len;

	while ((len = recv(fd, frame, sizeof(frame), MSG_DONTWAIT)) > 0 || (!len && !is_shut(fd))) {
		assert((size_t)len >= header);
		if (fd == fake_keeper_device_far_end(engine.keeper, FAKE_SHARED))
			check_source(frame, (size_t)len);
		check_frame(session, frame + header, (size_t)len - header, without);
	}
}

static void drain_all(void)
{
	static const uint8_t session_of_file[] = { 1, 2, 1, 2, 2 };
	const size_t ip_header = engine.binding.family == AF_INET6 ? 40 : 20;

	for (uint32_t i = FAKE_TAP; i <= FAKE_TAP_TOO; i++)
		drain(fake_keeper_device_far_end(engine.keeper, i), i == FAKE_TAP ? 0 : 3,
		      sizeof(struct virtio_net_hdr), WITHOUT_NOTHING);
	for (uint32_t i = FAKE_PPP; i <= FAKE_SHARED; i++)
		drain(fake_keeper_device_far_end(engine.keeper, i), i == FAKE_PPP ? 1 : 2,
		      TUN_HEADERS, WITHOUT_PROTOCOL);
	for (uint32_t i = 0; i < ARRAY_SIZE(session_of_file); i++)
		drain(fake_keeper_far_end(engine.keeper, i), session_of_file[i], i < 2 ? 0 : 2,
		      i < 2 ? WITHOUT_ADDRESS : WITHOUT_PROTOCOL);
	drain(engine.binding_far, TO_BINDING, ip_header + 8, WITHOUT_NOTHING);
}

/* --- what is counted */

static uint64_t sum(const _Atomic uint64_t *drops, enum rx_drop from, enum rx_drop to)
{
	uint64_t all = 0;

	for (unsigned int i = from; i <= to; i++)
		all += drops[i];
	return all;
}

/* What no tunnel was found for, or not yet. */
static const _Atomic uint64_t *drops_of_endpoint(uint8_t slot)
{
	return arrival_endpoint(&engine, slot)->intake->drops;
}

static uint64_t count_of(enum rx_drop why)
{
	uint64_t all = 0;

	for (uint8_t slot = FAKE_UDP; slot <= FAKE_IP; slot++)
		all += drops_of_endpoint(slot)[why];
	for (uint32_t i = 0; i < FIXTURE_TUNNELS; i++)
		all += records_tunnel(engine.records, i)->rx_drops[why];
	for (uint32_t i = 0; i < FIXTURE_SESSIONS; i++)
		all += records_session(engine.records, i)->rx.drops[why];
	return all;
}

/* Each once, before it is received or then. */
static uint64_t count_all(void)
{
	uint64_t all = engine.binding.received + engine.binding.lost;

	for (uint8_t slot = FAKE_UDP; slot <= FAKE_IP; slot++)
		all += sum(drops_of_endpoint(slot), 0, RX_DROP_REASONS - 1);
	for (uint32_t i = 0; i < FIXTURE_TUNNELS; i++)
		all += sum(records_tunnel(engine.records, i)->rx_drops, 0, RX_DROP_REASONS - 1);
	for (uint32_t i = 0; i < FIXTURE_SESSIONS; i++) {
		const struct session_rx_record *rx = &records_session(engine.records, i)->rx;

		all += rx->packets + rx->held + sum(rx->drops, RX_DROP_COOKIE, RX_DROP_DELETED);
	}
	return all;
}

static void check_received(uint32_t session)
{
	const struct session_rx_record *rx = &records_session(engine.records, session)->rx;
	uint64_t ends = handed_on[session] +
	                sum(rx->drops, RX_DROP_FRAME_SHORT, RX_DROP_NO_SOCKET) +
	                sum(rx->drops, RX_DROP_SOCKET_FULL, RX_DROP_FILE_FULL);

	if (session == 1 || session == 2) {
		const struct channel *c = channel_find(engine.ns, session);
		const struct unit_counters *u = &records_unit(engine.records, session - 1)->rx;

		ends += c ? c->rx.queued : 0;
		ends += sum(u->drops, RX_DROP_NP_MODE, RX_DROP_REASONS - 1) +
		        sum(u->drops, RX_DROP_FRAME_SHORT, RX_DROP_NO_SOCKET) +
		        u->drops[RX_DROP_FILE_FULL];
	}
	assert(reshaped[session] ? ends >= rx->packets : ends == rx->packets);
}

static void check_counters(void)
{
	for (uint32_t i = 0; i < FIXTURE_SESSIONS; i++)
		check_received(i);
	assert(handed_on[TO_BINDING] == engine.binding.received);
	if (arrival_has(&engine, ARRIVAL_PROGRAMS)) {
		assert(count_all() <= came); /* what is not ours the program has */
		return;
	}
	assert(count_all() == came);
	for (enum rx_drop why = RX_DROP_SHORT; why <= RX_DROP_COOKIE; why++)
		assert(count_of(why) == foreseen[why]);
}

/* --- what comes in */

static void read_front(struct payload *p)
{
	size_t at = p->len >= 2 && p->octets[0] == 0xff && p->octets[1] == 3 ? 2 : 0;

	p->address_len = at;
	p->protocol_len = at < p->len && p->octets[at] & 1 ? 1 : 2;
}

static void payload_add(uint32_t session, const uint8_t *octets, size_t len)
{
	struct payload *more = reallocarray(payloads, payload_count + 1, sizeof(*payloads));
	uint8_t *copy = malloc(len + 1);

	assert(more && copy);
	memcpy(copy, octets, len);
	payloads = more;
	payloads[payload_count++] =
		(struct payload){ .session = session, .octets = copy, .len = len };
	if (session == 1 || session == 2)
		read_front(&payloads[payload_count - 1]);
}

/* An IP packet may have been made several, or been given its checksum. */
static bool may_be_reshaped(const uint8_t *p, size_t len)
{
	if (len >= 2 && p[0] == 0xff && p[1] == 3) {
		p += 2;
		len -= 2;
	}
	return len > 2 && p[0] == 0 && (p[1] == 0x21 || p[1] == 0x57);
}

static bool is_for_binding(const struct arrival *a)
{
	static const uint8_t id[] = { 0, 0, 0, ARRIVAL_CONN_ID };

	return a->over_ip && memcmp(a->octets + 8, id, sizeof(id)) == 0 &&
	       a->from->any.sa_family == engine.binding.family;
}

static void foresee(const struct arrival *a)
{
	struct arrival_fate fate = arrival_foresee(engine.records, a);
	const uint8_t *payload = a->octets + fate.payload_at;
	size_t len = a->len - fate.payload_at;

	if (fate.why == RX_DROP_CONTROL && is_for_binding(a)) {
		payload_add(TO_BINDING, a->octets + ZERO_WORD, a->len - ZERO_WORD);
		return;
	}
	foreseen[fate.why]++;
	if (fate.why || fate.cut_off)
		return;
	payload_add(fate.session, payload, len);
	if (fate.session == 1 || fate.session == 2)
		reshaped[fate.session] |= may_be_reshaped(payload, len);
}

/* Cut as it says. Return: how many there are. */
static uint64_t foresee_parts(struct arrival whole, size_t size)
{
	struct arrival part = whole;
	uint64_t count = 0;

	if (!size || size > whole.len)
		size = whole.len;
	do {
		part.len = whole.len < size ? whole.len : size;
		foresee(&part);
		count++;
		part.octets += part.len;
		whole.len -= part.len;
	} while (whole.len);
	return count;
}

/* Of a program's socket: to either, whole or cut in any way that was told. */
static void foresee_possible(const uint8_t *octets, size_t len, size_t size)
{
	for (uint32_t slot = FAKE_UDP; slot <= FAKE_UDP_TOO; slot++) {
		const struct arrival a = {
			.octets = octets, .len = len, .endpoint = slot, .managed = true
		};

		came += foresee_parts(a, 0);
		if (size)
			came += foresee_parts(a, size);
		for (size_t i = 0; !size && i < cut_count; i++)
			came += foresee_parts(a, cuts[i]);
	}
}

static void foresee_on_endpoint(uint8_t slot, const struct fake_datagram *d)
{
	struct arrival a = {
		.octets = d->octets, .len = d->len, .endpoint = slot, .from = &d->from
	};
	size_t header;

	if (d->truncated) {
		foreseen[RX_DROP_TRUNCATED]++;
		came++;
		return;
	}
	if (slot != FAKE_IP) {
		came += foresee_parts(a, (size_t)d->gro);
		return;
	}
	header = arrival_is_six(&engine, FAKE_IP) ? 0 : d->len ? 4 * (d->octets[0] & 0xfu) : 1;
	came++;
	if (header > d->len) {
		foreseen[RX_DROP_SHORT]++;
		return;
	}
	a.over_ip = true;
	a.octets += header;
	a.len -= header;
	foresee(&a);
}

struct delivery {
	struct letter letter;
	struct intake *in;
	enum way way;
	const struct fake_datagram *datagram;
};

static void open_ring(struct letter *letter)
{
	struct delivery *d = container_of(letter, struct delivery, letter);
	const struct fake_datagram *datagram = d->datagram;

	receive_begin(d->in->worker);
	if (d->way == WAY_RING)
		receive_diverted(d->in, datagram->octets, datagram->len, (uint32_t)datagram->gro);
	else
		receive_notice(d->in, datagram->octets, datagram->len);
	receive_end(d->in->worker);
}

static void come_by_ring(enum way way, uint8_t slot, const struct fake_datagram *datagram)
{
	struct delivery d = { .letter.open = open_ring,
		              .in = arrival_endpoint(&engine, slot)->intake,
		              .way = way,
		              .datagram = datagram };

	if (way == WAY_RING)
		foresee_possible(datagram->octets, datagram->len, (size_t)datagram->gro);
	else
		came++;
	mailbox_post_wait(&d.in->worker->mailbox, &d.letter);
}

static void open_batch(struct letter *letter)
{
	struct intake *in = container_of(letter, struct delivery, letter)->in;

	while (fake_datagrams_left())
		intake_ready(&in->watch, EPOLLIN);
	fake_datagrams_end();
}

static void come_to_endpoint(uint8_t slot, bool other_worker, const struct fake_datagram *batch,
                             unsigned int count)
{
	struct worker *w = engine.dp->workers[other_worker ? engine.dp->worker_count - 1 : 0];
	struct delivery d = { .letter.open = open_batch,
		              .in = intake_at(arrival_endpoint(&engine, slot)->intake, w) };

	for (unsigned int i = 0; i < count; i++)
		foresee_on_endpoint(slot, &batch[i]);
	fake_datagrams_wait(d.in->fd, batch, count);
	mailbox_post_wait(&d.in->worker->mailbox, &d.letter);
	for (int i = 0; i < 3; i++) /* handed up, and over */
		dataplane_wait(engine.dp);
}

static void tell_gauge(bool six, const struct fake_datagram *d)
{
	struct {
		struct virtio_net_hdr vnet;
		uint8_t octets[256];
	} told = { .vnet = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		             .gso_type = 5, /* of UDP */
		             .gso_size = (uint16_t)d->gro } };
	size_t len = d->len < sizeof(told.octets) ? d->len : sizeof(told.octets);

	if (!six && d->len)
		told.vnet.csum_start = (uint16_t)(4 * (d->octets[0] & 0xf));
	memcpy(told.octets, d->octets, len);
	send(engine.gauge[six], &told, offsetof(typeof(told), octets) + len,
	     MSG_DONTWAIT | MSG_NOSIGNAL);
	cuts[cut_count++] = (size_t)d->gro;
}

static uint32_t add(uint32_t all, const uint8_t *octets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		all += (uint32_t)octets[i] << (i % 2 ? 0 : 8);
	return all;
}

static uint16_t fold(uint32_t all)
{
	all = (all >> 16) + (all & 0xffff);
	return (uint16_t)((all >> 16) + (all & 0xffff));
}

/* Whether its checksum says so: it is not of all, nor, as a sender of this machine leaves it, of the pseudo header. */
static bool is_damaged(const uint8_t *addresses, size_t addresses_len, const uint8_t *udp,
                       size_t len)
{
	uint16_t field = (uint16_t)(udp[6] << 8 | udp[7]);
	uint32_t pseudo = add(IPPROTO_UDP + (uint32_t)len, addresses, addresses_len);

	if (!field)
		return addresses_len > 8; /* IPv6 must have one */
	return fold(add(pseudo, udp, len)) != 0xffff && fold(pseudo) != field;
}

/* As the raw sockets of a namespace give it. */
static void come_raw(bool six, struct fake_datagram *d)
{
	static const uint8_t loopback[32] = { [15] = 1, [31] = 1 };
	size_t header = six || !d->len ? 0 : 4 * (d->octets[0] & 0xfu);
	const uint8_t *udp = d->octets + header;

	d->from = arrival_address(six, 1, 0);
	d->to = six ? arrival_address(true, 1, 0) : (union address){ 0 };
	if (d->gro)
		tell_gauge(six, d);
	d->gro = 0;
	if (header + 8 <= d->len && (six || header >= 20)) {
		size_t len = (size_t)(udp[4] << 8 | udp[5]);
		bool fits = len >= 8 && len <= d->len - header;

		if (fits && !is_damaged(six ? loopback : d->octets + 12, six ? 32 : 8, udp, len))
			foresee_possible(udp + 8, len - 8, 0);
		else
			came += 2;
	}
	fake_datagrams_wait(engine.raw[six], d, 1);
	raw_receive_settle(&engine.raws, engine.ns->index);
	fake_datagrams_end();
}

struct reading {
	struct letter letter;
	struct shared_device *device;
};

static void open_device(struct letter *letter)
{
	struct shared_device *device = container_of(letter, struct reading, letter)->device;

	device->watch.ready(&device->watch, EPOLLIN);
}

/* From the system, for a unit that shares its device: the address says for which. */
static void leave(const struct fake_datagram *d)
{
	static const uint8_t prefix[8] = { 0x20, 1, 0xd, 0xb8 }, own[4] = { 10, 0, 0, 1 };
	const struct unit_counters *u = &records_unit(engine.records, 1)->tx;
	struct shared_device *device = engine.ns->shared ? &engine.ns->shared->at[0] : NULL;
	struct reading r = { { .open = open_device }, device };
	uint64_t strays, sent;
	const uint8_t *p = d->octets + TUN_HEADERS;
	bool is_its = false;

	if (!device || !engine.alone || d->len < TUN_HEADERS)
		return;
	if (d->octets[2] == 8 && d->octets[3] == 0)
		is_its = d->len >= TUN_HEADERS + 20 && memcmp(p + 16, own, sizeof(own)) == 0;
	else if (d->octets[2] == 0x86 && d->octets[3] == 0xdd)
		is_its = d->len >= TUN_HEADERS + 40 && memcmp(p + 24, prefix, sizeof(prefix)) == 0;
	strays = device->strays;
	sent = u->packets + sum(u->drops, 0, RX_DROP_REASONS - 1);
	send(fake_keeper_device_far_end(engine.keeper, FAKE_SHARED), d->octets, d->len,
	     MSG_NOSIGNAL);
	mailbox_post_wait(&device->worker->mailbox, &r.letter);
	assert(device->strays == strays + !is_its);
	assert((u->packets + sum(u->drops, 0, RX_DROP_REASONS - 1) > sent) == is_its);
}

static union address sender_of(uint8_t from)
{
	union address a = arrival_peer(&engine, from & 3);

	if (from & 4)
		a.v4.sin_port ^= htons(1);
	if (from & 8)
		a = arrival_address(arrival_is_six(&engine, from & 3), 2, ntohs(a.v4.sin_port));
	return a;
}

/* Return: its way, and flags. */
static uint8_t read_datagram(struct reader *r, struct fake_datagram *d)
{
	uint8_t how = read_u8(r), from = read_u8(r);

	*d = (struct fake_datagram){ .gro = read_u8(r), .from = sender_of(from) };
	d->truncated = how & WAY_TRUNCATED;
	if (from & 16)
		d->to = arrival_address(arrival_is_six(&engine, from & 3), 1, 0);
	d->len = read_u8(r);
	if (d->len > read_left(r))
		d->len = read_left(r);
	d->octets = malloc(d->len + !d->len); /* exactly: a step too far is seen */
	assert(d->octets);
	read_copy(r, d->octets, d->len);
	return how;
}

static void take_apart(struct reader *r)
{
	struct fake_datagram batch[BATCH_MAX];
	unsigned int count = 1;
	uint8_t how = read_datagram(r, &batch[0]), more = how;
	const enum way way = how & WAY_MASK;

	if (way == WAY_TUN) {
		leave(&batch[0]);
	} else if (!arrival_has(&engine, ARRIVAL_PROGRAMS) || way == WAY_IP) {
		while (more & WAY_MORE && count < BATCH_MAX && read_left(r))
			more = read_datagram(r, &batch[count++]);
		come_to_endpoint(way % FAKE_ENDPOINTS, how & WAY_OTHER_WORKER, batch, count);
	} else if (way == WAY_RAW_V4 || way == WAY_RAW_V6) {
		come_raw(way == WAY_RAW_V6, &batch[0]);
	} else {
		come_by_ring(way == WAY_NOTICE ? way : WAY_RING,
		             how & WAY_OTHER_SOCKET ? FAKE_UDP_TOO : FAKE_UDP, &batch[0]);
	}
	while (count)
		free(batch[--count].octets);
	drain_all();
	check_counters();
}

static void forget(void)
{
	while (payload_count)
		free(payloads[--payload_count].octets);
	free(payloads);
	payloads = NULL;
	cut_count = came = 0;
	memset(foreseen, 0, sizeof(foreseen));
	memset(handed_on, 0, sizeof(handed_on));
	memset(reshaped, 0, sizeof(reshaped));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);

	engine.setup = (struct arrival_setup){ 0 };
	read_copy(&r, &engine.setup, sizeof(engine.setup));
	arrival_begin(&engine);
	for (int i = 0; i < DATAGRAMS_MAX && read_left(&r); i++)
		take_apart(&r);
	arrival_end(&engine);
	forget();
	return 0;
}
