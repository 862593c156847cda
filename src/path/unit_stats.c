/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_stats.c - what a unit has counted, as programs ask for it by the name of its interface; see unit.h
 *
 * Source: PPP-64 of doc/kernel-behaviour.md.
 */
#include <errno.h>
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <sys/ioctl.h>

#include "path/counter.h"
#include "path/unit_complete.h"
#include "path/unit_fast.h"
#include "path/unit_private.h"

#define VERSION "2.4.2" /* of the interface, as the kernel has it */

static void open_vj(struct unit *u, void *arg)
{
	struct vjstat *stats = arg;
	const struct vj_counters *c;

	if (!u->complete || !u->complete->vj)
		return;
	c = vj_counters(u->complete->vj);
	*stats = (struct vjstat){
		.vjs_packets = c->packets,
		.vjs_compressed = c->compressed,
		.vjs_searches = c->searches,
		.vjs_misses = c->misses,
		.vjs_uncompressedin = c->uncompressed_in,
		.vjs_compressedin = c->compressed_in,
		.vjs_errorin = c->errors_in,
		.vjs_tossed = c->tossed,
	};
}

static int put_stats(struct unit *u, struct writer *out)
{
	struct unit_fast_count rx = unit_fast_count(u, true), tx = unit_fast_count(u, false);
	struct ppp_stats stats = {
		.p = {
			.ppp_ibytes = (uint32_t)(counter_read(&u->rx.counters->octets) + rx.octets),
			.ppp_ipackets = (uint32_t)(counter_read(&u->rx.counters->packets) + rx.packets),
			.ppp_ierrors = (uint32_t)counter_read(&u->rx.counters->errors),
			.ppp_obytes = (uint32_t)(counter_read(&u->tx.counters->octets) + tx.octets),
			.ppp_opackets = (uint32_t)(counter_read(&u->tx.counters->packets) + tx.packets),
			.ppp_oerrors = (uint32_t)counter_read(&u->tx.counters->errors),
		},
	};

	unit_call(u, open_vj, &stats.vj);
	write_bytes(out, &stats, sizeof(stats));
	return 0;
}

static void open_compression(struct unit *u, void *arg)
{
	if (u->complete)
		*(struct ppp_comp_stats *)arg = u->complete->compression.stats;
}

static int put_compression(struct unit *u, struct writer *out)
{
	struct ppp_comp_stats stats = { .c = { 0 } };

	unit_call(u, open_compression, &stats);
	write_bytes(out, &stats, sizeof(stats));
	return 0;
}

int unit_stats_ioctl(struct unit *u, uint32_t number, struct writer *out, struct extack *ea)
{
	unit_settle(u);
	switch (number) {
	case SIOCGPPPSTATS:
		return put_stats(u, out);
	case SIOCGPPPCSTATS:
		return put_compression(u, out);
	case SIOCGPPPVER:
		write_bytes(out, VERSION, sizeof(VERSION));
		return 0;
	default:
		return extack_fail(ea, -EINVAL, 0, "ioctl 0x%04x means nothing on a unit", number);
	}
}

int unit_device_ioctl(const struct netns *ns, const char *name, uint32_t number, struct writer *out,
                      struct extack *ea)
{
	struct unit *u = unit_named(ns, name);

	if (!u)
		return extack_fail(ea, -ENODEV, 0, "interface %s is of no PPP unit", name);
	return unit_stats_ioctl(u, number, out, ea);
}
