/* SPDX-License-Identifier: BSD-2-Clause */
/* pppox.c - see pppox.h and ppp_stand_in.h */
#include "launcher/pppox.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/reader.h"
#include "launcher/netns_socket.h"
#include "launcher/ppp_file.h"
#include "launcher/ppp_stand_in.h"
#include "launcher/tunnel_descriptor.h"

#define SOL_PPPOL2TP_NUMBER 273
#define FD_AT               10 /* in each of the address structures */
#define SIOC_TYPE           0x89
#define PROTOCOL_MAX        3 /* the kernel has room for it, and nothing there */
#define PID_AT              6 /* in each of the address structures */

static_assert(sizeof(struct ppp_facts) <= ESTATE_STATE, "a thing has room for it");

static struct ppp_stand_in *of(struct object *o)
{
	return (struct ppp_stand_in *)o;
}

/* PX-10 */
static bool is_length(uint64_t len)
{
	return len == sizeof(struct sockaddr_pppol2tp) ||
	       len == sizeof(struct sockaddr_pppol2tpin6) ||
	       len == sizeof(struct sockaddr_pppol2tpv3) ||
	       len == sizeof(struct sockaddr_pppol2tpv3in6);
}

/* PX-13: session ids of 0, which are the second and the last of four numbers, of 16 bits (L2TPv2) or of 32. These stand
 * behind the descriptor, with IPv4 behind the socket's address, too. */
static bool is_management(const uint8_t *address, size_t len)
{
	const bool v4 = len == sizeof(struct sockaddr_pppol2tp) ||
	                len == sizeof(struct sockaddr_pppol2tpv3);
	const size_t size = len == sizeof(struct sockaddr_pppol2tp) ||
	                                    len == sizeof(struct sockaddr_pppol2tpin6)
	                            ? sizeof(uint16_t)
	                            : sizeof(uint32_t);
	const uint8_t zero[sizeof(uint32_t)] = { 0 };
	struct reader r = reader_over(address, len);
	const uint8_t *local, *peer;

	read_skip(&r, FD_AT + sizeof(int) + (v4 ? sizeof(struct sockaddr_in) : 0) + size);
	local = read_bytes(&r, size);
	read_skip(&r, size);
	peer = read_bytes(&r, size);
	return local && peer && memcmp(local, zero, size) == 0 && memcmp(peer, zero, size) == 0;
}

/* The socket that the address names is the program's; -1: none, which matters only to who makes a tunnel. */
static int socket_named(struct trap *t, const uint8_t *address, size_t len)
{
	struct reader r = reader_over(address, len);
	int number;

	read_skip(&r, FD_AT);
	read_copy(&r, &number, sizeof(number));
	return number < 0 ? -1 : tunnel_descriptor(t, number);
}

/* PX-29: a tunnel's socket and the one that is connected are of one namespace, where ul2tpd is asked; who calls may have
 * left it. */
static int ask_connect(struct trap *t, const struct ppp_stand_in *p, struct reader name, int fd)
{
	const struct ul2tp_ppp_request request = {
		.handle = p->facts.handle,
		.name = name,
		.pid = t->notif.pid,
	};
	struct ppp_answer answer;
	AUTO_FD netns = -1;

	if (fd < 0)
		return ppp_ask(t, UL2TP_CMD_PPP_CONNECT, &request, fd, &answer);
	netns = netns_of_socket(t, fd);
	if (netns < 0)
		return netns;
	return ppp_ask_in(t, netns, UL2TP_CMD_PPP_CONNECT, &request, fd, &answer);
}

static void pppox_connect(struct trap *t, struct object *o)
{
	uint8_t address[sizeof(struct sockaddr_pppol2tpv3in6)];
	uint64_t len = (uint32_t)trap_argument(t, 2);
	AUTO_FD fd = -1;
	int err =
		is_length(len) ? trap_read(t, trap_argument(t, 1), address, (size_t)len) : -EINVAL;

	if (err < 0) {
		trap_fail(t, err);
		return;
	}
	if (is_management(address, (size_t)len))
		fd = socket_named(t, address, (size_t)len);
	trap_result(t, ask_connect(t, of(o), reader_over(address, (size_t)len), fd));
}

/* PX-44: a session that was made by netlink is that of who asked for it, which for ul2tpd were we. */
static void name_process(const struct trap *t, struct ppp_answer *answer)
{
	pid_t ours = getpid(), pid = trap_process(t);

	if (answer->name_len >= PID_AT + sizeof(pid) && pid > 0 &&
	    memcmp(answer->name + PID_AT, &ours, sizeof(ours)) == 0)
		memcpy(answer->name + PID_AT, &pid, sizeof(pid));
}

