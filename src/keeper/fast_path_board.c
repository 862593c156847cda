/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_board.c - the arrays of fast_path_maps.h as both processes see them: what the programs counted and handed up */
#include "keeper/fast_path_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/bpf.h"

#define REALTIME "/sys/kernel/realtime" /* there if PREEMPT_RT was patched in */

uint32_t fast_board_lanes(void)
{
	int processors = fast_possible_processors();
	uint32_t lanes = 1;

	while (lanes < FAST_LANES_MAX && (int)lanes < processors)
		lanes *= 2;
	return lanes;
}

/* Not zero, as memory often is. */
static uint32_t random_word(void)
{
	uint32_t word;

	if (getrandom(&word, sizeof(word), 0) != sizeof(word))
		word = (uint32_t)random();
	return word | 1;
}

/* With PREEMPT_RT programs of one processor interrupt each other. */
bool fast_is_realtime(const char *version, bool patched)
{
	return patched || strstr(version, "PREEMPT_RT");
}

static bool is_realtime(void)
{
	struct utsname kernel;

	return fast_is_realtime(uname(&kernel) == 0 ? kernel.version : "",
	                        access(REALTIME, F_OK) == 0);
}

struct fast_constants fast_board_constants(const struct fast_path *f, uint32_t netns)
{
	int processors = fast_possible_processors();
	bool alone = processors > 0 && !is_realtime();

	return (struct fast_constants){
		.fronts = alone ? (uint32_t)processors : 0,
		.netns = netns,
		.lanes = f->board.lanes,
		.xdp = f->xdp,
		.meta = f->xdp ? random_word() : 0,
		.lane_each = alone && processors <= (int)f->board.lanes,
	};
}

bool fast_clock_is_the_kernels(const char *offsets)
{
	long long seconds, ns;

	return sscanf(offsets, "monotonic %lld %lld", &seconds, &ns) != 2 || (!seconds && !ns);
}

int fast_clock_check(struct extack *ea)
{
	char offsets[128];
	AUTO_FD fd = open("/proc/self/timens_offsets", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, offsets, sizeof(offsets) - 1);

	offsets[len > 0 ? len : 0] = '\0';
	if (fast_clock_is_the_kernels(offsets))
		return 0;
	return extack_fail(
		ea, -EOPNOTSUPP, 0,
		"ul2tpd's clock is that of a time namespace, programs in the kernel have another");
}

static size_t whole_pages(size_t octets)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (octets + page - 1) / page * page;
}

static void *map_board(int map, size_t entries, size_t size, int protection)
{
	void *at = mmap(NULL, whole_pages(entries * size), protection, MAP_SHARED, map, 0);

	return at == MAP_FAILED ? NULL : at;
}

int fast_board_open(struct fast_path *f)
{
	struct fast_board *b = &f->board;

	b->counts = map_board(f->maps[FAST_MAP_COUNTS], (size_t)b->sessions * b->lanes,
	                      sizeof(*b->counts), PROT_READ);
	b->passed = map_board(f->maps[FAST_MAP_PASSED], b->sessions, sizeof(*b->passed), PROT_READ);
	b->done = map_board(f->maps[FAST_MAP_DONE], b->sessions, sizeof(*b->done),
	                    PROT_READ | PROT_WRITE);
	f->watch = map_board(f->maps[FAST_MAP_WATCH], 1, sizeof(*f->watch), PROT_READ | PROT_WRITE);
	if (!b->counts || !b->passed || !b->done || !f->watch)
		return -ENOMEM;
	fast_board_written(f);
	return 0;
}

void fast_board_watched(struct fast_path *f, uint64_t now_ms)
{
	__atomic_store_n(&f->watch->seen_ns, now_ms * 1000000, __ATOMIC_RELAXED);
}

void fast_board_written(const struct fast_path *f)
{
	__atomic_fetch_add(&f->watch->written, 1, __ATOMIC_SEQ_CST);
}

void fast_board_close(const struct fast_path *f)
{
	const struct fast_board *b = &f->board;

	if (b->counts)
		munmap((void *)b->counts,
		       whole_pages((size_t)b->sessions * b->lanes * sizeof(*b->counts)));
	if (b->passed)
		munmap((void *)b->passed, whole_pages(b->sessions * sizeof(*b->passed)));
	if (b->done)
		munmap(b->done, whole_pages(b->sessions * sizeof(*b->done)));
	if (f->watch)
		munmap(f->watch, whole_pages(sizeof(*f->watch)));
}

int fast_board_stop(struct fast_path *f, uint32_t index)
{
	const struct fast_passed passed = { 0 };
	const struct fast_done done = { FAST_CLOSED, FAST_CLOSED };
	int err = bpf_map_set(f->maps[FAST_MAP_PASSED], &index, &passed);

	return err < 0 ? err : bpf_map_set(f->maps[FAST_MAP_DONE], &index, &done);
}

int fast_board_clear(struct fast_path *f, uint32_t index)
{
	const struct fast_count count = { 0 };
	int err = fast_board_stop(f, index);

	for (uint32_t i = 0; err == 0 && i < f->board.lanes; i++) {
		uint32_t lane = index * f->board.lanes + i;

		err = bpf_map_set(f->maps[FAST_MAP_COUNTS], &lane, &count);
	}
	return err;
}

int fast_board_begin(struct fast_path *f, uint32_t index)
{
	/* Where none has been yet: what an engine says late, of a count that ended, must not open this one. */
	uint64_t from = FAST_PASSED_FROM + (f->begun++ << 32);
	const struct fast_passed passed = {
		.rx = from,
		.tx = from,
		.next_id = (uint64_t)random(),
	};

	return bpf_map_set(f->maps[FAST_MAP_PASSED], &index, &passed);
}
