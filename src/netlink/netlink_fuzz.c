/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_fuzz.c - a datagram of requests, as the server of the families l2tp, ul2tp and nlctrl reads it
 *
 * Each message is taken as far as it goes without state: headers, the family's checks, attributes, the
 * parameters of the command; then it is answered, and the client's side reads the answer.
 */
#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/control_family.h"
#include "netlink/error_message.h"
#include "netlink/session_message.h"
#include "netlink/tunnel_message.h"
#include "netlink/ul2tp_device_message.h"
#include "netlink/ul2tp_ip_socket_message.h"
#include "netlink/ul2tp_ppp_message.h"
#include "netlink/ul2tp_session_message.h"
#include "netlink/ul2tp_status_message.h"
#include "netlink/ul2tp_trace.h"
#include "netlink/ul2tp_tunnel_message.h"
#include "netlink/ul2tp_unit_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DATAGRAM_MAX 4096

static const struct genl_family *const families[] = { &control_family, &l2tp_family,
	                                              &ul2tp_family };

static uint8_t answer[DATAGRAM_MAX + 1024];

/* Strings that were accepted end, and fit where they are copied to. */
static int l2tp_request(uint8_t command, const struct attributes *a, struct extack *ea)
{
	struct tunnel_create tunnel;
	struct session_create session;
	struct session_select select;
	struct session_modify modify;
	uint32_t conn_id;
	int err;

	switch (command) {
	case L2TP_CMD_TUNNEL_CREATE:
		return tunnel_create_read(a, &tunnel, ea);
	case L2TP_CMD_SESSION_CREATE:
		err = 0;
		for (uint8_t version = 0; version < 5 && err >= 0; version++)
			err = session_create_read(a, version, &session, ea);
		if (err >= 0) {
			assert(strlen(session.ifname) < sizeof(session.ifname));
			assert(session.cookie.len <= L2TP_COOKIE_MAX);
		}
		return err;
	case L2TP_CMD_SESSION_MODIFY:
		modify = session_modify_read(a);
		assert(modify.has_recv_timeout || !modify.recv_timeout_ms);
		return session_select_read(a, &select, ea);
	case L2TP_CMD_SESSION_DELETE:
	case L2TP_CMD_SESSION_GET:
		return session_select_read(a, &select, ea);
	default:
		return l2tp_conn_id_read(a, &conn_id, ea);
	}
}

/* What is told of one socket or file, or of the connection: no reader of these refuses anything. */
static void handle_request(uint8_t command, const struct ul2tp_request *r)
{
	struct ul2tp_ip_socket_option option;
	struct ul2tp_ip_socket_send send;
	struct ul2tp_ppp_request ppp;

	switch (command) {
	case UL2TP_CMD_IPSOCKET_OPEN:
		ul2tp_ip_socket_open_read(r);
		break;
	case UL2TP_CMD_IPSOCKET_BIND:
	case UL2TP_CMD_IPSOCKET_CONNECT:
	case UL2TP_CMD_IPSOCKET_SEND:
		send = ul2tp_ip_socket_send_read(r);
		assert(read_left(&send.name) <= UL2TP_IP_NAME_MAX);
		assert(read_left(&send.data) <= UL2TP_IP_DATA_MAX);
		assert(read_left(&send.control) <= UL2TP_IP_CONTROL_MAX);
		break;
	case UL2TP_CMD_IPSOCKET_OPTION_SET:
		option = ul2tp_ip_socket_option_read(r);
		assert(read_left(&option.value) <= UL2TP_IP_OPTION_MAX);
		break;
	case UL2TP_CMD_PPP_OPEN:
		ul2tp_ppp_open_read(r);
		break;
	case UL2TP_CMD_PPP_CONNECT:
	case UL2TP_CMD_PPP_IOCTL:
	case UL2TP_CMD_PPP_OPTION_SET:
		ppp = ul2tp_ppp_request_read(r);
		assert(!ppp.name.failed && !ppp.data.failed && !ppp.value.failed);
		break;
	default:
		ul2tp_subscribe_read(r);
	}
}