static void pppox_name(struct trap *t, struct object *o)
{
	struct ppp_answer answer;
	int state = ppp_stand_in_state(t, of(o), &answer);

	if (state >= 0 && state != UL2TP_PPP_SESSION_GONE && answer.name_len) {
		name_process(t, &answer);
		trap_result(t, trap_write_sized(t, trap_argument(t, 1), trap_argument(t, 2),
		                                answer.name, answer.name_len));
	} else {
		trap_fail(t, state < 0                         ? state
		             : state == UL2TP_PPP_SESSION_GONE ? -EBADF
		                                               : -ENOTCONN);
	}
}

static void pppox_unsupported(struct trap *t, struct object *o)
{
	trap_fail(t, -EOPNOTSUPP);
}

/* PX-42: flags mean nothing, of which the pair would refuse this one. */
static int64_t send_urgent(struct trap *t, const struct object *o, const struct outgoing *m)
{
	AUTO_FD fd = trap_descriptor_of(t, o, (int)trap_argument(t, 0));
	ssize_t n;

	if (fd < 0)
		return fd;
	n = send(fd, m->octets, m->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? -errno : n;
}

static int64_t pppox_send(struct trap *t, struct object *o, const struct outgoing *m)
{
	struct ppp_answer answer;
	int state = ppp_stand_in_state(t, of(o), &answer);

	if (state < 0)
		return state;
	if (state == UL2TP_PPP_NEW)
		return -ENOTCONN;
	if (state == UL2TP_PPP_SESSION_GONE)
		return -EBADF;
	return m->flags & MSG_OOB ? send_urgent(t, o, m) : SEND_NATIVE;
}

static int option_set(struct trap *t, struct object *o)
{
	struct ppp_answer answer;
	int value, err = trap_read(t, trap_argument(t, 3), &value, sizeof(value));

	if (err < 0)
		return err;
	return ppp_stand_in_ask(t, of(o), UL2TP_CMD_PPP_OPTION_SET,
	                        (struct ul2tp_ppp_request){
					.option = (uint32_t)trap_argument(t, 2),
					.value = reader_over(&value, sizeof(value)),
				},
	                        -1, &answer);
}

/* PX-50 */
static void pppox_setsockopt(struct trap *t, struct object *o)
{
	int level = (int)trap_argument(t, 1);

	if (level == SOL_SOCKET && (int)trap_argument(t, 2) == SO_PEEK_OFF)
		trap_fail(t, -EOPNOTSUPP);
	else if (level == SOL_SOCKET)
		trap_continue(t);
	else if (level != SOL_PPPOL2TP_NUMBER || (int)trap_argument(t, 4) < (int)sizeof(int))
		trap_fail(t, -EINVAL);
	else
		trap_result(t, option_set(t, o));
}

/* Nobody's: who has the other end of the pair is no matter of the program's. */
static void peer_credentials_get(struct trap *t)
{
	const struct ucred nobody = { .uid = (uid_t)-1, .gid = (gid_t)-1 };

	trap_result(t, trap_write_sized(t, trap_argument(t, 3), trap_argument(t, 4), &nobody,
	                                sizeof(nobody)));
}

static void socket_level_get(struct trap *t)
{
	int value;

	switch ((int)trap_argument(t, 2)) {
	case SO_PEERCRED:
		peer_credentials_get(t);
		return;
	case SO_PEEK_OFF: /* of Unix sockets */
		trap_fail(t, -EOPNOTSUPP);
		return;
	case SO_TYPE:
		value = SOCK_STREAM;
		break;
	case SO_PROTOCOL:
		value = PX_PROTO_OL2TP;
		break;
	case SO_DOMAIN:
		value = AF_PPPOX;
		break;
	default:
		trap_continue(t);
		return;
	}
	trap_result(t, trap_write_option(t, trap_argument(t, 3), trap_argument(t, 4), value));
}

static int option_get(struct trap *t, struct object *o)
{
	struct ppp_answer answer;
	int len, value, err = trap_read(t, trap_argument(t, 4), &len, sizeof(len));

	if (err < 0 || len < 0)
		return err < 0 ? err : -EINVAL;
	err = ppp_stand_in_ask(
		t, of(o), UL2TP_CMD_PPP_OPTION_GET,
		(struct ul2tp_ppp_request){ .option = (uint32_t)trap_argument(t, 2) }, -1, &answer);
	if (err < 0)
		return err;
	if (answer.data_len != sizeof(value))
		return -EPROTO;
	memcpy(&value, answer.data, sizeof(value));
	return trap_write_option(t, trap_argument(t, 3), trap_argument(t, 4), value);
}

/* PX-51 */
static void pppox_getsockopt(struct trap *t, struct object *o)
{
	int level = (int)trap_argument(t, 1);

	if (level == SOL_SOCKET)
		socket_level_get(t);
	else if (level != SOL_PPPOL2TP_NUMBER)
		trap_fail(t, -EINVAL);
	else
		trap_result(t, option_get(t, o));
}

static int ask_ioctl(struct trap *t, struct object *o, uint32_t number, struct reader data, int fd,
                     struct ppp_answer *ret)
{
	return ppp_stand_in_ask(t, of(o), UL2TP_CMD_PPP_IOCTL,
	                        (struct ul2tp_ppp_request){ .ioctl = number, .data = data }, fd,
	                        ret);
}

/* Whether there is room for the number is seen first: with a bad pointer the channel is not the program's (PX-40). */
static int get_channel(struct trap *t, struct object *o)
{
	AUTO_FD own = trap_descriptor_of(t, o, (int)trap_argument(t, 0));
	struct ppp_answer answer;
	int number, err;

	if (trap_read(t, trap_argument(t, 2), &number, sizeof(number)) < 0) {
		err = ppp_stand_in_state(t, of(o), &answer);
		if (err >= 0)
			err = err == UL2TP_PPP_NEW ? -ENOTCONN : -EINVAL;
		return err;
	}
	err = ask_ioctl(t, o, PPPIOCGCHAN, (struct reader){ 0 }, own, &answer);
	if (err < 0)
		return err;
	ppp_stand_in_bind(of(o));
	err = trap_write(t, trap_argument(t, 2), answer.data, answer.data_len);
	return err < 0 ? -EINVAL : 0;
}

/* A bad pointer is seen as the answer is written: what is there before means something to a tunnel's socket alone. */
static int exchange(struct trap *t, struct object *o, uint32_t number)
{
	struct pppol2tp_ioc_stats stats;
	struct reader data = { 0 };
	struct ppp_answer answer;
	int err;

	if (number == PPPIOCGL2TPSTATS) {
		if (trap_read(t, trap_argument(t, 2), &stats, sizeof(stats)) < 0)
			memset(&stats, 0, sizeof(stats));
		data = reader_over(&stats, sizeof(stats));
	}
	err = ask_ioctl(t, o, number, data, -1, &answer);
	return err < 0 ? err : trap_write(t, trap_argument(t, 2), answer.data, answer.data_len);
}

static void pppox_ioctl(struct trap *t, struct object *o)
{
	uint32_t number = (uint32_t)trap_argument(t, 1);

	switch (number) {
	case PPPIOCGCHAN:
		trap_result(t, get_channel(t, o));
		break;
	case PPPIOCGMRU:
	case PPPIOCGFLAGS:
	case PPPIOCSMRU:
	case PPPIOCSFLAGS:
	case PPPIOCGL2TPSTATS:
		trap_result(t, exchange(t, o, number));
		break;
	default:
		if (_IOC_TYPE(number) == SIOC_TYPE)
			trap_continue(t);
		else
			trap_fail(t, -ENOTTY);
	}
}

static const struct object_ops pppox_ops = {
	.name = "PPPoL2TP",
	.ppp = true,
	.send = pppox_send,
	.receive = ppp_stand_in_receive,
	.bind = pppox_unsupported,
	.connect = pppox_connect,
	.getsockname = pppox_name,
	.getpeername = pppox_name,
	.setsockopt = pppox_setsockopt,
	.getsockopt = pppox_getsockopt,
	.ioctl = pppox_ioctl,
	.shutdown = pppox_unsupported,
	.listen = pppox_unsupported,
	.is_gone = ppp_stand_in_is_gone,
	.free = ppp_stand_in_free,
};

/* A host without PPP does not know the family, where to the program one of its protocols is there. */
static bool host_knows_family(void)
{
	AUTO_FD fd = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OE);

	return fd >= 0 || errno != EAFNOSUPPORT;
}

/* PX-1: numbers that the kernel might have are its own business. */
static void refuse_protocol(struct trap *t, int protocol)
{
	if (protocol < 0 || protocol > PROTOCOL_MAX)
		trap_fail(t, -EPROTOTYPE);
	else if (protocol == PROTOCOL_MAX || !host_knows_family())
		trap_fail(t, -EPROTONOSUPPORT);
	else
		trap_continue(t);
}

void pppox_open(struct trap *t)
{
	int type = (int)trap_argument(t, 1), protocol = (int)trap_argument(t, 2);

	if (protocol != PX_PROTO_OL2TP) {
		refuse_protocol(t, protocol);
		return;
	}
	ppp_stand_in_give(t, &pppox_ops, true, false, type & SOCK_NONBLOCK, type & SOCK_CLOEXEC);
}

int pppox_restore(struct launcher *l, uint32_t index, const struct estate_thing *thing)
{
	struct ppp_facts facts;

	memcpy(&facts, thing->state, sizeof(facts));
	return ppp_stand_in_restore(l, index, facts.is_socket ? &pppox_ops : ppp_file_ops(),
	                            thing->ino, thing->dev, &facts);
}
