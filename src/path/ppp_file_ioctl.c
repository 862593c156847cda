/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_file_ioctl.c - ioctls of files of /dev/ppp; see ppp_file.h */
#include <errno.h>
#include <linux/ppp-ioctl.h>
#include <sys/ioctl.h>

#include "base/log.h"
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ppp_file.h"
#include "path/unit.h"
#include "path/unit_fast.h"
#include "path/unit_record.h"

static int not_here(struct extack *ea, uint32_t number)
{
	return extack_fail(ea, -ENOTTY, 0, "ioctl 0x%08x means nothing here", number);
}

static int read_number(struct reader *in, int *ret, struct extack *ea)
{
	*ret = (int)read_u32_host(in);
	if (in->failed)
		return extack_fail(ea, -EFAULT, 0, "the argument is shorter than an int");
	return 0;
}

static int attach_channel(struct ppp_file *f, const struct ppp_caller *caller, struct reader *in,
                          struct extack *ea)
{
	struct channel *c;
	int number, err = read_number(in, &number, ea);

	if (err < 0)
		return err;
	c = channel_find(caller->netns, (uint32_t)number);
	if (!c)
		return extack_fail(ea, -ENXIO, 0, "there is no channel %d here", number);
	ppp_end_empty(&f->end);
	channel_file_attach(c, f);
	return 0;
}

static int new_unit(struct ppp_file *f, const struct ppp_caller *caller, struct reader *in,
                    struct writer *out, struct extack *ea)
{
	struct unit *u;
	int number, err = read_number(in, &number, ea);

	if (!err)
		err = unit_new(f->dp, caller->netns, caller->client, number, f->own_device, &u, ea);
	if (err < 0)
		return err;
	ppp_end_empty(&f->end);
	unit_file_attach(u, f, true);
	number = (int)u->number;
	write_bytes(out, &number, sizeof(number));
	return 0;
}

static int attach_unit(struct ppp_file *f, const struct ppp_caller *caller, struct reader *in,
                       struct extack *ea)
{
	struct unit *u;
	int number, err = read_number(in, &number, ea);

	if (err < 0)
		return err;
	u = unit_find(caller->netns, (uint32_t)number);
	if (!u)
		return extack_fail(ea, -ENXIO, 0, "there is no unit %d here", number);
	ppp_end_empty(&f->end);
	unit_file_attach(u, f, false);
	return 0;
}

/* PPP-1 */
static int unattached(struct ppp_file *f, const struct ppp_caller *caller, uint32_t number,
                      struct reader *in, struct writer *out, struct extack *ea)
{
	if (!caller->admin)
		return extack_fail(ea, -EPERM, 0,
		                   "this needs CAP_NET_ADMIN in the network namespace");
	switch (number) {
	case PPPIOCNEWUNIT:
		return new_unit(f, caller, in, out, ea);
	case PPPIOCATTACH:
		return attach_unit(f, caller, in, ea);
	case PPPIOCATTCHAN:
		return attach_channel(f, caller, in, ea);
	default:
		return not_here(ea, number);
	}
}

/* A kernel's PPPoE channels can not be joined from here (LIM-12), and whoever is asked to says so once more to the log,
 * where an operator of an access concentrator looks. */
static int bridge(struct channel *c, const struct ppp_caller *caller, struct reader *in,
                  struct extack *ea)
{
	struct channel *other;
	int number, err = read_number(in, &number, ea);

	if (err < 0)
		return err;
	other = channel_find(caller->netns, (uint32_t)number);
	if (!other) {
		log_event(
			LOG_WARNING, "bridge-refused",
			"channel=%u other=%d process=\"%s\" netns=%llu "
			"reason=\"no PPPoL2TP channel has this number, and others can not be bridged\"",
			c->number, number, caller->process,
			(unsigned long long)caller->netns->id.cookie);
		return extack_fail(ea, -ENXIO, 0, "there is no PPPoL2TP channel %d here", number);
	}
	if (c == other || c->unit || c->bridge || other->unit || other->bridge)
		return extack_fail(ea, -EALREADY, 0,
		                   "one of the channels is bridged or has a unit already");
	channel_bridge(c, other);
	return 0;
}

static int unbridge(struct channel *c, struct extack *ea)
{
	if (!c->bridge)
		return extack_fail(ea, -EINVAL, 0, "the channel is not bridged");
	channel_unbridge(c);
	return 0;
}

