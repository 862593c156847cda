/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_service.c - see ppp_service.h */
#include "api/ppp_service.h"

#include <errno.h>
#include <linux/ppp-ioctl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "api/server.h"
#include "base/cleanup.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_ppp_message.h"
#include "path/channel.h"
#include "path/ppp_file.h"
#include "path/channel_report.h"
#include "path/ppp_socket.h"
#include "path/shared_device.h"
#include "path/unit.h"

#define ANSWER_MAX 4096 /* of an ioctl at most a filter or 72 octets */

static int find(struct request *r, uint64_t handle, struct ppp_file **ret)
{
	int err = netns_request(r->c->netns, loop_now_ms(r->c->server->loop), &r->ea);

	return err < 0 ? err : ppp_file_find(r->c->server->dataplane, handle, ret, &r->ea);
}

static int find_socket(struct request *r, uint64_t handle, struct ppp_file **ret)
{
	int err = find(r, handle, ret);

	if (!err && !(*ret)->is_socket)
		err = extack_fail(&r->ea, -ENOTSOCK, 0, "the handle is that of a file of /dev/ppp");
	return err;
}

static int answer(struct request *r, enum ul2tp_command command,
                  const struct ul2tp_ppp_state_message *state)
{
	uint8_t octets[ANSWER_MAX];
	struct writer w = writer_over(octets, sizeof(octets));
	struct nl_header header = nl_answer_header(&r->message, UL2TP_FAMILY_ID, 0);
	size_t start = ul2tp_message_begin(&w, &header, command);

	ul2tp_ppp_state_put(&w, state);
	if (!nl_message_end(&w, start))
		return -EMSGSIZE;
	request_answer_all(r, &w);
	return 0;
}

static struct ppp_caller caller_of(const struct request *r)
{
	return (struct ppp_caller){
		.netns = r->c->netns,
		.client = r->c->client.slot,
		.pid = r->c->client.pid,
		.process = r->c->client.process,
	};
}

int ppp_serve_open(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ppp_open params = ul2tp_ppp_open_read(in);
	AUTO_FD fd = connection_take_descriptor(r->c);
	struct ul2tp_ppp_state_message state = { .has_handle = true };
	const struct ppp_file_kind kind = {
		.is_socket = params.kind == UL2TP_PPP_SOCKET,
		.empty_reads = params.empty_reads,
		.own_device = params.own_device,
	};
	struct ppp_file *f;
	int err;

	if (fd < 0)
		return extack_fail(&r->ea, -EBADF, 0, "no descriptor came along (SCM_RIGHTS)");
	err = kind.is_socket ? 0 : request_check_privilege(r, GENL_ADMIN); /* PX-1, PPP-1 */
	if (!err)
		err = netns_request(r->c->netns, loop_now_ms(r->c->server->loop), &r->ea);
	if (!err)
		err = ppp_file_open(r->c->server->dataplane, r->c->server->ppp_files, r->c->netns,
		                    r->c->client.uid, &kind, fd, &f, &r->ea);
	if (err < 0)
		return err;
	TAKE_FD(fd);
	state.handle = f->handle;
	return answer(r, UL2TP_CMD_PPP_OPEN, &state);
}

int ppp_serve_close(struct request *r, const struct ul2tp_request *in)
{
	struct ppp_file *f;
	int err = find(r, ul2tp_ppp_request_read(in).handle, &f);

	if (err < 0)
		return err;
	ppp_file_free(f);
	return 0;
}

int ppp_serve_connect(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ppp_request params = ul2tp_ppp_request_read(in);
	AUTO_FD fd = connection_take_descriptor(r->c);
	struct ppp_caller caller = caller_of(r);
	struct ppp_file *f;
	int err = find_socket(r, params.handle, &f);

	if (!err && !r->c->server->quirks->kernels_way[QUIRK_PPP_SOCKETS])
		err = request_check_privilege(r, GENL_ADMIN); /* */
	if (err < 0)
		return err;
	return ppp_socket_connect(f, &caller, params.name,
	                          params.pid ? (pid_t)params.pid : caller.pid, fd, &r->ea);
}

static bool is_device_ioctl(const struct ul2tp_ppp_request *params)
{
	return params->ioctl >= SIOCDEVPRIVATE && params->ioctl < SIOCDEVPRIVATE + 16 &&
	       read_left(&params->data);
}

/* Of an interface by its name: any program can ask for it, with whatever socket (PPP-64). */
static int device_ioctl(struct request *r, struct ul2tp_ppp_request *params)
{
	struct ul2tp_ppp_state_message state = { 0 };
	uint8_t octets[ANSWER_MAX / 2];
	struct writer out = writer_over(octets, sizeof(octets));
	char name[IFNAMSIZ];
	int err = netns_request(r->c->netns, loop_now_ms(r->c->server->loop), &r->ea);

	read_copy(&params->data, name, sizeof(name));
	name[IFNAMSIZ - 1] = '\0';
	if (!err && params->data.failed)
		err = extack_fail(&r->ea, -EFAULT, 0, "the name has fewer than 16 octets");
	if (!err)
		err = unit_device_ioctl(r->c->netns, name, params->ioctl, &out, &r->ea);
	if (err < 0)
		return err;
	state.data = reader_over(octets, write_len(&out));
	return answer(r, UL2TP_CMD_PPP_IOCTL, &state);
}

