/* SPDX-License-Identifier: BSD-2-Clause */
/* mppe.c - see mppe.h */
#include "ppp/mppe.h"

#include <errno.h>
#include <nettle/arcfour.h>
#include <nettle/sha1.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"

#define METHOD      18
#define OPTION_HEAD 2
#define OPTION_BITS 4
#define KEY_MAX     16
#define PAD_LEN     40

/* First and last octet of the option's bits (RFC 3078 §2). */
#define STATELESS 0x01
#define BITS_40   0x20
#define BITS_128  0x40

/* Frame header: bits, and a count of 12 bits (RFC 3078 §3). */
#define HEADER_LEN  2
#define FLUSHED     0x8000
#define ENCRYPTED   0x1000
#define COUNT_MASK  0x0fff
#define COUNT_SPACE (COUNT_MASK + 1u)
#define FLAG_PACKET 0xff /* low octet of the count of a frame that begins with a new key */

/* Protocols that are encrypted (RFC 3078 §3). */
#define PROTOCOL_FIRST 0x0021
#define PROTOCOL_LAST  0x00fa

/* PPP-63: what must not happen, weighed; halved by each good frame. */
#define SUSPICION_WRONG 100
#define SUSPICION_LATE  1
#define SUSPICION_MAX   1600

struct mppe {
	uint8_t start_key[KEY_MAX], session_key[KEY_MAX];
	size_t key_len; /* 0: not started */
	bool stateless;
	struct arcfour_ctx cipher;
	uint16_t count;         /* of the last frame */
	bool flush;             /* sent: the next begins with a new key */
	bool discard;           /* received: until one that does */
	uint32_t suspicion;     /* also of sessions before */
	struct mppe_kept *kept; /* NULL: nobody wants to know */
};

int mppe_new(const uint8_t *option, size_t len, struct mppe **ret)
{
	struct mppe *m;

	if (len < OPTION_HEAD || option[1] < OPTION_HEAD || option[1] > len || option[0] != METHOD)
		return -EINVAL;
	if (len != MPPE_OPTION_LEN || option[1] != OPTION_HEAD + OPTION_BITS)
		return -ENOBUFS;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	memcpy(m->start_key, option + OPTION_HEAD + OPTION_BITS, KEY_MAX);
	memcpy(m->session_key, m->start_key, KEY_MAX);
	*ret = m;
	return 0;
}

void mppe_free(struct mppe *m)
{
	if (!m)
		return;
	explicit_bzero(m, sizeof(*m));
	free(m);
}

/* RFC 3078 §7.3, GetNewKeyFromSHA */
static void hash_keys(const struct mppe *m, uint8_t key[KEY_MAX])
{
	uint8_t zeros[PAD_LEN] = { 0 }, f2[PAD_LEN];
	struct sha1_ctx sha;

	memset(f2, 0xf2, sizeof(f2));
	sha1_init(&sha);
	sha1_update(&sha, m->key_len, m->start_key);
	sha1_update(&sha, sizeof(zeros), zeros);
	sha1_update(&sha, m->key_len, m->session_key);
	sha1_update(&sha, sizeof(f2), f2);
	sha1_digest(&sha, KEY_MAX, key);
}

/* RFC 3079: of 40 bits the first octets are known. */
static void take_key(struct mppe *m)
{
	static const uint8_t known[] = { 0xd1, 0x26, 0x9e };

	if (m->key_len < KEY_MAX)
		memcpy(m->session_key, known, sizeof(known));
	arcfour_set_key(&m->cipher, m->key_len, m->session_key);
}

/* RFC 3078 §7.3 */
static void change_key(struct mppe *m)
{
	uint8_t key[KEY_MAX];

	hash_keys(m, key);
	arcfour_set_key(&m->cipher, m->key_len, key);
	arcfour_crypt(&m->cipher, m->key_len, m->session_key, key);
	explicit_bzero(key, sizeof(key));
	take_key(m);
}

/* What stood there before stays until the word changes that says which is right. */
static void note(struct mppe *m)
{
	struct mppe_kept *k = m->kept;
	uint32_t next;

	if (!k || !m->key_len)
		return;
	next = atomic_load_explicit(&k->which, memory_order_relaxed) == 1;
	memcpy(k->at[next].session_key, m->session_key, KEY_MAX);
	k->at[next].count = m->count;
	atomic_store_explicit(&k->which, next + 1, memory_order_release);
}

static void note_start(struct mppe *m)
{
	struct mppe_kept *k = m->kept;

	if (!k || !m->key_len)
		return;
	atomic_store(&k->which, 0);
	k->stateless = m->stateless;
	k->key_len = (uint8_t)m->key_len;
	memcpy(k->start_key, m->start_key, KEY_MAX);
	note(m);
}

void mppe_keep(struct mppe *m, struct mppe_kept *kept)
{
	m->kept = kept;
	if (kept && !atomic_load(&kept->which))
		note_start(m);
}

bool mppe_resume(struct mppe *m, const struct mppe_kept *kept, bool sends)
{
	uint32_t which = atomic_load(&kept->which);

	if (which < 1 || which > 2 || (kept->key_len != KEY_MAX && kept->key_len != KEY_MAX / 2))
		return false;
	m->key_len = kept->key_len;
	m->stateless = kept->stateless;
	memcpy(m->start_key, kept->start_key, KEY_MAX);
	memcpy(m->session_key, kept->at[which - 1].session_key, KEY_MAX);
	arcfour_set_key(&m->cipher, m->key_len, m->session_key);
	m->count = kept->at[which - 1].count & COUNT_MASK;
	m->flush = sends;
	m->discard = !sends && !m->stateless;
	m->suspicion = 0;
	return true;
}

