/* SPDX-License-Identifier: BSD-2-Clause */
/* channel_report.c - see channel_report.h */
#include "path/channel_report.h"

#include "path/channel.h"
#include "path/ppp_file.h"
#include "path/unit.h"
#include "tunnel/accounts.h"
#include "tunnel/session.h"

static uint32_t count_of(const struct list *files)
{
	uint32_t count = 0;

	list_for_each (node, files)
		count++;
	return count;
}

bool channel_report_from(const struct netns *ns, uint64_t number,
                         struct ul2tp_ppp_channel_report *ret)
{
	const struct channel *c =
		ordered_entry(ordered_from(&ns->channels, number), struct channel, by_number);

	if (!c)
		return false;
	*ret = (struct ul2tp_ppp_channel_report){
		.number = c->number,
		.state = (uint8_t)ppp_file_state(c->socket),
		.files = count_of(&c->files),
		.has_session = c->session,
		.has_unit = c->unit,
		.has_bridge = c->bridge,
	};
	if (c->unit)
		ret->unit = c->unit->number;
	if (c->bridge)
		ret->bridge = c->bridge->number;
	if (!c->session)
		return true;
	ret->conn_id = c->session->tunnel->record->conn_id;
	ret->session_id = c->session->record->session_id;
	session_accounts(c->session, &ret->accounts);
	return true;
}
