/* SPDX-License-Identifier: BSD-2-Clause */
/* route_socket_fuzz.c - datagrams of rtnetlink that a program receives, by any call, in any room, and whoever else receives them
 *
 * The input: an octet with the call, one with its flags, one that says what happens (enum event), one with how many datagrams it
 * wants, two of two octets each with the room of its two parts, then datagrams, each with an octet that says whether another
 * program sent it and two with its length. Interfaces are ul2tpd's unless 4 divides their number.
 *
 * What the program is given is the datagram that it took out of the socket, or looks at, as it came or with ul2tpd's counters
 * in it; a call that is left to the kernel took nothing out. Nothing is written but where the program wants it.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/device_counters.h"
#include "launcher/incoming.h"
#include "launcher/link_stats.h"
#include "launcher/route_socket.h"

#define DATAGRAMS_MAX 4

/* Addresses of the program's memory. */
#define HEADERS_AT 0x1000
#define PARTS_AT   0x2000
#define ROOMS_AT   0x100000
#define ROOM_SPACE 0x10000 /* from one to the next */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags);

enum event {
	EVENT_STOLEN = 1,   /* another thread takes the datagram that was looked at */
	EVENT_NO_WRITE = 2, /* the program's memory can not be written to */
};

struct datagram {
	const uint8_t *octets;
	size_t len;
	bool by_program;
};

static const uint64_t counters[UL2TP_DEVICE_COUNTER_MAX_PLUS_1] = { 0,  11, 22, 33, 44,
	                                                            55, 66, 77, 88 };

/* What the program has: each header with two parts. */
static struct mmsghdr headers[DATAGRAMS_MAX];
static struct iovec parts[2 * DATAGRAMS_MAX];
static uint8_t *rooms[2 * DATAGRAMS_MAX];

static struct datagram datagrams[DATAGRAMS_MAX];
static size_t datagram_count, next, taken;
static uint8_t event;
static bool answered, continued;
static int64_t result;

/* --- the system */

static bool is_ours(uint32_t ifindex)
{
	return ifindex % 4;
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sockaddr_nl *name = msg->msg_name;
	const struct datagram *d = &datagrams[next];
	size_t room = msg->msg_iov->iov_len;

	if (next == datagram_count) {
		errno = EAGAIN;
		return -1;
	}
	*name = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = d->by_program };
	memcpy(msg->msg_iov->iov_base, d->octets, d->len < room ? d->len : room);
	msg->msg_controllen = 0;
	msg->msg_flags = d->len > room ? MSG_TRUNC : 0;
	if (!(flags & MSG_PEEK)) {
		next++;
		taken++;
	} else if (event & EVENT_STOLEN) {
		next++;
	}
	return (ssize_t)d->len;
}

void device_counters_ask(struct trap *t, int socket, const struct ul2tp_device_request *which,
                         struct device_counters *ret)
{
	assert(which->count && which->count <= UL2TP_DEVICES_MAX);
	ret->count = 0;
}

const struct ul2tp_device_message *device_counters_find(const struct device_counters *c,
                                                        uint32_t ifindex, const char *name)
{
	static struct ul2tp_device_message ours;

	memcpy(ours.counters, counters, sizeof(counters));
	return is_ours(ifindex) ? &ours : NULL;
}

/* --- in place of trap.c and caller.c */

static bool is_within(uint64_t address, size_t len, uint64_t from, size_t room)
{
	return address >= from && address - from <= room && len <= room - (address - from);
}

/* Octets of the program's memory, which may be written to but for @parts. */
static uint8_t *memory_at(uint64_t address, size_t len)
{
	if (is_within(address, len, HEADERS_AT, sizeof(headers)))
		return (uint8_t *)headers + (address - HEADERS_AT);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (is_within(address, len, ROOMS_AT + i * ROOM_SPACE, parts[i].iov_len))
			return rooms[i] + (address - ROOMS_AT - i * ROOM_SPACE);
	return NULL;
}

int trap_read(const struct trap *t, uint64_t address, void *to, size_t len)
{
	const uint8_t *from = is_within(address, len, PARTS_AT, sizeof(parts))
	                              ? (const uint8_t *)parts + (address - PARTS_AT)
	                              : memory_at(address, len);

	assert(from);
	memcpy(to, from, len);
	return 0;
}

int trap_write(const struct trap *t, uint64_t address, const void *from, size_t len)
{
	if (!len)
		return 0;
	if (event & EVENT_NO_WRITE)
		return -EFAULT;
	assert(memory_at(address, len));
	memcpy(memory_at(address, len), from, len);
	return 0;
}

int trap_write_sized(const struct trap *t, uint64_t address, uint64_t length_address,
                     const void *from, uint32_t len)
{
	return -EFAULT; /* no call here wants a name */
}

int trap_descriptor(const struct trap *t, int number)
{
	return dup(number);
}

int trap_netns(const struct trap *t)
{
	return -ESRCH;
}

int trap_give(struct trap *t, int fd, enum give_where where, bool cloexec)
{
	return -ESRCH;
}

int as_caller(const struct trap *t, int netns, int (*fn)(void *arg, int *fd), void *arg, int *fd)
{
	return -ESRCH;
}

void trap_continue(struct trap *t)
{
	assert(!answered);
	answered = continued = true;
}

