/* SPDX-License-Identifier: BSD-2-Clause */
/* vj_test.c - RFC 1144, octet by octet and round the two tables */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "ppp/vj_private.h"

struct link {
	struct vj *out, *in;
};

struct tcp {
	uint32_t seq, ack;
	uint16_t window, id, urgent, port;
	uint8_t flags, options;
	size_t payload;
};

static const struct tcp first = {
	.seq = 1000, .ack = 77, .window = 500, .id = 9, .port = 1, .flags = TCP_HAS_ACK
};

static uint16_t header_sum(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < IPV4_HEADER_MIN; i += 2)
		sum += load_u16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t write_packet(const struct tcp *t, uint8_t *at)
{
	size_t headers = 40u + t->options;
	uint8_t *tcp = at + 20;

	memset(at, 0, headers);
	at[0] = 0x45;
	store_u16(at + IPV4_TOTAL_LEN, (uint32_t)(headers + t->payload));
	store_u16(at + IPV4_ID, t->id);
	at[IPV4_FRAGMENT] = 0x40;
	at[IPV4_TTL] = 64;
	at[IPV4_PROTOCOL] = IPPROTO_TCP;
	store_u32(at + IPV4_SOURCE, 0x0a000001);
	store_u32(at + IPV4_SOURCE + 4, 0x0a000002);
	store_u16(at + IPV4_CHECKSUM, header_sum(at));
	store_u16(tcp, t->port);
	store_u16(tcp + 2, 80);
	store_u32(tcp + TCP_SEQ, t->seq);
	store_u32(tcp + TCP_ACK, t->ack);
	tcp[TCP_HEADER_LEN] = (uint8_t)((20 + t->options) / 4 << 4);
	tcp[TCP_FLAGS] = t->flags;
	store_u16(tcp + TCP_WINDOW, t->window);
	store_u16(tcp + TCP_CHECKSUM, 0xabcd);
	store_u16(tcp + TCP_URGENT_AT, t->urgent);
	memset(at + headers, 0x5a, t->payload);
	return headers + t->payload;
}

static size_t join(const struct vj_packet *p, const uint8_t *from, size_t len, uint8_t *to)
{
	memcpy(to, p->head, p->head_len);
	memcpy(to + p->head_len, from + p->payload_at, len - p->payload_at);
	return p->head_len + len - p->payload_at;
}

/* Return: the protocol it was sent as. *frame: what was sent. The other end must make the packet of it. */
static uint16_t carry(struct link *l, const struct tcp *t, uint8_t *frame, size_t *frame_len)
{
	uint8_t packet[2048], back[2048];
	size_t len = write_packet(t, packet);
	struct vj_packet sent, received;

	vj_compress(l->out, true, packet, len, &sent);
	*frame_len = join(&sent, packet, len, frame);
	if (sent.protocol == PROTOCOL_IP) {
		assert_int_equal(*frame_len, len);
		return sent.protocol;
	}
	assert_int_equal(vj_restore(l->in, sent.protocol, frame, *frame_len, &received), 0);
	assert_int_equal(received.protocol, PROTOCOL_IP);
	assert_int_equal(join(&received, frame, *frame_len, back), len);
	assert_memory_equal(back, packet, len);
	return sent.protocol;
}

static int set_up(void **state)
{
	static struct link l;

	l = (struct link){ vj_new(15, 15), vj_new(15, 15) };
	*state = &l;
	return !l.out || !l.in;
}

static int tear_down(void **state)
{
	struct link *l = *state;

	vj_free(l->out);
	vj_free(l->in);
	return 0;
}

/* Requirements: PPP-58 */
static void a_connection_is_told_whole_and_then_by_differences(void **state)
{
	struct link *l = *state;
	struct tcp t = first;
	uint8_t frame[2048];
	size_t len;

	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.payload = 100;
	t.id++;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	/* data behind an acknowledgement: nothing has changed; mask and checksum */
	assert_int_equal(len, 3 + 100);
	assert_memory_equal(frame, "\x00\xab\xcd", 3);
	t.seq += 100;
	t.id++;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	assert_int_equal(len, 3 + 100);
	assert_int_equal(frame[0], STREAMED);
	t.seq += 100;
	t.ack += 100;
	t.id++;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	assert_int_equal(frame[0], ECHOED);
	t.seq += 100;
	t.ack += 0x1234;
	t.window += 5;
	t.id += 2;
	t.flags |= TCP_PSH;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	assert_memory_equal(frame, "\x3e\xab\xcd\x05\x00\x12\x34\x64\x02", 9);
}

