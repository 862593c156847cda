/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_socket_call.c - options and ioctls of a PPPoL2TP socket; see ppp_socket.h */
#include <errno.h>
#include <linux/ppp-ioctl.h>
#include <sys/ioctl.h>

#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ppp_socket.h"
#include "tunnel/accounts.h"

/* linux/if_pppol2tp.h, which does not go with what else is included. */
enum {
	OPTION_DEBUG = 1,
	OPTION_RECV_SEQ,
	OPTION_SEND_SEQ,
	OPTION_LNS_MODE,
	OPTION_REORDER_TIMEOUT,
};

#define TIMEOUT_NONE_MS UINT32_MAX /* that of a negative one: for ever */

static struct session *session_of(const struct ppp_file *f)
{
	return f->channel ? f->channel->session : NULL;
}

/* PX-50, PX-51, PX-60 */
static int get_session(const struct ppp_file *f, struct session **ret, struct extack *ea)
{
	*ret = session_of(f);
	if (*ret)
		return 0;
	return extack_fail(ea, -ENOTCONN, 0,
	                   f->channel ? "the socket's session has been deleted"
	                              : "the socket is not connected");
}

static bool is_management(const struct session *s)
{
	return !s->record->session_id && !s->record->peer_session_id;
}

static int no_option(uint32_t option, struct extack *ea)
{
	return extack_fail(ea, -ENOPROTOOPT, 0, "option %u is not there", option);
}

static bool is_flag(uint32_t option)
{
	return option == OPTION_RECV_SEQ || option == OPTION_SEND_SEQ || option == OPTION_LNS_MODE;
}

static struct session_modify change_of(const struct dataplane *dp, uint32_t option, int value)
{
	bool ticks = dp->options.quirks.kernels_way[QUIRK_TICKS];

	switch (option) {
	case OPTION_RECV_SEQ:
		return (struct session_modify){ .has_recv_seq = true, .recv_seq = value };
	case OPTION_SEND_SEQ:
		return (struct session_modify){ .has_send_seq = true, .send_seq = value };
	case OPTION_LNS_MODE:
		return (struct session_modify){ .has_lns_mode = true, .lns_mode = value };
	default:
		/* The kernel's maximum reads back as -8, where ticks are 4 ms. */
		return (struct session_modify){
			.has_recv_timeout = true,
			.recv_timeout_ms = value >= 0 ? (uint32_t)value
			                   : ticks    ? RECV_TIMEOUT_MAX_MS
			                              : TIMEOUT_NONE_MS,
		};
	}
}

int ppp_socket_option_set(struct ppp_file *f, uint32_t option, struct reader value,
                          struct extack *ea)
{
	int number = (int)read_u32_host(&value);
	struct session_modify change;
	struct session *s;
	int err;

	if (value.failed)
		return extack_fail(ea, -EINVAL, 0, "the value is shorter than an int");
	err = get_session(f, &s, ea);
	if (err < 0 || option == OPTION_DEBUG)
		return err;
	if (option > OPTION_REORDER_TIMEOUT || !option || is_management(s))
		return no_option(option, ea);
	if (is_flag(option) && number != 0 && number != 1) /* */
		return extack_fail(ea, -EINVAL, 0, "the value is %d, not 0 or 1", number);
	change = change_of(f->dp, option, number);
	dataplane_session_modify(f->dp, s, &change);
	return 0;
}

int ppp_socket_option_get(const struct ppp_file *f, uint32_t option, int *ret, struct extack *ea)
{
	const struct session_record *r;
	struct session *s;
	int err = get_session(f, &s, ea);

	if (err < 0)
		return err;
	r = s->record;
	if (option != OPTION_DEBUG && is_management(s))
		return no_option(option, ea);
	switch (option) {
	case OPTION_DEBUG:
		*ret = 0;
		return 0;
	case OPTION_RECV_SEQ:
		*ret = r->recv_seq;
		return 0;
	case OPTION_SEND_SEQ:
		*ret = (int)atomic_load_explicit(&r->send_seq, memory_order_relaxed);
		return 0;
	case OPTION_LNS_MODE:
		*ret = r->lns_mode;
		return 0;
	case OPTION_REORDER_TIMEOUT:
		*ret = (int)r->reorder_timeout_ms;
		return 0;
	default:
		return no_option(option, ea);
	}
}