void trap_result(struct trap *t, int64_t value)
{
	assert(!answered);
	answered = true;
	result = value;
}

/* --- what the program has */

static bool is_given(size_t i, const uint8_t *octets, size_t len)
{
	size_t first = len < parts[2 * i].iov_len ? len : parts[2 * i].iov_len;

	return memcmp(rooms[2 * i], octets, first) == 0 &&
	       memcmp(rooms[2 * i + 1], octets + first, len - first) == 0;
}

static size_t room_of(size_t i)
{
	return parts[2 * i].iov_len + parts[2 * i + 1].iov_len;
}

/* As much of it as there is room for, which is what is looked at. */
static void check_given(size_t i, const struct datagram *d, bool as_it_came)
{
	size_t len = d->len < room_of(i) ? d->len : room_of(i);
	AUTO_MEMORY uint8_t *mended = malloc(len + 1);
	struct reader r = reader_over(d->octets, len);
	struct link_stats l;

	assert(mended);
	memcpy(mended, d->octets, len);
	while (!d->by_program && link_stats_next(&r, &l))
		if (is_ours(l.ifindex))
			link_stats_set(mended, d->octets, &l, counters);
	assert(is_given(i, mended, len) || (as_it_came && is_given(i, d->octets, len)));
}

static void check(int call, int flags)
{
	bool several = call == SYS_recvmmsg, peek = flags & MSG_PEEK, stolen = event & EVENT_STOLEN;
	size_t count = several && result > 0 ? (size_t)result : 1;

	assert(answered);
	if (continued) {
		assert(!taken);
		return;
	}
	if (result < 0)
		return;
	assert(count <= DATAGRAMS_MAX && taken == (peek ? 0 : count));
	assert(several || flags & MSG_TRUNC || (size_t)result <= room_of(0));
	for (size_t i = 0; i < count; i++)
		check_given(i, &datagrams[stolen ? (peek ? i : 2 * i + 1) : peek ? 0 : i], stolen);
}

/* --- the call */

static void want(size_t i, size_t first, size_t second)
{
	const size_t sizes[] = { first, second };

	for (size_t j = 2 * i; j < 2 * i + 2; j++) {
		parts[j] = (struct iovec){ (void *)(ROOMS_AT + j * ROOM_SPACE), sizes[j % 2] };
		rooms[j] = malloc(sizes[j % 2] + 1);
		assert(rooms[j]);
	}
	headers[i].msg_hdr =
		(struct msghdr){ .msg_iov = (void *)(PARTS_AT + 2 * i * sizeof(struct iovec)),
		                 .msg_iovlen = 2 };
}

static void read_datagrams(struct reader *r)
{
	while (read_left(r) && datagram_count < DATAGRAMS_MAX) {
		struct datagram *d = &datagrams[datagram_count++];

		d->by_program = read_u8(r) & 1;
		d->len = read_u16(r);
		if (d->len > read_left(r))
			d->len = read_left(r);
		d->octets = read_bytes(r, d->len);
		if (r->failed)
			*d = (struct datagram){ .octets = (const uint8_t *)"" };
	}
}

static void receive(int number, int call, int flags, size_t wanted)
{
	static struct launcher launcher;
	struct trap t = { .launcher = &launcher, .notif.data.nr = call };
	__u64 *args = t.notif.data.args;

	launcher.route_range =
		(struct descriptor_range){ (unsigned int)number, (unsigned int)number };
	args[0] = (unsigned int)number;
	args[1] = call == SYS_readv                             ? PARTS_AT
	          : call == SYS_recvmsg || call == SYS_recvmmsg ? HEADERS_AT
	                                                        : ROOMS_AT;
	args[2] = call == SYS_recvmsg    ? (unsigned int)flags
	          : call == SYS_recvmmsg ? wanted
	          : call == SYS_readv    ? 2
	                                 : parts[0].iov_len;
	args[3] = (unsigned int)flags;
	route_socket_receive(&t);
}

static void forget(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
		free(rooms[i]);
	memset(rooms, 0, sizeof(rooms));
	memset(parts, 0, sizeof(parts));
	memset(headers, 0, sizeof(headers));
	memset(datagrams, 0, sizeof(datagrams));
	datagram_count = next = taken = 0;
	answered = continued = false;
	result = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int calls[] = { SYS_recvmsg, SYS_recvfrom, SYS_read, SYS_readv, SYS_recvmmsg };
	static int number = -1;
	struct reader r = reader_over(data, size);
	int call = calls[read_u8(&r) % ARRAY_SIZE(calls)], flags = read_u8(&r);
	bool one_part = call == SYS_recvfrom || call == SYS_read;
	size_t wanted, first, second;

	flags = (flags & 1 ? MSG_PEEK : 0) | (flags & 2 ? MSG_TRUNC : 0) |
	        (flags & 4 ? MSG_OOB : 0);
	if (call == SYS_read || call == SYS_readv)
		flags = 0;
	event = read_u8(&r);
	wanted = read_u8(&r) % (DATAGRAMS_MAX + 1);
	first = read_u16(&r);
	second = read_u16(&r);
	for (size_t i = 0; i < DATAGRAMS_MAX; i++)
		want(i, first, one_part ? 0 : second);
	read_datagrams(&r);
	if (number < 0)
		number = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	assert(number >= 0);
	receive(number, call, flags, wanted);
	check(call, flags);
	forget();
	return 0;
}
