/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_record.c - see ppp_record.h
 *
 * An engine can be killed between any two writes. So what is half-written must never look like something else: a number
 * of a record is written before the word that says what it means, and a session is named by its serial too.
 */
#include "path/ppp_record.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ppp_file.h"
#include "path/unit.h"

int ppp_records_open(struct dataplane *dp)
{
	return free_list_open(&dp->free_files,
	                      dp->records->max_sessions * RECORD_FILES_PER_SESSION) < 0
	               ? -ENOMEM
	               : 0;
}

void ppp_records_adopted(struct dataplane *dp)
{
	dp->free_files.count = 0; /* what was adopted and has ended since is among these */
	for (uint32_t i = dp->records->files_used; i-- > 0;)
		if (records_file(dp->records, i)->state == RECORD_FREE)
			free_list_give(&dp->free_files, i);
}

void ppp_records_close(struct dataplane *dp)
{
	free_list_close(&dp->free_files);
}

/* Those that were never used are not touched, for that would cost memory. */
static struct ppp_file_record *take(struct dataplane *dp, uint32_t *index)
{
	*index = free_list_take(&dp->free_files);
	if (*index == FREE_LIST_NONE) {
		if (!records_file(dp->records, dp->records->files_used))
			return NULL;
		*index = dp->records->files_used++;
	}
	return records_file(dp->records, *index);
}

static void netns_note(struct ppp_file_record *r, const struct netns *ns)
{
	r->netns = ns->id;
	r->netns_index = ns->index;
}

int ppp_record_open(struct ppp_file *f, struct extack *ea)
{
	uint32_t index;
	struct ppp_file_record *r = take(f->dp, &index);
	int err;

	if (!r)
		return extack_fail(ea, -ENOSPC, 0,
		                   "ul2tpd was started for at most %u sessions (--max-sessions)",
		                   f->dp->records->max_sessions);
	memset((void *)r, 0, sizeof(*r));
	r->state = RECORD_BUILDING;
	r->handle = f->handle;
	r->serial = f->serial;
	netns_note(r, f->netns);
	r->uid = f->uid;
	r->is_socket = f->is_socket;
	r->empty_reads = f->empty_reads;
	r->own_device = f->own_device;
	r->channel.session = r->channel.unit = r->channel.bridge = RECORD_NONE;
	err = keeper_file_keep(f->dp->keeper, f->end.fd, &r->slot, ea);
	if (err < 0) {
		r->state = RECORD_FREE;
		free_list_give(&f->dp->free_files, index);
		return err;
	}
	f->record = r;
	f->record_index = index;
	atomic_store(&r->state, RECORD_LIVE);
	return 0;
}

static void update_unit(const struct ppp_file *f, struct channel_record *r, const struct unit *u)
{
	uint32_t index = u && u->record ? u->record_index : RECORD_NONE;

	if (index == r->unit)
		return;
	r->joined = ++f->dp->records->serial;
	r->unit = index;
}

static void update_socket(struct ppp_file *f, struct channel_record *r)
{
	const struct channel *c = f->channel;
	const struct session *s = c ? c->session : NULL;

	r->session_serial = s ? s->record->serial : 0;
	r->session = s ? s->index : RECORD_NONE;
	r->number = c ? c->number : 0;
	r->bound = c && c->bound;
	r->bridge =
		c && c->bridge && c->bridge->socket ? c->bridge->socket->record_index : RECORD_NONE;
	update_unit(f, r, c ? c->unit : NULL);
	r->connected = c != NULL;
	r->making = 0;
}

static enum ppp_file_on on_what(const struct ppp_file *f)
{
	if (f->dead)
		return PPP_FILE_ON_GONE;
	if (f->unit)
		return PPP_FILE_ON_UNIT;
	return f->channel ? PPP_FILE_ON_CHANNEL : PPP_FILE_ON_NOTHING;
}

/* Once it is on something it is on nothing else. */
static void update_file(const struct ppp_file *f, struct ppp_file_record *r)
{
	enum ppp_file_on on = on_what(f);

	if (on == r->on)
		return;
	if (on == PPP_FILE_ON_CHANNEL)
		r->on_index = f->channel->socket->record_index;
	if (on == PPP_FILE_ON_UNIT) {
		r->on_index = f->unit->record_index;
		r->owner = f->unit->owner == f;
	}
	r->attached = ++f->dp->records->serial;
	r->on = (uint8_t)on;
}

void ppp_record_update(struct ppp_file *f)
{
	if (!f || !f->record || f->record->state != RECORD_LIVE || f->dp->ppp_adopting)
		return;
	if (f->is_socket)
		update_socket(f, &f->record->channel);
	else
		update_file(f, f->record);
}

void ppp_record_moved(struct ppp_file *f)
{
	/* An engine that dies in between leaves no file, rather than one that is half moved. */
	atomic_store(&f->record->state, RECORD_GOING);
	netns_note(f->record, f->netns);
	atomic_store(&f->record->state, RECORD_LIVE);
}

void ppp_record_connecting(struct ppp_file *f, const struct tunnel *t, uint32_t session_id)
{
	f->record->channel.making_tunnel = t->index;
	f->record->channel.making_session = session_id;
	f->record->channel.making = 1;
}

void ppp_record_going(struct ppp_file *f)
{
	atomic_store(&f->record->state, RECORD_GOING);
}

void ppp_record_give_up(struct ppp_file *f)
{
	uint32_t slot = f->record->slot;

	if (slot == RECORD_NONE)
		return;
	f->record->on = PPP_FILE_ON_GONE;
	f->record->slot = RECORD_NONE;
	keeper_file_close(f->dp->keeper, slot);
}

void ppp_record_free(struct ppp_file *f)
{
	ppp_record_give_up(f);
	atomic_store(&f->record->state, RECORD_FREE);
	free_list_give(&f->dp->free_files, f->record_index);
	f->record = NULL;
}
