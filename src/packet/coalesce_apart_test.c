/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_apart_test.c - what is not merged, and that nothing is overtaken by it */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "packet/coalesce_fixture.h"

/* Two frames that would be merged but for one thing. */
struct difference {
	const char *what;
	void (*change)(struct frame_model *m);
};

static void gap(struct frame_model *m)
{
	m->seq++;
}

static void repeat(struct frame_model *m)
{
	m->seq -= 1400;
}

static void other_ack(struct frame_model *m)
{
	m->ack++;
}

static void other_window(struct frame_model *m)
{
	m->window++;
}

static void other_options(struct frame_model *m)
{
	m->tcp_option_len += 4;
}

static void other_ttl(struct frame_model *m)
{
	m->ttl--;
}

static void other_class(struct frame_model *m)
{
	m->traffic_class ^= 3;
}

static void other_id(struct frame_model *m)
{
	m->ip_id++;
}

static void same_id(struct frame_model *m)
{
	m->ip_id--;
}

static void other_df(struct frame_model *m)
{
	m->fragment = 0;
}

static void reserved_bit(struct frame_model *m)
{
	m->fragment |= 0x8000;
}

static void other_vlan_tags(struct frame_model *m)
{
	m->vlan_tags++;
}

static void other_port(struct frame_model *m)
{
	m->source_port++;
}

static void flag_fin(struct frame_model *m)
{
	m->flags |= FIN;
}

static void flag_syn(struct frame_model *m)
{
	m->flags |= SYN;
}

static void flag_rst(struct frame_model *m)
{
	m->flags |= RST;
}

static void flag_urg(struct frame_model *m)
{
	m->flags |= URG;
}

static void flag_cwr(struct frame_model *m)
{
	m->flags |= CWR;
}

static void flag_ece(struct frame_model *m)
{
	m->flags |= ECE;
}

static void flag_reserved(struct frame_model *m)
{
	m->flags |= 0x100;
}

static void no_ack(struct frame_model *m)
{
	m->flags = 0;
}

static void what_differs_is_not_merged(void **state)
{
	const struct difference differences[] = {
		{ "gap", gap },
		{ "repeat", repeat },
		{ "ack", other_ack },
		{ "window", other_window },
		{ "options", other_options },
		{ "ttl", other_ttl },
		{ "class", other_class },
		{ "id", other_id },
		{ "same id", same_id },
		{ "df", other_df },
		{ "reserved ip bit", reserved_bit },
		{ "vlan", other_vlan_tags },
		{ "port", other_port },
		{ "fin", flag_fin },
		{ "syn", flag_syn },
		{ "rst", flag_rst },
		{ "urg", flag_urg },
		{ "cwr", flag_cwr },
		{ "ece", flag_ece },
		{ "reserved flag", flag_reserved },
		{ "no ack", no_ack },
	};

	for (size_t i = 0; i < ARRAY_SIZE(differences); i++) {
		struct frame_model m = frame_model_default();

		print_message("# %s\n", differences[i].what);
		begin();
		add_next(&m, 1400);
		differences[i].change(&m);
		add_next(&m, 1400);
		finish();
		emitted_were(1, 1);
	}
}

/* A frame that must not be merged ends its flow, so that the order within the flow is kept. */
static void what_is_not_merged_does_not_overtake(void **state)
{
	struct frame_model m = frame_model_default();

	begin();
	add_next(&m, 1400);
	add_next(&m, 1400);
	m.flags = ACK | FIN;
	add_next(&m, 100);
	emitted_were(2, 1);
	m.flags = ACK;
	add_next(&m, 0); /* a pure ACK */
	emitted_were(2, 1, 1);
	finish();
}

static void fragments_end_all_flows_of_their_owner(void **state)
{
	struct frame_model m = frame_model_default(), fragment = m;

	begin();
	add_next(&m, 1400);
	add_next(&m, 1400);
	fragment.fragment = 0x2000;
	add(&fragment, 1000);
	emitted_were(2, 1);
	finish();
}

static void add_damaged(struct frame_model *m, size_t at, uint8_t value)
{
	uint8_t frame[FRAME_ROOM];
	size_t len = frame_model_write(m, batch.payload, 1400, frame);

	frame[at] ^= value;
	add_octets(&batch.owner_a, ALL, frame, len);
	m->seq += 1400;
	m->ip_id++;
}

