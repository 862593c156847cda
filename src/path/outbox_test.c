/* SPDX-License-Identifier: BSD-2-Clause */
/* outbox_test.c - the system takes some messages and refuses others for whatever reason: each packet leaves once and whole, or
 * is counted for a reason
 *
 * sendmmsg() and sendmsg() are this file's own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "packet/frame_model.h"
#include "path/outbox.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define FD          1000 /* none of these is open */
#define BULK_FD     1001
#define SENDERS     3
#define PACKETS_MAX 4000
#define NUMBER_LEN  8 /* a packet begins with its sender and its number */

/* What the system does to the next message; @segments: it is to be cut into so many, 0: it is one packet. */
typedef int refusal(uint32_t segments, size_t segment_len, int fd);

static struct sender senders[SENDERS];
static struct session_record records[SENDERS];
static struct tunnel_record tunnel;
static struct endpoint endpoint;
static uint32_t put[SENDERS], lens[SENDERS][PACKETS_MAX], next_came[SENDERS], state;
static uint64_t came[SENDERS], came_octets[SENDERS];
static bool
	batches_leave[SENDERS]; /* of what that one sends since it was not refused the last time */
static uint32_t calls_in_batches;
static uint8_t octets[70000], elsewhere[OUTBOX_ARENA_OCTETS];
static refusal *refuse;
static struct {
	uint8_t octets[4 << 20];
	size_t len;
} streams[2], *stream; /* of frames that were cut: packets as they left, each behind its length */

/* --- the system ------------------------------------------------------------------------------------- */

static uint8_t octet_of(uint32_t sender, uint32_t number, size_t at)
{
	return (uint8_t)(sender * 31 + number * 7 + at * 13);
}

static void packet_left(const uint8_t *packet, size_t len)
{
	uint32_t sender, number;

	assert_true(len >= NUMBER_LEN);
	memcpy(&sender, packet, 4);
	if (stream) {
		assert_true(stream->len + sizeof(len) + len <= sizeof(stream->octets));
		memcpy(stream->octets + stream->len, &len, sizeof(len));
		memcpy(stream->octets + stream->len + sizeof(len), packet, len);
		stream->len += sizeof(len) + len;
		came[sender]++;
		came_octets[sender] += len;
		return;
	}
	memcpy(&number, packet + 4, 4);
	assert_true(sender < SENDERS && number < put[sender]);
	assert_true(number >= next_came[sender]); /* once, and in order */
	next_came[sender] = number + 1;
	assert_int_equal(len, lens[sender][number]);
	for (size_t i = NUMBER_LEN; i < len; i++)
		assert_int_equal(packet[i], octet_of(sender, number, i));
	came[sender]++;
	came_octets[sender] += len;
}

static size_t segment_len_of(struct msghdr *msg)
{
	uint16_t len = 0;

	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m))
		if (m->cmsg_level == SOL_UDP && m->cmsg_type == UDP_SEGMENT)
			memcpy(&len, CMSG_DATA(m), sizeof(len));
	return len;
}

/* What follows a batch must not overtake it where it arrives: it needs a checksum, too. In @octets. */
static void may_leave_by(int fd, bool batch)
{
	uint32_t sender;

	memcpy(&sender, octets, 4);
	assert_true(sender < SENDERS);
	if (endpoint.at.bulk_fd < 0)
		assert_int_equal(fd, FD);
	else if (batch || batches_leave[sender])
		assert_int_equal(fd, BULK_FD);
	else
		assert_true(fd == FD || fd == BULK_FD);
}

static void batch_left(bool has_left)
{
	uint32_t sender;

	memcpy(&sender, octets, 4);
	batches_leave[sender] = has_left;
}

static int take(int fd, struct msghdr *msg)
{
	size_t len = 0, segment_len = segment_len_of(msg);
	int error;

	for (size_t i = 0; i < msg->msg_iovlen; i++) {
		assert_true(len + msg->msg_iov[i].iov_len <= sizeof(octets));
		memcpy(octets + len, msg->msg_iov[i].iov_base, msg->msg_iov[i].iov_len);
		len += msg->msg_iov[i].iov_len;
	}
	may_leave_by(fd, segment_len != 0);
	error = refuse(segment_len ? (uint32_t)((len + segment_len - 1) / segment_len) : 0,
	               segment_len ? segment_len : len, fd);
	if (segment_len)
		batch_left(!error);
	if (error) {
		errno = error;
		return -1;
	}
	calls_in_batches += segment_len != 0;
	if (!segment_len)
		segment_len = len;
	for (size_t at = 0; at < len; at += segment_len)
		packet_left(octets + at, len - at < segment_len ? len - at : segment_len);
	return (int)len;
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return take(fd, (struct msghdr *)msg);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	for (unsigned int i = 0; i < count; i++)
		if (take(fd, &messages[i].msg_hdr) < 0)
			return i ? (int)i : -1;
	return (int)count;
}

