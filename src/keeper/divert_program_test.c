/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_program_test.c - the socket filter on a socket, packet by packet (RX-1 to RX-8) */
#include "keeper/divert_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "keeper/bpf.h"

#define RING_OCTETS 65536
#define SESSIONS    4

struct fixture {
	struct divert_maps maps;
	int program, socket, peer;
	uint64_t cookie, namespace;
	uint64_t *board;
	_Atomic uint64_t *consumer;
	const _Atomic uint64_t *producer;
	const uint8_t *records;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool loopback_up(void)
{
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static void open_sockets(struct fixture *f)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to), cookie_len = sizeof(f->cookie);

	f->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	f->peer = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(f->socket, (struct sockaddr *)&to, len), 0);
	assert_int_equal(getsockname(f->socket, (struct sockaddr *)&to, &len), 0);
	assert_int_equal(connect(f->peer, (struct sockaddr *)&to, len), 0);
	assert_int_equal(getsockopt(f->socket, SOL_SOCKET, SO_COOKIE, &f->cookie, &cookie_len), 0);
	assert_int_equal(
		setsockopt(f->socket, SOL_SOCKET, SO_ATTACH_BPF, &f->program, sizeof(f->program)),
		0);
	assert_int_equal(bpf_map_set(f->maps.sockets, &f->cookie, &f->namespace), 0);
}

static void load(struct fixture *f)
{
	struct bpf_insn insns[DIVERT_PROGRAM_MAX];
	static char log[65536];
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *shared;

	f->namespace = 4242;
	f->maps.sessions = bpf_map(BPF_MAP_TYPE_HASH, "s", sizeof(struct divert_key),
	                           sizeof(struct divert_value), 16, BPF_F_NO_PREALLOC);
	f->maps.sockets = bpf_map(BPF_MAP_TYPE_HASH, "o", 8, 8, 16, BPF_F_NO_PREALLOC);
	f->maps.ring = bpf_map(BPF_MAP_TYPE_RINGBUF, "r", 0, 0, RING_OCTETS, 0);
	f->maps.board =
		bpf_map(BPF_MAP_TYPE_ARRAY, "b", 4, 8, BOARD_LOST + SESSIONS, BPF_F_MMAPABLE);
	f->program = bpf_socket_filter(insns, divert_program(&f->maps, insns), log, sizeof(log));
	if (f->program < 0)
		print_message("%s\n", log);
	assert_true(f->program >= 0);
	f->board = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, f->maps.board, 0);
	f->consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, f->maps.ring, 0);
	shared = mmap(NULL, page + 2 * RING_OCTETS, PROT_READ, MAP_SHARED, f->maps.ring,
	              (off_t)page);
	assert_true(f->board != MAP_FAILED && f->consumer != MAP_FAILED && shared != MAP_FAILED);
	f->producer = (const _Atomic uint64_t *)shared;
	f->records = shared + page;
}

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNET) < 0 || !loopback_up())
		return -1;
	load(f);
	open_sockets(f);
	f->board[BOARD_BEAT] = now_ns();
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;
	const int fds[] = { f->maps.sessions, f->maps.sockets, f->maps.ring, f->maps.board,
		            f->program,       f->socket,       f->peer };

	for (size_t i = 0; f->program && i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	free(f);
	return 0;
}

static void need_root(const struct fixture *f)
{
	if (!f->program) {
		print_message("# needs root: a program is loaded into the kernel\n");
		skip();
	}
}

static void add_session(const struct fixture *f, uint64_t scope, uint32_t kind, uint32_t id,
                        uint32_t version, uint32_t least)
{
	const struct divert_key key = { .scope = scope, .kind = kind, .id = id };
	const struct divert_value value = { .version = version, .least = least, .index = 1 };

	assert_int_equal(bpf_map_set(f->maps.sessions, &key, &value), 0);
}

static void send_packet(const struct fixture *f, const void *start_octets, size_t start_len,
                        size_t len)
{
	static uint8_t packet[65507];

	memset(packet, 0x5a, sizeof(packet));
	memcpy(packet, start_octets, start_len);
	assert_int_equal(send(f->peer, packet, len, 0), (ssize_t)len);
}

/* The next record, or NULL. Loopback delivers before send() returns. */
static const struct divert_record *next_record(struct fixture *f)
{
	uint64_t at = *f->consumer;
	const uint8_t *record = f->records + (at & (RING_OCTETS - 1));
	uint32_t len;

	if (at == *f->producer)
		return NULL;
	memcpy(&len, record, sizeof(len));
	*f->consumer = at + ((len + BPF_RINGBUF_HDR_SZ + 7) & ~7u);
	return (const struct divert_record *)(record + BPF_RINGBUF_HDR_SZ);
}

static ssize_t received(const struct fixture *f)
{
	uint8_t octets[65536];

	return recv(f->socket, octets, sizeof(octets), 0);
}

static void assert_passed(struct fixture *f, size_t len)
{
	assert_int_equal(received(f), (ssize_t)len);
	assert_null(next_record(f));
}

static void assert_taken(struct fixture *f, const void *start_octets, size_t start_len, size_t len)
{
	const struct divert_record *r = next_record(f);

	assert_non_null(r);
	assert_int_equal(r->cookie, f->cookie);
	assert_int_equal(r->len, len);
	assert_int_equal(r->kind, DIVERT_DATA);
	assert_memory_equal(r + 1, start_octets, start_len);
	assert_int_equal(((const uint8_t *)(r + 1))[len - 1], 0x5a);
	assert_int_equal(received(f), -1);
	assert_null(next_record(f));
}

