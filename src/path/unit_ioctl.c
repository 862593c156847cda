/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_ioctl.c - ioctls of files on a unit; see unit.h
 *
 * Source: §6.4 and §6.5 of doc/kernel-behaviour.md.
 */
#include <errno.h>
#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/monotonic.h"
#include "path/counter.h"
#include "path/unit_complete.h"
#include "path/unit_fast.h"
#include "path/unit_private.h"

#define FLAGS_STORED 0x00404eecu /* PPP-50 */

/* sizes fixed by the kernel's interface; glibc's time_t does not matter */
#define IOCTL_IDLE32 _IOR('t', 63, uint32_t[2])
#define IOCTL_IDLE64 _IOR('t', 63, uint64_t[2])

static int short_argument(struct extack *ea)
{
	return extack_fail(ea, -EFAULT, 0, "the argument is shorter than the ioctl reads");
}

static int read_int(struct reader *in, int *ret, struct extack *ea)
{
	read_copy(in, ret, sizeof(*ret));
	return in->failed ? short_argument(ea) : 0;
}

static int put_int(struct writer *out, int value)
{
	write_bytes(out, &value, sizeof(value));
	return 0;
}

/* A kernel has sent what was written when the write returns, and looked at it (PPP-61). */
static void settle(struct unit *u)
{
	if (u->complete)
		unit_settle(u);
}

static int store_flags(struct unit *u, uint32_t flags)
{
	int err = flags & SC_MULTILINK ? unit_complete_begin(u) : 0;

	if (err < 0)
		return err;
	if (u->complete) {
		unit_complete_set_flags(u, flags);
		return 0;
	}
	if (atomic_load(&u->flags) & ~flags & SC_CCP_OPEN)
		flags &= ~(uint32_t)SC_CCP_UP;
	atomic_store(&u->flags, flags);
	return 0;
}

static int set_flags(struct unit *u, struct reader *in, struct extack *ea)
{
	int value, err = read_int(in, &value, ea);
	uint32_t flags = (uint32_t)value & FLAGS_STORED;
	bool was_idle = unit_is_idle(u);

	if (err < 0)
		return err;
	settle(u);
	if (flags & SC_LOOP_TRAFFIC)
		unit_combine(u);
	err = store_flags(u, flags);
	if (!was_idle)
		unit_say_if_idle(u);
	return err;
}

static int get_flags(struct unit *u, struct writer *out)
{
	uint32_t state;

	settle(u);
	state = u->complete ? unit_complete_state(u) : 0;
	return put_int(out, (int)(atomic_load(&u->flags) | state));
}

static int np_of(struct reader *in, enum unit_np *np, int *mode, struct extack *ea)
{
	int protocol;

	read_copy(in, &protocol, sizeof(protocol));
	read_copy(in, mode, sizeof(*mode));
	if (in->failed)
		return short_argument(ea);
	*np = protocol < 0 || protocol > UINT16_MAX ? UNIT_NPS : unit_np_of((uint16_t)protocol);
	if (*np == UNIT_NPS)
		return extack_fail(ea, -EINVAL, 0, "0x%x is no network protocol", protocol);
	return 0;
}

/* PPP-52: any number is kept; what it means is decided as frames come. */
static int set_np_mode(struct unit *u, struct reader *in, struct extack *ea)
{
	enum unit_np np;
	int mode, err = np_of(in, &np, &mode, ea);

	if (err < 0)
		return err;
	u->np_mode_set[np] = mode;
	atomic_store(&u->np_mode[np],
	             (uint8_t)(mode < NPMODE_PASS || mode > UINT8_MAX ? UINT8_MAX : mode));
	return 0;
}

static int get_np_mode(struct unit *u, struct reader in, struct writer *out, struct extack *ea)
{
	struct reader whole = in;
	struct npioctl answer;
	enum unit_np np;
	int mode, err = np_of(&in, &np, &mode, ea);

	read_copy(&whole, &answer, sizeof(answer));
	if (err < 0)
		return err;
	answer.mode = u->np_mode_set[np];
	write_bytes(out, &answer, sizeof(answer));
	return 0;
}

/* PPP-53, LIM-10 */
static uint64_t idle_s(const struct unit *u, bool received)
{
	const struct unit_counters *counters = received ? u->rx.counters : u->tx.counters;
	uint64_t last_ms = counter_read(&counters->last_ms), now_ms = monotonic_ms();
	uint64_t fast_ms = unit_fast_count(u, received).last_ms;

	if (fast_ms > last_ms)
		last_ms = fast_ms;
	if (last_ms < u->record->created_ms)
		last_ms = u->record->created_ms;
	return now_ms > last_ms ? (now_ms - last_ms) / 1000 : 0;
}

static int get_idle(struct unit *u, struct writer *out, bool wide)
{
	uint64_t idle[2] = { idle_s(u, false), idle_s(u, true) };
	uint32_t narrow[2] = { (uint32_t)idle[0], (uint32_t)idle[1] };

	write_bytes(out, wide ? (const void *)idle : narrow, wide ? sizeof(idle) : sizeof(narrow));
	return 0;
}

int unit_ioctl(struct unit *u, uint32_t number, struct reader in, struct writer *out,
               struct extack *ea)
{
	switch (number) {
	case SIOCGPPPSTATS:
	case SIOCGPPPVER:
	case SIOCGPPPCSTATS:
		return unit_stats_ioctl(u, number, out, ea);
	case PPPIOCGUNIT:
		return put_int(out, (int)u->number);
	case PPPIOCSFLAGS:
		return set_flags(u, &in, ea);
	case PPPIOCGFLAGS:
		return get_flags(u, out);
	case PPPIOCSMRU:
		return read_int(&in, &u->mru, ea);
	case PPPIOCSDEBUG:
		return read_int(&in, &u->debug, ea);
	case PPPIOCGDEBUG:
		return put_int(out, u->debug);
	case IOCTL_IDLE32:
		return get_idle(u, out, false);
	case IOCTL_IDLE64:
		return get_idle(u, out, true);
	case PPPIOCSNPMODE:
		return set_np_mode(u, &in, ea);
	case PPPIOCGNPMODE:
		return get_np_mode(u, in, out, ea);
	default:
		settle(u);
		return unit_complete_ioctl(u, number, in, ea);
	}
}

int unit_dead_ioctl(uint32_t unit_number, uint32_t number, struct reader in, struct writer *out,
                    struct extack *ea)
{
	static const uint64_t no_idle[2];
	struct unit nobody = { .number = unit_number };
	int forgotten;

	switch (number) {
	case PPPIOCGUNIT:
	case PPPIOCGFLAGS:
	case PPPIOCGDEBUG:
	case PPPIOCSMRU:
	case PPPIOCSDEBUG:
	case PPPIOCSNPMODE:
	case PPPIOCGNPMODE:
		return unit_ioctl(&nobody, number, in, out, ea);
	case PPPIOCSFLAGS:
	case PPPIOCSMAXCID:
	case PPPIOCSMRRU:
		return read_int(&in, &forgotten, ea);
	case PPPIOCSPASS:
	case PPPIOCSACTIVE:
		return 0;
	case PPPIOCSCOMPRESS:
		return extack_fail(ea, -EINVAL, 0, "the unit has died");
	case IOCTL_IDLE32:
	case IOCTL_IDLE64:
		write_bytes(out, no_idle,
		            number == IOCTL_IDLE64 ? sizeof(no_idle) : sizeof(no_idle) / 2);
		return 0;
	default:
		return extack_fail(ea, -ENOTTY, 0, "ioctl 0x%08x means nothing on a unit", number);
	}
}
