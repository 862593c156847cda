/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_writer_test.c - frames come out of it whole, in order and once, by one system call as by many
 *
 * Pairs of sockets stand for devices: they take a message for a frame, and refuse it where they are full or closed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "path/frame_writer.h"

#define FRAMES_MAX 300
#define FRONT      0x11
#define CLOSED     1000 /* no descriptor */

struct device {
	struct frame_taker taker; /* first */
	int near, far;
	uint32_t lost, lost_frames;
	int err;
};

static struct device devices[2];
static struct frame_writer *writer;
static uint32_t contents[FRAMES_MAX];

static void note_lost(struct frame_taker *taker, const struct coalesced *frame, int err)
{
	struct device *d = container_of(taker, struct device, taker);

	assert_int_equal(frame->frame_len, sizeof(contents[0]));
	assert_int_equal(frame->iov[0].iov_len, sizeof(struct virtio_net_hdr));
	d->lost++;
	d->lost_frames += frame->frames;
	d->err = err;
}

static int begin(void **alone)
{
	int err = 0;

	writer = frame_writer_new(*(bool *)*alone ? NULL : &err);
	assert_non_null(writer);
	if (err)
		print_message("[   NOTE   ] no AIO here (%s): alone in both ways\n",
		              strerror(-err));
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
		devices[i] = (struct device){ { NULL, note_lost }, pair[0], pair[1], 0, 0, 0 };
	}
	for (uint32_t i = 0; i < FRAMES_MAX; i++)
		contents[i] = i;
	return 0;
}

static int end(void **alone)
{
	frame_writer_free(writer);
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		close(devices[i].near);
		close(devices[i].far);
	}
	return 0;
}

/* The header says the number, too: each frame has its own. */
static void put(struct device *d, int descriptor, uint32_t number, uint32_t frames, bool with_front)
{
	static const uint8_t front = FRONT;
	struct virtio_net_hdr vnet = { .hdr_len = (uint16_t)number };
	struct iovec iov[] = { { &vnet, sizeof(vnet) },
		               { &contents[number], sizeof(contents[0]) } };
	struct coalesced frame = {
		.owner = d,
		.frames = frames,
		.frame_len = sizeof(contents[0]),
		.iov_count = 2,
		.iov = iov,
	};

	frame_writer_put(writer, descriptor,
	                 with_front ? &(struct iovec){ (void *)&front, 1 } : NULL, &frame);
	memset(&vnet, 0xff, sizeof(vnet)); /* borrowed for the call */
	memset(iov, 0xff, sizeof(iov));
}

static bool comes(struct device *d, uint32_t number, bool with_front)
{
	struct virtio_net_hdr vnet;
	uint32_t content;
	uint8_t message[64];
	ssize_t len = recv(d->far, message, sizeof(message), 0), front = with_front;

	if (len < 0)
		return false;
	assert_int_equal(len, front + (ssize_t)(sizeof(vnet) + sizeof(content)));
	assert_true(!front || message[0] == FRONT);
	memcpy(&vnet, message + front, sizeof(vnet));
	memcpy(&content, message + front + sizeof(vnet), sizeof(content));
	assert_int_equal(vnet.hdr_len, number);
	assert_int_equal(content, number);
	return true;
}

static void all_come_in_order(void **alone)
{
	static const uint32_t counts[] = {
		0, 1, 2, 3, FRAME_WRITER_MAX - 1, FRAME_WRITER_MAX, FRAME_WRITER_MAX + 1, 129
	};

	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
		for (uint32_t i = 0; i < counts[c]; i++)
			put(&devices[i % 3 == 0], devices[i % 3 == 0].near, i, 1, i % 2);
		frame_writer_flush(writer);
		for (uint32_t i = 0; i < counts[c]; i++)
			assert_true(comes(&devices[i % 3 == 0], i, i % 2));
		assert_false(comes(&devices[0], 0, false));
		assert_false(comes(&devices[1], 0, false));
	}
	assert_int_equal(devices[0].lost + devices[1].lost, 0);
}

