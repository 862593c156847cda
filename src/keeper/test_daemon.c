/* SPDX-License-Identifier: BSD-2-Clause */
/* test_daemon.c - see test_daemon.h */
#include "keeper/test_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/endpoint_socket.h"
#include "keeper/records.h"

#ifndef SOL_UDP
#define SOL_UDP 17
#endif

#define CONNECTIONS_MAX 64
#define OBJECTS_MAX     4096

struct test_engine {
	const struct keeper_start *start;
	struct {
		int fd;
		struct keeper_client client;
	} connection[CONNECTIONS_MAX];
	struct keeper_endpoint endpoint[OBJECTS_MAX];
	struct keeper_device device[OBJECTS_MAX];
	bool endpoint_used[OBJECTS_MAX], device_used[OBJECTS_MAX];
	uint32_t resumed;
	bool ignore_gone, die_of_gone, done;
};

static void forget_endpoint(struct test_engine *e, uint32_t slot)
{
	if (slot >= OBJECTS_MAX || !e->endpoint_used[slot])
		return;
	close(e->endpoint[slot].fd);
	if (e->endpoint[slot].bulk_fd >= 0)
		close(e->endpoint[slot].bulk_fd);
	e->endpoint_used[slot] = false;
}

static void forget_device(struct test_engine *e, uint32_t slot)
{
	if (slot >= OBJECTS_MAX || !e->device_used[slot])
		return;
	close(e->device[slot].fd);
	e->device_used[slot] = false;
}

static void note_endpoint(struct test_engine *e, const struct keeper_endpoint *endpoint)
{
	e->endpoint[endpoint->slot % OBJECTS_MAX] = *endpoint;
	e->endpoint_used[endpoint->slot % OBJECTS_MAX] = true;
}

static void note_device(struct test_engine *e, const struct keeper_device *device)
{
	e->device[device->slot % OBJECTS_MAX] = *device;
	e->device_used[device->slot % OBJECTS_MAX] = true;
}

/* Connections, whose orders are obeyed as before. */
static void resume_files(struct test_engine *e)
{
	uint32_t slot;
	int fd;

	for (uint32_t from = 0; keeper_file_resume(e->start->keeper, from, &slot, &fd) == 0;
	     from = slot + 1, e->resumed++) {
		for (int i = 0; fd >= 0 && i < CONNECTIONS_MAX; i++) {
			if (e->connection[i].fd >= 0 ||
			    keeper_client_open(e->start->keeper, fd, &e->connection[i].client,
			                       NULL) < 0)
				continue;
			e->connection[i].fd = TAKE_FD(fd);
		}
		if (fd >= 0)
			close(fd);
	}
}

static void resume(struct test_engine *e)
{
	struct keeper_endpoint endpoint;
	struct keeper_device device;

	for (uint32_t slot = 0; keeper_endpoint_resume(e->start->keeper, slot, &endpoint) == 0;
	     slot = endpoint.slot + 1, e->resumed++)
		note_endpoint(e, &endpoint);
	resume_files(e);
	for (uint32_t slot = 0; keeper_device_resume(e->start->keeper, slot, &device) == 0;
	     slot = device.slot + 1, e->resumed++)
		note_device(e, &device);
}

/* Three segments of 1000, 1000 and 500 octets in one message, from the endpoint's own address. */
static int send_bulk(const struct keeper_endpoint *endpoint, const union address *peer)
{
	static char data[2500];
	struct iovec iov = { .iov_base = data, .iov_len = sizeof(data) };
	char control[CMSG_SPACE(sizeof(uint16_t)) + CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct in_pktinfo info = { .ipi_spec_dst = endpoint->params.local.v4.sin_addr };
	uint16_t size = 1000;
	struct msghdr m = {
		.msg_name = (void *)peer,
		.msg_namelen = address_len(peer),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(c), &size, sizeof(size));
	c = CMSG_NXTHDR(&m, c);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return sendmsg(endpoint->bulk_fd, &m, 0) < 0 ? -errno : 0;
}

/* What an engine must not be able to do. */
static int confined(void)
{
	char line[128];
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long capabilities = 1;
	int err = 0;

	if (!status)
		return -errno;
	while (fgets(line, sizeof(line), status))
		if ((sscanf(line, "CapEff: %llx", &capabilities) == 1 ||
		     sscanf(line, "CapPrm: %llx", &capabilities) == 1 ||
		     sscanf(line, "CapBnd: %llx", &capabilities) == 1) &&
		    capabilities)
			err = -EPERM;
	fclose(status);
	if (geteuid() == 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		err = -EPERM;
	return err;
}

static uint32_t held(const struct test_engine *e)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < OBJECTS_MAX; i++)
		count += e->endpoint_used[i] + e->device_used[i];
	return count;
}

static void obey_on_endpoints(struct test_engine *e, uint32_t client, const struct order *o,
                              struct result *r)
{
	struct keeper *k = e->start->keeper;

