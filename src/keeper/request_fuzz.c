/* SPDX-License-Identifier: BSD-2-Clause */
/* request_fuzz.c - what an engine that strangers rule might ask the keeper
 *
 * The input is a number of requests, each an octet with its kind, one with the slot, one that says which descriptor comes
 * along, one with the length of what follows, and that: the rest of struct request, whose layout is this machine's. All are
 * asked of one keeper, in a network namespace of its own, for a client in another; then an engine follows, and all is given
 * back. Whatever is asked, the keeper is in its own namespace again, and answers with an errno or with descriptors that
 * are open.
 *
 * Without the right to make namespaces nothing is asked: it would be asked of the host's.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "base/streams.h"
#include "keeper/fast_path.h"
#include "keeper/records.h"
#include "keeper/server.h"

#define TUNNELS      8
#define SESSIONS     8
#define REQUESTS_MAX 16
#define DEVICES_MAX  2 /* the kernel needs milliseconds for each */
#define SLOT_BEYOND  0xff

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What may come along with a request. */
enum { CONNECTION, PAIR, SOCKET_THERE, SOCKET_HERE, FILE_OF_NONE, DESCRIPTORS };

static struct server server;
static struct records *records;
static int descriptors[DESCRIPTORS];
static enum { NOT_STARTED, READY, REFUSED } state;

static void loopback_up(int socket)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	assert(ioctl(socket, SIOCSIFFLAGS, &r) == 0);
}

static void descriptors_open_there(void)
{
	int pair[2];

	assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	descriptors[CONNECTION] = pair[0];
	descriptors[PAIR] = pair[1];
	descriptors[SOCKET_THERE] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	loopback_up(descriptors[SOCKET_THERE]);
}

static void descriptors_open_here(void)
{
	descriptors[SOCKET_HERE] = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	descriptors[FILE_OF_NONE] = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < DESCRIPTORS; i++)
		assert(descriptors[i] >= 0);
}

static bool start(void)
{
	const struct keeper_options options = { .max_tunnels = TUNNELS,
		                                .max_sessions = SESSIONS,
		                                .divert = DIVERT_WAY_EBPF,
		                                .fast_path = FAST_PATH_AUTO };

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "request_fuzz: no namespace can be made, so nothing is asked\n");
		return false;
	}
	streams_reserve();
	descriptors_open_there();
	assert(unshare(CLONE_NEWNET) == 0);
	descriptors_open_here();
	records = calloc(1, records_size(TUNNELS, SESSIONS));
	assert(records);
	/* An engine could have written there before: of a keeper that takes over from another. */
	records->max_tunnels = UINT32_MAX;
	records->max_sessions = 0;
	assert(server_open(&server, &options, records) == 0);
	return true;
}

static void answer_check(const struct reply *reply, const struct message_fds *fds)
{
	int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	assert(reply->err <= 0 && memchr(reply->ea.text, '\0', sizeof(reply->ea.text)));
	for (size_t i = 0; i < MESSAGE_FDS_MAX; i++)
		assert(fds->fd[i] == -1 || (!reply->err && fcntl(fds->fd[i], F_GETFD) >= 0));
	assert(here >= 0 && netns_ino(here) == netns_ino(server.home.fd));
	close(here);
	/* What is nobody's to close. */
	assert(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	for (int i = 0; i < DESCRIPTORS; i++)
		assert(fcntl(descriptors[i], F_GETFD) >= 0);
}

static int ask(const struct request *request, int fd)
{
	struct message_fds with = MESSAGE_NO_FDS, answered;
	struct reply reply;

	with.fd[0] = fd;
	server_answer(&server, request, &with, &reply, &answered);
	answer_check(&reply, &answered);
	return reply.err;
}

/* False: there was none. */
static bool request_read(struct reader *r, struct request *ret, int *fd)
{
	const size_t head = offsetof(struct request, check);
	uint8_t kind = read_u8(r), slot = read_u8(r), number = read_u8(r), len = read_u8(r);

	if (r->failed)
		return false;
	*ret = (struct request){ .kind = kind, .slot = slot == SLOT_BEYOND ? UINT32_MAX : slot };
	*fd = number < DESCRIPTORS ? descriptors[number] : -1;
	if (len > read_left(r))
		len = (uint8_t)read_left(r);
	read_copy(r, (uint8_t *)ret + head, len < sizeof(*ret) - head ? len : sizeof(*ret) - head);
	return true;
}

static void give_all_back(void)
{
	struct endpoint *e;
	struct device *d;
	void *file;

	for (uint32_t i = 0; i < SESSIONS; i++)
		fast_path_forget(&server, i);
	server_engine_gone(&server);
	slots_for_each(&server.endpoints, slot, e) kept_endpoint_close(&server, slot);
	slots_for_each(&server.devices, slot, d) kept_device_remove(&server, slot);
	slots_for_each(&server.files, slot, file) kept_file_close(&server, slot);
	assert(!server.clients.used && !server.endpoints.used && !server.devices.used &&
	       !server.files.used);
	assert(!server.namespaces.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct request open_client = { .kind = REQUEST_CLIENT_OPEN };
	struct reader r = reader_over(data, size);
	struct request request;
	int fd, devices = 0;

	if (state == NOT_STARTED)
		state = start() ? READY : REFUSED;
	if (state == REFUSED)
		return 0;
	assert(ask(&open_client, descriptors[CONNECTION]) == 0);
	for (int i = 0; i < REQUESTS_MAX && request_read(&r, &request, &fd); i++) {
		if (request.kind == REQUEST_DEVICE_CREATE && devices++ == DEVICES_MAX)
			break;
		ask(&request, fd);
	}
	give_all_back();
	return 0;
}