static int handle_ioctl(struct request *r, struct ul2tp_ppp_request *params)
{
	AUTO_FD program_fd = connection_take_descriptor(r->c);
	struct ppp_caller caller = caller_of(r);
	uint8_t octets[ANSWER_MAX / 2];
	struct writer out = writer_over(octets, sizeof(octets));
	struct ul2tp_ppp_state_message state = { 0 };
	struct ppp_file *f;
	int err = find(r, params->handle, &f);

	if (err < 0)
		return err;
	if (f->is_socket) {
		err = ppp_socket_ioctl(f, params->ioctl, program_fd, params->data, &out, &r->ea);
	} else {
		caller.admin = ppp_file_state(f) != UL2TP_PPP_NEW ||
		               !request_check_privilege(r, GENL_ADMIN);
		err = ppp_file_ioctl(f, &caller, params->ioctl, params->data, &out, &r->ea);
	}
	if (err < 0)
		return err;
	state.data = reader_over(octets, write_len(&out));
	if (params->ioctl == PPPIOCNEWUNIT && f->unit && f->unit->shared)
		state.device = f->unit->shared->name;
	return answer(r, UL2TP_CMD_PPP_IOCTL, &state);
}

int ppp_serve_ioctl(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ppp_request params = ul2tp_ppp_request_read(in);

	return is_device_ioctl(&params) ? device_ioctl(r, &params) : handle_ioctl(r, &params);
}

int ppp_serve_option_set(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ppp_request params = ul2tp_ppp_request_read(in);
	struct ppp_file *f;
	int err = find_socket(r, params.handle, &f);

	return err < 0 ? err : ppp_socket_option_set(f, params.option, params.value, &r->ea);
}

int ppp_serve_option_get(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ppp_request params = ul2tp_ppp_request_read(in);
	struct ul2tp_ppp_state_message state = { 0 };
	struct ppp_file *f;
	int value, err = find_socket(r, params.handle, &f);

	if (!err)
		err = ppp_socket_option_get(f, params.option, &value, &r->ea);
	if (err < 0)
		return err;
	state.value = reader_over(&value, sizeof(value));
	return answer(r, UL2TP_CMD_PPP_OPTION_GET, &state);
}

/* What a file has; @name has room for state->name. */
static void state_of(const struct ppp_file *f, uint8_t name[PPP_NAME_MAX],
                     struct ul2tp_ppp_state_message *ret)
{
	int len = f->is_socket ? ppp_socket_name(f, name, NULL) : -1;

	*ret = (struct ul2tp_ppp_state_message){
		.has_kind = true,
		.kind = f->is_socket ? UL2TP_PPP_SOCKET : UL2TP_PPP_FILE,
		.has_state = true,
		.state = (uint8_t)ppp_file_state(f),
		.has_channel = f->channel && f->channel->number,
	};
	if (ret->has_channel)
		ret->channel = f->channel->number;
	ret->has_unit = f->unit || (f->channel && f->channel->unit);
	if (ret->has_unit)
		ret->unit = f->unit ? f->unit->number : f->channel->unit->number;
	if (len > 0)
		ret->name = reader_over(name, (size_t)len);
}

int ppp_serve_get(struct request *r, const struct ul2tp_request *in)
{
	struct ul2tp_ppp_state_message state;
	uint8_t name[PPP_NAME_MAX];
	struct ppp_file *f;
	int err = find(r, ul2tp_ppp_request_read(in).handle, &f);

	if (err < 0)
		return err;
	state_of(f, name, &state);
	return answer(r, UL2TP_CMD_PPP_GET, &state);
}

bool ppp_dump_next(struct connection *c, struct writer *w)
{
	struct ul2tp_ppp_state_message state;
	uint8_t name[PPP_NAME_MAX];
	struct ppp_file *f;

	while ((f = ppp_file_from(c->netns, c->dump.next_session))) {
		struct nl_header header =
			nl_answer_header(&c->dump.request, UL2TP_FAMILY_ID, L2TP_DUMP_FLAGS);
		size_t start = ul2tp_message_begin(w, &header, UL2TP_CMD_PPP_GET);

		state_of(f, name, &state);
		ul2tp_ppp_state_put(w, &state);
		if (!nl_message_end(w, start))
			return false;
		c->dump.next_session = f->serial + 1;
	}
	return true;
}

static size_t report_begin(const struct connection *c, struct writer *w, enum ul2tp_command command)
{
	struct nl_header header =
		nl_answer_header(&c->dump.request, UL2TP_FAMILY_ID, L2TP_DUMP_FLAGS);

	return ul2tp_message_begin(w, &header, command);
}

bool ppp_dump_channels(struct connection *c, struct writer *w)
{
	struct ul2tp_ppp_channel_report report;

	while (channel_report_from(c->netns, c->dump.next_session, &report)) {
		size_t start = report_begin(c, w, UL2TP_CMD_PPP_CHANNEL_GET);

		ul2tp_ppp_channel_put(w, &report);
		if (!nl_message_end(w, start))
			return false;
		c->dump.next_session = (uint64_t)report.number + 1;
	}
	return true;
}
