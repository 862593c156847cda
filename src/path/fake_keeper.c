/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_keeper.c - see fake_keeper.h; its functions are in place of those of keeper.c */
#include "path/fake_keeper.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAR_ENDS_MAX 256
#define MTU          1500

struct keeper {
	int far[FAR_ENDS_MAX];
	unsigned int far_count;
	int file_far[FAKE_FILES];
	int device_far[FAKE_DEVICES];
	uint32_t slots; /* given to what was not there before */
};

struct keeper *fake_keeper_new(void)
{
	struct keeper *k = calloc(1, sizeof(*k));

	assert(k);
	k->slots = FAKE_FILES;
	memset(k->file_far, -1, sizeof(k->file_far));
	memset(k->device_far, -1, sizeof(k->device_far));
	return k;
}

void fake_keeper_free(struct keeper *k)
{
	for (unsigned int i = 0; i < k->far_count; i++)
		close(k->far[i]);
	free(k);
}

int fake_keeper_pair(struct keeper *k)
{
	int pair[2];

	if (k->far_count == FAR_ENDS_MAX)
		return -EMFILE;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	k->far[k->far_count++] = pair[1];
	return pair[0];
}

/* --- sockets */

static int endpoint_make(const struct endpoint_params *params, uint32_t slot,
                         struct keeper_endpoint *ret)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	*ret = (struct keeper_endpoint){
		.slot = slot, .netns.cookie = FAKE_NETNS, .params = *params, .fd = fd, .bulk_fd = -1
	};
	return 0;
}

