/* SPDX-License-Identifier: BSD-2-Clause */
/* data_header_test.c - data headers against the vectors in tests/vectors */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/data_header.h"

struct octets {
	uint8_t data[64];
	size_t len;
};

struct vector {
	char verb[16], name[64];
	bool over_ip, l2spec, seq, has_ns, cut_off;
	uint8_t version;
	uint32_t tunnel, session, ns;
	struct octets cookie, packet, payload;
};

static struct octets octets_of(const char *hex)
{
	struct octets o = { 0 };
	unsigned int octet;

	for (; *hex; hex++) {
		if (*hex == '.')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &octet), 1);
		assert_true(o.len < sizeof(o.data));
		o.data[o.len++] = (uint8_t)octet;
		hex++;
	}
	return o;
}

static void set(struct vector *v, const char *key, const char *value)
{
	uint32_t number = (uint32_t)strtoul(value, NULL, 10);

	if (!strcmp(key, "name"))
		snprintf(v->name, sizeof(v->name), "%s", value);
	else if (!strcmp(key, "over"))
		v->over_ip = !strcmp(value, "ip");
	else if (!strcmp(key, "version"))
		v->version = (uint8_t)number;
	else if (!strcmp(key, "tunnel"))
		v->tunnel = number;
	else if (!strcmp(key, "session"))
		v->session = number;
	else if (!strcmp(key, "l2spec"))
		v->l2spec = number;
	else if (!strcmp(key, "seq"))
		v->seq = number;
	else if (!strcmp(key, "ns"))
		v->ns = number, v->has_ns = true;
	else if (!strcmp(key, "cookie"))
		v->cookie = octets_of(value);
	else if (!strcmp(key, "packet"))
		v->packet = octets_of(value);
	else if (!strcmp(key, "payload") && !strcmp(value, "cut-off"))
		v->cut_off = true;
	else if (!strcmp(key, "payload"))
		v->payload = octets_of(value);
	else
		fail_msg("unknown key %s", key);
}

static bool parse(char *line, struct vector *v)
{
	char *rest, *token = strtok_r(line, " \n", &rest), *value;

	*v = (struct vector){ 0 };
	if (!token || *token == '#')
		return false;
	snprintf(v->verb, sizeof(v->verb), "%s", token);
	while ((token = strtok_r(NULL, " \n", &rest))) {
		value = strchr(token, '=');
		assert_non_null(value);
		*value = 0;
		set(v, token, value + 1);
	}
	return true;
}

/* An exact copy, so that a sanitizer sees a read past the end. */
static uint8_t *exactly(const struct octets *o)
{
	uint8_t *copy = malloc(o->len ? o->len : 1);

	assert_non_null(copy);
	memcpy(copy, o->data, o->len);
	return copy;
}

static int read_header(const struct vector *v, const uint8_t *packet, struct data_header *h)
{
	return v->over_ip ? data_header_read_ip(packet, v->packet.len, h)
	                  : data_header_read_udp(packet, v->packet.len, h);
}

static struct data_sublayer_params sublayer_params(const struct vector *v)
{
	struct data_sublayer_params p = { .l2spec = v->l2spec };

	p.cookie_len = (uint8_t)v->cookie.len;
	memcpy(p.cookie, v->cookie.data, v->cookie.len);
	return p;
}

static void check_read(const struct vector *v)
{
	uint8_t *packet = exactly(&v->packet);
	struct data_sublayer_params p = sublayer_params(v);
	struct data_sublayer s;
	struct data_header h;

	assert_int_equal(read_header(v, packet, &h), 0);
	assert_int_equal(h.kind, DATA_HEADER_DATA);
	assert_int_equal(h.over_ip, v->over_ip);
	assert_int_equal(h.version, v->version);
	assert_int_equal(h.tunnel_id, v->tunnel);
	assert_int_equal(h.session_id, v->session);
	assert_int_equal(data_sublayer_read(&h, packet, v->packet.len, &p, &s), 0);
	assert_int_equal(s.has_ns, v->has_ns);
	assert_int_equal(s.ns, v->ns);
	assert_int_equal(s.cut_off, v->cut_off);
	assert_int_equal(s.payload_len, v->payload.len);
	assert_int_equal(s.payload_at + s.payload_len, v->packet.len);
	assert_memory_equal(packet + s.payload_at, v->payload.data, v->payload.len);
	free(packet);
}

static void check_build(const struct vector *v)
{
	struct data_header_params p = {
		.version = v->version,
		.over_ip = v->over_ip,
		.l2spec = v->l2spec,
		.send_seq = v->seq,
		.cookie_len = (uint8_t)v->cookie.len,
		.peer_conn_id = v->tunnel,
		.peer_session_id = v->session,
	};
	struct data_header_template t;
	uint8_t copy[DATA_HEADER_MAX];

	memcpy(p.cookie, v->cookie.data, v->cookie.len);
	data_header_build(&p, &t);
	assert_int_equal(t.len, v->packet.len - v->payload.len);
	assert_int_equal(!!t.ns_offset, v->has_ns);
	memcpy(copy, t.octets, t.len);
	data_header_number(&t, copy, v->ns);
	assert_memory_equal(copy, v->packet.data, t.len);
}