/* Requirements: RX-62 */
static void wrong_checksums_are_handed_on_as_they_came(void **state)
{
	const struct frame_model fresh = frame_model_default();
	const size_t places[] = {
		frame_model_l3(&fresh) + 10,           /* IPv4 checksum */
		frame_model_l4(&fresh) + 16,           /* TCP checksum */
		frame_model_headers_len(&fresh) + 700, /* payload */
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		for (int damaged = 0; damaged < 3; damaged++) {
			struct frame_model m = fresh;

			begin();
			for (int n = 0; n < 3; n++)
				add_damaged(&m, places[i], n == damaged ? 1 : 0);
			finish();
			if (damaged == 0)
				emitted_were(1, 2);
			else if (damaged == 1)
				emitted_were(1, 1, 1);
			else
				emitted_were(2, 1);
		}
}

/* The checksum at @field is 0 as a sender computes it: ffff means the same, but could not be restored. */
static void merged_as_computed_only(const struct frame_model *m, uint8_t *frame, size_t len,
                                    size_t field)
{
	for (int spelling = 0; spelling <= 0xff; spelling += 0xff) {
		struct frame_model next = *m;

		begin();
		frame[field] = frame[field + 1] = (uint8_t)spelling;
		assert_true(frame_model_valid(m, frame, len));
		add_octets(&batch.owner_a, ALL, frame, len);
		next.seq += 1000;
		next.ip_id++;
		add(&next, 1000);
		finish();
		if (spelling)
			emitted_were(1, 1);
		else
			emitted_were(2);
	}
}

/* A TCP checksum of 0xffff verifies, but cutting would write 0. */
static void a_checksum_in_another_spelling_is_not_merged(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM], odd[FRAME_ROOM];
	size_t l4 = frame_model_l4(&m), len;

	memcpy(odd, batch.payload, 1000);
	odd[0] = odd[1] = 0;
	len = frame_model_write(&m, odd, 1000, frame);
	memcpy(odd, frame + l4 + 16, 2); /* makes the sum all ones */
	len = frame_model_write(&m, odd, 1000, frame);
	assert_int_equal(frame[l4 + 16] | frame[l4 + 17], 0);

	merged_as_computed_only(&m, frame, len, l4 + 16);
}

static void nor_an_ip_checksum_in_another_spelling(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM];
	size_t field = frame_model_l3(&m) + 10, len = 0;

	for (m.ip_id = 0; m.ip_id < 0xffff; m.ip_id++) {
		len = frame_model_write(&m, batch.payload, 1000, frame);
		if (!(frame[field] | frame[field + 1]))
			break;
	}
	merged_as_computed_only(&m, frame, len, field);
}

/* Ethernet pads short frames; the padding is not payload. */
static void padding_is_not_merged(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM] = { 0 };

	begin();
	add_next(&m, 4);
	frame_model_write(&m, batch.payload, 4, frame);
	add_octets(&batch.owner_a, ALL, frame, 60);
	finish();
	emitted_were(1, 1);
}

static void udp_without_checksum_is_not_merged(void **state)
{
	struct frame_model m = frame_model_default();

	m.protocol = IPPROTO_UDP;
	m.no_checksum = true;
	begin();
	add_next(&m, 1200);
	add_next(&m, 1200);
	finish();
	emitted_were(1, 1);
}

static void owners_are_never_merged(void **state)
{
	struct frame_model m = frame_model_default();
	uint8_t frame[FRAME_ROOM];

	begin();
	for (int i = 0; i < 4; i++) {
		size_t len = frame_model_write(&m, batch.payload, 1000, frame);

		add_octets(i % 2 ? &batch.owner_a : &batch.owner_b, ALL, frame, len);
		m.seq += 1000;
		m.ip_id++;
	}
	finish();
	emitted_were(1, 1, 1, 1);

	begin();
	add(&m, 1000);
	add_octets(&batch.owner_b, ALL, frame, frame_model_write(&m, batch.payload, 1000, frame));
	coalesce_flush_owner(&coalescer, &batch.owner_b);
	emitted_were(1);
	assert_int_equal(coalescer.open, 1);
	finish();
}

static void what_is_no_flow_goes_at_once(void **state)
{
	const uint8_t arp[60] = { 1, 2, 3, [12] = 0x08, [13] = 0x06 };
	struct frame_model m = frame_model_default();

	begin();
	add_next(&m, 1400);
	add_octets(&batch.owner_a, ALL, arp, sizeof(arp));
	add_octets(&batch.owner_a, ALL, arp, 14);
	add_octets(&batch.owner_a, ALL, arp, 3);
	add_octets(&batch.owner_a, ALL, arp, 0);
	emitted_were(1, 1, 1, 1);
	add_next(&m, 1400);
	finish();
	emitted_were(1, 1, 1, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_differs_is_not_merged),
		cmocka_unit_test(what_is_not_merged_does_not_overtake),
		cmocka_unit_test(fragments_end_all_flows_of_their_owner),
		cmocka_unit_test(wrong_checksums_are_handed_on_as_they_came),
		cmocka_unit_test(a_checksum_in_another_spelling_is_not_merged),
		cmocka_unit_test(nor_an_ip_checksum_in_another_spelling),
		cmocka_unit_test(padding_is_not_merged),
		cmocka_unit_test(udp_without_checksum_is_not_merged),
		cmocka_unit_test(owners_are_never_merged),
		cmocka_unit_test(what_is_no_flow_goes_at_once),
	};

	return cmocka_run_group_tests(tests, fill_payload, NULL);
}