static struct endpoint_params kept_params(uint32_t slot)
{
	return (struct endpoint_params){
		.local.v4 = { .sin_family = AF_INET,
		              .sin_port = slot == FAKE_IP ? 0 : htons((uint16_t)(1701 + slot)),
		              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
		.protocol = slot == FAKE_IP ? 115 : IPPROTO_UDP,
	};
}

int keeper_endpoint_resume(struct keeper *k, uint32_t from, struct keeper_endpoint *ret)
{
	struct endpoint_params params = kept_params(from);
	int err = from < FAKE_ENDPOINTS ? endpoint_make(&params, from, ret) : -ENOENT;

	if (!err)
		ret->spread = from == FAKE_UDP ? 2 : 0;
	return err;
}

int keeper_endpoint_open(struct keeper *k, uint32_t client, const struct endpoint_params *params,
                         struct keeper_endpoint *ret, struct extack *ea)
{
	return endpoint_make(params, k->slots++, ret);
}

int keeper_endpoint_spread(struct keeper *k, uint32_t endpoint, uint32_t number, uint32_t count,
                           struct extack *ea)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

int keeper_managed_open(struct keeper *k, uint32_t client, int fd, int number, uint32_t worker,
                        uint8_t protocol, struct keeper_endpoint *ret, struct extack *ea)
{
	return -EOPNOTSUPP;
}

int keeper_managed_changed(struct keeper *k, int fd, struct keeper_endpoint *ret, struct extack *ea)
{
	return -ENOENT;
}

void keeper_endpoint_fds_close(struct keeper_endpoint *e)
{
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

void keeper_endpoint_close(struct keeper *k, uint32_t endpoint)
{
}

int keeper_route(struct keeper *k, uint32_t endpoint, const union address *peer,
                 union address *source, uint32_t *mtu_bytes, struct extack *ea)
{
	*source = *peer;
	*mtu_bytes = MTU;
	return 0;
}

int keeper_socket_bind(struct keeper *k, uint32_t endpoint, const union address *local,
                       struct keeper_socket_names *ret, struct extack *ea)
{
	return -ENOENT;
}

int keeper_socket_connect(struct keeper *k, uint32_t endpoint, const union address *peer,
                          struct keeper_socket_names *ret, struct extack *ea)
{
	return -ENOENT;
}

int keeper_socket_option(struct keeper *k, uint32_t endpoint,
                         const struct keeper_socket_option *option,
                         struct keeper_socket_names *names, struct extack *ea)
{
	return -ENOPROTOOPT;
}

/* --- what leaves programs' sockets, and the kernel: nothing does */

int keeper_divert_add(struct keeper *k, uint32_t endpoint, const struct divert_session *session)
{
	return 0;
}

void keeper_divert_remove(struct keeper *k, uint32_t endpoint, const struct divert_session *session)
{
}

int keeper_divert_channel(struct keeper *k, uint32_t worker, int *ring, int *board,
                          uint32_t *max_sessions, struct extack *ea)
{
	return -EOPNOTSUPP;
}

int keeper_raw_sockets(struct keeper *k, uint32_t endpoint, struct raw_fds *ret)
{
	return -EOPNOTSUPP;
}

int keeper_fast_session(struct keeper *k, uint32_t index, const struct fast_wish *wish)
{
	return 0;
}

void keeper_fast_forget(struct keeper *k, uint32_t index)
{
}

/* --- interfaces */

static int device_make(struct keeper *k, uint32_t slot, bool ppp, bool shared,
                       struct keeper_device *ret)
{
	int fd = fake_keeper_pair(k);

	if (fd < 0)
		return fd;
	*ret = (struct keeper_device){ .slot = slot,
		                       .netns.cookie = FAKE_NETNS,
		                       .fd = fd,
		                       .ppp = ppp,
		                       .shared = shared,
		                       .ifindex = (int)slot + 2,
		                       .mtu_bytes = MTU };
	snprintf(ret->name, sizeof(ret->name), "fake%u", slot);
	return 0;
}

int keeper_device_resume(struct keeper *k, uint32_t from, struct keeper_device *ret)
{
	int err = from < FAKE_DEVICES
	                  ? device_make(k, from, from >= FAKE_PPP, from == FAKE_SHARED, ret)
	                  : -ENOENT;

	if (!err)
		k->device_far[from] = k->far[k->far_count - 1];
	return err;
}

int keeper_device_create(struct keeper *k, uint32_t client, const char *name,
                         const struct mtu_rule *mtu, const struct mtu_path *path,
                         struct keeper_device *ret, struct extack *ea)
{
	return device_make(k, k->slots++, false, false, ret);
}

int keeper_ppp_device_create(struct keeper *k, uint32_t client, const char *name,
                             struct keeper_device *ret, struct extack *ea)
{
	return device_make(k, k->slots++, true, false, ret);
}

int keeper_shared_device_create(struct keeper *k, uint32_t client, uint32_t worker,
                                struct keeper_device *ret, struct extack *ea)
{
	return device_make(k, k->slots++, true, true, ret);
}

int keeper_device_route_add(struct keeper *k, uint32_t device, const struct prefix *prefix,
                            bool replace, struct extack *ea)
{
	return 0;
}

void keeper_device_route_remove(struct keeper *k, uint32_t device, const struct prefix *prefix)
{
}

void keeper_device_remove(struct keeper *k, uint32_t device)
{
}

/* --- files */

int keeper_file_keep(struct keeper *k, int fd, uint32_t *ret, struct extack *ea)
{
	*ret = k->slots++;
	return 0;
}

int keeper_file_resume(struct keeper *k, uint32_t from, uint32_t *file, int *fd)
{
	if (from >= FAKE_FILES)
		return -ENOENT;
	*fd = fake_keeper_pair(k);
	if (*fd < 0)
		return *fd;
	k->file_far[from] = k->far[k->far_count - 1];
	*file = from;
	return 0;
}

int fake_keeper_far_end(const struct keeper *k, uint32_t file)
{
	return k->file_far[file];
}

int fake_keeper_device_far_end(const struct keeper *k, enum fake_device device)
{
	return k->device_far[device];
}

void keeper_file_close(struct keeper *k, uint32_t file)
{
}
