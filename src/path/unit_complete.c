/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_complete.c - what programs ask a unit for; the API thread. See unit_complete.h */
#include "path/unit_complete.h"

#include <errno.h>
#include <linux/ppp-ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "path/dataplane_private.h"
#include "path/unit_kept.h"

#define COMPRESS_OPTION_MAX 32 /* octets; PPP-60 */
#define SLOT_MAX_DEFAULT    15

/* Something that is put in the place of something else. */
struct exchange {
	void **place;
	void *part;
};

static void open_exchange(struct unit *u, void *arg)
{
	struct exchange *x = arg;
	void *before = *x->place;

	*x->place = x->part;
	x->part = before;
}

/* Return: what was there. */
static void *exchange(struct unit *u, void **place, void *part)
{
	struct exchange x = { place, part };

	unit_call(u, open_exchange, &x);
	return x.part;
}

static void open_complete(struct unit *u, void *arg)
{
	u->complete = arg;
	multilink_init(&u->complete->multilink.received);
	unit_multilink_channels(u);
	if (!u->dp->ppp_adopting)
		unit_kept_open(u);
}

int unit_complete_begin(struct unit *u)
{
	struct unit_complete *c;

	if (u->complete)
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	unit_combine(u);
	unit_call(u, open_complete, c);
	return 0;
}

static int set_filter(struct unit *u, struct reader in, bool active, struct extack *ea)
{
	size_t octets = read_left(&in);
	struct ppp_filter *f = NULL;
	struct sock_filter *program;
	struct unit_complete *c;
	int err = 0;

	if (octets) {
		program = malloc(octets);
		if (!program)
			return -ENOMEM;
		read_copy(&in, program, octets);
		err = octets % sizeof(*program)
		              ? -EINVAL
		              : ppp_filter_new(program, octets / sizeof(*program), &f);
		free(program);
	}
	if (!err)
		err = unit_complete_begin(u);
	if (err < 0) {
		ppp_filter_free(f);
		return extack_fail(ea, err, 0, "not a filter that classic BPF can run");
	}
	c = u->complete;
	ppp_filter_free(exchange(u, (void **)(active ? &c->active : &c->pass), f));
	return 0;
}

/* The numbers that either end may use: the low 16 bits are of what is sent. */
static int set_max_cid(struct unit *u, struct reader in, struct extack *ea)
{
	uint32_t value = read_u32_host(&in);
	uint32_t sent = value >> 16 ? value & 0xffff : value, received = value >> 16;
	struct vj *vj;

	if (in.failed)
		return extack_fail(ea, -EFAULT, 0, "the argument is shorter than the ioctl reads");
	if (!received)
		received = SLOT_MAX_DEFAULT;
	if (sent > VJ_SLOT_MAX || received > VJ_SLOT_MAX)
		return extack_fail(ea, -EINVAL, 0, "a connection's number can be %u at most",
		                   VJ_SLOT_MAX);
	vj = vj_new(sent, received);
	if (!vj || unit_complete_begin(u) < 0) {
		vj_free(vj);
		return -ENOMEM;
	}
	vj_free(exchange(u, (void **)&u->complete->vj, vj));
	return 0;
}

struct compressor {
	bool transmit;
	struct mppe *m;
};

static void open_compressor(struct unit *u, void *arg)
{
	struct compressor *x = arg;

	x->m = ppp_compression_set(&u->complete->compression, x->transmit, x->m);
	unit_kept_begin(u, x->transmit);
}

static int set_compress(struct unit *u, struct reader in, struct extack *ea)
{
	struct compressor x = { .transmit = read_u32_host(&in) != 0 };
	int err;

	if (in.failed || read_left(&in) > COMPRESS_OPTION_MAX)
		return extack_fail(ea, -EFAULT, 0, "an option has %u octets at most",
		                   COMPRESS_OPTION_MAX);
	err = mppe_new(in.at, read_left(&in), &x.m);
	if (err < 0)
		return extack_fail(ea, err, 0, "no option of a method that is known: MPPE (18)");
	err = unit_complete_begin(u);
	if (err == 0)
		unit_call(u, open_compressor, &x);
	mppe_free(x.m);
	return err;
}

static void open_mrru(struct unit *u, void *arg)
{
	u->complete->multilink.mrru = *(int *)arg;
}

static int set_mrru(struct unit *u, struct reader in, struct extack *ea)
{
	int mrru, err;

	read_copy(&in, &mrru, sizeof(mrru));
	if (in.failed)
		return extack_fail(ea, -EFAULT, 0, "the argument is shorter than the ioctl reads");
	err = unit_complete_begin(u);
	if (!err)
		unit_call(u, open_mrru, &mrru);
	return err;
}

int unit_complete_ioctl(struct unit *u, uint32_t number, struct reader in, struct extack *ea)
{
	switch (number) {
	case PPPIOCSPASS:
	case PPPIOCSACTIVE:
		return set_filter(u, in, number == PPPIOCSACTIVE, ea);
	case PPPIOCSMAXCID:
		return set_max_cid(u, in, ea);
	case PPPIOCSMRRU:
		return set_mrru(u, in, ea);
	case PPPIOCSCOMPRESS:
		return set_compress(u, in, ea);
	default:
		return extack_fail(ea, -ENOTTY, 0, "ioctl 0x%08x means nothing on a unit", number);
	}
}

static void open_flags(struct unit *u, void *arg)
{
	uint32_t flags = *(uint32_t *)arg;
	uint32_t before = atomic_load(&u->flags);
	bool closed = before & ~flags & SC_CCP_OPEN;

	atomic_store(&u->flags, flags);
	if (flags & ~before & SC_MULTILINK)
		unit_multilink_restart(u);
	if (!closed)
		return;
	atomic_fetch_and(&u->flags, ~(uint32_t)SC_CCP_UP);
	ppp_compression_close(&u->complete->compression);
	unit_kept_state(u);
}

void unit_complete_set_flags(struct unit *u, uint32_t flags)
{
	unit_call(u, open_flags, &flags);
}

static void open_state(struct unit *u, void *arg)
{
	*(uint32_t *)arg = u->complete->compression.state;
}

uint32_t unit_complete_state(struct unit *u)
{
	uint32_t state;

	unit_call(u, open_state, &state);
	return state;
}

void unit_complete_free(struct unit *u)
{
	struct unit_complete *c = u->complete;

	if (!c)
		return;
	ppp_filter_free(c->pass);
	ppp_filter_free(c->active);
	vj_free(c->vj);
	ppp_compression_close(&c->compression);
	free(c);
}
