/* SPDX-License-Identifier: BSD-2-Clause */
/* save.c - print the commands that make the present state; see save.h */
#include "cli/save.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/command_words.h"

#define ON_A_PROGRAMS_SOCKET "# on a program's own socket: "

struct saving {
	FILE *out;
	uint32_t *unsaid; /* ids of tunnels that no command makes */
	size_t count, room;
};

static int note_unsaid(struct saving *s, uint32_t tunnel_id)
{
	if (s->count == s->room) {
		size_t room = 2 * s->room + 64;
		uint32_t *larger = realloc(s->unsaid, room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		s->unsaid = larger;
		s->room = room;
	}
	s->unsaid[s->count++] = tunnel_id;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static bool is_unsaid(const struct saving *s, uint32_t tunnel_id)
{
	return s->count && bsearch(&tunnel_id, s->unsaid, s->count, sizeof(tunnel_id), by_id);
}

/* A socket of ours always has a peer; a program's need not. */
static bool has_peer(const struct ul2tp_tunnel *t)
{
	return t->peer.family != AF_UNSPEC && (t->encap != UL2TP_ENCAP_UDP || t->peer.port);
}

static int save_tunnel(const struct ul2tp_tunnel *t, void *arg)
{
	struct saving *s = arg;

	if (!has_peer(t)) {
		if (note_unsaid(s, t->tunnel_id) < 0)
			return -ENOMEM;
		fputs(ON_A_PROGRAMS_SOCKET, s->out);
	}
	fputs("add tunnel ", s->out);
	tunnel_words(s->out, t);
	putc('\n', s->out);
	return 0;
}

static bool can_be_said(const struct ul2tp_cookie *c)
{
	return c->length == 0 || c->length == 4 || c->length == 8;
}

static int save_session(const struct ul2tp_session *session, void *arg)
{
	const struct saving *s = arg;

	if (is_unsaid(s, session->tunnel_id))
		fputs(ON_A_PROGRAMS_SOCKET, s->out);
	else if (!can_be_said(&session->cookie) || !can_be_said(&session->peer_cookie))
		fputs("# cookies have 8 or 16 digits: ", s->out);
	fputs("add session ", s->out);
	session_words(s->out, session);
	putc('\n', s->out);
	return 0;
}

static int save(struct cli *cli, struct saving *s)
{
	int err = ul2tp_tunnel_list(cli->u, UL2TP_EXTRAS, save_tunnel, s);

	if (!err && s->count)
		qsort(s->unsaid, s->count, sizeof(*s->unsaid), by_id);
	return err ? err : ul2tp_session_list(cli->u, UL2TP_EXTRAS, save_session, s);
}

int save_run(struct cli *cli)
{
	struct saving s = { .out = cli->out };
	int err, status = cli_connect(cli);

	if (status != CLI_DONE)
		return status;
	if (cli->options.json)
		return cli_wrong(cli, "save prints commands, not JSON: leave out --json");
	if (ul2tp_backend(cli->u) == UL2TP_BACKEND_KERNEL)
		fputs("# The kernel does not tell l2spec_type: add \"l2spec_type none\" where it was "
		      "used.\n",
		      cli->out);
	err = save(cli, &s);
	free(s.unsaid);
	if (err == -ENOMEM)
		return cli_wrong(cli, "out of memory");
	return err < 0 ? cli_refused(cli) : CLI_DONE;
}
