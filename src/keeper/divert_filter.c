/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_filter.c - see divert_filter.h
 *
 * The filter of a UDP socket sees the UDP header and what is behind it. The program is straight down to the
 * session's key, and a search for it.
 *
 * RX-7 depends on the session. There are few lengths a v3 header can have, so there is one search for each: a
 * datagram of some length is looked up among the sessions whose header fits into it.
 */
#include "keeper/divert_filter.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "keeper/classic_search.h"

#define UDP_HEADER  8
#define SHORTEST    14 /* RX-1 */
#define FLAGS_AT    UDP_HEADER
#define FLAG_T      0x8000
#define FLAG_L      0x4000
#define VERSION     0x000f
#define V2_KEY_AT   (UDP_HEADER + 2)
#define V2_L_KEY_AT (UDP_HEADER + 4)
#define V3_KEY_AT   (UDP_HEADER + 4)

static void pass(struct classic *c)
{
	classic_do(c, BPF_RET | BPF_K, CLASSIC_PASS);
}

static void drop(struct classic *c)
{
	classic_do(c, BPF_RET | BPF_K, CLASSIC_DROP);
}

/* A long jump to what classic_land() will say. */
static unsigned int jump(struct classic *c)
{
	return classic_do(c, BPF_JMP | BPF_JA, 0);
}

/* Go on only with a data packet (RX-1, RX-2). The flags stay in X, the version in A. */
static void add_preamble(struct classic *c)
{
	classic_do(c, BPF_LD | BPF_W | BPF_LEN, 0);
	classic_if(c, BPF_JMP | BPF_JGE | BPF_K, UDP_HEADER + SHORTEST, 1, 0);
	pass(c);
	classic_do(c, BPF_LD | BPF_H | BPF_ABS, FLAGS_AT);
	classic_if(c, BPF_JMP | BPF_JSET | BPF_K, FLAG_T, 0, 1);
	pass(c);
	classic_do(c, BPF_MISC | BPF_TAX, 0);
	classic_do(c, BPF_ALU | BPF_AND | BPF_K, VERSION);
}

/* The keys of those sessions whose header fits into @least_max octets. */
static size_t runs_make(struct run *runs, const struct filter_session *sessions, size_t count,
                        uint32_t least_max)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		if (sessions[i].least <= least_max)
			n = run_append(runs, n, sessions[i].key);
	return n;
}

/* A is the key of a datagram with @least octets at least. */
static void add_search(struct classic *c, struct run *runs, const struct filter_session *sessions,
                       size_t count, uint32_t least)
{
	classic_search(c, runs, runs_make(runs, sessions, count, least), CLASSIC_DROP,
	               CLASSIC_PASS);
}

/* A becomes the key; the flags are in X. */
static void add_key(struct classic *c, unsigned int version)
{
	if (version != 2) {
		classic_do(c, BPF_LD | BPF_W | BPF_ABS, V3_KEY_AT);
		return;
	}
	classic_do(c, BPF_MISC | BPF_TXA, 0);
	classic_if(c, BPF_JMP | BPF_JSET | BPF_K, FLAG_L, 2, 0);
	classic_do(c, BPF_LD | BPF_W | BPF_ABS, V2_KEY_AT);
	classic_do(c, BPF_JMP | BPF_JA, 1);
	classic_do(c, BPF_LD | BPF_W | BPF_ABS, V2_L_KEY_AT);
}

/* The next smaller .least than @below among the sessions; 0: none. */
static uint32_t next_least(const struct filter_session *sessions, size_t count, uint32_t below)
{
	uint32_t most = 0;

	for (size_t i = 0; i < count; i++)
		if (sessions[i].least < below && sessions[i].least > most)
			most = sessions[i].least;
	return most;
}

/* All sessions are of one version. One search for each length of header that is not always there, the longest
 * first. */
static void add_searches(struct classic *c, const struct filter_session *sessions, size_t count,
                         struct run *runs)
{
	unsigned int version = sessions->version;
	uint32_t least = UINT32_MAX;

	while (!c->full && (least = next_least(sessions, count, least)) > SHORTEST) {
		unsigned int shorter;

		classic_do(c, BPF_LD | BPF_W | BPF_LEN, 0);
		classic_if(c, BPF_JMP | BPF_JGE | BPF_K, UDP_HEADER + least, 1, 0);
		shorter = jump(c);
		add_key(c, version);
		add_search(c, runs, sessions, count, least);
		classic_land(c, shorter);
	}
	add_key(c, version);
	add_search(c, runs, sessions, count, SHORTEST);
}

int filter_session_compare(const void *a, const void *b)
{
	const struct filter_session *x = a, *y = b;

	if (x->version != y->version)
		return x->version < y->version ? -1 : 1;
	return x->key < y->key ? -1 : x->key > y->key;
}

/* Sessions of the version that @sessions begins with. */
static size_t of_one_version(const struct filter_session *sessions, size_t count)
{
	size_t n = 0;

	while (n < count && sessions[n].version == sessions->version)
		n++;
	return n;
}

int divert_filter_build(struct classic *ret, const struct filter_session *sessions, size_t count)
{
	AUTO_MEMORY struct run *runs = calloc(count ? count : 1, sizeof(*runs));

	ret->count = 0;
	ret->full = false;
	if (!runs)
		return -ENOMEM;
	add_preamble(ret);
	while (count > 0) {
		size_t n = of_one_version(sessions, count);
		unsigned int other;

		classic_if(ret, BPF_JMP | BPF_JEQ | BPF_K, sessions->version, 1, 0);
		other = jump(ret);
		add_searches(ret, sessions, n, runs);
		classic_land(ret, other);
		sessions += n;
		count -= n;
	}
	pass(ret);
	return ret->full ? -E2BIG : 0;
}

void divert_filter_build_all(struct classic *ret)
{
	ret->count = 0;
	ret->full = false;
	add_preamble(ret);
	classic_if(ret, BPF_JMP | BPF_JEQ | BPF_K, 2, 2, 0);
	classic_if(ret, BPF_JMP | BPF_JEQ | BPF_K, 3, 1, 0);
	pass(ret);
	drop(ret);
}
