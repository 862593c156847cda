/* SPDX-License-Identifier: BSD-2-Clause */
/* tunnel_command.c - add, delete, change and show tunnels; see tunnel_command.h */
#include "cli/tunnel_command.h"

#include "base/cleanup.h"

static bool is_on(const struct value *v, bool otherwise)
{
	return v->given ? v->number : otherwise;
}

static int need_what_add_needs(struct cli *cli, const struct arguments *a)
{
	static const enum parameter ids[] = { P_TUNNEL_ID, P_PEER_TUNNEL_ID };
	static const enum parameter addresses[] = { P_LOCAL, P_REMOTE };
	static const enum parameter udp[] = { P_UDP_SPORT, P_UDP_DPORT };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (arguments_need_id(cli, a, ADD_TUNNEL, ids[i]) != CLI_DONE)
			return CLI_USAGE;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		if (arguments_need(cli, a, ADD_TUNNEL, addresses[i]) != CLI_DONE)
			return CLI_USAGE;
	if (a->of[P_ENCAP].given && a->of[P_ENCAP].number == UL2TP_ENCAP_IP)
		return CLI_DONE;
	for (size_t i = 0; i < ARRAY_SIZE(udp); i++)
		if (arguments_need(cli, a, ADD_TUNNEL, udp[i]) != CLI_DONE)
			return CLI_USAGE;
	return CLI_DONE;
}

static int addresses_set(struct cli *cli, const struct arguments *a,
                         struct ul2tp_tunnel_params *ret)
{
	ret->local = a->of[P_LOCAL].address;
	ret->peer = a->of[P_REMOTE].address;
	if (ret->peer.family == AF_UNSPEC)
		return cli_wrong(cli, "remote any: expected the address of the peer");
	if (ret->local.family == AF_UNSPEC)
		ret->local.family = ret->peer.family; /* any: all zeros */
	if (ret->local.family != ret->peer.family)
		return cli_wrong(cli, "local and remote: expected both IPv4 or both IPv6");
	if (a->of[P_UDP_SPORT].given)
		ret->local.port = (uint16_t)a->of[P_UDP_SPORT].number;
	if (a->of[P_UDP_DPORT].given)
		ret->peer.port = (uint16_t)a->of[P_UDP_DPORT].number;
	return CLI_DONE;
}

static void options_set(const struct arguments *a, struct ul2tp_tunnel_params *ret)
{
	ret->label = a->of[P_LABEL].given ? a->of[P_LABEL].text : NULL;
	ret->device = a->of[P_DEV].given ? a->of[P_DEV].text : NULL;
	ret->has_fwmark = a->of[P_FWMARK].given;
	ret->fwmark = a->of[P_FWMARK].number;
	ret->has_tos = a->of[P_TOS].given;
	ret->tos = (uint8_t)a->of[P_TOS].number;
	ret->has_ttl = a->of[P_TTL].given;
	ret->ttl = (uint8_t)a->of[P_TTL].number;
	ret->has_peer_check = a->of[P_PEER_CHECK].given;
	ret->peer_check = (uint8_t)a->of[P_PEER_CHECK].number;
}

int tunnel_params_set(struct cli *cli, const struct arguments *a, struct ul2tp_tunnel_params *ret)
{
	int status = need_what_add_needs(cli, a);

	if (status != CLI_DONE)
		return status;
	*ret = (struct ul2tp_tunnel_params){
		.size = sizeof(*ret),
		.tunnel_id = a->of[P_TUNNEL_ID].number,
		.peer_tunnel_id = a->of[P_PEER_TUNNEL_ID].number,
		.version = a->of[P_VERSION].given ? (uint8_t)a->of[P_VERSION].number : 3,
		.encap = a->of[P_ENCAP].given ? (uint8_t)a->of[P_ENCAP].number : UL2TP_ENCAP_UDP,
		.udp_csum = is_on(&a->of[P_UDP_CSUM], false),
		.udp6_no_csum_tx = !is_on(&a->of[P_UDP6_CSUM_TX], true),
		.udp6_no_csum_rx = !is_on(&a->of[P_UDP6_CSUM_RX], true),
	};
	options_set(a, ret);
	return addresses_set(cli, a, ret);
}

int tunnel_add(struct cli *cli, const struct arguments *a)
{
	struct ul2tp_tunnel_params params;
	int status = tunnel_params_set(cli, a, &params);

	if (status == CLI_DONE)
		status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	return ul2tp_tunnel_add(cli->u, &params) < 0 ? cli_refused(cli) : CLI_DONE;
}

int tunnel_del(struct cli *cli, const struct arguments *a)
{
	int status = arguments_need(cli, a, DEL_TUNNEL, P_TUNNEL_ID);

	if (status == CLI_DONE)
		status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	return ul2tp_tunnel_delete(cli->u, a->of[P_TUNNEL_ID].number) < 0 ? cli_refused(cli)
	                                                                  : CLI_DONE;
}

int tunnel_set(struct cli *cli, const struct arguments *a)
{
	const struct value *label = &a->of[P_LABEL];
	const struct value *peer_check = &a->of[P_PEER_CHECK];
	int status = arguments_need(cli, a, SET_TUNNEL, P_TUNNEL_ID);

	if (status == CLI_DONE && !label->given && !peer_check->given)
		status = cli_wrong(cli, "set tunnel needs label or peer_check: what to change");
	if (status == CLI_DONE)
		status = cli_connect(cli);
	if (status != CLI_DONE)
		return status;
	if (ul2tp_tunnel_set(cli->u, a->of[P_TUNNEL_ID].number, label->given ? label->text : NULL,
	                     peer_check->given ? (int)peer_check->number : -1) < 0)
		return cli_refused(cli);
	return CLI_DONE;
}

struct listing {
	struct printer *printer;
	enum print_extent extent;
};

static int print_one(const struct ul2tp_tunnel *t, void *arg)
{
	struct listing *l = arg;

	tunnel_print(l->printer, KEY_NONE, t, l->extent);
	return 0;
}

int tunnel_show(struct cli *cli, const struct arguments *a)
{
	struct printer p = cli_printer(cli);
	struct listing l = { .printer = &p, .extent = cli_extent(cli) };
	unsigned int flags = l.extent >= PRINT_DETAILS ? UL2TP_EXTRAS : 0;
	const struct ul2tp_tunnel *t;
	int status = cli_connect(cli);
	int err;

	if (status != CLI_DONE)
		return status;
	if (a->of[P_TUNNEL_ID].given) {
		if (ul2tp_tunnel_get(cli->u, a->of[P_TUNNEL_ID].number, flags, &t) < 0)
			return cli_refused(cli);
		printer_list_begin(&p, KEY_NONE);
		print_one(t, &l);
		err = 0;
	} else {
		printer_list_begin(&p, KEY_NONE);
		err = ul2tp_tunnel_list(cli->u, flags, print_one, &l);
	}
	printer_list_end(&p);
	printer_line_end(&p);
	return err < 0 ? cli_refused(cli) : CLI_DONE;
}
