/* SPDX-License-Identifier: BSD-2-Clause */
/* server.c - see server.h */
#include "keeper/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "keeper/identity.h"
#include "keeper/managed.h"
#include "keeper/records.h"

#define CLIENTS_MAX 4096

static void host_changed(void *arg, struct netns_id netns, const struct host_news *news)
{
	fast_path_verdict_changed(arg, netns, news);
}

static int fast_open(struct server *s, const struct keeper_options *options)
{
	struct extack ea = { 0 };
	int err = fast_path_open(options, &s->host, &s->fast, &s->fast_why, &ea);

	s->host.changed = host_changed;
	s->host.arg = s;
	if (err < 0)
		log_event(LOG_ERR, "start-failed", "error=\"--fast-path require: %s\"", ea.text);
	else if (s->fast_why == FAST_UNSUPPORTED)
		log_event(LOG_NOTICE, "fast-path-off", "reason=\"%s\"", ea.text);
	return err;
}

int server_open(struct server *s, const struct keeper_options *options, struct records *records)
{
	int err;

	*s = (struct server){
		.clients = { .max = CLIENTS_MAX },
		.endpoints = { .max = options->max_tunnels },
		.devices = { .max = options->max_sessions },
		.files = { .max = options->max_sessions * RECORD_FILES_PER_SESSION },
		.session_records = records_sessions(records, options->max_tunnels),
	};
	namespaces_open(&s->namespaces);
	managed_open(s);
	host_watches_open(&s->host, &s->home);
	err = netns_home_open(&s->home);
	if (err < 0) {
		log_event(LOG_ERR, "start-failed",
		          "error=\"can not learn my network namespace: %s\"", strerror(-err));
		return err;
	}
	if (rights_owner_read(s->home.fd, &s->home_owner) < 0)
		log_event(
			LOG_WARNING, "owner-unknown",
			"effect=\"nobody may change anything: the owner of this network namespace is out of sight\"");
	identity_probe(&s->home);
	s->reaper = reaper_start(&s->home);
	if (!s->reaper)
		return -ENOMEM;
	s->naive = options->naive;
	s->divert = (struct divert){
		.max_tunnels = options->max_tunnels,
		.max_sessions = options->max_sessions,
		.home = &s->home,
		.reaper = s->reaper,
	};
	divert_open(&s->divert, options->divert);
	return fast_open(s, options);
}

void server_engine_gone(struct server *s)
{
	struct endpoint *e;
	struct client *c;
	struct device *d;

	slots_for_each(&s->clients, slot, c) kept_client_close(s, slot);
	slots_for_each(&s->endpoints, slot, e) if (endpoint_is_dropped(e))
		kept_endpoint_close(s, slot);
	managed_engine_gone(s);
	namespaces_engine_gone(&s->namespaces);
	slots_for_each(&s->devices, slot, d) if (d->about.fd < 0) kept_device_remove(s, slot);
}

void server_close(struct server *s)
{
	struct endpoint *e;
	struct device *d;
	void *file;

	server_engine_gone(s);
	fast_path_close(s->fast);
	s->fast = NULL;
	slots_for_each(&s->endpoints, slot, e) kept_endpoint_close(s, slot);
	slots_for_each(&s->devices, slot, d) kept_device_remove(s, slot);
	slots_for_each(&s->files, slot, file) kept_file_close(s, slot);
	managed_end(s);
	reaper_free(s->reaper);
	host_watches_close(&s->host);
	namespaces_close(&s->namespaces);
	netns_home_close(&s->home);
	free(s->clients.at);
	free(s->endpoints.at);
	free(s->devices.at);
	free(s->files.at);
}

/* The slots stay taken until the engine gives them back: it must not find another object there. */
void server_drop_namespace(struct server *s, struct netns_id id)
{
	struct endpoint *e;
	struct device *d;

	fast_path_drop(s, id);
	slots_for_each(&s->endpoints, slot, e)
	{
		if (e->about.netns.cookie == id.cookie)
			kept_endpoint_drop(s, e);
	}
	slots_for_each(&s->devices, slot, d)
	{
		if (d->about.netns.cookie == id.cookie)
			kept_device_drop(s, d);
	}
	host_watch_drop(&s->host, id);
}

/* Without default: the compiler names a kind that has no row. @fd: the first that came along, or -1. */
static int dispatch(struct server *s, const struct request *r, int fd, struct reply *reply,
                    struct message_fds *out)
{
	uint32_t slot = r->slot;