/* --- packets ---------------------------------------------------------------------------------------- */

static void put_packet(struct outbox *o, uint32_t sender, size_t headers_len, size_t payload_len,
                       size_t at)
{
	uint8_t *headers = outbox_headers(o, headers_len), *payload = elsewhere + at;
	uint32_t number = put[sender]++;
	const uint32_t start[] = { sender, number };

	assert_true(number < PACKETS_MAX);
	lens[sender][number] = (uint32_t)(headers_len + payload_len);
	memcpy(headers, start, NUMBER_LEN);
	for (size_t i = NUMBER_LEN; i < headers_len; i++)
		headers[i] = octet_of(sender, number, i);
	for (size_t i = 0; i < payload_len; i++)
		payload[i] = octet_of(sender, number, headers_len + i);
	outbox_put(o, &senders[sender], headers, headers_len, payload, payload_len);
}

static void begin(bool bulk, bool connected)
{
	const union address peer = { .v4 = { .sin_family = AF_INET, .sin_port = htons(1701) } };

	memset(&tunnel, 0, sizeof(tunnel));
	memset(records, 0, sizeof(records));
	memset(put, 0, sizeof(put));
	memset(came, 0, sizeof(came));
	memset(came_octets, 0, sizeof(came_octets));
	memset(next_came, 0, sizeof(next_came));
	calls_in_batches = 0;
	memset(batches_leave, 0, sizeof(batches_leave));
	stream = NULL;
	tunnel.peer = tunnel.source = peer;
	endpoint = (struct endpoint){ .at = { .fd = FD, .bulk_fd = bulk ? BULK_FD : -1 } };
	endpoint.at.params.protocol = IPPROTO_UDP;
	endpoint.at.params.local = peer;
	if (connected)
		endpoint.at.params.peer = peer;
	for (uint32_t i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ .record = &records[i],
			                      .tunnel = &tunnel,
			                      .endpoint = &endpoint };
		sender_endpoint_changed(&senders[i]);
	}
}

static uint64_t dropped(uint32_t sender, enum tx_drop why)
{
	return atomic_load(&records[sender].tx.drops[why]);
}

/* What was put has left or was dropped, and the counters say so. */
static void all_is_accounted_for(void)
{
	for (uint32_t i = 0; i < SENDERS; i++) {
		uint64_t drops = 0;

		for (uint32_t why = 0; why < TX_DROP_REASONS; why++)
			drops += dropped(i, why);
		assert_int_equal(atomic_load(&records[i].tx.packets), came[i]);
		assert_int_equal(atomic_load(&records[i].tx.bytes), came_octets[i]);
		assert_int_equal(came[i] + drops, put[i]);
	}
}

/* Two trains of segments, 20 of 1000 octets and 5 of 400. */
static void send_trains(refusal *by)
{
	struct outbox *o = outbox_new();

	assert_non_null(o);
	refuse = by;
	for (int i = 0; i < 20; i++)
		put_packet(o, 0, 60, 940, 0);
	for (int i = 0; i < 5; i++)
		put_packet(o, 0, 60, 340, 0);
	outbox_flush(o);
	all_is_accounted_for();
	outbox_free(o);
}

static int nothing(uint32_t segments, size_t segment_len, int fd)
{
	return 0;
}

static void batches_are_made(void **unused)
{
	for (int bulk = 0; bulk <= 1; bulk++) {
		begin(bulk, false);
		send_trains(nothing);
		assert_int_equal(came[0], 25);
		assert_int_equal(calls_in_batches, 2);
	}
}

static int batch_error;

static int batches(uint32_t segments, size_t segment_len, int fd)
{
	return segments ? batch_error : 0;
}

/* A device without checksums, IPsec: each packet by itself, and all arrive. */
static void what_no_batch_may_do_packets_may(void **unused)
{
	const int errors[] = { EIO, EMSGSIZE, EINVAL, EOPNOTSUPP, ENOPROTOOPT };

	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		begin(i % 2, false);
		batch_error = errors[i];
		send_trains(batches);
		assert_int_equal(came[0], 25);
	}
}

static int long_batches(uint32_t segments, size_t segment_len, int fd)
{
	return segments && segment_len > 500 ? EINVAL : 0;
}

/* A route narrower than the packets; shorter ones go on in batches. */
static void what_is_too_long_for_a_batch_is_sent_alone(void **unused)
{
	begin(true, false);
	send_trains(long_batches);
	assert_int_equal(came[0], 25);
	assert_int_equal(calls_in_batches, 1);
}

