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

int endpoint_new(struct keeper *k, uint32_t client, const struct endpoint_params *params,
                 struct endpoint **ret, struct extack *ea)
{
	struct endpoint *e = calloc(1, sizeof(*e));
	int err;

	if (!e)
		return -ENOMEM;
	err = keeper_endpoint_open(k, client, params, &e->at, ea);
	if (err < 0) {
		free(e);
		return err;
	}
	list_init(&e->in_netns);
	e->keeper = k;
	*ret = e;
	return 0;
}

void endpoint_free(struct endpoint *e)
{
	if (!e)
		return;
	list_remove(&e->in_netns);
	close(e->at.fd);
	if (e->at.bulk_fd >= 0)
		close(e->at.bulk_fd);
	keeper_endpoint_close(e->keeper, e->at.slot);
	free(e);
}

bool endpoint_same(const struct endpoint *e, const struct endpoint_params *params)
{
	const struct endpoint_params *has = &e->at.params;

	if (endpoint_is_connected(e) || params->peer.any.sa_family != AF_UNSPEC ||
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