	switch (o->kind) {
	case ORDER_ENDPOINT:
		r->err = keeper_endpoint_open(k, client, &o->endpoint, &r->endpoint, &r->ea);
		if (r->err == 0)
			note_endpoint(e, &r->endpoint);
		break;
	case ORDER_ENDPOINT_CLOSE:
		forget_endpoint(e, o->slot);
		keeper_endpoint_close(k, o->slot);
		break;
	case ORDER_ROUTE:
		r->err = keeper_route(k, o->slot, &o->peer, &r->source, &r->mtu_bytes, &r->ea);
		break;
	case ORDER_REQUEST_RAW:
		r->err = keeper_route(k, UINT32_MAX, &o->peer, &r->source, &r->mtu_bytes, NULL);
		break;
	case ORDER_SOCKET_BIND:
		r->err = keeper_socket_bind(k, o->slot, &o->peer, &r->names, &r->ea);
		break;
	case ORDER_SOCKET_CONNECT:
		r->err = keeper_socket_connect(k, o->slot, &o->peer, &r->names, &r->ea);
		break;
	case ORDER_SOCKET_OPTION:
		r->err = keeper_socket_option(k, o->slot, &o->option, &r->names, &r->ea);
		break;
	case ORDER_BULK:
		r->err = send_bulk(&e->endpoint[o->slot % OBJECTS_MAX], &o->peer);
		break;
	default:
		break;
	}
}

static void obey_on_devices(struct test_engine *e, uint32_t client, const struct order *o,
                            struct result *r)
{
	struct keeper *k = e->start->keeper;

	switch (o->kind) {
	case ORDER_PPP_DEVICE:
		r->err = keeper_ppp_device_create(k, client, o->name, &r->device, &r->ea);
		if (r->err == 0)
			note_device(e, &r->device);
		break;
	case ORDER_DEVICE:
		r->err = keeper_device_create(k, client, o->name, &o->mtu,
		                              o->has_path ? &o->path : NULL, &r->device, &r->ea);
		if (r->err == 0)
			note_device(e, &r->device);
		break;
	case ORDER_DEVICE_REMOVE:
		keeper_device_remove(k, o->slot);
		forget_device(e, o->slot);
		break;
	default:
		break;
	}
}

static void obey_on_files(struct keeper *k, int connection, const struct order *o, struct result *r)
{
	switch (o->kind) {
	case ORDER_FILE_KEEP:
		r->err = keeper_file_keep(k, connection, &r->file, &r->ea);
		break;
	case ORDER_FILE_STDERR:
		r->err = keeper_file_keep(k, STDERR_FILENO, &r->file, &r->ea);
		break;
	case ORDER_FILE_CLOSE:
		keeper_file_close(k, o->slot);
		break;
	default:
		break;
	}
}

static void obey_on_itself(struct test_engine *e, const struct order *o, struct result *r)
{
	switch (o->kind) {
	case ORDER_CRASH:
		/* Kills itself by a signal it does not ignore. */
		signal(SIGSEGV, SIG_DFL);
		raise(SIGKILL);
		break;
	case ORDER_EXIT:
		e->done = true;
		break;
	case ORDER_IGNORE_GONE:
		e->ignore_gone = true;
		break;
	case ORDER_DIE_OF_GONE:
		e->die_of_gone = true;
		break;
	case ORDER_CONFINED:
		r->err = confined();
		break;
	default:
		break;
	}
}

/* Each kind is of one of these; what they all answer is here. */
static void obey(struct test_engine *e, int connection, const struct keeper_client *client,
                 const struct order *o, pid_t sender, struct result *r)
{
	r->client = *client;
	r->count = e->resumed;
	r->held = held(e);
	r->engines = e->start->records->engines;
	if (o->kind == ORDER_CHECK)
		r->err =
			keeper_client_check(e->start->keeper, client->slot, sender, o->over_daemon);
	obey_on_endpoints(e, client->slot, o, r);
	obey_on_devices(e, client->slot, o, r);
	obey_on_files(e->start->keeper, connection, o, r);
	obey_on_itself(e, o, r);
}

static void on_gone(struct test_engine *e, struct netns_id id)
{
	if (e->ignore_gone)
		return;
	if (e->die_of_gone)
		raise(SIGKILL);
	for (uint32_t i = 0; i < OBJECTS_MAX; i++) {
		if (e->endpoint_used[i] && e->endpoint[i].netns.cookie == id.cookie) {
			forget_endpoint(e, i);
			keeper_endpoint_close(e->start->keeper, i);
		}
		if (e->device_used[i] && e->device[i].netns.cookie == id.cookie) {
			keeper_device_remove(e->start->keeper, i);
			forget_device(e, i);
		}
	}
}

static void on_event(struct test_engine *e)
{
	struct keeper_event event;
	int n;

	while ((n = keeper_event_read(e->start->keeper, &event)) > 0) {
		if (event.kind == KEEPER_EVENT_STOP)
			e->done = true;
		else
			on_gone(e, event.netns);
	}
	if (n < 0)
		e->done = true;
}

