/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp.c - libul2tp: PPPoL2TP sockets and files of /dev/ppp, their channels and bridges; see ul2tp.h
 *
 * The program's descriptor is one end of a pair that is made here. The other end goes to ul2tpd with PPP_OPEN and is
 * not kept: so the program's last close() is seen there. What is done to units is in ppp_unit.c.
 */
#include "client/ppp.h"

#include <errno.h>
#include <linux/if_pppol2tp.h>
#include <linux/if_pppox.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/exchange.h"
#include "client/params.h"
#include "netlink/ul2tp_ppp_message.h"

struct taker {
	bool has_handle;
	uint64_t handle;
	struct ppp_answer *answer; /* NULL: not wanted */
};

static int take_state(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	struct ul2tp_ppp_state_message state;
	struct taker *t = arg;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 || ul2tp_ppp_state_read(attributes, &state) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that makes no sense");
	if (state.has_handle) {
		t->has_handle = true;
		t->handle = state.handle;
	}
	if (t->answer) {
		t->answer->length = read_left(&state.data);
		if (t->answer->length > sizeof(t->answer->octets))
			t->answer->length = sizeof(t->answer->octets);
		read_copy(&state.data, t->answer->octets, t->answer->length);
		snprintf(t->answer->device, sizeof(t->answer->device), "%s", state.device);
	}
	return 0;
}

int ppp_ioctl(struct ul2tp *u, uint64_t handle, enum ppp_ioctl number, struct reader in, int fd,
              struct ppp_answer *ret)
{
	const struct ul2tp_ppp_request ioctl = { .handle = handle, .ioctl = number, .data = in };
	struct taker taker = { .answer = ret };
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_PPP_IOCTL, false);

	if (err < 0)
		return err;
	if (ret)
		*ret = (struct ppp_answer){ 0 };
	ul2tp_ppp_request_put(&r.attributes, UL2TP_CMD_PPP_IOCTL, &ioctl);
	r.fd = fd;
	return request_run(&r, take_state, &taker);
}

int ppp_ioctl_int(struct ul2tp *u, uint64_t handle, enum ppp_ioctl number, uint32_t value)
{
	return ppp_ioctl(u, handle, number, reader_over(&value, sizeof(value)), -1, NULL);
}

static int answer_int(struct ul2tp *u, const struct ppp_answer *answer, uint32_t *ret)
{
	struct reader octets = reader_over(answer->octets, answer->length);

	*ret = read_u32_host(&octets);
	if (octets.failed)
		return connection_fail(u, -EBADMSG, "", "an answer without its number");
	return 0;
}

int ppp_ioctl_get(struct ul2tp *u, uint64_t handle, enum ppp_ioctl number, int fd, uint32_t *ret)
{
	struct ppp_answer answer;
	int err = ppp_ioctl(u, handle, number, reader_over(NULL, 0), fd, &answer);

	return err < 0 ? err : answer_int(u, &answer, ret);
}

/* --- opening and closing ------------------------------------------------------------------------------- */

static int file_open(struct ul2tp *u, enum ul2tp_ppp_kind kind, struct ul2tp_ppp *ret)
{
	const struct ul2tp_ppp_open open = { .kind = (uint8_t)kind };
	struct taker taker = { 0 };
	struct request r;
	int ends[2];
	int err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_PPP_OPEN, false);

	if (err < 0)
		return err;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return connection_fail(u, -errno, "", "no pair of sockets: %s", strerror(errno));
	ul2tp_ppp_open_put(&r.attributes, &open);
	r.fd = ends[1];
	err = request_run(&r, take_state, &taker);
	close(ends[1]);
	if (err == 0 && !taker.has_handle)
		err = connection_fail(u, -EBADMSG, "", "an answer without a handle");
	if (err < 0) {
		close(ends[0]);
		return err;
	}
	*ret = (struct ul2tp_ppp){ .handle = taker.handle, .fd = ends[0] };
	return 0;
}

int ul2tp_ppp_socket(struct ul2tp *u, struct ul2tp_ppp *ret)
{
	return file_open(u, UL2TP_PPP_SOCKET, ret);
}

void ul2tp_ppp_close(struct ul2tp *u, struct ul2tp_ppp *file)
{
	const struct ul2tp_ppp_request name = { .handle = file->handle };
	struct request r;

	if (u && request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_PPP_CLOSE, false) == 0) {
		ul2tp_ppp_request_put(&r.attributes, UL2TP_CMD_PPP_CLOSE, &name);
		request_run(&r, NULL, NULL);
	}
	close(file->fd);
	*file = (struct ul2tp_ppp){ .fd = -1 };
}

/* A file of /dev/ppp, which is on nothing yet, for @attach to put somewhere. */
static int file_attach(struct ul2tp *u, enum ppp_ioctl attach, uint32_t number,
                       struct ppp_answer *answer, struct ul2tp_ppp *ret)
{
	struct ul2tp_error why;
	struct ul2tp_ppp file;
	int err = file_open(u, UL2TP_PPP_FILE, &file);