static int all_error;

static int everything(uint32_t segments, size_t segment_len, int fd)
{
	return all_error;
}

/* The local address is gone, or the route leads nowhere (EINVAL); when it is back, so are batches. */
static void what_nothing_may_do_says_nothing_of_batches(void **unused)
{
	begin(true, false);
	all_error = EINVAL;
	send_trains(everything);
	assert_int_equal(came[0], 0);
	send_trains(nothing);
	assert_int_equal(came[0], 25);
	assert_int_equal(calls_in_batches, 2);
}

static void each_error_has_its_reason(void **unused)
{
	const struct {
		int error;
		enum tx_drop why;
	} reasons[] = {
		{ EMSGSIZE, TX_DROP_TOO_BIG },     { ENETUNREACH, TX_DROP_NO_ROUTE },
		{ ENETDOWN, TX_DROP_NO_ROUTE },    { EINVAL, TX_DROP_NO_SOURCE },
		{ ENODEV, TX_DROP_NO_SOURCE },     { EPERM, TX_DROP_NOT_PERMITTED },
		{ EACCES, TX_DROP_NOT_PERMITTED }, { ENOBUFS, TX_DROP_BUFFER_FULL },
		{ EAGAIN, TX_DROP_BUFFER_FULL },   { ENOMEM, TX_DROP_BUFFER_FULL },
		{ ECONNREFUSED, TX_DROP_REFUSED }, { EIO, TX_DROP_SEGMENT_FAILED },
		{ EDESTADDRREQ, TX_DROP_NO_PEER }, { ENXIO, TX_DROP_OTHER },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		for (int connected = 0; connected <= 1; connected++) {
			begin(i % 2, connected);
			all_error = reasons[i].error;
			send_trains(everything);
			assert_int_equal(dropped(0, reasons[i].why), 25);
		}
}

static int refused_once;

static int the_first_call(uint32_t segments, size_t segment_len, int fd)
{
	return refused_once++ ? 0 : ECONNREFUSED;
}

/* What ICMP said of an earlier packet is no fault of this one. Requirements: UDP-2 */
static void an_error_of_earlier_packets_costs_nothing(void **unused)
{
	begin(false, true);
	refused_once = 0;
	send_trains(the_first_call);
	assert_int_equal(came[0], 25);
}

/* --- by chance -------------------------------------------------------------------------------------- */

static uint32_t calm;

static int whatever(uint32_t segments, size_t segment_len, int fd)
{
	static const int errors[] = { EIO,    EMSGSIZE, EINVAL,   EOPNOTSUPP,   ENOPROTOOPT, EPERM,
		                      EAGAIN, ENOBUFS,  ENETDOWN, ECONNREFUSED, ENODEV };

	return model_random(&state) % calm ? 0 : errors[model_random(&state) % ARRAY_SIZE(errors)];
}

static void put_train(struct outbox *o, size_t *at)
{
	uint32_t sender = model_random(&state) % SENDERS, count = 1 + model_random(&state) % 80;
	size_t headers_len = NUMBER_LEN + model_random(&state) % 100;
	size_t payload_len = model_random(&state) % (model_random(&state) % 8 ? 1500 : 9000);

	for (uint32_t i = 0; i < count; i++) {
		size_t len = i + 1 < count ? payload_len : model_random(&state) % (payload_len + 1);

		if (*at + len > sizeof(elsewhere))
			return;
		put_packet(o, sender, headers_len, len, *at);
		*at += len;
	}
}

static void whatever_happens_all_is_accounted_for(void **unused)
{
	state = 51;
	refuse = whatever;
	for (int round = 0; round < 150; round++) {
		struct outbox *o = outbox_new();

		assert_non_null(o);
		begin(round % 2, round % 3 == 0);
		calm = 1 + model_random(&state) % 20;
		for (int flush = 0; flush < 3; flush++) {
			size_t at = 0;

			for (uint32_t trains = model_random(&state) % 10; trains; trains--)
				put_train(o, &at);
			outbox_flush(o);
			assert_true(outbox_is_free(o));
			all_is_accounted_for();
		}
		outbox_free(o);
	}
}

/* A frame that a TAP gave, cut. Return: whether by one call. */
static bool put_frame(struct outbox *o, uint32_t sender, size_t payload_len, uint16_t gso_size,
                      bool at_once)
{
	static uint8_t frame[70000];
	const struct frame_model model = frame_model_default();
	const struct virtio_net_hdr vnet = {
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = gso_size,
	};
	const uint32_t front[] = { sender, 0x12345678 };
	size_t len = frame_model_write(&model, elsewhere, payload_len, frame);
	struct segmenter s;
	struct segment part;

	assert_int_equal(segment_begin(&s, &vnet, frame, len), 0);
	put[sender] += s.count;
	if (at_once &&
	    outbox_put_all(o, &senders[sender], &s, (const uint8_t *)front, sizeof(front)))
		return true;
	for (uint32_t i = 0; i < s.count; i++) {
		uint8_t *room = outbox_headers(o, sizeof(front) + s.headers_len);

		assert_true(segment_next_whole(&s, room + sizeof(front), &part));
		memcpy(room, front, sizeof(front));
		outbox_put(o, &senders[sender], room, sizeof(front) + part.headers_len,
		           part.payload, part.payload_len);
	}
	return false;
}

/* Return: how many by one call each. */
static uint32_t put_frames(refusal *by, bool at_once)
{
	struct outbox *o = outbox_new();
	uint32_t count = 0;

	assert_non_null(o);
	begin(true, false);
	refuse = by;
	state = 7;
	stream = &streams[at_once];
	stream->len = 0;
	for (int i = 0; i < 40; i++) {
		uint32_t sender = i % 8 ? 0 : model_random(&state) % SENDERS;
		static const uint16_t sizes[] = { 1394, 460, 1460, 88 };
		uint16_t gso_size = sizes[model_random(&state) % ARRAY_SIZE(sizes)];
		size_t most = gso_size > 88 ? 44 * gso_size : 10000;

		count += put_frame(o, sender, 1 + model_random(&state) % most, gso_size, at_once);
		if (i % 16 == 15)
			outbox_flush(o);
	}
	outbox_flush(o);
	all_is_accounted_for();
	outbox_free(o);
	stream = NULL;
	return count;
}

static void a_frame_leaves_at_once_as_one_by_one(void **unused)
{
	refusal *const refusals[] = { nothing, batches, long_batches };

	batch_error = EIO;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		assert_int_equal(put_frames(refusals[i], false), 0);
		assert_true(put_frames(refusals[i], true) > 4);
		assert_int_equal(streams[0].len, streams[1].len);
		assert_memory_equal(streams[0].octets, streams[1].octets, streams[0].len);
	}
}

