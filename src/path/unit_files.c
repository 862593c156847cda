/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_files.c - the files of /dev/ppp on a unit: which of them receives, when they read as ended; the API thread. See unit.h */
#include <linux/ppp-ioctl.h>

#include "path/dataplane_private.h"
#include "path/ppp_file.h"
#include "path/ppp_record.h"
#include "path/unit_private.h"

static void set_file(struct unit *u, void *arg)
{
	u->rx.file = arg;
}

/* The kernel has one queue, from which all files read; here the first has it. */
void unit_files_route(struct unit *u)
{
	struct ppp_end *first = NULL;

	if (!list_empty(&u->files))
		first = &list_entry(u->files.next, struct ppp_file, in_unit)->end;
	unit_call(u, set_file, first);
}

/* @arg: to this file alone; NULL: to all, since each is a queue of its own */
static void say_end_of_file(struct unit *u, void *arg)
{
	struct iovec nothing = { 0 };

	list_for_each (node, &u->files) {
		struct ppp_file *f = list_entry(node, struct ppp_file, in_unit);

		if (!arg || f == arg)
			ppp_end_write(&f->end, &nothing, 1);
	}
}

bool unit_is_idle(const struct unit *u)
{
	return list_empty(&u->channels) && !(atomic_load(&u->flags) & SC_LOOP_TRAFFIC);
}

void unit_say_if_idle(struct unit *u)
{
	if (unit_is_idle(u))
		unit_call(u, say_end_of_file, NULL);
}

void unit_file_attach(struct unit *u, struct ppp_file *f, bool owner)
{
	/* Nothing leads to a new one yet: no worker looks at what it receives by. */
	const bool is_new = owner && !u->dp->ppp_adopting;

	f->unit = u;
	list_append(&u->files, &f->in_unit);
	if (owner)
		u->owner = f;
	if (is_new)
		set_file(u, &f->end);
	else
		unit_files_route(u);
	if (f->empty_reads && unit_is_idle(u) && !u->dp->ppp_adopting) {
		if (is_new)
			say_end_of_file(u, f);
		else
			unit_call(u, say_end_of_file, f);
	}
	ppp_end_start(&f->end, u->tx.worker, unit_frame_written, u);
	ppp_record_update(f);
}