static int ul2tp_request(uint8_t command, const struct ul2tp_request *r, struct extack *ea)
{
	static struct ul2tp_tunnel_create tunnel;
	struct ul2tp_session_set session_set;
	struct ul2tp_limits_set limits;
	struct session_create session;
	struct ul2tp_tunnel_set set;
	struct ul2tp_unit_request unit;
	struct ul2tp_device_request devices;
	uint64_t events;
	int err;

	switch (command) {
	case UL2TP_CMD_TUNNEL_CREATE:
		return ul2tp_tunnel_create_read(r, &tunnel, ea);
	case UL2TP_CMD_TUNNEL_SET:
		return ul2tp_tunnel_set_read(r, &set, ea);
	case UL2TP_CMD_SESSION_CREATE:
		assert(strlen(ul2tp_label_read(r)) <= UL2TP_LABEL_MAX);
		return session_create_read(&r->l2tp, 3, &session, ea);
	case UL2TP_CMD_SESSION_SET:
		return ul2tp_session_set_read(r, &session_set, ea);
	case UL2TP_CMD_SOCKET_SET:
		ul2tp_socket_set_read(r);
		return 0;
	case UL2TP_CMD_LIMITS_SET:
		limits = ul2tp_limits_set_read(r);
		assert(limits.has[UL2TP_LIMIT_TUNNELS] ||
		       !limits.limits.values[UL2TP_LIMIT_TUNNELS]);
		return 0;
	case UL2TP_CMD_TRACE:
		return trace_request_read(r, &events, ea);
	case UL2TP_CMD_UNIT_ADDRESS_ADD:
	case UL2TP_CMD_UNIT_POLICE:
	case UL2TP_CMD_UNIT_GET:
		err = ul2tp_unit_request_read(r, &unit, ea);
		assert(err < 0 || unit.prefix.bits <= prefix_bits_max(unit.prefix.family));
		return err;
	case UL2TP_CMD_DEVICE_GET:
		err = ul2tp_device_request_read(r, &devices, ea);
		assert(err < 0 || (devices.count && devices.count <= UL2TP_DEVICES_MAX));
		return err;
	default:
		handle_request(command, r);
		return 0;
	}
}

/* What the client makes of it; a request that is refused is told so, and what is to blame lies in it. */
static void error_check(const struct nl_message *m, int err, const struct extack *ea,
                        const struct nl_fault *fault, struct nl_socket_options options)
{
	struct writer w = writer_over(answer, m->length + 3 + NL_ERROR_OVERHEAD);
	struct nl_error error;
	struct nl_message back;
	struct reader datagram;

	assert(!fault->offset || (fault->offset >= NLMSG_HDRLEN && fault->offset < m->length));
	assert(nl_error_put(&w, m, err, ea, fault, options));
	datagram = reader_over(answer, write_len(&w));
	assert(nl_message_next(&datagram, &back));
	assert(!read_left(&datagram));
	assert(nl_error_read(&back, &error) == 0);
	assert(error.error == err);
	if (options.ext_ack && err && ea->text[0])
		assert(!strcmp(error.text, ea->text));
	if (options.ext_ack && err)
		assert(error.offset == fault->offset);
}

static void family_answer_check(const struct nl_message *m, const struct genl_family *family)
{
	struct writer w = writer_over(answer, sizeof(answer));
	struct control_answer back;
	struct nl_message message;
	struct reader datagram;

	assert(control_answer_put(&w, m, 0, family));
	datagram = reader_over(answer, write_len(&w));
	assert(nl_message_next(&datagram, &message));
	assert(control_answer_read(&message, &back) == 0);
	assert(!strcmp(back.name, family->name));
}

static void request_take(const struct nl_message *m, const struct genl_family *family)
{
	static struct ul2tp_request ul2tp;
	struct attributes a = attributes_none(family->policy, m->start);
	struct nl_fault fault = { 0 };
	struct genl_request request;
	struct extack ea = { 0 };
	int err = genl_request_read(family, m, &request, &ea);

	if (err >= 0 && !request.dump) {
		if (family == &ul2tp_family) {
			err = ul2tp_request_read(m, request.command, request.attributes, &ul2tp,
			                         &ea);
			if (err >= 0)
				err = ul2tp_request(request.command->number, &ul2tp, &ea);
			fault = ul2tp_request_fault(&ul2tp, &ea);
		} else {
			err = policy_parse(family->policy, family->mode, request.attributes,
			                   m->start, &a, &ea);
			if (err >= 0 && family == &control_family) {
				const struct genl_family *found;

				err = control_find(&a, families, ARRAY_SIZE(families), &found, &ea);
				if (err >= 0)
					family_answer_check(m, found);
			} else if (err >= 0) {
				err = l2tp_request(request.command->number, &a, &ea);
			}
			fault = attributes_fault(&a, &ea);
		}
	}
	assert(err >= 0 || ea.text[0]);
	error_check(m, err, &ea, &fault, (struct nl_socket_options){ .ext_ack = true });
	error_check(m, err, &ea, &fault,
	            (struct nl_socket_options){ .ext_ack = true, .cap_ack = true });
	error_check(m, err, &ea, &fault, (struct nl_socket_options){ 0 });
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader datagram = reader_over(data, size < DATAGRAM_MAX ? size : DATAGRAM_MAX);
	struct nl_message m;

	while (nl_message_next(&datagram, &m))
		for (size_t i = 0; i < ARRAY_SIZE(families); i++)
			if (nl_message_is_request(&m) && m.type == families[i]->id)
				request_take(&m, families[i]);
	return 0;
}