static void what_differences_can_not_say_is_told_whole(void **state)
{
	struct link *l = *state;
	struct tcp t = first;
	uint8_t frame[2048];
	size_t len;

	t.payload = 10;
	carry(l, &t, frame, &len);
	t.seq -= 10; /* sent again */
	t.id++;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.id++; /* and again */
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.ack += 70000;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.seq += 10;
	t.options = 12;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.flags |= TCP_FIN;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_IP);
}

static void connections_have_numbers_and_the_oldest_makes_room(void **state)
{
	struct link *l = *state;
	uint8_t frame[2048];
	size_t len;
	struct tcp t = first;

	t.payload = 10;
	for (t.port = 1; t.port <= 16; t.port++) {
		assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
		assert_int_equal(frame[IPV4_PROTOCOL], t.port - 1);
	}
	t.seq += 10;
	t.id++;
	t.port = 3;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	assert_int_equal(frame[0], CHANGED_NUMBER | STREAMED);
	t.port = 100; /* takes the place of 1 */
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.port = 1;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.port = 4;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	assert_int_equal(vj_counters(l->out)->misses, 18);
	/* As Linux counts: 15 steps for each that is not there, and from the last one used to 3 and 4. */
	assert_int_equal(vj_counters(l->out)->searches, 18 * 15 + 13 + 15);
	assert_int_equal(vj_counters(l->in)->compressed_in, 2);
}

static void after_a_loss_only_what_names_its_connection_is_taken(void **state)
{
	struct link *l = *state;
	struct tcp t = first;
	uint8_t frame[2048];
	struct vj_packet p;
	size_t len;

	carry(l, &t, frame, &len);
	vj_toss(l->in);
	assert_int_equal(
		vj_restore(l->in, PROTOCOL_VJ_COMPRESSED, (const uint8_t *)"\x0f\xab\xcd", 3, &p),
		-EBADMSG);
	assert_int_equal(vj_counters(l->in)->tossed, 1);
	assert_int_equal(vj_counters(l->in)->compressed_in, 1);
	assert_int_equal(vj_counters(l->in)->errors_in, 0);
	t.seq += 5;
	t.flags |= TCP_URG;
	t.urgent = 3;
	t.id += 300;
	t.port = 2;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_UNCOMPRESSED);
	t.port = 1;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	assert_int_equal(frame[0], CHANGED_NUMBER | CHANGED_URGENT | CHANGED_SEQ | CHANGED_ID);
}

/* The flag of the packet before must not come back. */
static void urgent_data_ends(void **state)
{
	struct link *l = *state;
	struct tcp t = first;
	uint8_t frame[2048];
	size_t len;

	t.payload = 10;
	carry(l, &t, frame, &len);
	t.seq += 10;
	t.id++;
	t.flags |= TCP_URG;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	t.seq += 10;
	t.ack += 10;
	t.id++;
	t.flags &= ~TCP_URG;
	assert_int_equal(carry(l, &t, frame, &len), PROTOCOL_VJ_COMPRESSED);
	assert_int_equal(frame[0], CHANGED_SEQ | CHANGED_ACK);
	/* and by an end that stands for two changes with one */
	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_COMPRESSED,
	                            (const uint8_t *)"\x09\x12\x34\0\0\0\x05", 7,
	                            &(struct vj_packet){ 0 }),
	                 0);
	struct vj_packet p;
	assert_int_equal(
		vj_restore(l->in, PROTOCOL_VJ_COMPRESSED, (const uint8_t *)"\x0b\x12\x34", 3, &p),
		0);
	assert_int_equal(p.head[20 + TCP_FLAGS] & TCP_URG, 0);
}

static void what_is_no_such_frame_is_refused(void **state)
{
	struct link *l = *state;
	struct tcp t = first;
	uint8_t frame[2048], packet[64];
	struct vj_packet p;
	size_t len = write_packet(&t, packet);

	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_COMPRESSED, NULL, 0, &p), -EBADMSG);
	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_COMPRESSED,
	                            (const uint8_t *)"\x40\x00\xab\xcd", 4, &p),
	                 -EBADMSG);
	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_COMPRESSED,
	                            (const uint8_t *)"\x40\x10\xab\xcd", 4, &p),
	                 -EBADMSG);
	packet[IPV4_PROTOCOL] = 16; /* no such number */
	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_UNCOMPRESSED, packet, len, &p), -EBADMSG);
	packet[IPV4_PROTOCOL] = 15;
	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_UNCOMPRESSED, packet, 39, &p), -EBADMSG);
	packet[IPV4_TTL]++; /* the checksum does not hold */
	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_UNCOMPRESSED, packet, len, &p), -EBADMSG);
	assert_int_equal(vj_counters(l->in)->errors_in, 3);
	assert_int_equal(vj_counters(l->in)->compressed_in, 2);
	carry(l, &t, frame, &len);
	/* a difference that ends in the middle */
	assert_int_equal(vj_restore(l->in, PROTOCOL_VJ_COMPRESSED,
	                            (const uint8_t *)"\x08\xab\xcd\x00\x01", 5, &p),
	                 -EBADMSG);
}

