// SPDX-License-Identifier: BSD-2-Clause
/* storm_echo.c - LCP echo requests and replies (RFC 1661 §5.8) on thousands of channels, by one thread
 *
 * A session counts as established when the peer has answered on it once; from then on each request that is not
 * answered within LOST_MS, or within the interval where that is longer, is lost.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "storm.h"

#define LOST_MS   10000 /* at the least */
#define RETRY_MS  500   /* of requests until the first answer */
#define TURN_MS   10
#define EVENTS    256
#define FRAME_MAX 1600

enum { LCP_HIGH = 0xc0, LCP_LOW = 0x21, ECHO_REQUEST = 9, ECHO_REPLY = 10, ECHO_LENGTH = 10 };

struct echo_counts echo_counts;
static _Atomic uint64_t turns;
static int poller = -1;
static uint32_t interval_ms, lost_ms, next_number = 1;
static uint64_t walked_ms;

uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_up(const struct session *s)
{
	return s->state >= SESSION_MADE;
}

static void reply_take(struct session *s, uint8_t id)
{
	int made = SESSION_MADE;

	if (id != s->id)
		echo_counts.late++;
	if (!s->waiting || id != s->id)
		return;
	s->waiting = false;
	if (atomic_compare_exchange_strong(&s->state, &made, SESSION_ESTABLISHED))
		echo_counts.established++;
	else
		echo_counts.answered++;
}

static void frame_take(struct session *s, uint8_t *frame, ssize_t length)
{
	if (length < ECHO_LENGTH || frame[0] != LCP_HIGH || frame[1] != LCP_LOW)
		return;
	if (frame[2] == ECHO_REPLY) {
		reply_take(s, frame[3]);
	} else if (frame[2] == ECHO_REQUEST) {
		frame[2] = ECHO_REPLY;
		memset(frame + 6, 0, 4); /* magic number: none was negotiated */
		if (write(s->channel, frame, (size_t)length) == length)
			echo_counts.served++;
	}
}

static void drain(struct session *s, int fd)
{
	uint8_t frame[FRAME_MAX];
	ssize_t length;

	while ((length = read(fd, frame, sizeof(frame))) > 0)
		if (fd == s->channel)
			frame_take(s, frame, length);
}

static void event_take(const struct epoll_event *event)
{
	struct session *s = session_of((uint32_t)(event->data.u64 >> 1));
	const bool is_unit = event->data.u64 & 1;

	if (!is_up(s))
		return;
	drain(s, is_unit ? s->unit : s->channel);
	if (event->events & EPOLLHUP && !is_unit)
		echo_counts.hung_up++;
}

static void request_send(struct session *s, uint64_t now)
{
	/* The same again until the first answer, which may take longer than we wait. */
	const uint8_t id = s->waiting ? s->id : s->id + 1;
	uint8_t frame[ECHO_LENGTH] = { LCP_HIGH, LCP_LOW, ECHO_REQUEST, id, 0, 8 };

	s->id = id;
	if (write(s->channel, frame, sizeof(frame)) != sizeof(frame))
		return;
	s->waiting = true;
	s->asked_ms = now;
	if (s->state == SESSION_ESTABLISHED)
		echo_counts.asked++;
}

static void session_look(struct session *s, uint64_t now)
{
	const uint64_t since = now - s->asked_ms;

	if (s->state == SESSION_ESTABLISHED && s->waiting && since >= lost_ms) {
		echo_counts.lost++;
		s->waiting = false;
	}
	if (s->state == SESSION_ESTABLISHED ? !s->waiting && since >= interval_ms
	                                    : !s->waiting || since >= RETRY_MS)
		request_send(s, now);
}

/* All are looked at ten times in an interval, and each second; some at each turn. */
static void walk(uint64_t now)
{
	const uint64_t round_ms = interval_ms < 10000 ? interval_ms / 10 + 1 : 1000;
	uint64_t steps = (now - walked_ms) * SESSIONS_MAX / round_ms;

	if (steps > SESSIONS_MAX)
		steps = SESSIONS_MAX;
	if (steps > 0)
		walked_ms = now;
	for (; steps > 0; steps--) {
		struct session *s = session_of(next_number);

		if (is_up(s))
			session_look(s, now);
		next_number = next_number % SESSIONS_MAX + 1;
	}
}

static void *echo_main(void *arg)
{
	struct epoll_event events[EVENTS];

	(void)arg;
	for (;; turns++) {
		int count = epoll_wait(poller, events, EVENTS, TURN_MS);

		for (int i = 0; i < count; i++)
			event_take(&events[i]);
		if (interval_ms)
			walk(clock_ms());
	}
	return NULL;
}

int echo_start(uint32_t every_ms)
{
	pthread_t thread;

	interval_ms = every_ms;
	lost_ms = every_ms > LOST_MS ? every_ms : LOST_MS;
	walked_ms = clock_ms();
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (poller < 0)
		return -errno;
	return -pthread_create(&thread, NULL, echo_main, NULL);
}

int echo_add(uint32_t number)
{
	struct session *s = session_of(number);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	s->waiting = false;
	s->asked_ms = 0;
	s->state = SESSION_MADE;
	event.data.u64 = (uint64_t)number << 1;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, s->channel, &event) < 0)
		return -errno;
	event.data.u64 |= 1;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, s->unit, &event) < 0)
		return -errno;
	return 0;
}

void echo_forget(void)
{
	echo_counts.asked = echo_counts.answered + echo_counts.lost;
}

void echo_settle(void)
{
	const uint64_t then = turns;

	while (turns < then + 2)
		usleep(1000);
}
