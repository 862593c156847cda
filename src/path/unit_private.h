/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_private.h - what the files of unit.h share */
#ifndef UL2TP_PATH_UNIT_PRIVATE_H
#define UL2TP_PATH_UNIT_PRIVATE_H

#include <linux/virtio_net.h>

#include "path/unit.h"

/* A packet as a device of PPP hands it over. */
struct tun_packet {
	struct tun_pi pi;
	struct virtio_net_hdr vnet;
	uint8_t *octets;
	size_t len;
};

/** tun_packet_read() - to @at, where there is room for SEGMENT_FRAME_MAX. 1; 0: none waits; -EBADFD: the device has gone */
int tun_packet_read(int fd, uint8_t *at, struct tun_packet *ret);

/** unit_take_packet() - one of its device: on the worker that sends; it stays where it is until outbox_flush() */
void unit_take_packet(struct unit *u, const struct tun_packet *p);

/** unit_packets_taken() - of a batch that has some for it, after them */
void unit_packets_taken(struct unit *u, uint64_t now_ms);

/** unit_tx_begin() - its device is watched from now on; posted, and nobody waits for it: what is asked later comes behind it */
void unit_tx_begin(struct unit *u);

/** unit_tx_stop() - nothing is sent any more, and frames wait in the device and in the files' sockets; waits for the worker */
void unit_tx_stop(struct unit *u);

/** unit_channels_changed() - the worker that sends is told, and waited for; unit_channels_post() - it is told, and has heard it
 * when mailbox_wait() returns */
void unit_channels_changed(struct unit *u);
void unit_channels_post(struct unit *u);

/** unit_files_route() - what is received goes to the file that is the first now */
void unit_files_route(struct unit *u);

/** units_tell_lost() - devices have gone, and who has them is marked: the API thread removes those units; any thread */
void units_tell_lost(struct dataplane *dp);

/** unit_call_sending() - unit_call() on the worker that sends */
void unit_call_sending(struct unit *u, void (*fn)(struct unit *u, void *arg), void *arg);

/** unit_gate_close() - nothing is read for its first channel for now (unit_gate_follow()); on the worker that sends */
void unit_gate_close(struct unit *u);

/** unit_flows_init() - where what is received goes on to the interface */
void unit_flows_init(struct unit *u);

/** unit_ready() - the device has packets; on the worker that sends */
void unit_ready(struct watch *watch, uint32_t events);

/** unit_frame_written() - a program has written a frame to a file on the unit; on the worker that sends; @arg: the unit */
void unit_frame_written(void *arg, const uint8_t *frame, size_t len, bool whole);

/** unit_stats_ioctl() - SIOCGPPPSTATS and its like; also of a unit's own file, for programs that have no name of it, which
 * no kernel answers. -EINVAL: another */
int unit_stats_ioctl(struct unit *u, uint32_t number, struct writer *out, struct extack *ea);

#endif
