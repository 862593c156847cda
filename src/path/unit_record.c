/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_record.c - see unit_record.h */
#include "path/unit_record.h"

#include <assert.h>
#include <errno.h>
#include <linux/ppp-ioctl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "path/dataplane_private.h"
#include "path/unit.h"
#include "path/unit_kept.h"
#include "path/unit_private.h"

static_assert(UNIT_PROTOCOLS == (int)UNIT_NPS, "each protocol with a mode has a place");

/* clang-format off */
static const uint32_t ioctl_of[UNIT_SETTINGS] = {
	[UNIT_SET_FLAGS]   = PPPIOCSFLAGS,
	[UNIT_SET_MRU]     = PPPIOCSMRU,
	[UNIT_SET_MRRU]    = PPPIOCSMRRU,
	[UNIT_SET_DEBUG]   = PPPIOCSDEBUG,
	[UNIT_SET_MAX_CID] = PPPIOCSMAXCID,
};
/* clang-format on */

int unit_records_open(struct dataplane *dp)
{
	return free_list_open(&dp->free_units, dp->records->max_sessions) < 0 ? -ENOMEM : 0;
}

void unit_records_adopted(struct dataplane *dp)
{
	dp->free_units.count = 0; /* what was adopted and has ended since is among these */
	for (uint32_t i = dp->records->units_used; i-- > 0;)
		if (records_unit(dp->records, i)->state == RECORD_FREE)
			free_list_give(&dp->free_units, i);
}

void unit_records_close(struct dataplane *dp)
{
	free_list_close(&dp->free_units);
}

/* As in ppp_record.c, what was never used is not touched. */
static struct unit_record *take(struct dataplane *dp, uint32_t *index)
{
	*index = free_list_take(&dp->free_units);
	if (*index == FREE_LIST_NONE) {
		if (!records_unit(dp->records, dp->records->units_used))
			return NULL;
		*index = dp->records->units_used++;
	}
	return records_unit(dp->records, *index);
}

int unit_record_open(struct dataplane *dp, const struct netns *ns, uint32_t number, uint32_t device,
                     uint32_t *index, struct extack *ea)
{
	struct unit_record *r = take(dp, index);

	if (!r)
		return extack_fail(ea, -ENOSPC, 0,
		                   "ul2tpd was started for at most %u sessions (--max-sessions)",
		                   dp->records->max_sessions);
	memset((void *)r, 0, sizeof(*r)); /* filters are as long as their count says */
	r->device = device;
	r->shared = device == RECORD_NONE;
	r->netns = ns->id;
	r->netns_index = ns->index;
	r->number = number;
	r->created_ms = monotonic_ms();
	atomic_store(&r->state, RECORD_LIVE);
	return 0;
}

void unit_record_drop(struct dataplane *dp, uint32_t index)
{
	atomic_store(&records_unit(dp->records, index)->state, RECORD_FREE);
	free_list_give(&dp->free_units, index);
}

static struct unit_filters_record *filters_of(const struct unit *u)
{
	return records_unit_filters(u->dp->records, u->record_index);
}

static void note_mode(struct unit_record *r, struct reader *in)
{
	int32_t protocol = 0, mode = 0;
	enum unit_np np;

	read_copy(in, &protocol, sizeof(protocol));
	read_copy(in, &mode, sizeof(mode));
	np = unit_np_of((uint16_t)protocol);
	if (in->failed || np >= UNIT_NPS)
		return;
	r->modes[np].mode = mode;
	r->modes[np].protocol = protocol;
}

static void note_filter(uint32_t *noted, struct sock_filter *at, struct reader *in)
{
	uint32_t count = (uint32_t)(read_left(in) / sizeof(at[0]));

	*noted = 0;
	if (count <= UNIT_FILTER_MAX)
		read_copy(in, at, count * sizeof(at[0]));
	*noted = count;
}

static void note_compression(struct unit_record *r, struct reader *in)
{
	struct unit_compression_record *c = read_u32_host(in) ? &r->sent : &r->received;
	size_t len = read_left(in);

	c->option_len = 0;
	if (in->failed || len > UNIT_OPTION_MAX)
		return;
	read_copy(in, c->option, len);
	c->option_len = (uint32_t)len;
}

