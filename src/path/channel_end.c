/* SPDX-License-Identifier: BSD-2-Clause */
/* channel_end.c - a channel goes, when its socket is closed, with all that hangs on it; the API thread. See channel.h */
#include "path/channel_private.h"
#include "path/dataplane.h"
#include "path/ppp_file.h"
#include "path/unit.h"

static void kill_files(struct channel *c)
{
	list_for_each_safe (node, &c->files) {
		struct ppp_file *f = list_entry(node, struct ppp_file, in_channel);

		channel_file_detach(f);
		ppp_file_move(f, c->netns); /* PPP-3 */
		ppp_file_die(f);
	}
}

void channel_free(struct channel *c)
{
	if (!c)
		return;
	if (c->bridge)
		channel_unbridge(c);
	if (c->unit)
		unit_disconnect(c);
	kill_files(c);
	channel_socket_detach(c);
	if (c->session)
		dataplane_session_remove(c->dp, c->session);
	channel_delete(c);
}
