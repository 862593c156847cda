/* SPDX-License-Identifier: BSD-2-Clause */
/* multilink.c - see multilink.h */
#include "ppp/multilink.h"

#include "base/reader.h"
#include "base/writer.h"

/* RFC 1990 §3 */
#define BEGIN      0x80
#define END        0x40
#define LONG_MASK  0xffffffu
#define SHORT_MASK 0xfffu

size_t multilink_write(const struct multilink_header *h, bool is_short, uint8_t *at)
{
	struct writer w = writer_over(at, MULTILINK_HEADER_MAX);
	uint8_t bits = (uint8_t)((h->begin ? BEGIN : 0) | (h->end ? END : 0));

	if (is_short)
		write_u16(&w, (uint16_t)(bits << 8 | (h->seq & SHORT_MASK)));
	else
		write_u32(&w, (uint32_t)bits << 24 | (h->seq & LONG_MASK));
	return write_len(&w);
}

size_t multilink_read(const uint8_t *info, size_t len, bool is_short, struct multilink_header *ret)
{
	struct reader r = reader_over(info, len);
	uint32_t word = is_short ? (uint32_t)read_u16(&r) << 16 : read_u32(&r);

	if (r.failed || !read_left(&r))
		return 0;
	*ret = (struct multilink_header){
		.begin = word >> 24 & BEGIN,
		.end = word >> 24 & END,
		.seq = is_short ? word >> 16 & SHORT_MASK : word & LONG_MASK,
	};
	return len - read_left(&r);
}

void multilink_init(struct multilink *m)
{
	*m = (struct multilink){ .min = UINT32_MAX };
	list_init(&m->queue);
}

uint32_t multilink_expand(const struct multilink *m, uint32_t seq, bool is_short)
{
	uint32_t mask = is_short ? SHORT_MASK : LONG_MASK;
	uint32_t ahead = (seq - m->min) & mask;

	return ahead > mask / 2 ? m->min + ahead - mask - 1 : m->min + ahead;
}

void multilink_seen(struct multilink *m, uint32_t seq)
{
	if (multilink_before(m->min, seq))
		m->min = seq;
}

bool multilink_is_next(const struct multilink *m, uint32_t seq)
{
	return list_empty(&m->queue) && seq == m->next;
}

void multilink_pass(struct multilink *m)
{
	m->next++;
	m->skipping = false;
}

static struct multilink_fragment *fragment_at(struct list *node)
{
	return list_entry(node, struct multilink_fragment, node);
}

/* Too many wait: what is missing behind the first of them is taken for lost, and so some leave; later gaps are waited
 * for. */
static void hurry(struct multilink *m)
{
	struct multilink_fragment *last = fragment_at(m->queue.next);

	list_for_each (node, &m->queue) {
		struct multilink_fragment *f = fragment_at(node);

		if (multilink_before(last->seq + 1, f->seq)) {
			multilink_seen(m, f->seq - 1);
			return;
		}
		last = f;
	}
	multilink_seen(m, last->end ? last->seq : last->seq + 1);
}

bool multilink_add(struct multilink *m, struct multilink_fragment *f)
{
	struct list *at = m->queue.prev;

	if (multilink_before(f->seq, m->next))
		return false;
	while (at != &m->queue && multilink_before(f->seq, fragment_at(at)->seq))
		at = at->prev;
	if (at != &m->queue && fragment_at(at)->seq == f->seq)
		return false;
	list_insert_before(at->next, &f->node);
	m->waiting++;
	if (m->waiting > MULTILINK_WAITING_MAX)
		hurry(m);
	return true;
}

/* It is not here, and will not come. */
static bool is_lost(const struct multilink *m, uint32_t seq)
{
	return !multilink_before(m->min, seq);
}

static void move_until(struct multilink *m, const struct list *end, struct list *out)
{
	while (m->queue.next != end) {
		struct list *node = m->queue.next;

		list_remove(node);
		list_append(out, node);
		m->waiting--;
	}
}

/* Leave out numbers that were lost, and fragments whose packet has no beginning. Return: whether there were any. */
static bool skip(struct multilink *m, struct list *out)
{
	bool skipped = false;

	while (!list_empty(&m->queue)) {
		struct multilink_fragment *first = fragment_at(m->queue.next);

		if (first->seq == m->next && first->begin)
			break;
		if (first->seq == m->next) {
			move_until(m, first->node.next, out);
			m->next++;
		} else if (is_lost(m, m->next)) {
			m->next =
				multilink_before(m->min + 1, first->seq) ? m->min + 1 : first->seq;
		} else {
			break;
		}
		skipped = true;
	}
	return skipped;
}

/* The first packet is given up: all of it that is here, up to @end. */
static enum multilink_answer give_up(struct multilink *m, const struct list *end, uint32_t next,
                                     struct list *out)
{
	move_until(m, end, out);
	m->next = next;
	m->skipping = true;
	return MULTILINK_LOST;
}

enum multilink_answer multilink_take(struct multilink *m, struct list *out)
{
	uint32_t expected;

	if (skip(m, out)) {
		enum multilink_answer answer = m->skipping ? MULTILINK_REST : MULTILINK_LOST;

		m->skipping = true;
		return answer;
	}
	expected = m->next;
	if (list_empty(&m->queue) || fragment_at(m->queue.next)->seq != expected)
		return MULTILINK_WAIT;
	list_for_each (node, &m->queue) {
		struct multilink_fragment *f = fragment_at(node);

		if (f->seq != expected)
			return is_lost(m, expected) ? give_up(m, node, expected, out)
			                            : MULTILINK_WAIT;
		if (f->begin && node != m->queue.next) /* the one before has no end */
			return give_up(m, node, expected, out);
		expected++;
		if (f->end) {
			move_until(m, node->next, out);
			m->next = expected;
			m->skipping = false;
			return MULTILINK_PACKET;
		}
	}
	return is_lost(m, expected) ? give_up(m, &m->queue, expected, out) : MULTILINK_WAIT;
}