/* --- many connections, random changes --------------------------------------------------------------- */

#define CONNECTIONS 24
#define PACKETS     20000

static uint32_t random_state;

/* Return: less than @below */
static uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return (uint32_t)((uint64_t)random_state * below >> 32);
}

static void change(struct tcp *t)
{
	size_t sent = t->payload;

	if (pick(20))
		t->seq += (uint32_t)sent;
	t->ack += pick(3) ? 0 : pick(3) ? (uint32_t)sent : pick(80000);
	t->window = (uint16_t)(t->window + (pick(4) ? 0 : pick(70000)));
	t->id = (uint16_t)(t->id + (pick(5) ? 1 : pick(70000)));
	t->payload = pick(3) ? pick(1200) : 0;
	t->flags = TCP_HAS_ACK | (pick(3) ? 0 : TCP_PSH) | (pick(6) ? 0 : TCP_URG);
	if (!pick(40))
		t->flags ^= (uint8_t)(1 << pick(8));
	if (t->flags & TCP_URG || !pick(40))
		t->urgent = (uint16_t)pick(3);
	if (!pick(40))
		t->options = (uint8_t)(4 * pick(11));
}

/* @lose: one in so many frames, of which the other end is told; 0: none. @in_step: of each number, whether the other end
 * has had all since the last whole header. Then the packet comes back as it was. */
static void carry_or_lose(struct link *l, bool omit_number, const struct tcp *t, uint32_t lose,
                          bool *in_step)
{
	uint8_t packet[2048], frame[2048], back[2048];
	size_t len = write_packet(t, packet), frame_len;
	struct vj_packet sent, received;
	int slot;

	store_u16(packet + 20 + TCP_CHECKSUM, pick(UINT16_MAX));
	vj_compress(l->out, omit_number, packet, len, &sent);
	if (sent.protocol == PROTOCOL_IP)
		return;
	slot = l->out->last_sent;
	frame_len = join(&sent, packet, len, frame);
	if (lose && !pick(lose)) {
		vj_toss(l->in);
		in_step[slot] = false;
		return;
	}
	if (sent.protocol == PROTOCOL_VJ_UNCOMPRESSED)
		in_step[slot] = true;
	if (vj_restore(l->in, sent.protocol, frame, frame_len, &received) < 0) {
		assert_true(lose);
		assert_true(!in_step[slot] || !(frame[0] & CHANGED_NUMBER));
		in_step[slot] = false;
	}
	if (!in_step[slot])
		return;
	assert_int_equal(join(&received, frame, frame_len, back), len);
	assert_memory_equal(back, packet, len);
}

static void carry_many(unsigned int max_slot, bool omit_number, uint32_t lose)
{
	struct link l = { vj_new(max_slot, max_slot), vj_new(max_slot, max_slot) };
	struct tcp connections[CONNECTIONS];
	bool in_step[VJ_SLOT_MAX + 1] = { false };
	unsigned int now = 0;

	assert_true(l.out && l.in);
	for (uint16_t i = 0; i < CONNECTIONS; i++) {
		connections[i] = first;
		connections[i].port = i;
	}
	for (int i = 0; i < PACKETS; i++) {
		now = pick(3) ? now : pick(CONNECTIONS);
		change(&connections[now]);
		carry_or_lose(&l, omit_number, &connections[now], lose, in_step);
	}
	assert_in_range(vj_counters(l.out)->compressed, PACKETS / 4, PACKETS);
	if (!lose)
		assert_int_equal(vj_counters(l.in)->compressed_in, vj_counters(l.out)->compressed);
	vj_free(l.out);
	vj_free(l.in);
}

static void any_stream_comes_back_as_it_was(void **state)
{
	random_state = 0x2545f491;
	carry_many(15, true, 0);
	carry_many(15, false, 0);
	carry_many(0, true, 0);
	carry_many(VJ_SLOT_MAX, true, 0);
}

static void or_is_dropped_until_the_next_whole_header(void **state)
{
	random_state = 0x1234567;
	carry_many(15, true, 20);
	carry_many(15, false, 20);
	carry_many(VJ_SLOT_MAX, true, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_connection_is_told_whole_and_then_by_differences,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_differences_can_not_say_is_told_whole, set_up,
		                                tear_down),
		cmocka_unit_test_setup_teardown(connections_have_numbers_and_the_oldest_makes_room,
		                                set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			after_a_loss_only_what_names_its_connection_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(urgent_data_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_such_frame_is_refused, set_up,
		                                tear_down),
		cmocka_unit_test(any_stream_comes_back_as_it_was),
		cmocka_unit_test(or_is_dropped_until_the_next_whole_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
