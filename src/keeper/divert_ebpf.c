/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_ebpf.c - data leaves programs' sockets by a socket filter; see divert.h
 *
 * One filter and one ring for each receiving worker, made when they are needed first; one table of sessions for
 * all. The filter stays on a socket whose tunnel has gone: it finds no session then and passes everything, as it
 * does when nobody has looked at the ring for two seconds. Nothing of this needs the program's descriptor again.
 */
#include "keeper/divert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "keeper/bpf.h"
#include "keeper/divert_program.h"

#define CHANNELS_MAX 64
#define PROBE_OCTETS (64 << 10) /* of a ring: a power of two and whole pages, whatever their size */

struct channel {
	int ring, board, program; /* -1: not made yet */
};

struct ebpf {
	int sessions, sockets; /* -1: not made yet */
	struct channel channels[CHANNELS_MAX];
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void channel_close(struct channel *c)
{
	close_fd(&c->ring);
	close_fd(&c->board);
	close_fd(&c->program);
}

static int tables_make(struct ebpf *e, uint32_t max_sessions)
{
	if (e->sessions < 0)
		e->sessions =
			bpf_map(BPF_MAP_TYPE_HASH, "ul2tp_sessions", sizeof(struct divert_key),
		                sizeof(struct divert_value), max_sessions * 2, BPF_F_NO_PREALLOC);
	if (e->sessions >= 0 && e->sockets < 0)
		e->sockets = bpf_map(BPF_MAP_TYPE_HASH, "ul2tp_sockets", sizeof(uint64_t),
		                     sizeof(uint64_t), max_sessions, BPF_F_NO_PREALLOC);
	return e->sessions < 0 ? e->sessions : e->sockets < 0 ? e->sockets : 0;
}

static int program_load(const struct ebpf *e, struct channel *c)
{
	const struct divert_maps maps = { e->sessions, e->sockets, c->ring, c->board };
	struct bpf_insn insns[DIVERT_PROGRAM_MAX];
	uint32_t count = divert_program(&maps, insns);

	return bpf_socket_filter(insns, count, NULL, 0);
}

static int channel_make(const struct ebpf *e, struct channel *c, uint32_t octets,
                        uint32_t max_sessions)
{
	c->ring = bpf_map(BPF_MAP_TYPE_RINGBUF, "ul2tp_ring", 0, 0, octets, 0);
	if (c->ring < 0)
		return c->ring;
	c->board = bpf_map(BPF_MAP_TYPE_ARRAY, "ul2tp_board", sizeof(uint32_t), sizeof(uint64_t),
	                   BOARD_LOST + max_sessions, BPF_F_MMAPABLE);
	if (c->board < 0)
		return c->board;
	c->program = program_load(e, c);
	return c->program < 0 ? c->program : 0;
}

static const char *refusal_words(int err)
{
	switch (err) {
	case -EPERM:
	case -EACCES:
		return "eBPF needs CAP_BPF or CAP_SYS_ADMIN in the initial user namespace, and no seccomp profile that refuses bpf()";
	case -ENOSYS:
		return "this kernel was built without eBPF";
	case -EINVAL:
		return "this kernel's eBPF is too old, Linux 5.12 has what is needed";
	default:
		return "the system refuses the socket filter";
	}
}

/* With tables as small as can be, and gone at once. */
static int probe(void)
{
	struct ebpf e = { .sessions = -1, .sockets = -1 };
	struct channel c = { -1, -1, -1 };
	int err = tables_make(&e, 1);

	if (err == 0)
		err = channel_make(&e, &c, PROBE_OCTETS, 1);
	channel_close(&c);
	close_fd(&e.sessions);
	close_fd(&e.sockets);
	return err;
}

static int ebpf_open(struct divert *d, struct extack *why)
{
	struct ebpf *e;
	int err = probe();

	if (err < 0)
		return extack_fail(why, err, 0, "%s", refusal_words(err));
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->sessions = e->sockets = -1;
	for (uint32_t i = 0; i < CHANNELS_MAX; i++)
		e->channels[i] = (struct channel){ -1, -1, -1 };
	d->state = e;
	return 0;
}

static void ebpf_close(struct divert *d)
{
	struct ebpf *e = d->state;

	for (uint32_t i = 0; i < CHANNELS_MAX; i++)
		channel_close(&e->channels[i]);
	close_fd(&e->sessions);
	close_fd(&e->sockets);
	free(e);
}

static int ebpf_channel(struct divert *d, uint32_t worker, struct divert_channel *ret,
                        struct extack *ea)
{
	struct ebpf *e = d->state;
	struct channel *c;
	int err;

	if (worker >= CHANNELS_MAX)
		return -EINVAL;
	c = &e->channels[worker];
	if (c->program < 0) {
		err = tables_make(e, d->max_sessions);
		if (err == 0)
			err = channel_make(e, c, DIVERT_RING_OCTETS, d->max_sessions);
		if (err < 0) {
			channel_close(c);
			return extack_fail(ea, err, 0, "%s", refusal_words(err));
		}
	}
	*ret = (struct divert_channel){ .ring = c->ring, .board = c->board };
	return 0;
}

static int ebpf_attach(struct divert *d, struct divert_socket *s, int fd, struct extack *ea)
{
	struct ebpf *e = d->state;
	struct divert_channel channel;
	int err = ebpf_channel(d, s->worker, &channel, ea);

	if (err == 0)
		err = bpf_map_set(e->sockets, &s->cookie, &s->netns.cookie);
	if (err < 0)
		return err;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &e->channels[s->worker].program,
	               sizeof(int)) < 0) {
		err = -errno;
		bpf_map_unset(e->sockets, &s->cookie);
		return extack_fail(ea, err, 0,
		                   err == -EPERM ? "the socket's filter is locked (SO_LOCK_FILTER)"
		                                 : "the system refuses the socket filter");
	}
	return 0;
}