/* Nothing else in the log says which session has which unit and, by "ppp-unit-created", which interface. */
static void log_connected(const struct channel *c, const struct unit *u)
{
	const struct session *s = c->session;

	log_event(u->shared ? LOG_INFO : LOG_NOTICE, "ppp-connected",
	          "unit=%u tunnel=%u session=%u netns=%llu", u->number,
	          s ? s->tunnel->record->conn_id : 0, s ? s->record->session_id : 0,
	          (unsigned long long)c->netns->id.cookie);
}

/* PPP-3: the unit is one of the channel's namespace. */
static int connect_unit(struct channel *c, struct reader *in, struct extack *ea)
{
	struct unit *u;
	int number, err = read_number(in, &number, ea);

	if (err < 0)
		return err;
	u = unit_find(c->netns, (uint32_t)number);
	if (!u)
		return extack_fail(ea, -ENXIO, 0, "there is no unit %d here", number);
	if (c->unit || c->bridge)
		return extack_fail(ea, -EINVAL, 0, "the channel is connected or bridged already");
	unit_connect(u, c);
	log_connected(c, u);
	return 0;
}

static int disconnect_unit(struct channel *c, struct extack *ea)
{
	if (!c->unit)
		return extack_fail(ea, -EINVAL, 0, "the channel is connected to no unit");
	unit_disconnect(c);
	return 0;
}

static int on_channel(struct channel *c, const struct ppp_caller *caller, uint32_t number,
                      struct reader *in, struct extack *ea)
{
	switch (number) {
	case PPPIOCCONNECT:
		return connect_unit(c, in, ea);
	case PPPIOCDISCONN:
		return disconnect_unit(c, ea);
	case PPPIOCBRIDGECHAN:
		return bridge(c, caller, in, ea);
	case PPPIOCUNBRIDGECHAN:
		return unbridge(c, ea);
	default:
		return not_here(ea, number);
	}
}

static int on_unit(struct unit *u, uint32_t number, struct reader in, struct writer *out,
                   struct extack *ea)
{
	int err = unit_ioctl(u, number, in, out, ea);

	if (!err)
		unit_record_note(u, number, in);
	unit_fast_changed(u);
	return err;
}

/* Of a channel whose socket was closed; its units are still where it was (PPP-3). */
static int on_dead_channel(const struct ppp_file *f, const struct ppp_caller *caller,
                           uint32_t number, struct reader *in, struct extack *ea)
{
	int other, err;

	switch (number) {
	case PPPIOCCONNECT:
	case PPPIOCBRIDGECHAN:
		err = read_number(in, &other, ea);
		if (err < 0)
			return err;
		if (number == PPPIOCCONNECT ? !unit_find(f->netns, (uint32_t)other)
		                            : !channel_find(caller->netns, (uint32_t)other))
			return extack_fail(ea, -ENXIO, 0, "there is no %d here", other);
		return extack_fail(ea, -ENOTCONN, 0, "the channel's socket has been closed");
	case PPPIOCDISCONN:
	case PPPIOCUNBRIDGECHAN:
		return extack_fail(ea, -EINVAL, 0, "the channel's socket has been closed");
	default:
		return not_here(ea, number);
	}
}

/* PPP-10 */
static int detach(struct dataplane *dp, const struct ppp_caller *caller, struct extack *ea)
{
	if (!dp->ppp_detach_logged)
		log_event(LOG_WARNING, "ppp-detach",
		          "process=\"%s\" pid=%d reason=\"obsolete ioctl PPPIOCDETACH\"",
		          caller->process, caller->pid);
	dp->ppp_detach_logged = true;
	return extack_fail(ea, -EINVAL, 0, "PPPIOCDETACH is obsolete, close the file");
}

int ppp_file_ioctl(struct ppp_file *f, const struct ppp_caller *caller, uint32_t number,
                   struct reader in, struct writer *out, struct extack *ea)
{
	if (!f->dead && !f->channel && !f->unit)
		return unattached(f, caller, number, &in, out, ea);
	if (number == PPPIOCDETACH)
		return detach(f->dp, caller, ea);
	if (f->dead && f->was_on_unit)
		return unit_dead_ioctl(f->unit_number, number, in, out, ea);
	if (f->dead)
		return on_dead_channel(f, caller, number, &in, ea);
	if (f->unit)
		return on_unit(f->unit, number, in, out, ea);
	return on_channel(f->channel, caller, number, &in, ea);
}