	/* clang-format off */
	switch ((enum request_kind)r->kind) {
	case REQUEST_CLIENT_OPEN:         return kept_client_open(s, fd, reply);
	case REQUEST_CLIENT_CHECK:        return kept_client_check(s, slot, r->check.sender, r->check.over_daemon);
	case REQUEST_CLIENT_CLOSE:        return kept_client_close(s, slot);
	case REQUEST_ENDPOINT_OPEN:       return kept_endpoint_open(s, slot, &r->endpoint, reply, out);
	case REQUEST_ENDPOINT_CLOSE:      return kept_endpoint_close(s, slot);
	case REQUEST_ENDPOINT_RESUME:     return kept_endpoint_resume(s, slot, reply, out);
	case REQUEST_ENDPOINT_SPREAD:     return kept_endpoint_spread(s, slot, r->spread.number, r->spread.count, reply, out);
	case REQUEST_MANAGED_OPEN:        return kept_managed_open(s, slot, r->managed.worker, r->managed.number,
	                                                           r->managed.protocol, fd, reply, out);
	case REQUEST_MANAGED_CHANGED:     return kept_managed_changed(s, fd, reply, out);
	case REQUEST_DIVERT_ADD:          return kept_divert_add(s, slot, &r->session);
	case REQUEST_DIVERT_REMOVE:       return kept_divert_remove(s, slot, &r->session);
	case REQUEST_DIVERT_CHANNEL:      return kept_divert_channel(s, slot, reply, out);
	case REQUEST_RAW_SOCKETS:         return kept_raw_sockets(s, slot, out);
	case REQUEST_ROUTE:               return kept_endpoint_route(s, slot, &r->peer, reply);
	case REQUEST_SOCKET_BIND:         return kept_socket_bind(s, slot, &r->local, reply);
	case REQUEST_SOCKET_CONNECT:      return kept_socket_connect(s, slot, &r->peer, reply);
	case REQUEST_SOCKET_OPTION:       return kept_socket_option(s, slot, &r->option, reply);
	case REQUEST_DEVICE_CREATE:       return kept_device_create(s, slot, r, reply, out);
	case REQUEST_DEVICE_REMOVE:       return kept_device_remove(s, slot);
	case REQUEST_DEVICE_RESUME:       return kept_device_resume(s, slot, reply, out);
	case REQUEST_DEVICE_ROUTE_ADD:    return kept_device_route_add(s, slot, &r->device_route.prefix,
	                                                               r->device_route.replace, reply);
	case REQUEST_DEVICE_ROUTE_REMOVE: return kept_device_route_remove(s, slot, &r->device_route.prefix);
	case REQUEST_FILE_KEEP:           return kept_file_keep(s, fd, reply);
	case REQUEST_FILE_RESUME:         return kept_file_resume(s, slot, reply, out);
	case REQUEST_FILE_CLOSE:          return kept_file_close(s, slot);
	case REQUEST_FAST_SESSION:        return fast_path_session(s, slot, &r->fast);
	case REQUEST_FAST_FORGET:         fast_path_forget(s, slot); return 0;
	case REQUEST_READY:
	case REQUEST_UPGRADE:
	case REQUEST_PAUSE:               return 0; /* run.c has done it, or does */
	case REQUEST_KINDS:               break;
	}
	/* clang-format on */
	return -EINVAL;
}

void server_answer(struct server *s, const struct request *request, struct message_fds *fds,
                   struct reply *reply, struct message_fds *reply_fds)
{
	memset(reply, 0, sizeof(*reply));
	reply->serial = request->serial;
	*reply_fds = MESSAGE_NO_FDS;
	reply->err = dispatch(s, request, fds->fd[0], reply, reply_fds);
	if (reply->err < 0)
		*reply_fds = MESSAGE_NO_FDS;
}

void server_leave(struct server *s, struct bequest *b)
{
	socket_watches_leave(&s->watches, b);
	transmitters_leave(&s->transmitters, b);
	divert_leave(&s->divert, b);
	kept_endpoints_leave(s, b);
	kept_devices_leave(s, b);
	kept_files_leave(s, b);
	fast_path_leave(s, b);
	leave_u32(b, BEQUEST_END);
	reaper_rest(s->reaper);
}

void server_stay(struct server *s)
{
	reaper_go_on(s->reaper);
	fast_path_stay(s);
}

int server_inherit(struct server *s, struct inheritance *i)
{
	int err = socket_watches_inherit(&s->watches, i);

	if (!err)
		err = transmitters_inherit(&s->transmitters, i);
	if (!err)
		err = divert_inherit(&s->divert, i);
	if (!err)
		err = kept_endpoints_inherit(s, i);
	if (!err)
		err = kept_devices_inherit(s, i);
	if (!err)
		err = kept_files_inherit(s, i);
	if (!err)
		err = fast_path_inherit(s->fast, i);
	if (!err && (inherit_u32(i) != BEQUEST_END || read_left(&i->reader)))
		err = -EBADMSG;
	if (!err)
		divert_inherited(&s->divert);
	transmitters_tidy(&s->transmitters);
	socket_watches_tidy(&s->watches);
	return err;
}