/* struct pppol2tp_ioc_stats; the flag using_ipsec is never set (LIM-13). */
static void stats_put(struct writer *out, uint32_t conn_id, uint32_t session_id,
                      const struct l2tp_stats *s)
{
	write_u16_host(out, (uint16_t)conn_id);
	write_u16_host(out, (uint16_t)session_id);
	write_u32_host(out, 0);
	write_u64_host(out, s->tx_packets);
	write_u64_host(out, s->tx_bytes);
	write_u64_host(out, s->tx_errors);
	write_u64_host(out, s->rx_packets);
	write_u64_host(out, s->rx_bytes);
	write_u64_host(out, s->rx_seq_discards);
	write_u64_host(out, s->rx_oos_packets);
	write_u64_host(out, s->rx_errors);
}

/* PX-61: of a tunnel's socket it is the argument that says which session is meant. */
static int get_stats(struct ppp_file *f, struct session *s, struct reader *in, struct writer *out,
                     struct extack *ea)
{
	struct tunnel *t = s->tunnel;
	struct l2tp_stats stats;
	uint16_t asked;

	channel_settle(f->channel);

	if (!is_management(s)) {
		stats = session_stats(s);
		stats_put(out, t->record->conn_id, s->record->session_id, &stats);
		return 0;
	}
	read_skip(in, sizeof(uint16_t));
	asked = read_u16_host(in);
	if (in->failed)
		return extack_fail(ea, -EFAULT, 0, "the argument is no struct pppol2tp_ioc_stats");
	if (!asked) {
		stats = tunnel_stats(t);
		stats_put(out, t->record->conn_id, 0, &stats);
		return 0;
	}
	s = netns_session(f->netns, t, asked);
	if (!s || s->record->pw_type != L2TP_PWTYPE_PPP)
		return extack_fail(ea, -EBADR, 0, "tunnel %u has no PPP session %u",
		                   t->record->conn_id, asked);
	stats = session_stats(s);
	stats_put(out, t->record->conn_id, asked, &stats);
	return 0;
}

/* PX-40, PX-60, Q-25: also when the session has gone. */
static int get_channel(struct ppp_file *f, int program_fd, struct writer *out, struct extack *ea)
{
	struct channel *c = f->channel;

	if (!c)
		return extack_fail(ea, -ENOTCONN, 0, "the socket is not connected");
	channel_bind(c, program_fd);
	write_u32_host(out, c->number ? c->number : UINT32_MAX);
	return 0;
}

int ppp_socket_ioctl(struct ppp_file *f, uint32_t number, int program_fd, struct reader in,
                     struct writer *out, struct extack *ea)
{
	struct session *s;
	int err;

	switch (number) {
	case PPPIOCGCHAN:
		return get_channel(f, program_fd, out, ea);
	case PPPIOCGMRU:
	case PPPIOCGFLAGS:
	case PPPIOCSMRU:
	case PPPIOCSFLAGS:
	case PPPIOCGL2TPSTATS:
		break;
	default:
		return extack_fail(ea, -ENOTTY, 0, "ioctl 0x%08x means nothing here", number);
	}
	err = get_session(f, &s, ea);
	if (err < 0)
		return err;
	if (number == PPPIOCGL2TPSTATS)
		return get_stats(f, s, &in, out, ea);
	if (is_management(s))
		return extack_fail(ea, -ENOSYS, 0, "a tunnel's own socket has no such ioctl");
	if (number == PPPIOCGMRU || number == PPPIOCGFLAGS)
		write_u32_host(out, 0);
	return 0;
}
