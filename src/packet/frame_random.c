/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_random.c - see frame_random.h */
#include "packet/frame_random.h"

#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"

#define PSH 0x08
#define ACK 0x10
#define ECE 0x40

bool frame_random_one_in(uint32_t *state, uint32_t n)
{
	return model_random(state) % n == 0;
}

/* Kinds of TCP options and their lengths; what stands in them is any value. */
struct option {
	uint8_t kind, len;
};

static const struct option options[] = {
	{ 2, 4 },   /* MSS */
	{ 3, 3 },   /* window scale */
	{ 4, 2 },   /* SACK permitted */
	{ 5, 10 },  /* SACK, one block */
	{ 5, 18 },  /* ... two */
	{ 5, 26 },  /* ... three */
	{ 8, 10 },  /* timestamps */
	{ 19, 18 }, /* MD5 */
	{ 28, 4 },  /* user timeout */
	{ 29, 16 }, /* TCP-AO */
	{ 30, 12 }, /* multipath */
	{ 34, 6 },  /* fast open cookie */
	{ 172, 8 }, /* accurate ECN */
	{ 253, 2 }, /* experimental */
	{ 77, 5 },  /* nobody's */
};

/* Timestamps behind two NOPs, as most senders have them, or any that fit, the rest NOP or, at the end, EOL. */
static void choose_options(struct frame_random *f, uint32_t *state)
{
	const struct option timestamps = { 8, 10 };
	uint8_t at = 0, len = (uint8_t)(model_random(state) % 11 * 4);
	bool usual = model_random(state) % 2;

	if (usual)
		len = model_random(state) % 2 ? 12 : 0;
	memset(f->options, model_random(state) % 8 ? 1 : 0, sizeof(f->options));
	if (usual) {
		memset(f->options, 1, 2);
		at = 2;
	}
	while (at < len) {
		struct option o =
			usual ? timestamps : options[model_random(state) % ARRAY_SIZE(options)];

		if (at + o.len > len)
			break;
		f->options[at] = o.kind;
		f->options[at + 1] = o.len;
		for (uint8_t i = 2; i < o.len; i++)
			f->options[at + i] = (uint8_t)model_random(state);
		at += o.len;
	}
	f->model.tcp_option_len = len;
	f->model.tcp_options = f->options;
}

static size_t choose_payload_max(uint32_t *state)
{
	const size_t usual[] = { 1,    2,    536,  1220, 1380, 1400, 1448,  1460,
		                 1472, 1489, 1490, 2048, 4096, 8948, 16000, 32740 };

	if (model_random(state) % 3)
		return usual[model_random(state) % ARRAY_SIZE(usual)];
	return 1 + model_random(state) % 1500;
}

void frame_random_flow(struct frame_random *f, uint32_t *state, uint8_t number, bool bare)
{
	struct frame_model *m = &f->model;

	*m = frame_model_default();
	m->bare = bare;
	m->source_port = number;
	m->ip_version = model_random(state) % 2 ? 4 : 6;
	m->protocol = model_random(state) % 3 ? IPPROTO_TCP : IPPROTO_UDP;
	m->vlan_tags = bare || model_random(state) % 3 ? 0 : (uint8_t)(model_random(state) % 5);
	m->seq = model_random(state);
	m->ack = model_random(state);
	m->ip_id = (uint16_t)model_random(state);
	m->fragment = model_random(state) % 4 ? 0x4000 : 0;
	m->traffic_class = model_random(state) % 2 ? 0 : (uint8_t)model_random(state);
	m->flow_label = model_random(state) % 2 ? 0 : model_random(state) & 0xfffff;
	m->no_checksum = m->protocol == IPPROTO_UDP && frame_random_one_in(state, 8);
	m->ip_option_len =
		frame_random_one_in(state, 12) ? 4 * (uint8_t)(model_random(state) % 10) : 0;
	m->extension_len =
		frame_random_one_in(state, 12) ? 8 * (uint8_t)(model_random(state) % 4) : 0;
	if (frame_random_one_in(state, 8))
		m->flags |= ECE;
	choose_options(f, state);
	f->payload_max = choose_payload_max(state);
	f->calm = model_random(state) % 4 ? 1 + model_random(state) % 8 : 100;
}

static void change_for_good(struct frame_random *f, uint32_t *state)
{
	struct frame_model *m = &f->model;

	switch (model_random(state) % 16) {
	case 0:
		m->window = (uint16_t)model_random(state);
		break;
	case 1:
		m->ack += model_random(state) % 3000;
		break;
	case 2:
		m->urgent ^= (uint16_t)model_random(state); /* with or without URG */
		break;
	case 3:
		m->traffic_class ^= 1 << model_random(state) % 8; /* ECT becomes CE, among others */
		break;
	case 4:
		m->flow_label ^= 1U << model_random(state) % 20;
		break;
	case 5:
		m->ttl++;
		break;
	case 6:
		m->vlan_id ^= (uint16_t)(1U << model_random(state) % 16);
		break;
	case 7:
		choose_options(f, state);
		break;
	case 8:
		f->options[model_random(state) % FRAME_RANDOM_OPTIONS] ^=
			1 << model_random(state) % 8;
		break;
	case 9:
		m->flags ^= ECE;
		break;
	case 10:
		m->fragment ^= 0x4000;
		break;
	case 11:
		m->seq += model_random(state) % 5 - 2;
		break;
	case 12:
		m->ip_id += (uint16_t)(model_random(state) % 5 - 2);
		break;
	case 13:
		f->payload_max = choose_payload_max(state);
		break;
	case 14:
		m->ip_option_len ^= 4;
		break;
	case 15:
		m->extension_len ^= 8;
		break;
	}
}

void frame_random_happens(struct frame_random *f, uint32_t *state)
{
	struct frame_model *m = &f->model;

	m->flags = ACK | (m->flags & ECE);
	m->fragment &= 0x4000;
	if (frame_random_one_in(state, 12 * f->calm))
		change_for_good(f, state);
	if (frame_random_one_in(state, 16 * f->calm))
		m->flags |= PSH;
	if (frame_random_one_in(state, 24 * f->calm))
		m->flags ^= (uint16_t)(1U << model_random(state) % 12); /* of all, AE and CWR too */
	if (frame_random_one_in(state, 60 * f->calm))
		m->fragment |= 1U << model_random(state) % 16;
}

size_t frame_random_size(const struct frame_random *f, uint32_t *state)
{
	switch (model_random(state) % (24 * f->calm)) {
	case 0:
		return 0;
	case 1:
		return model_random(state) % 2;
	case 2:
	case 3:
		return model_random(state) % (f->payload_max + 1);
	case 4:
		return f->payload_max + 1;
	default:
		return f->payload_max;
	}
}

void frame_random_sent(struct frame_random *f, size_t payload_len)
{
	f->model.seq += (uint32_t)payload_len;
	f->model.ip_id++;
}