	if (err < 0)
		return err;
	err = ppp_ioctl(u, file.handle, attach, reader_over(&number, sizeof(number)), -1, answer);
	if (err == 0) {
		*ret = file;
		return 0;
	}
	why = u->error;
	ul2tp_ppp_close(u, &file);
	u->error = why;
	return err;
}

int ul2tp_ppp_channel_open(struct ul2tp *u, uint32_t channel, struct ul2tp_ppp *ret)
{
	return file_attach(u, PPP_ATTCHAN, channel, NULL, ret);
}

int ul2tp_ppp_unit_open(struct ul2tp *u, uint32_t unit, struct ul2tp_ppp *ret)
{
	return file_attach(u, PPP_ATTACH, unit, NULL, ret);
}

int ul2tp_ppp_unit_add(struct ul2tp *u, int number, struct ul2tp_ppp *ret, uint32_t *unit,
                       char ifname[16])
{
	struct ppp_answer answer;
	uint32_t got = 0;
	int err = file_attach(u, PPP_NEWUNIT, (uint32_t)number, &answer, ret);

	if (err < 0)
		return err;
	err = answer_int(u, &answer, &got);
	if (err < 0) {
		ul2tp_ppp_close(NULL, ret);
		return err;
	}
	if (unit)
		*unit = got;
	if (ifname && answer.device[0])
		memcpy(ifname, answer.device, sizeof(answer.device));
	else if (ifname)
		snprintf(ifname, 16, "ppp%u", got);
	return 0;
}

/* --- connecting ---------------------------------------------------------------------------------------- */

/* The name, as connect() of a kernel's socket has it; its length. The peer's address in it means nothing (PX-13). */
static size_t name_write(const struct ul2tp_ppp_params *p, uint8_t *to, size_t size)
{
	const bool wide = p->version == 3 || (p->tunnel_id | p->session_id | p->peer_tunnel_id |
	                                      p->peer_session_id) > UINT16_MAX;
	const uint32_t ids[] = { p->tunnel_id, p->session_id, p->peer_tunnel_id,
		                 p->peer_session_id };
	struct writer w = writer_over(to, size);

	write_u16_host(&w, AF_PPPOX);
	write_u32_host(&w, PX_PROTO_OL2TP);
	write_u32_host(&w, 0); /* pid */
	write_u32_host(&w, (uint32_t)(p->has_fd ? p->fd : -1));
	write_zeros(&w, sizeof(struct sockaddr_in));
	for (size_t i = 0; i < 4; i++) {
		if (wide)
			write_u32_host(&w, ids[i]);
		else
			write_u16_host(&w, (uint16_t)ids[i]);
	}
	return write_len(&w);
}

int ul2tp_ppp_connect(struct ul2tp *u, const struct ul2tp_ppp *socket,
                      const struct ul2tp_ppp_params *given)
{
	PARAMS_COPY(struct ul2tp_ppp_params, p, given);
	uint8_t name[sizeof(struct sockaddr_pppol2tpv3)];
	struct ul2tp_ppp_request connect = { .handle = socket->handle };
	struct request r;
	int err = params_check(u, given, given->size, sizeof(p));

	if (err < 0)
		return err;
	if (p.version != 0 && p.version != 2 && p.version != 3)
		return connection_fail(u, -EINVAL, "version", "version is %u: expected 2 or 3",
		                       p.version);
	if (p.has_fd && p.version != 3 && (p.tunnel_id | p.peer_tunnel_id) > UINT16_MAX)
		return connection_fail(u, -EINVAL, "tunnel_id",
		                       "ids of a tunnel of version 2 are at most 65535");
	err = request_begin(&r, u, FAMILY_UL2TP, UL2TP_CMD_PPP_CONNECT, false);
	if (err < 0)
		return err;
	connect.name = reader_over(name, name_write(&p, name, sizeof(name)));
	connect.pid = (uint32_t)syscall(SYS_gettid);
	ul2tp_ppp_request_put(&r.attributes, UL2TP_CMD_PPP_CONNECT, &connect);
	if (p.has_fd)
		r.fd = p.fd;
	return request_run(&r, NULL, NULL);
}

int ul2tp_ppp_channel(struct ul2tp *u, const struct ul2tp_ppp *socket, uint32_t *ret)
{
	return ppp_ioctl_get(u, socket->handle, PPP_GCHAN, socket->fd, ret);
}

int ul2tp_ppp_unit_connect(struct ul2tp *u, const struct ul2tp_ppp *channel, uint32_t unit)
{
	return ppp_ioctl_int(u, channel->handle, PPP_CONNECT, unit);
}

int ul2tp_ppp_unit_disconnect(struct ul2tp *u, const struct ul2tp_ppp *channel)
{
	return ppp_ioctl(u, channel->handle, PPP_DISCONN, reader_over(NULL, 0), -1, NULL);
}

int ul2tp_ppp_bridge(struct ul2tp *u, const struct ul2tp_ppp *channel, uint32_t other)
{
	return ppp_ioctl_int(u, channel->handle, PPP_BRIDGECHAN, other);
}

int ul2tp_ppp_unbridge(struct ul2tp *u, const struct ul2tp_ppp *channel)
{
	return ppp_ioctl(u, channel->handle, PPP_UNBRIDGECHAN, reader_over(NULL, 0), -1, NULL);
}
