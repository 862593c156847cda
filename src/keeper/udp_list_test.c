/* SPDX-License-Identifier: BSD-2-Clause */
/* udp_list_test.c - tests of udp_list.c: lines, the sockets of this process, readings that lack one */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/udp_list.h"

static ino_t of_line(const char *line)
{
	struct udp_list l = { 0 };
	ino_t ino;

	assert_int_equal(udp_list_add_line(&l, line, strlen(line)), 0);
	ino = l.count ? l.inodes[0] : 0;
	udp_list_release(&l);
	return ino;
}

static void lines(void **state)
{
	assert_int_equal(
		of_line("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   "
	                "uid  timeout inode ref pointer drops             "),
		0);
	assert_int_equal(
		of_line("  337: 0100007F:06A5 00000000:0000 07 00000000:00000000 00:00000000 00000000     "
	                "0        0 1234567 2 00000000d1f3a1c2 0"),
		1234567);
	assert_int_equal(of_line("1: a b c d e f 0 0 4294967295"), 4294967295u);
	assert_int_equal(of_line("1: a b c d e f 0 0"), 0);
	assert_int_equal(of_line("1: a b c d e f 0 0 99999999999999999999 2"), 0);
	assert_int_equal(of_line(""), 0);
}

static int bound(int family)
{
	union {
		struct sockaddr any;
		struct sockaddr_in6 v6;
	} name = { .any.sa_family = (sa_family_t)family };
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		assert_int_equal(bind(fd, &name.any, sizeof(name)), 0);
	return fd;
}

static ino_t ino_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static bool is_there(const int texts[UDP_TEXTS], ino_t ino)
{
	struct udp_list l = { 0 };
	bool there;

	assert_int_equal(udp_texts_read(texts, &l), 0);
	udp_list_sort(&l);
	there = udp_list_has(&l, ino);
	udp_list_release(&l);
	return there;
}

static int lowest_free(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	close(fd);
	return fd;
}

/* Sockets of the second would be in no reading. */
static void a_text_for_which_there_is_no_descriptor_is_not_done_without(void **state)
{
	struct rlimit before, few;
	int texts[UDP_TEXTS], err;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)lowest_free() + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	err = udp_texts_open(texts);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(err, -EMFILE);
	udp_texts_close(texts);
}

/* More than one piece of the text has. */
#define MANY 200

static void sockets_come_and_go(void **state)
{
	int texts[UDP_TEXTS], many[MANY], families[] = { AF_INET, AF_INET6 };

	assert_int_equal(udp_texts_open(texts), 0);
	for (size_t i = 0; i < MANY; i++)
		many[i] = bound(AF_INET);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		int fd = bound(families[i]);
		ino_t ino;

		if (fd < 0)
			continue;
		ino = ino_of(fd);
		assert_true(is_there(texts, ino));
		close(fd);
		assert_false(is_there(texts, ino));
	}
	for (size_t i = 0; i < MANY; i++) {
		assert_true(is_there(texts, ino_of(many[i])));
		close(many[i]);
	}
	udp_texts_close(texts);
}

/* --- readings that lack something --- */

struct story {
	const char *texts[3]; /* what is read first, next, last */
	int fd;
	unsigned int readings;
	bool sure;      /* ... that one of them has gone */
	bool is_absent; /* one of them, of all readings */
};

static const ino_t looked_for[] = { 11, 12, 13 };

static void show(struct story *s)
{
	const char *text = s->texts[s->readings];

	assert_int_equal(ftruncate(s->fd, 0), 0);
	assert_int_equal(pwrite(s->fd, text, strlen(text), 0), strlen(text));
}

static bool left(void *arg, const struct udp_list *list, bool sure)
{
	struct story *s = arg;

	s->is_absent = false;
	for (size_t i = 0; i < ARRAY_SIZE(looked_for); i++)
		s->is_absent |= !udp_list_has(list, looked_for[i]);
	s->sure |= s->is_absent && sure;
	if (++s->readings < ARRAY_SIZE(s->texts))
		show(s);
	return s->is_absent;
}

static struct story look_at(const char *first, const char *second, const char *third)
{
	struct story s = { .texts = { first, second, third },
		           .fd = memfd_create("udp", MFD_CLOEXEC) };

	assert_true(s.fd >= 0);
	show(&s);
	udp_texts_look((int[UDP_TEXTS]){ s.fd, -1 }, left, &s);
	close(s.fd);
	return s;
}

#define LINE(ino) "1: a b c d e f 0 0 " #ino " 2\n"

static void what_one_reading_leaves_out_has_not_gone(void **state)
{
	struct story s = look_at(LINE(11) LINE(12) LINE(13), "", "");

	assert_false(s.is_absent || s.sure);
	assert_int_equal(s.readings, 1);

	s = look_at(LINE(11) LINE(12), LINE(11) LINE(13), "");
	assert_false(s.is_absent || s.sure);
	assert_int_equal(s.readings, 2);

	s = look_at(LINE(12), LINE(13), LINE(11));
	assert_false(s.is_absent || s.sure);
	assert_int_equal(s.readings, 3);
}

static void what_no_reading_has_has_gone(void **state)
{
	struct story s = look_at(LINE(11) LINE(13), LINE(13), LINE(11) LINE(13));

	assert_true(s.is_absent && s.sure);
	assert_int_equal(s.readings, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(sockets_come_and_go),
		cmocka_unit_test(a_text_for_which_there_is_no_descriptor_is_not_done_without),
		cmocka_unit_test(what_one_reading_leaves_out_has_not_gone),
		cmocka_unit_test(what_no_reading_has_has_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
