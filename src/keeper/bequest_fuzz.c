/* SPDX-License-Identifier: BSD-2-Clause */
/* bequest_fuzz.c - what a keeper of another release might leave
 *
 * The first octet says what reads the rest: a server that is new each time, or the parts of the way without eBPF, which
 * would start a process for each of a program's sockets. Descriptors
 * from FIRST on are of each kind that there can be, and MARK stands for the cookie of the network namespace, which is not the
 * same twice. Whatever is read, the server can be closed, and then no descriptor is left that was not there before.
 *
 * Without the right to make namespaces nothing is read.
 */
#include <assert.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/open_descriptors.h"
#include "base/streams.h"
#include "keeper/endpoint_socket.h"
#include "keeper/filter_sessions.h"
#include "keeper/guard.h"
#include "keeper/raw_sockets.h"
#include "keeper/records.h"
#include "keeper/server.h"

#define TUNNELS    8
#define SESSIONS   8
#define FIRST      100
#define OCTETS_MAX 4096

static const uint64_t MARK = 0x4e4554534e45544eull;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	UDP4,
	UDP4_TOO,
	UDP6,
	L2TP4,
	UNIX,
	TUN,
	DIAG,
	DIAG_TOO,
	ROUTE,
	RAW4,
	RAW6,
	PACKET,
	MEMORY,
	PIPE,
	DESCRIPTORS
};

static int descriptors[DESCRIPTORS];
static struct records *records;
static struct netns_id here;
static enum { NOT_STARTED, READY, REFUSED } state;

static void descriptors_open(void)
{
	int ends[2];

	assert(pipe2(ends, O_CLOEXEC) == 0);
	descriptors[PIPE] = ends[1];
	close(ends[0]);
	descriptors[UDP4] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	descriptors[UDP4_TOO] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	descriptors[UDP6] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	descriptors[L2TP4] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_L2TP);
	descriptors[UNIX] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	descriptors[TUN] = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	descriptors[DIAG] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	descriptors[DIAG_TOO] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	descriptors[ROUTE] = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	descriptors[RAW4] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	descriptors[RAW6] = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
	descriptors[PACKET] = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	descriptors[MEMORY] = memfd_create("file", MFD_CLOEXEC);
	for (int i = 0; i < DESCRIPTORS; i++)
		assert(descriptors[i] >= 0);
}

static bool start(void)
{
	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "bequest_fuzz: no namespace can be made, so nothing is read\n");
		return false;
	}
	streams_reserve();
	log_level_set(LOG_ERR);
	descriptors_open();
	assert(netns_cookie(descriptors[UDP4], &here) == 0);
	records = calloc(1, records_size(TUNNELS, SESSIONS));
	assert(records);
	records->max_tunnels = TUNNELS;
	records->max_sessions = SESSIONS;
	return true;
}

/* Those of the fuzzer and its symbolizer are not left to anybody. */
static void descriptors_give(void)
{
	for (int i = STDERR_FILENO + 1; i < FIRST; i++)
		fcntl(i, F_SETFD, FD_CLOEXEC);
	for (int i = 0; i < DESCRIPTORS; i++)
		assert(dup2(descriptors[i], FIRST + i) == FIRST + i);
}

/* What nobody has inherited. */
static void descriptors_take_back(void)
{
	for (int i = 0; i < DESCRIPTORS; i++) {
		int flags = fcntl(FIRST + i, F_GETFD);

		if (flags == 0)
			close(FIRST + i);
	}
}

static void read_raw(struct server *server, struct inheritance *i)
{
	struct filter_sessions sessions = { 0 };
	struct former_guard former;
	struct list receivers;

	list_init(&receivers);
	if (!former_guard_inherit(&former, i) &&
	    !raw_sockets_inherit(&receivers, server->reaper, i))
		filter_sessions_inherit(&sessions, i);
	former_guard_let_act(&former);
	raw_sockets_tidy(&receivers);
	filter_sessions_release(&sessions);
}

static void read_it(struct inheritance *i, bool raw)
{
	const struct keeper_options options = { .max_tunnels = TUNNELS,
		                                .max_sessions = SESSIONS,
		                                .divert = DIVERT_WAY_EBPF };
	static struct server server;

	assert(server_open(&server, &options, records) == 0);
	descriptors_give();
	if (raw)
		read_raw(&server, i);
	else
		server_inherit(&server, i);
	assert(server.endpoints.used <= TUNNELS && server.devices.used <= SESSIONS);
	server_close(&server);
	descriptors_take_back();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t octets[OCTETS_MAX];
	struct inheritance i = { .reader = reader_over(octets, size ? size - 1 : 0) };
	unsigned int before;

	if (state == NOT_STARTED)
		state = start() ? READY : REFUSED;
	if (state == REFUSED || !size || size > OCTETS_MAX)
		return 0;
	memcpy(octets, data + 1, size - 1);
	for (size_t at = 0; at + sizeof(MARK) < size; at++)
		if (!memcmp(octets + at, &MARK, sizeof(MARK)))
			memcpy(octets + at, &here.cookie, sizeof(MARK));
	before = open_descriptors();
	read_it(&i, data[0] & 1);
	assert(open_descriptors() == before);
	return 0;
}