static void check_refused(const struct vector *v)
{
	uint8_t *packet = exactly(&v->packet);
	struct data_sublayer_params p = sublayer_params(v);
	struct data_sublayer s;
	struct data_header h = { 0 };
	int err = read_header(v, packet, &h);

	if (!strcmp(v->verb, "short")) {
		assert_int_equal(err, -EBADMSG);
	} else if (!strcmp(v->verb, "control")) {
		assert_int_equal(err, 0);
		assert_int_equal(h.kind, DATA_HEADER_CONTROL);
	} else {
		assert_int_equal(err, 0);
		assert_int_equal(h.kind, DATA_HEADER_DATA);
		assert_int_equal(h.session_id, v->session);
		err = data_sublayer_read(&h, packet, v->packet.len, &p, &s);
		if (!strcmp(v->verb, "truncated"))
			assert_int_equal(err, -EBADMSG);
		else if (!strcmp(v->verb, "cookie"))
			assert_int_equal(err, -EKEYREJECTED);
		else
			fail_msg("unknown verb %s", v->verb);
	}
	free(packet);
}

static void check_one(const struct vector *v)
{
	if (!strcmp(v->verb, "both") || !strcmp(v->verb, "read"))
		check_read(v);
	else
		check_refused(v);
	if (!strcmp(v->verb, "both"))
		check_build(v);
}

static void check_file(const char *name, unsigned int at_least)
{
	char path[512], line[512];
	unsigned int count = 0;
	struct vector v;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", VECTORS, name);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (!parse(line, &v))
			continue;
		print_message("# %s\n", v.name);
		check_one(&v);
		count++;
	}
	fclose(f);
	assert_true(count >= at_least);
}

/* Requirements: HDR-1, HDR-3, RX-3, RX-11, RX-41, RX-44, RX-45 */
static void version_2_is_read_and_built(void **state)
{
	check_file("data_header_v2.txt", 17);
}

/* Requirements: HDR-2, HDR-4, RX-4, RX-11, RX-12, RX-41 */
static void version_3_is_read_and_built(void **state)
{
	check_file("data_header_v3.txt", 23);
}

/* Requirements: RX-1, RX-2, RX-7, RX-20, RX-22, RX-24, RX-25, RX-28, RX-40 */
static void what_is_no_data_for_its_session_is_refused(void **state)
{
	check_file("data_header_refused.txt", 24);
}

/* Requirements: HDR-1 */
static void version_2_sends_the_low_16_bits_of_ids(void **state)
{
	struct data_header_params p = { .version = 2,
		                        .peer_conn_id = 0x10203,
		                        .peer_session_id = 0x40506 };
	struct data_header_template t;

	data_header_build(&p, &t);
	assert_memory_equal(t.octets, "\x00\x02\x02\x03\x05\x06", 6);
}

/* Requirements */
static void odd_combinations_send_what_the_kernel_sends(void **state)
{
	struct data_header_params p = { .version = 7, .peer_session_id = 20 };
	struct data_header_template t;

	data_header_build(&p, &t);
	assert_int_equal(t.len, 8);
	assert_memory_equal(t.octets, "\x00\x03\x00\x00\x00\x00\x00\x14", 8);

	p = (struct data_header_params){
		.version = 2, .over_ip = true, .peer_conn_id = 200, .peer_session_id = 6
	};
	data_header_build(&p, &t);
	assert_int_equal(t.len, 6);
	assert_memory_equal(t.octets, "\x00\x02\x00\xc8\x00\x06", 6);
}

/* A cookie of a v2 session, which netlink allows, may not fit into the shortest data packet. */
static void a_version_2_cookie_that_is_not_there_is_an_error(void **state)
{
	const uint8_t packet[] = { 0x40, 2, 0, 14, 0, 200, 0, 6, 1, 2, 3, 4, 5, 6 };
	struct data_sublayer_params p = { .cookie_len = 8, .cookie = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	struct data_sublayer s;
	struct data_header h;

	assert_int_equal(data_header_read_udp(packet, sizeof(packet), &h), 0);
	assert_int_equal(data_sublayer_read(&h, packet, sizeof(packet), &p, &s), -EBADMSG);
}

/* Requirements: SEQ-1 */
static void numbers_wrap_in_their_field(void **state)
{
	struct data_header_params p = { .version = 3, .l2spec = true, .send_seq = true };
	struct data_header_template t;
	uint8_t copy[DATA_HEADER_MAX];

	data_header_build(&p, &t);
	memcpy(copy, t.octets, t.len);
	data_header_number(&t, copy, data_ns_max(3) + 1);
	assert_memory_equal(copy + 8, "\x40\x00\x00\x00", 4);

	p.version = 2;
	data_header_build(&p, &t);
	memcpy(copy, t.octets, t.len);
	data_header_number(&t, copy, data_ns_max(2) + 2);
	assert_memory_equal(copy + 6, "\x00\x01\x00\x00", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_2_is_read_and_built),
		cmocka_unit_test(version_3_is_read_and_built),
		cmocka_unit_test(what_is_no_data_for_its_session_is_refused),
		cmocka_unit_test(version_2_sends_the_low_16_bits_of_ids),
		cmocka_unit_test(odd_combinations_send_what_the_kernel_sends),
		cmocka_unit_test(a_version_2_cookie_that_is_not_there_is_an_error),
		cmocka_unit_test(numbers_wrap_in_their_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
