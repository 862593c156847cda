/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_socket_service.c - see ip_socket_service.h */
#include "api/ip_socket_service.h"

#include <errno.h>
#include <unistd.h>

#include "api/server.h"
#include "base/cleanup.h"
#include "netlink/ul2tp_ip_socket_message.h"
#include "path/ip_socket.h"

#define ANSWER_MAX 4096

int ip_socket_serve_open(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ip_socket_open params = ul2tp_ip_socket_open_read(in);
	AUTO_FD delivery = connection_take_descriptor(r->c);
	int err;

	if (r->c->ip_socket)
		return extack_fail(&r->ea, -EBUSY, 0, "this connection has a socket already");
	if (delivery < 0)
		return extack_fail(&r->ea, -EBADF, 0,
		                   "no descriptor came along that messages are to be written to");
	err = ip_socket_open(r->c->server->dataplane, r->c->netns, r->c->client.slot, &params,
	                     delivery, &r->c->ip_socket, &r->ea);
	if (!err)
		TAKE_FD(delivery);
	return err;
}

/* Whether the request may use the socket. */
static int usable(struct request *r)
{
	int err;

	if (!r->c->ip_socket)
		return extack_fail(&r->ea, -ENOTSOCK, 0, "this connection has no L2TP/IP socket");
	if (!r->c->server->quirks->kernels_way[QUIRK_IP_SOCKETS]) {
		err = request_check_privilege(r, GENL_ADMIN);
		if (err < 0)
			return err;
	}
	return netns_request(r->c->netns, loop_now_ms(r->c->server->loop), &r->ea);
}

int ip_socket_serve_bind(struct request *r, const struct ul2tp_request *in)
{
	int err = usable(r);

	if (err < 0)
		return err;
	return ip_socket_bind(r->c->ip_socket, ul2tp_ip_socket_send_read(in).name, &r->ea);
}

int ip_socket_serve_connect(struct request *r, const struct ul2tp_request *in)
{
	int err = usable(r);

	if (err < 0)
		return err;
	return ip_socket_connect(r->c->ip_socket, ul2tp_ip_socket_send_read(in).name, &r->ea);
}

int ip_socket_serve_send(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ip_socket_send send = ul2tp_ip_socket_send_read(in);
	int err = usable(r);

	return err < 0 ? err : ip_socket_send(r->c->ip_socket, &send, &r->ea);
}

int ip_socket_serve_option_set(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ip_socket_option option = ul2tp_ip_socket_option_read(in);
	int err = usable(r);

	return err < 0 ? err : ip_socket_option(r->c->ip_socket, &option, &r->ea);
}

int ip_socket_serve_get(struct request *r, const struct ul2tp_request *in)
{
	const struct ip_socket *s = r->c->ip_socket;
	uint8_t octets[ANSWER_MAX], name[IP_NAME_MAX], peer_name[IP_NAME_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct nl_header header = nl_answer_header(&r->message, UL2TP_FAMILY_ID, 0);
	struct ul2tp_ip_socket_state state;
	size_t start;

	if (!s)
		return extack_fail(&r->ea, -ENOTSOCK, 0, "this connection has no L2TP/IP socket");
	state = (struct ul2tp_ip_socket_state){
		.name = reader_over(name, ip_socket_name(s, name)),
		.peer_name = reader_over(peer_name, ip_socket_peer_name(s, peer_name)),
		.connected = s->connected,
	};
	ip_socket_accounts(s, &state.accounts);
	start = ul2tp_message_begin(&w, &header, UL2TP_CMD_IPSOCKET_GET);
	ul2tp_ip_socket_state_put(&w, &state);
	if (!nl_message_end(&w, start))
		return -EMSGSIZE;
	connection_answer(r->c, octets, write_len(&w));
	return 0;
}