/* CCP was closed: there are no compressors any more (PPP-50). */
static void forget_compression(struct unit_record *r)
{
	r->sent.option_len = r->received.option_len = 0;
	memset((void *)&r->sent, 0, sizeof(r->sent));
	memset((void *)&r->received, 0, sizeof(r->received));
}

static void note_setting(struct unit_record *r, uint32_t number, struct reader *in)
{
	int32_t value = 0;

	for (uint32_t i = 0; i < UNIT_SETTINGS; i++) {
		if (ioctl_of[i] != number)
			continue;
		read_copy(in, &value, sizeof(value));
		r->settings[i] = value;
		r->present |= 1u << i;
	}
}

/* Compressors go when CCP ends, not where it has yet to begin. */
static void note_flags(struct unit_record *r, struct reader *in)
{
	bool was_open = r->settings[UNIT_SET_FLAGS] & SC_CCP_OPEN;

	note_setting(r, PPPIOCSFLAGS, in);
	if (was_open && !(r->settings[UNIT_SET_FLAGS] & SC_CCP_OPEN))
		forget_compression(r);
}

void unit_record_note(struct unit *u, uint32_t number, struct reader in)
{
	switch (number) {
	case PPPIOCSCOMPRESS:
		note_compression(u->record, &in);
		break;
	case PPPIOCSNPMODE:
		note_mode(u->record, &in);
		break;
	case PPPIOCSPASS:
		note_filter(&u->record->pass_count, filters_of(u)->pass, &in);
		break;
	case PPPIOCSACTIVE:
		note_filter(&u->record->active_count, filters_of(u)->active, &in);
		break;
	case PPPIOCSFLAGS:
		note_flags(u->record, &in);
		break;
	default:
		note_setting(u->record, number, &in);
	}
}

static void tell(struct unit *u, uint32_t number, const void *octets, size_t len)
{
	uint8_t room[64];
	struct writer out = writer_over(room, sizeof(room));

	unit_ioctl(u, number, reader_over(octets, len), &out, NULL);
}

static void tell_filter(struct unit *u, uint32_t number, uint32_t count,
                        const struct sock_filter *at)
{
	if (count > UNIT_FILTER_MAX)
		log_event(LOG_WARNING, "ppp-filter-lost",
		          "unit=%u instructions=%u reason=\"it was too long to be kept\"",
		          u->number, count);
	else if (count)
		tell(u, number, at, count * sizeof(at[0]));
}

static void tell_compression(struct unit *u, uint32_t transmit,
                             const struct unit_compression_record *c)
{
	uint8_t octets[sizeof(transmit) + UNIT_OPTION_MAX];

	if (!c->option_len || c->option_len > UNIT_OPTION_MAX)
		return;
	memcpy(octets, &transmit, sizeof(transmit));
	memcpy(octets + sizeof(transmit), c->option, c->option_len);
	tell(u, PPPIOCSCOMPRESS, octets, sizeof(transmit) + c->option_len);
	explicit_bzero(octets, sizeof(octets));
}

void unit_record_replay(struct unit *u)
{
	const struct unit_record *r = u->record;

	tell_filter(u, PPPIOCSPASS, r->pass_count, filters_of(u)->pass);
	tell_filter(u, PPPIOCSACTIVE, r->active_count, filters_of(u)->active);
	for (size_t i = 0; i < ARRAY_SIZE(r->modes); i++)
		if (r->modes[i].protocol)
			tell(u, PPPIOCSNPMODE, &r->modes[i], sizeof(r->modes[i]));
	for (uint32_t i = 0; i < UNIT_SETTINGS; i++)
		if (r->present & 1u << i)
			tell(u, ioctl_of[i], &r->settings[i], sizeof(r->settings[i]));
	tell_compression(u, 0, &r->received);
	tell_compression(u, 1, &r->sent);
	unit_policing_resume(u);
	if (u->complete)
		unit_call(u, unit_kept_resume, NULL);
}

void unit_record_going(struct unit *u)
{
	if (u->record)
		atomic_store(&u->record->state, RECORD_GOING);
}

void unit_record_free(struct unit *u)
{
	if (!u->record)
		return;
	if (u->complete)
		unit_call(u, unit_kept_end, NULL);
	forget_compression(u->record);
	unit_record_drop(u->dp, u->record_index);
	u->record = NULL;
}
