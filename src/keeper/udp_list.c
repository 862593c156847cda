/* SPDX-License-Identifier: BSD-2-Clause */
/* udp_list.c - see udp_list.h */
#include "keeper/udp_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/reader.h"

#define READ_OCTETS 32768
#define ROOM_FIRST  64
#define READINGS    3 /* that lack a socket: then it has gone */

int udp_list_add(struct udp_list *l, ino_t ino)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : ROOM_FIRST;
		ino_t *grown = reallocarray(l->inodes, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		l->inodes = grown;
		l->room = room;
	}
	l->inodes[l->count++] = ino;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const ino_t x = *(const ino_t *)a, y = *(const ino_t *)b;

	return x < y ? -1 : x > y;
}

void udp_list_sort(struct udp_list *l)
{
	if (l->count)
		qsort(l->inodes, l->count, sizeof(*l->inodes), compare);
}

bool udp_list_has(const struct udp_list *l, ino_t ino)
{
	return l->count && bsearch(&ino, l->inodes, l->count, sizeof(ino), compare);
}

void udp_list_release(struct udp_list *l)
{
	free(l->inodes);
	*l = (struct udp_list){ 0 };
}

/* --- a line --- */

/* Fields stand between blanks: 0 number, 1 and 2 addresses, 3 state, 4 queues, 5 timer, 6 retransmits, 7 user, 8 timeout. */
#define FIELD_INODE 9

static bool is_blank(const struct reader *r)
{
	return *r->at == ' ' || *r->at == '\t';
}

static void skip(struct reader *line, bool blanks)
{
	while (read_left(line) && is_blank(line) == blanks)
		read_skip(line, 1);
}

/* 0: there is none; nor is one numbered so. */
static ino_t number(struct reader *line)
{
	ino_t value = 0;

	while (read_left(line) && !is_blank(line)) {
		uint8_t digit = (uint8_t)(read_u8(line) - '0');

		if (digit > 9 || value > (SIZE_MAX - digit) / 10)
			return 0;
		value = value * 10 + digit;
	}
	return value;
}

int udp_list_add_line(struct udp_list *l, const char *line, size_t len)
{
	struct reader r = reader_over(line, len);
	ino_t ino;

	for (unsigned int field = 0; field < FIELD_INODE; field++) {
		skip(&r, true);
		skip(&r, false);
	}
	skip(&r, true);
	ino = number(&r);
	return ino ? udp_list_add(l, ino) : 0;
}

/* --- the texts --- */

int udp_texts_open(int fds[UDP_TEXTS])
{
	fds[1] = -1;
	fds[0] = open("/proc/thread-self/net/udp", O_RDONLY | O_CLOEXEC);
	if (fds[0] < 0)
		return -errno;
	fds[1] = open("/proc/thread-self/net/udp6", O_RDONLY | O_CLOEXEC);
	return fds[1] < 0 && errno != ENOENT ? -errno : 0;
}

void udp_texts_close(int fds[UDP_TEXTS])
{
	for (size_t i = 0; i < UDP_TEXTS; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

/* The whole lines of what has been read; what is left of the last, moved to the front: how much. */
static ssize_t take_lines(char *text, size_t len, struct udp_list *l)
{
	char *at = text, *end = text + len, *newline;

	while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
		int err = udp_list_add_line(l, at, (size_t)(newline - at));

		if (err < 0)
			return err;
		at = newline + 1;
	}
	memmove(text, at, (size_t)(end - at));
	return end - at;
}

static int read_text(int fd, struct udp_list *l)
{
	static char text[READ_OCTETS];
	ssize_t left = 0, n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	while ((n = read(fd, text + left, sizeof(text) - (size_t)left)) > 0) {
		left = take_lines(text, (size_t)(left + n), l);
		if (left < 0)
			return (int)left;
		if ((size_t)left == sizeof(text))
			return -E2BIG;
	}
	return n < 0 ? -errno : 0;
}

int udp_texts_read(const int fds[UDP_TEXTS], struct udp_list *l)
{
	int err = 0;

	for (size_t i = 0; i < UDP_TEXTS && !err; i++)
		if (fds[i] >= 0)
			err = read_text(fds[i], l);
	return err;
}

/* Once if nothing is missing, which is nearly always. */
void udp_texts_look(const int fds[UDP_TEXTS], udp_left_fn *left, void *arg)
{
	struct udp_list list = { 0 };
	bool lacking = true;

	for (unsigned int i = 1; i <= READINGS && lacking; i++) {
		lacking = udp_texts_read(fds, &list) == 0;
		udp_list_sort(&list);
		if (lacking)
			lacking = left(arg, &list, i == READINGS);
	}
	udp_list_release(&list);
}