static struct outbox *begin_unrefused(void)
{
	struct outbox *o = outbox_new();

	assert_non_null(o);
	begin(true, false);
	refuse = nothing;
	stream = &streams[0];
	stream->len = 0;
	return o;
}

/* As from an interface of MTU 1500 over a link of more: UDP's length ends a message before the frame does. */
static void a_frame_too_long_for_one_message_goes_in_few(void **unused)
{
	struct outbox *o = begin_unrefused();

	assert_true(put_frame(o, 0, 44 * 1460 - 1, 1460, true));
	outbox_flush(o);
	assert_int_equal(calls_in_batches, 2);
	assert_int_equal(came[0], 44);
	assert_true(put_frame(o, 0, 130 * 400, 400, true));
	outbox_flush(o);
	assert_int_equal(calls_in_batches, 2 + 3);
	assert_int_equal(came[0], 44 + 130);
	all_is_accounted_for();
	outbox_free(o);
	stream = NULL;
}

/* As from a router, which puts together more than a message holds: two frames of 46 packets and one of 40. */
static void frames_too_long_for_one_message_go_on_in_its_last(void **unused)
{
	struct outbox *o = begin_unrefused();

	assert_true(put_frame(o, 0, 46 * 1394, 1394, true));
	assert_true(put_frame(o, 0, 46 * 1394, 1394, true));
	assert_true(put_frame(o, 0, 40 * 1394 - 1, 1394, true));
	outbox_flush(o);
	assert_int_equal(calls_in_batches, 3); /* of 44 each */
	assert_int_equal(came[0], 46 + 46 + 40);
	all_is_accounted_for();
	outbox_free(o);
	stream = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_leaves_at_once_as_one_by_one),
		cmocka_unit_test(a_frame_too_long_for_one_message_goes_in_few),
		cmocka_unit_test(frames_too_long_for_one_message_go_on_in_its_last),
		cmocka_unit_test(batches_are_made),
		cmocka_unit_test(what_no_batch_may_do_packets_may),
		cmocka_unit_test(what_is_too_long_for_a_batch_is_sent_alone),
		cmocka_unit_test(each_error_has_its_reason),
		cmocka_unit_test(what_nothing_may_do_says_nothing_of_batches),
		cmocka_unit_test(an_error_of_earlier_packets_costs_nothing),
		cmocka_unit_test(whatever_happens_all_is_accounted_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
