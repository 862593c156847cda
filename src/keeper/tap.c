/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.c - see tap.h */
#include "keeper/tap.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Linux 6.2 */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define TUN_DEVICE "/dev/net/tun"

#define OFFLOAD_TCP (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN)

static void name_copy(char ret[IFNAMSIZ], const struct ifreq *r)
{
	memcpy(ret, r->ifr_name, IFNAMSIZ);
	ret[IFNAMSIZ - 1] = '\0';
}

static const uint32_t offloads[] = { OFFLOAD_TCP | TUN_F_USO4 | TUN_F_USO6, OFFLOAD_TCP, TUN_F_CSUM,
	                             0 };

static_assert(TAP_HEADER_LEN == sizeof(struct virtio_net_hdr),
              "what a new device has without TUNSETVNETHDRSZ, which is a system call more");

/* A name that exists gives EBUSY with IFF_TUN_EXCL, and would be joined without. */
static int attach(int fd, const char *name, int kind, char ret[IFNAMSIZ])
{
	struct ifreq r = { .ifr_flags = (short)(kind | IFF_VNET_HDR | IFF_TUN_EXCL) };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	if (ioctl(fd, TUNSETIFF, &r) < 0)
		return errno == EBUSY ? -EEXIST : -errno;
	name_copy(ret, &r);
	return 0;
}

static int open_device(void)
{
	int fd = open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;
	return fd;
}

int tap_probe(void)
{
	AUTO_FD fd = open_device();

	return fd < 0 ? fd : 0;
}

const char *tap_words(int err)
{
	switch (err) {
	case -ENODEV:
		return "there is no /dev/net/tun: load the module tun, or pass it in";
	case -EACCES:
	case -EPERM:
		return "ul2tpd may not open /dev/net/tun: give it rights to that file";
	default:
		return NULL;
	}
}

static int open_kind(const char *name, int kind, char ret[IFNAMSIZ])
{
	AUTO_FD fd = open_device();
	int err;

	if (fd < 0)
		return fd;
	err = attach(fd, name, kind, ret);
	return err < 0 ? err : TAKE_FD(fd);
}

int tap_open(const char *name, char ret[IFNAMSIZ])
{
	return open_kind(name, IFF_TAP | IFF_NO_PI, ret);
}

int tun_open_ppp(const char *name, char ret[IFNAMSIZ])
{
	AUTO_FD fd = open_kind(name, IFF_TUN, ret);

	if (fd >= 0 && ioctl(fd, TUNSETLINK, (unsigned long)ARPHRD_PPP) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int tap_name(int fd, char ret[IFNAMSIZ])
{
	struct ifreq r = { 0 };

	if (ioctl(fd, TUNGETIFF, &r) < 0)
		return -errno;
	name_copy(ret, &r);
	return 0;
}

int tap_offload(int fd, bool naive, uint32_t *ret)
{
	for (size_t i = naive ? ARRAY_SIZE(offloads) - 1 : 0; i < ARRAY_SIZE(offloads); i++) {
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)offloads[i]) == 0) {
			*ret = offloads[i];
			return 0;
		}
	}
	return -errno;
}
