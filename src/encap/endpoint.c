/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoint.c - see endpoint.h */
#include "encap/endpoint.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "encap/address.h"

struct endpoint *endpoint_adopt(struct keeper *k, const struct keeper_endpoint *at)
{
	struct endpoint *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	list_init(&e->in_netns);
	e->keeper = k;
	e->at = *at;
	return e;
}

static int opened(struct keeper *k, const struct keeper_endpoint *at, struct endpoint **ret)
{
	struct keeper_endpoint failed = *at;

	*ret = endpoint_adopt(k, at);
	if (*ret)
		return 0;
	keeper_endpoint_fds_close(&failed);
	keeper_endpoint_close(k, at->slot);
	return -ENOMEM;
}

int endpoint_new(struct keeper *k, uint32_t client, const struct endpoint_params *params,
                 struct endpoint **ret, struct extack *ea)
{
	struct keeper_endpoint at;
	int err = keeper_endpoint_open(k, client, params, &at, ea);

	return err < 0 ? err : opened(k, &at, ret);
}

int endpoint_managed_new(struct keeper *k, uint32_t client, int fd, int number, uint32_t worker,
                         uint8_t protocol, struct endpoint **ret, struct extack *ea)
{
	struct keeper_endpoint at;
	int err = keeper_managed_open(k, client, fd, number, worker, protocol, &at, ea);

	return err < 0 ? err : opened(k, &at, ret);
}

void endpoint_change(struct endpoint *e, const struct keeper_endpoint *now)
{
	keeper_endpoint_fds_close(&e->at);
	e->at.fd = now->fd;
	/* Not the protocol, which the receiving worker reads. */
	e->at.params.local = now->params.local;
	e->at.params.peer = now->params.peer;
	e->at.params.flags = now->params.flags;
	e->at.params.tos = now->params.tos;
	e->at.params.ttl = now->params.ttl;
	e->at.params.mark = now->params.mark;
	memcpy(e->at.params.device, now->params.device, sizeof(e->at.params.device));
}

void endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	list_remove(&e->in_netns);
	keeper_endpoint_fds_close(&e->at);
	keeper_endpoint_close(e->keeper, e->at.slot);
	free(e);
}

bool endpoint_same(const struct endpoint *e, const struct endpoint_params *params)
{
	const struct endpoint_params *has = &e->at.params;

	if (endpoint_is_managed(e) || endpoint_is_connected(e) ||
	    params->peer.any.sa_family != AF_UNSPEC ||
	    (params->protocol == IPPROTO_UDP && !address_port(&params->local)))
		return false;
	return has->protocol == params->protocol && address_equal(&has->local, &params->local) &&
	       has->flags == params->flags && has->tos == params->tos && has->ttl == params->ttl &&
	       has->mark == params->mark &&
	       !strncmp(has->device, params->device, sizeof(has->device));
}

struct endpoint_params endpoint_params_of_all_ip(int family)
{
	static const union l2tp_address any;
	struct endpoint_params p;

	memset(&p, 0, sizeof(p));
	p.protocol = PROTOCOL_L2TP;
	p.local = address_make(family, &any, 0);
	return p;
}

bool endpoint_takes_all_ip(const struct endpoint *e)
{
	struct endpoint_params all = endpoint_params_of_all_ip(e->at.params.local.any.sa_family);

	return endpoint_same(e, &all);
}