static int ebpf_changed(struct divert *d, struct divert_socket *s, int fd, struct extack *ea)
{
	return 0; /* the filter asks for the socket, not for its addresses */
}

/* Only after an engine died between the session and its socket is anything left. */
static void purge(struct ebpf *e, uint64_t cookie)
{
	struct divert_key key, next;
	int err = bpf_map_next(e->sessions, NULL, &next);

	while (err == 0) {
		key = next;
		err = bpf_map_next(e->sessions, &key, &next);
		if (key.scope == cookie && !(key.kind & DIVERT_KEY_BY_IDS))
			bpf_map_unset(e->sessions, &key);
	}
}

static void ebpf_detach(struct divert *d, struct divert_socket *s)
{
	struct ebpf *e = d->state;

	if (s->sessions)
		purge(e, s->cookie);
	s->sessions = 0;
	bpf_map_unset(e->sockets, &s->cookie);
}

static struct divert_key key_of(const struct divert_socket *s, const struct divert_session *session)
{
	bool v2 = session->version != 3; /* SES-7 */
	struct divert_key key = {
		.scope = s ? s->cookie : session->netns.cookie,
		.kind = (v2 ? DIVERT_KEY_V2 : DIVERT_KEY_V3) | (s ? 0 : DIVERT_KEY_BY_IDS),
		.id = session->session_id,
	};

	if (v2)
		key.id = session->conn_id << 16 | (session->session_id & 0xffff);
	return key;
}

static int ebpf_session_add(struct divert *d, struct divert_socket *s,
                            const struct divert_session *session)
{
	struct ebpf *e = d->state;
	const struct divert_key key = key_of(s, session);
	const struct divert_value value = {
		.version = session->version,
		.least = session->least,
		.index = session->index,
	};
	int err = tables_make(e, d->max_sessions);

	if (err == 0 && session->index >= d->max_sessions)
		err = -EINVAL;
	if (err == 0)
		err = bpf_map_set(e->sessions, &key, &value);
	return err;
}

static void ebpf_session_remove(struct divert *d, struct divert_socket *s,
                                const struct divert_session *session)
{
	struct ebpf *e = d->state;
	const struct divert_key key = key_of(s, session);

	if (e->sessions >= 0)
		bpf_map_unset(e->sessions, &key);
}

static void ebpf_leave(const struct divert *d, struct bequest *b)
{
	const struct ebpf *e = d->state;

	leave_fd(b, e->sessions);
	leave_fd(b, e->sockets);
	for (uint32_t i = 0; i < CHANNELS_MAX; i++) {
		const struct channel *c = &e->channels[i];

		if (c->program < 0)
			continue;
		leave_u32(b, i);
		leave_fd(b, c->ring);
		leave_fd(b, c->board);
		leave_fd(b, c->program);
	}
	leave_u32(b, BEQUEST_END);
}

static bool tables_are_right(const struct ebpf *e, uint32_t max_sessions)
{
	return (e->sessions < 0 ||
	        bpf_map_is(e->sessions, BPF_MAP_TYPE_HASH, sizeof(struct divert_key),
	                   sizeof(struct divert_value), max_sessions * 2)) &&
	       (e->sockets < 0 || bpf_map_is(e->sockets, BPF_MAP_TYPE_HASH, sizeof(uint64_t),
	                                     sizeof(uint64_t), max_sessions));
}

static bool channel_is_right(const struct channel *c, uint32_t max_sessions)
{
	return bpf_map_is(c->ring, BPF_MAP_TYPE_RINGBUF, 0, 0, DIVERT_RING_OCTETS) &&
	       bpf_map_is(c->board, BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(uint64_t),
	                  BOARD_LOST + max_sessions) &&
	       bpf_program_is(c->program, BPF_PROG_TYPE_SOCKET_FILTER);
}

static int ebpf_inherit(struct divert *d, struct inheritance *i)
{
	struct ebpf *e = d->state;
	uint32_t number;

	e->sessions = inherit_fd(i);
	e->sockets = inherit_fd(i);
	if (inherit_failed(i) || !tables_are_right(e, d->max_sessions))
		return -EBADMSG;
	while ((number = inherit_u32(i)) != BEQUEST_END) {
		struct channel *c = &e->channels[number < CHANNELS_MAX ? number : 0];

		if (inherit_failed(i) || number >= CHANNELS_MAX || c->program >= 0)
			return -EBADMSG;
		c->ring = inherit_fd(i);
		c->board = inherit_fd(i);
		c->program = inherit_fd(i);
		if (!channel_is_right(c, d->max_sessions)) {
			channel_close(c);
			return -EBADMSG;
		}
	}
	return 0;
}

static void ebpf_leave_socket(const struct divert *d, const struct divert_socket *s,
                              struct bequest *b)
{
}

static int ebpf_inherit_socket(struct divert *d, struct divert_socket *s, struct inheritance *i)
{
	return 0; /* it is known by its cookie */
}

static void ebpf_inherited(struct divert *d)
{
}

const struct divert_ops divert_ebpf = {
	.name = "ebpf",
	.open = ebpf_open,
	.close = ebpf_close,
	.channel = ebpf_channel,
	.attach = ebpf_attach,
	.changed = ebpf_changed,
	.detach = ebpf_detach,
	.session_add = ebpf_session_add,
	.session_remove = ebpf_session_remove,
	.leave = ebpf_leave,
	.inherit = ebpf_inherit,
	.leave_socket = ebpf_leave_socket,
	.inherit_socket = ebpf_inherit_socket,
	.inherited = ebpf_inherited,
};
