/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_account.c - libul2tp: addresses, rates and accounts of PPP units; see ul2tp.h */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "client/exchange.h"
#include "client/ppp.h"
#include "netlink/ul2tp_unit_message.h"

static struct ul2tp_unit_request by_file(const struct ul2tp_ppp *unit)
{
	return (struct ul2tp_unit_request){ .by_handle = true, .handle = unit->handle };
}

static struct ul2tp_unit_request by_number(uint32_t unit)
{
	return (struct ul2tp_unit_request){ .unit = unit };
}

static int run(struct ul2tp *u, enum ul2tp_command command, const struct ul2tp_unit_request *what,
               answer_fn *fn, void *arg)
{
	struct request r;
	int err = request_begin(&r, u, FAMILY_UL2TP, (uint8_t)command, false);

	if (err < 0)
		return err;
	ul2tp_unit_request_put(&r.attributes, what);
	return request_run(&r, fn, arg);
}

static int change_address(struct ul2tp *u, enum ul2tp_command command,
                          struct ul2tp_unit_request what, int family, const void *address,
                          unsigned int bits)
{
	if (family != AF_INET && family != AF_INET6)
		return connection_fail(u, -EAFNOSUPPORT, "family", "give AF_INET or AF_INET6");
	if (bits > prefix_bits_max((unsigned int)family))
		return connection_fail(u, -EINVAL, "bits", "an address has %u bits",
		                       prefix_bits_max((unsigned int)family));
	what.prefix = prefix_make((uint8_t)family, address, bits);
	return run(u, command, &what, NULL, NULL);
}

int ul2tp_ppp_address_add(struct ul2tp *u, const struct ul2tp_ppp *unit, int family,
                          const void *address, unsigned int bits)
{
	return change_address(u, UL2TP_CMD_UNIT_ADDRESS_ADD, by_file(unit), family, address, bits);
}

int ul2tp_ppp_unit_address_add(struct ul2tp *u, uint32_t unit, int family, const void *address,
                               unsigned int bits)
{
	return change_address(u, UL2TP_CMD_UNIT_ADDRESS_ADD, by_number(unit), family, address,
	                      bits);
}

int ul2tp_ppp_address_remove(struct ul2tp *u, const struct ul2tp_ppp *unit, int family,
                             const void *address, unsigned int bits)
{
	return change_address(u, UL2TP_CMD_UNIT_ADDRESS_REMOVE, by_file(unit), family, address,
	                      bits);
}

int ul2tp_ppp_unit_address_remove(struct ul2tp *u, uint32_t unit, int family, const void *address,
                                  unsigned int bits)
{
	return change_address(u, UL2TP_CMD_UNIT_ADDRESS_REMOVE, by_number(unit), family, address,
	                      bits);
}

static struct ul2tp_rate rate_of(const struct ul2tp_ppp_rate *r)
{
	struct ul2tp_rate rate = { .present = r != NULL };

	if (r) {
		rate.rate = r->bits_per_second;
		rate.burst = r->burst_octets;
	}
	return rate;
}

static int police(struct ul2tp *u, struct ul2tp_unit_request what,
                  const struct ul2tp_ppp_rate *receive, const struct ul2tp_ppp_rate *transmit)
{
	what.rx = rate_of(receive);
	what.tx = rate_of(transmit);
	return run(u, UL2TP_CMD_UNIT_POLICE, &what, NULL, NULL);
}

int ul2tp_ppp_police(struct ul2tp *u, const struct ul2tp_ppp *unit,
                     const struct ul2tp_ppp_rate *receive, const struct ul2tp_ppp_rate *transmit)
{
	return police(u, by_file(unit), receive, transmit);
}

int ul2tp_ppp_unit_police(struct ul2tp *u, uint32_t unit, const struct ul2tp_ppp_rate *receive,
                          const struct ul2tp_ppp_rate *transmit)
{
	return police(u, by_number(unit), receive, transmit);
}

static int take_account(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	static _Thread_local struct ul2tp_unit_message unit;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 || ul2tp_unit_message_read(attributes, &unit) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that makes no sense");
	ppp_account_of(&unit, arg);
	return 0;
}

int ul2tp_ppp_account_get(struct ul2tp *u, const struct ul2tp_ppp *unit,
                          struct ul2tp_ppp_account *ret)
{
	const struct ul2tp_unit_request what = by_file(unit);
	const size_t room = ret->size;
	struct ul2tp_ppp_account account = { 0 };
	int err = run(u, UL2TP_CMD_UNIT_GET, &what, take_account, &account);

	if (err < 0)
		return err;
	account.size = room < sizeof(account) ? room : sizeof(account);
	memcpy(ret, &account, account.size);
	return 0;
}

static int take_unit(struct ul2tp *u, const struct nl_message *m, void *arg)
{
	const struct ul2tp_ppp_unit_info **ret = arg;
	struct reader attributes;

	if (answer_attributes(m, &attributes) < 0 ||
	    ppp_unit_view_read(attributes, &u->ppp_unit) < 0)
		return connection_fail(u, -EBADMSG, "", "an answer that is no unit");
	*ret = &u->ppp_unit.unit;
	return 0;
}

int ul2tp_ppp_unit_get(struct ul2tp *u, uint32_t unit, const struct ul2tp_ppp_unit_info **ret)
{
	const struct ul2tp_unit_request what = by_number(unit);
	const struct ul2tp_ppp_unit_info *found = NULL;
	int err = run(u, UL2TP_CMD_UNIT_GET, &what, take_unit, &found);

	if (err < 0)
		return err;
	if (!found)
		return connection_fail(u, -EBADMSG, "", "no answer with a unit");
	*ret = found;
	return 0;
}
