/* SPDX-License-Identifier: BSD-2-Clause */
/* adoption_fuzz.c - what an engine that strangers rule might leave to the next
 *
 * The input is a number of changes to good records (records_fixture.h), each an octet with the kind of record, one with its
 * index, two with an offset in this machine's order, one with a length, and so many octets to be put there. Whatever they
 * make of the records: the next engine, with one worker or, if their number is odd, two, takes up what it can, shows it, removes
 * it, and no descriptor is left.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/open_descriptors.h"
#include "base/reader.h"
#include "path/channel_report.h"
#include "path/dataplane_private.h"
#include "path/fake_keeper.h"
#include "path/ppp_adopt.h"
#include "path/ppp_file.h"
#include "path/records_fixture.h"

#define CHANGES_MAX 32
#define CHANGE_MAX  64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct records *records;

/* Where a change goes, and how many octets there are. */
static uint8_t *place(uint8_t kind, uint8_t index, size_t *size)
{
	switch (kind) {
	case 0:
		*size = sizeof(*records);
		return (uint8_t *)records;
	case 1:
		*size = sizeof(struct tunnel_record);
		return (uint8_t *)records_tunnel(records, index % FIXTURE_TUNNELS);
	case 2:
		*size = sizeof(struct session_record);
		return (uint8_t *)records_session(records, index % FIXTURE_SESSIONS);
	case 3:
		*size = sizeof(struct ppp_file_record);
		return (uint8_t *)records_file(records, index % FAKE_FILES);
	case 4:
		*size = sizeof(struct unit_record);
		return (uint8_t *)records_unit(records, index % FIXTURE_SESSIONS);
	default:
		*size = sizeof(struct unit_filters_record);
		return (uint8_t *)records_unit_filters(records, index % FIXTURE_SESSIONS);
	}
}

static void change(struct reader *r)
{
	uint8_t kind = read_u8(r), index = read_u8(r);
	uint16_t offset = read_u16_host(r);
	size_t len = read_u8(r) % (CHANGE_MAX + 1), size;
	uint8_t *at = place(kind % 6, index, &size);

	if (len > read_left(r))
		len = read_left(r);
	offset = (uint16_t)(offset % size);
	if (len > size - offset)
		len = size - offset;
	read_copy(r, at + offset, len);
	/* Or the next change would not find its record. */
	records->max_tunnels = FIXTURE_TUNNELS;
	records->max_sessions = FIXTURE_SESSIONS;
}

static void show(struct dataplane *dp)
{
	struct netns *ns = dataplane_netns_find(dp, (struct netns_id){ FAKE_NETNS });
	struct ul2tp_ppp_channel_report report;
	uint64_t next = 0;

	for (struct tunnel *t = ns ? netns_tunnel_from(ns, 0) : NULL; t;
	     t = netns_tunnel_from(ns, (uint64_t)t->record->conn_id + 1)) {
		struct ul2tp_tunnel_message m;
		uint8_t octets[4096];
		struct writer w = writer_over(octets, sizeof(octets));

		ul2tp_tunnel_message_of(t, &m);
		ul2tp_tunnel_message_put(&w, &m);
		list_for_each (node, &t->sessions) {
			struct ul2tp_session_message s;

			w = writer_over(octets, sizeof(octets));
			ul2tp_session_message_of(list_entry(node, struct session, in_tunnel), &s);
			ul2tp_session_message_put(&w, &s);
		}
	}
	for (struct ppp_file *f = ns ? ppp_file_from(ns, 0) : NULL; f;
	     f = ppp_file_from(ns, f->serial + 1))
		assert(!f->is_socket || f->end.fd >= 0);
	while (ns && channel_report_from(ns, next, &report))
		next = (uint64_t)report.number + 1;
}

/* Or two would get the same record. */
static void check_free(const struct free_list *f)
{
	for (uint32_t i = 0; i < f->count; i++)
		for (uint32_t j = 0; j < i; j++)
			assert(f->numbers[i] != f->numbers[j]);
}

static void adopt(struct keeper *keeper, unsigned int workers)
{
	const struct keeper_start start = { .keeper = keeper, .records = records };
	const struct dataplane_options options = { .workers = workers };
	struct loop *files = loop_new();
	struct dataplane *dp;

	assert(files && dataplane_new(&start, &options, &dp) == 0);
	assert(ppp_adopt(dp, files) == 0);
	check_free(&dp->free_tunnels);
	check_free(&dp->free_sessions);
	check_free(&dp->free_files);
	check_free(&dp->free_units);
	show(dp);
	loop_ready(files);
	ppp_files_close(dp);
	dataplane_free(dp);
	loop_free(files);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size);
	unsigned int before;
	struct keeper *keeper;

	if (!records) {
		records = aligned_alloc(64, records_size(FIXTURE_TUNNELS, FIXTURE_SESSIONS));
		assert(records);
		log_level_set(LOG_EMERG);
	}
	records_fixture_fill(records);
	for (int i = 0; i < CHANGES_MAX && read_left(&r) > 0; i++)
		change(&r);
	records_begin(records, FIXTURE_TUNNELS, FIXTURE_SESSIONS);
	before = open_descriptors();
	keeper = fake_keeper_new();
	adopt(keeper, 1 + size % 2);
	fake_keeper_free(keeper);
	assert(open_descriptors() == before);
	return 0;
}
