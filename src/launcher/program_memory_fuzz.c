/* SPDX-License-Identifier: BSD-2-Clause */
/* program_memory_fuzz.c - what a program's system calls point to: messages that it sends, room for those that it receives,
 * arguments of ioctls of /dev/ppp
 *
 * The input: an octet that says which call, six arguments of eight octets each, in this machine's order, and from MEMORY_AT
 * on the program's memory, beyond which there is none. What is written must have a place that the program named.
 */
#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/ppp-ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "launcher/incoming.h"
#include "launcher/outgoing.h"
#include "launcher/ppp_argument.h"

#define MEMORY_AT    16
#define ARGUMENTS    6
#define DATAGRAM_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *memory;
static size_t memory_len;
static const struct incoming *receiving;
static size_t written;

static bool is_there(uint64_t address, size_t len)
{
	return address >= MEMORY_AT && address - MEMORY_AT <= memory_len &&
	       len <= memory_len - (address - MEMORY_AT);
}

/* In place of those of trap.c. */
int trap_read(const struct trap *t, uint64_t address, void *to, size_t len)
{
	if (!len)
		return 0;
	if (!is_there(address, len))
		return -EFAULT;
	memcpy(to, memory + (address - MEMORY_AT), len);
	return 0;
}

static bool is_within(uint64_t address, size_t len, uint64_t from, size_t room)
{
	return address >= from && address - from <= room && len <= room - (address - from);
}

int trap_write(const struct trap *t, uint64_t address, const void *from, size_t len)
{
	AUTO_MEMORY void *copy = malloc(len ? len : 1);
	bool was_named = is_within(address, len, receiving->control, receiving->control_len) ||
	                 (receiving->header &&
	                  is_within(address, len, receiving->header, sizeof(struct msghdr)));

	assert(copy);
	memcpy(copy, from, len); /* all of it can be read */
	written += len;
	for (size_t i = 0; i < receiving->count; i++)
		was_named = was_named ||
		            is_within(address, len, (uintptr_t)receiving->parts[i].iov_base,
		                      receiving->parts[i].iov_len);
	assert(!len || was_named);
	return !len || is_there(address, len) ? 0 : -EFAULT;
}

int trap_write_sized(const struct trap *t, uint64_t address, uint64_t length_address,
                     const void *from, uint32_t len)
{
	int32_t room;

	assert(address == receiving->name && length_address == receiving->name_len_at);
	return trap_read(t, length_address, &room, sizeof(room));
}

static void check_outgoing(int err, const struct outgoing *m)
{
	AUTO_MEMORY uint8_t *copy = NULL;

	if (err < 0)
		return;
	copy = malloc(m->len + m->control_len + 1);
	assert(copy && (m->octets || !m->len) && (m->control || !m->control_len));
	if (m->len)
		memcpy(copy, m->octets, m->len);
	if (m->control_len)
		memcpy(copy + m->len, m->control, m->control_len);
	assert(m->has_name || !m->name_len);
}

static void send_name(const struct trap *t)
{
	AUTO_OUTGOING m = { 0 };

	check_outgoing(outgoing_read_sendto(t, &m), &m);
}

static void send_parts(const struct trap *t)
{
	AUTO_OUTGOING m = { 0 };

	check_outgoing(outgoing_read_writev(t, &m), &m);
}

static void send_message(const struct trap *t)
{
	AUTO_OUTGOING m = { 0 };
	struct msghdr header;

	if (trap_read(t, trap_argument(t, 1), &header, sizeof(header)) == 0)
		check_outgoing(outgoing_read_message(t, &header, 0, &m), &m);
}

/* As netlink_receive.c: a datagram of DATAGRAM_MAX octets, or as much of it as there is room for. */
static void receive(struct trap *t, int number)
{
	AUTO_INCOMING in = { 0 };
	struct received got = { 0 };
	AUTO_MEMORY uint8_t *octets = NULL;
	size_t len;
	int err;

	t->notif.data.nr = number;
	err = incoming_read(t, &in);
	if (err < 0)
		return;
	len = incoming_room(&in) < DATAGRAM_MAX ? incoming_room(&in) : DATAGRAM_MAX;
	octets = calloc(1, len + 1);
	assert(octets);
	got.control_len =
		in.control_len < sizeof(got.control) ? in.control_len : sizeof(got.control);
	receiving = &in;
	written = 0;
	err = incoming_put(t, &in, octets, len, &got);
	assert(err < 0 || written >= len + got.control_len);
	assert(incoming_result(&in, DATAGRAM_MAX) <= DATAGRAM_MAX);
}

static void ask(struct trap *t, uint32_t number)
{
	struct ppp_argument a;
	int err = ppp_argument_read(t, number, &a);
	size_t len = read_left(&a.octets), most = sizeof(a.small);
	AUTO_MEMORY uint8_t *copy = malloc(len + 1);

	assert(copy);
	if (number == PPPIOCSPASS || number == PPPIOCSACTIVE)
		most = BPF_MAXINSNS * sizeof(struct sock_filter);
	assert(len <= most && (!err || !len));
	if (len)
		memcpy(copy, read_bytes(&a.octets, len), len);
	ppp_argument_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t ioctls[] = { PPPIOCSCOMPRESS, PPPIOCSPASS,  PPPIOCSACTIVE,
		                           PPPIOCNEWUNIT,   PPPIOCATTACH, PPPIOCSFLAGS,
		                           PPPIOCSNPMODE,   PPPIOCGUNIT };
	static const int receives[] = { SYS_recvmsg, SYS_recvfrom, SYS_readv, SYS_read };
	struct reader r = reader_over(data, size);
	uint8_t call = read_u8(&r);
	struct trap t = { 0 };

	for (unsigned int i = 0; i < ARGUMENTS; i++)
		t.notif.data.args[i] = read_u64_host(&r);
	if (r.failed)
		return 0;
	memory_len = read_left(&r);
	memory = read_bytes(&r, memory_len);
	if (call < 3)
		(void (*[])(const struct trap *)){ send_name, send_parts, send_message }[call](&t);
	else if (call - 3u < ARRAY_SIZE(receives))
		receive(&t, receives[call - 3]);
	else
		ask(&t, ioctls[(call - 3u - ARRAY_SIZE(receives)) % ARRAY_SIZE(ioctls)]);
	return 0;
}