static void on_connection(struct test_engine *e)
{
	int fd = accept4(e->start->listener, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; fd >= 0 && i < CONNECTIONS_MAX; i++) {
		struct result refusal = { 0 };

		if (e->connection[i].fd >= 0)
			continue;
		refusal.err = keeper_client_open(e->start->keeper, fd, &e->connection[i].client,
		                                 &refusal.ea);
		if (refusal.err < 0) {
			send(fd, &refusal, sizeof(refusal), MSG_NOSIGNAL);
			break;
		}
		e->connection[i].fd = fd;
		return;
	}
	if (fd >= 0)
		close(fd);
}

static void on_order(struct test_engine *e, int i)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct order order;
	struct iovec iov = { .iov_base = &order, .iov_len = sizeof(order) };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct result result = { 0 };
	struct ucred sender = { 0 };

	if (recvmsg(e->connection[i].fd, &m, 0) != sizeof(order)) {
		keeper_client_close(e->start->keeper, e->connection[i].client.slot);
		close(e->connection[i].fd);
		e->connection[i].fd = -1;
		return;
	}
	if (CMSG_FIRSTHDR(&m) && CMSG_FIRSTHDR(&m)->cmsg_type == SCM_CREDENTIALS)
		memcpy(&sender, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(sender));
	obey(e, e->connection[i].fd, &e->connection[i].client, &order, sender.pid, &result);
	send(e->connection[i].fd, &result, sizeof(result), MSG_NOSIGNAL);
}

static int test_engine_main(const struct keeper_start *start, void *arg)
{
	struct test_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return EXIT_FAILURE;
	e->start = start;
	for (int i = 0; i < CONNECTIONS_MAX; i++)
		e->connection[i].fd = -1;
	if (!start->first)
		resume(e);
	while (!e->done) {
		struct pollfd fds[CONNECTIONS_MAX + 2];

		for (int i = 0; i < CONNECTIONS_MAX; i++)
			fds[i] = (struct pollfd){ .fd = e->connection[i].fd, .events = POLLIN };
		fds[CONNECTIONS_MAX] = (struct pollfd){ .fd = start->listener, .events = POLLIN };
		fds[CONNECTIONS_MAX + 1] =
			(struct pollfd){ .fd = keeper_event_fd(start->keeper), .events = POLLIN };
		poll(fds, ARRAY_SIZE(fds), -1);
		for (int i = 0; i < CONNECTIONS_MAX; i++)
			if (e->connection[i].fd >= 0 && fds[i].fd >= 0 && fds[i].revents)
				on_order(e, i);
		if (fds[CONNECTIONS_MAX].revents)
			on_connection(e);
		if (fds[CONNECTIONS_MAX + 1].revents)
			on_event(e);
	}
	free(e);
	return EXIT_SUCCESS;
}

bool test_daemon_start(struct test_daemon *d)
{
	struct keeper_options options = { .socket_path = d->path,
		                          .max_tunnels = 1024,
		                          .max_sessions = 4096 };

	snprintf(d->directory, sizeof(d->directory), "/tmp/ul2tp-keeper-XXXXXX");
	if (geteuid() != 0 || !mkdtemp(d->directory))
		return false;
	chmod(d->directory, 0755);
	snprintf(d->path, sizeof(d->path), "%s/socket", d->directory);
	fflush(NULL);
	d->pid = fork();
	if (d->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (unshare(CLONE_NEWNET) < 0)
			_exit(EXIT_FAILURE);
		_exit(keeper_run(&options, test_engine_main, NULL));
	}
	for (int i = 0; i < 500; i++) {
		int fd = test_connect(d);

		if (fd >= 0) {
			close(fd);
			return true;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
	}
	return false;
}

int test_daemon_stop(struct test_daemon *d)
{
	int status;

	kill(d->pid, SIGTERM);
	if (waitpid(d->pid, &status, 0) != d->pid)
		return -1;
	unlink(d->path);
	rmdir(d->directory);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int test_connect(const struct test_daemon *d)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const struct timeval patience = { .tv_sec = 5 };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", d->path);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return TAKE_FD(fd);
}

bool test_order(int connection, const struct order *order, struct result *result)
{
	memset(result, 0, sizeof(*result));
	if (send(connection, order, sizeof(*order), MSG_NOSIGNAL) < 0)
		return recv(connection, result, sizeof(*result), 0) == sizeof(*result);
	return recv(connection, result, sizeof(*result), 0) == sizeof(*result);
}

int test_netns(void)
{
	AUTO_FD home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	AUTO_FD socket_there = -1;
	int there;

	if (home < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	there = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	socket_there = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(socket_there, SIOCSIFFLAGS, &lo) < 0 || setns(home, CLONE_NEWNET) < 0)
		abort();
	return there;
}

int test_connect_in(const struct test_daemon *d, int netns)
{
	AUTO_FD home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int connection;

	if (home < 0 || setns(netns, CLONE_NEWNET) < 0)
		return -1;
	connection = test_connect(d);
	if (setns(home, CLONE_NEWNET) < 0)
		abort();
	return connection;
}