/* The coalescer uses their room again. */
static void so_many_of_several_wait_and_no_more(void **alone)
{
	for (uint32_t i = 0; i < 2 * COALESCE_KEPT - 1; i++)
		put(&devices[0], devices[0].near, i, i % 2 ? 1 : 2, false);
	for (uint32_t i = 0; i < 2 * COALESCE_KEPT - 1; i++)
		assert_true(comes(&devices[0], i, false));
}

static void what_is_refused_is_told_and_the_others_come(void **alone)
{
	for (uint32_t refused = 0; refused < 5; refused++) {
		for (uint32_t i = 0; i < 5; i++)
			put(&devices[i == refused], i == refused ? CLOSED : devices[0].near, i,
			    i + 1, false);
		frame_writer_flush(writer);
		for (uint32_t i = 0; i < 5; i++)
			assert_true(i == refused || comes(&devices[0], i, false));
		assert_int_equal(devices[1].lost, refused + 1);
		assert_int_equal(devices[1].err, -EBADF);
	}
	assert_int_equal(devices[1].lost_frames, 1 + 2 + 3 + 4 + 5);
	assert_int_equal(devices[0].lost, 0);
}

static void a_device_refuses_what_it_has_no_room_for(void **alone)
{
	uint32_t came = 0;

	for (uint32_t i = 0; i < FRAMES_MAX; i++) { /* SO_SNDBUF of such a socket ends before */
		put(&devices[0], devices[0].near, i, 3, false);
		put(&devices[1], devices[1].near, i, 1, false);
		if (i % 7 == 6) {
			frame_writer_flush(writer);
			for (uint32_t k = i - 6; k <= i; k++)
				assert_true(comes(&devices[1], k, false));
		}
	}
	frame_writer_flush(writer);
	assert_true(devices[0].lost > 0);
	assert_int_equal(devices[0].err, -EAGAIN);
	while (comes(&devices[0], came, false))
		came++;
	assert_int_equal(came + devices[0].lost, FRAMES_MAX);
	assert_int_equal(devices[0].lost_frames, 3 * devices[0].lost);
	assert_int_equal(devices[1].lost, 0);
}

static void it_may_go_on_alone(void **alone)
{
	for (uint32_t i = 0; i < 3; i++)
		put(&devices[0], devices[0].near, i, 1, false);
	frame_writer_alone(writer); /* whatever waits */
	frame_writer_end_aio(writer);
	for (uint32_t i = 3; i < 100; i++)
		put(&devices[0], devices[0].near, i, 1, false);
	frame_writer_flush(writer);
	for (uint32_t i = 0; i < 100; i++)
		assert_true(comes(&devices[0], i, false));
	assert_int_equal(devices[0].lost, 0);
}

static void a_device_that_is_gone(void **alone)
{
	close(devices[0].far);
	devices[0].far = -1;
	for (uint32_t i = 0; i < 4; i++)
		put(&devices[i % 2], devices[i % 2].near, i, 1, true);
	frame_writer_flush(writer);
	assert_int_equal(devices[0].lost, 2);
	assert_int_equal(devices[0].err, -EPIPE);
	assert_true(comes(&devices[1], 1, true));
	assert_true(comes(&devices[1], 3, true));
}

int main(void)
{
	static bool alone = true, together = false;
#define BOTH(test_)                                                                                \
	cmocka_unit_test_prestate_setup_teardown(test_, begin, end, &alone),                       \
	{                                                                                          \
#test_ "_together", test_, begin, end, &together                                   \
	}
	const struct CMUnitTest tests[] = {
		BOTH(all_come_in_order),
		BOTH(so_many_of_several_wait_and_no_more),
		BOTH(what_is_refused_is_told_and_the_others_come),
		BOTH(a_device_refuses_what_it_has_no_room_for),
		BOTH(a_device_that_is_gone),
		BOTH(it_may_go_on_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
