/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.h - TAP and TUN devices, made in the namespace the calling thread is in */
#ifndef UL2TP_KEEPER_TAP_H
#define UL2TP_KEEPER_TAP_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* Octets of the virtio-net header before each frame. */
#define TAP_HEADER_LEN 10

/**
 * tap_open() - a new device
 * @name: with or without %d
 * @ret:  set on success: what it is called
 *
 * Return: a descriptor; -EEXIST, -EINVAL, -ENFILE, -ENODEV ...
 */
int tap_open(const char *name, char ret[IFNAMSIZ]);

/** tun_open_ppp() - the same for an interface of the kind of pppN: what is read and written is struct tun_pi, the
 * virtio-net header, a packet; of which EtherType it is, the first of these says, not the packet */
int tun_open_ppp(const char *name, char ret[IFNAMSIZ]);

/** tap_probe() - whether devices can be had: 0; -ENODEV there is no /dev/net/tun; -EACCES, another negative errno */
int tap_probe(void);

/** tap_words() - what that errno means to whoever has to mend it; NULL: nothing beyond the errno */
const char *tap_words(int err);

/** tap_name() - what it is called now. Return: 0, or -errno: it was deleted. */
int tap_name(int fd, char ret[IFNAMSIZ]);

/** tap_offload() - set the best set of offloads the kernel knows, and say which (TUN_F_*). 0 or -errno.
 * @naive: set none */
int tap_offload(int fd, bool naive, uint32_t *ret);

#endif