static const uint8_t v3[] = { 0, 3, 0, 0, 0, 0, 0, 77 }, v2[] = { 0, 2, 0, 5, 0, 6 },
		     v2_length[] = { 0x40, 2, 0, 99, 0, 5, 0, 6 },
		     control[] = { 0xc8, 3, 0, 0, 0, 0, 0, 77 };

/* Requirements: RX-1, RX-2, RX-3, RX-4, RX-5, RX-8 */
static void test_what_is_taken(void **state)
{
	static const size_t lengths[] = {
		14, 256, 257, 640, 641, 1536, 1537, 2048, 2049, 4097, 9217
	};
	struct fixture *f = *state;

	need_root(f);
	send_packet(f, v3, sizeof(v3), 100);
	assert_passed(f, 100);
	add_session(f, f->cookie, DIVERT_KEY_V3, 77, 3, 8);
	add_session(f, f->cookie, DIVERT_KEY_V2, 5 << 16 | 6, 2, 0);
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		f->board[BOARD_BEAT] = now_ns();
		send_packet(f, v3, sizeof(v3), lengths[i]);
		if (lengths[i] > 9216) /* the largest room is as large as this ring */
			continue;
		assert_taken(f, v3, sizeof(v3), lengths[i]);
	}
	send_packet(f, v2, sizeof(v2), 60);
	assert_taken(f, v2, sizeof(v2), 60);
	send_packet(f, v2_length, sizeof(v2_length), 60);
	assert_taken(f, v2_length, sizeof(v2_length), 60);
	send_packet(f, v3, sizeof(v3), 13);
	assert_passed(f, 13);
	send_packet(f, control, sizeof(control), 60);
	assert_passed(f, 60);
}

/* Requirements: RX-6, RX-7 */
static void test_what_is_counted_and_passed(void **state)
{
	const uint8_t version_4[] = { 0, 4, 0, 0, 0, 0, 0, 77 };
	struct fixture *f = *state;
	const struct divert_record *r;

	need_root(f);
	add_session(f, f->cookie, DIVERT_KEY_V3, 77, 3, 20);
	f->board[BOARD_BEAT] = now_ns();
	send_packet(f, v3, sizeof(v3), 19);
	send_packet(f, version_4, sizeof(version_4), 30);
	for (int i = 0; i < 2; i++) {
		r = next_record(f);
		assert_non_null(r);
		assert_int_equal(r->kind, DIVERT_NOTICE);
		assert_memory_equal(r + 1, i ? version_4 : v3, DIVERT_NOTICE_OCTETS);
		assert_int_equal(received(f), i ? 30 : 19);
	}
	send_packet(f, v3, sizeof(v3), 20);
	assert_taken(f, v3, sizeof(v3), 20);
}

/* Requirements: Q-8, RX-10 */
static void test_sessions_of_a_namespace(void **state)
{
	struct fixture *f = *state;

	need_root(f);
	f->board[BOARD_BEAT] = now_ns();
	add_session(f, f->namespace, DIVERT_KEY_V3, 77, 3, 8); /* the scope of another kind */
	send_packet(f, v3, sizeof(v3), 20);
	assert_passed(f, 20);
	add_session(f, f->namespace, DIVERT_KEY_V3 | DIVERT_KEY_BY_IDS, 77, 3, 8);
	send_packet(f, v3, sizeof(v3), 20);
	assert_taken(f, v3, sizeof(v3), 20);
	assert_int_equal(bpf_map_unset(f->maps.sockets, &f->cookie), 0);
	send_packet(f, v3, sizeof(v3), 20);
	assert_passed(f, 20);
}

static void test_nobody_looks(void **state)
{
	struct fixture *f = *state;

	need_root(f);
	add_session(f, f->cookie, DIVERT_KEY_V3, 77, 3, 8);
	f->board[BOARD_BEAT] = now_ns() - 3000000000;
	send_packet(f, v3, sizeof(v3), 20);
	assert_passed(f, 20);
	f->board[BOARD_BEAT] = now_ns() - 1000000000;
	send_packet(f, v3, sizeof(v3), 20);
	assert_taken(f, v3, sizeof(v3), 20);
}

static void test_a_full_ring(void **state)
{
	struct fixture *f = *state;
	unsigned int taken = 0;

	need_root(f);
	add_session(f, f->cookie, DIVERT_KEY_V3, 77, 3, 8);
	f->board[BOARD_BEAT] = now_ns();
	for (int i = 0; i < 100; i++)
		send_packet(f, v3, sizeof(v3), 1400);
	while (next_record(f))
		taken++;
	assert_true(taken > 30);
	assert_int_equal(taken + f->board[BOARD_LOST + 1], 100);
	assert_int_equal(f->board[BOARD_LOST], 0);
	assert_int_equal(received(f), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_taken, start, stop),
		cmocka_unit_test_setup_teardown(test_what_is_counted_and_passed, start, stop),
		cmocka_unit_test_setup_teardown(test_sessions_of_a_namespace, start, stop),
		cmocka_unit_test_setup_teardown(test_nobody_looks, start, stop),
		cmocka_unit_test_setup_teardown(test_a_full_ring, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