/* Deviation: Linux still waits for a new key then, if it did, and counts one too many when it comes. */
bool mppe_start(struct mppe *m, const uint8_t *option, size_t len)
{
	uint8_t bits, key[KEY_MAX];

	if (len != OPTION_HEAD + OPTION_BITS || option[0] != METHOD || option[1] != len)
		return false;
	bits = option[OPTION_HEAD + OPTION_BITS - 1];
	if (!(bits & (BITS_128 | BITS_40)))
		return false;
	m->key_len = bits & BITS_128 ? KEY_MAX : KEY_MAX / 2;
	m->stateless = option[OPTION_HEAD] & STATELESS;
	hash_keys(m, key);
	memcpy(m->session_key, key, m->key_len);
	explicit_bzero(key, sizeof(key));
	take_key(m);
	m->count = COUNT_MASK;
	m->flush = m->discard = false;
	note_start(m);
	return true;
}

void mppe_reset(struct mppe *m)
{
	m->flush = true;
}

size_t mppe_encrypt(struct mppe *m, uint16_t protocol, const struct iovec *info, int pieces,
                    uint8_t *out)
{
	uint8_t octets[] = { (uint8_t)(protocol >> 8), (uint8_t)protocol };
	uint16_t header = ENCRYPTED;
	uint8_t *at = out + HEADER_LEN;

	if (protocol < PROTOCOL_FIRST || protocol > PROTOCOL_LAST)
		return 0;
	m->count = (m->count + 1) & COUNT_MASK;
	if (m->stateless || m->flush || (m->count & 0xff) == FLAG_PACKET) {
		change_key(m);
		header |= FLUSHED;
		m->flush = false;
	}
	note(m);
	header |= m->count;
	out[0] = (uint8_t)(header >> 8);
	out[1] = (uint8_t)header;
	arcfour_crypt(&m->cipher, sizeof(octets), at, octets);
	at += sizeof(octets);
	for (int i = 0; i < pieces; i++) {
		arcfour_crypt(&m->cipher, info[i].iov_len, at, info[i].iov_base);
		at += info[i].iov_len;
	}
	return (size_t)(at - out);
}

static enum mppe_result suspect(struct mppe *m, uint32_t weight)
{
	m->suspicion += weight;
	return m->suspicion < SUSPICION_MAX ? MPPE_ERROR : MPPE_FATAL;
}

/* The key changes with each frame (RFC 3078 §7.1), also with those that were lost; one from long ago would be thousands
 * ahead.
 *
 * Deviation: Linux makes some frame of the same octets that come once more, for the cipher has gone on. */
static enum mppe_result follow_stateless(struct mppe *m, uint16_t count)
{
	unsigned int ahead = ((unsigned int)count - m->count) % COUNT_SPACE;

	if (!ahead)
		return MPPE_AGAIN;
	if (ahead > COUNT_SPACE / 2)
		return suspect(m, SUSPICION_LATE);
	while (m->count != count) {
		change_key(m);
		m->count = (m->count + 1) & COUNT_MASK;
	}
	return MPPE_OK;
}

/* A frame that was lost has left the cipher behind: nothing can be read until a new key begins (RFC 3078 §7.2). The
 * key has changed meanwhile with every frame whose count ends with ff. */
static enum mppe_result follow_stateful(struct mppe *m, uint16_t count, bool flushed)
{
	if (!m->discard) {
		m->count = (m->count + 1) & COUNT_MASK;
		m->discard = count != m->count;
		if (m->discard)
			return MPPE_ERROR;
	} else if (!flushed) {
		return MPPE_ERROR;
	} else {
		while ((m->count ^ count) & ~0xff) {
			change_key(m);
			m->count = (m->count + 0x100) & COUNT_MASK;
		}
		m->discard = false;
		m->count = count;
	}
	if (flushed)
		change_key(m);
	return MPPE_OK;
}

static enum mppe_result follow(struct mppe *m, uint16_t header)
{
	uint16_t count = header & COUNT_MASK;
	bool flushed = header & FLUSHED;
	bool flag_packet = (count & 0xff) == FLAG_PACKET;

	if (!(header & ENCRYPTED) || ((m->stateless || flag_packet) && !flushed))
		return suspect(m, SUSPICION_WRONG);
	return m->stateless ? follow_stateless(m, count) : follow_stateful(m, count, flushed);
}

enum mppe_result mppe_decrypt(struct mppe *m, const uint8_t *info, size_t len, uint8_t *out,
                              uint16_t *protocol, const uint8_t **ret, size_t *ret_len)
{
	struct reader r = reader_over(info, len);
	uint16_t header = read_u16(&r), number;
	size_t left = read_left(&r);
	enum mppe_result result;

	if (r.failed || left < 1)
		return MPPE_ERROR;
	result = follow(m, header);
	note(m);
	if (result != MPPE_OK)
		return result;
	arcfour_crypt(&m->cipher, left, out, r.at);
	m->suspicion /= 2;
	r = reader_over(out, left);
	number = out[0] & 1 ? read_u8(&r) : read_u16(&r); /* RFC 1661 §6.5 */
	if (r.failed)
		return MPPE_ERROR;
	*protocol = number;
	*ret = r.at;
	*ret_len = read_left(&r);
	return MPPE_OK;
}
