/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_command.c - see unit_command.h
 *
 * A unit is named by its number, by its interface, or, as its program knows it, by pppNUMBER, also where it shares an
 * interface that has another name.
 */
#include "cli/unit_command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ul2tp_ppp.h"
#include "base/cleanup.h"
#include "base/prefix.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/rate.h"
#include "cli/suggestion.h"
#include "cli/unit_print.h"

#define WORDS_MAX 10 /* unit police UNIT rx RATE burst SIZE tx RATE burst SIZE, without the first */

/* Words that are no options, in their order. */
struct plain {
	size_t count;
	const char *at[WORDS_MAX];
};

static int plain_take(struct cli *cli, const char *word, void *arg)
{
	struct plain *plain = arg;

	if (plain->count == WORDS_MAX)
		return cli_wrong(cli, "\"%s\" is one word too many", word);
	plain->at[plain->count++] = word;
	return CLI_DONE;
}

/* --- which unit */

static bool number_read(const char *word, uint32_t *ret)
{
	unsigned long long n;

	if (!*word || strspn(word, "0123456789") != strlen(word))
		return false;
	errno = 0;
	n = strtoull(word, NULL, 10);
	*ret = (uint32_t)n;
	return errno == 0 && n <= UINT32_MAX;
}

struct search {
	const char *ifname;
	bool found, is_shared;
	uint32_t number;
};

static int search_one(const struct ul2tp_ppp_unit_info *u, void *arg)
{
	struct search *s = arg;

	if (strcmp(u->ifname, s->ifname) != 0)
		return 0;
	s->number = u->number;
	s->is_shared = u->shared;
	s->found = !u->shared;
	return s->found;
}

/* Whether @word is what the unit's program calls it, or its interface as well. */
static bool is_called(struct cli *cli, const char *word, uint32_t *ret)
{
	const struct ul2tp_ppp_unit_info *u;

	return strncmp(word, "ppp", 3) == 0 && number_read(word + 3, ret) &&
	       ul2tp_ppp_unit_get(cli->u, *ret, &u) == 0 &&
	       (u->shared || strcmp(u->ifname, word) == 0);
}

static int unit_find(struct cli *cli, const char *word, uint32_t *ret)
{
	struct search s = { .ifname = word };
	int status = cli_connect(cli);

	if (status != CLI_DONE || number_read(word, ret) || is_called(cli, word, ret))
		return status;
	if (ul2tp_ppp_unit_list(cli->u, search_one, &s) < 0)
		return cli_refused(cli);
	*ret = s.number;
	if (s.found)
		return CLI_DONE;
	if (s.is_shared)
		cli_wrong(cli, "\"%s\" is the interface of many units: give the number of one",
		          word);
	else
		cli_wrong(cli, "there is no unit \"%s\" here: \"ul2tp show unit\" lists them",
		          word);
	return CLI_REFUSED;
}

/* --- addresses */

/* ADDRESS or ADDRESS/BITS */
static int prefix_read(const char *word, struct ul2tp_ppp_prefix *ret)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(word, "/");
	uint32_t bits;

	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, word, len);
	address[len] = '\0';
	*ret = (struct ul2tp_ppp_prefix){ 0 };
	if (inet_pton(AF_INET, address, &ret->address.v4) == 1)
		ret->address.family = AF_INET;
	else if (inet_pton(AF_INET6, address, &ret->address.v6) == 1)
		ret->address.family = AF_INET6;
	else
		return -EINVAL;
	ret->bits = prefix_bits_max((unsigned int)ret->address.family);
	if (!word[len])
		return 0;
	if (!number_read(word + len + 1, &bits) || bits > ret->bits)
		return -EINVAL;
	ret->bits = bits;
	return 0;
}

static int address_change(struct cli *cli, bool add, const char *unit, const char *word)
{
	struct ul2tp_ppp_prefix prefix;
	uint32_t number;
	int status, err;

	if (prefix_read(word, &prefix) < 0)
		return cli_wrong(
			cli,
			"address \"%s\": expected one of the unit's far end, as 192.0.2.1, "
			"192.0.2.0/24 or 2001:db8::/56",
			word);
	status = unit_find(cli, unit, &number);
	if (status != CLI_DONE)
		return status;
	err = (add ? ul2tp_ppp_unit_address_add : ul2tp_ppp_unit_address_remove)(
		cli->u, number, prefix.address.family, &prefix.address.v4, prefix.bits);
	return err < 0 ? cli_refused(cli) : CLI_DONE;
}

static int address_command(struct cli *cli, const struct plain *words)
{
	const char *verb = words->count > 1 ? words->at[1] : "";
	const bool add = word_matches(verb, "add");

	if (!add && !word_matches(verb, "delete"))
		return cli_wrong(cli, "unit address \"%s\": expected add or del", verb);
	if (words->count != 4)
		return cli_wrong(cli, "unit address %s needs UNIT and ADDRESS[/BITS] after it",
		                 add ? "add" : "del");
	return address_change(cli, add, words->at[2], words->at[3]);
}

/* --- rates */

struct rates {
	bool has_rx, has_tx;
	struct ul2tp_ppp_rate rx, tx;
};

/* One of "rx RATE", "tx RATE" and "burst SIZE"; *last: the direction that a burst is of */
static int rate_take(struct cli *cli, const char *word, const char *value, struct rates *rates,
                     struct ul2tp_ppp_rate **last)
{
	const bool is_rx = strcmp(word, "rx") == 0;

	if (strcmp(word, "burst") == 0) {
		if (!*last || (*last)->burst_octets)
			return cli_wrong(cli, "burst belongs behind the rate of rx or of tx");
		if (!value || size_read(value, &(*last)->burst_octets) < 0)
			return cli_wrong(cli, "burst \"%s\": expected " SIZE_EXPECTED,
			                 value ? value : "");
		return CLI_DONE;
	}
	if (!is_rx && strcmp(word, "tx") != 0)
		return cli_wrong(cli, "unit police takes no \"%s\", but rx, tx and burst", word);
	if (is_rx ? rates->has_rx : rates->has_tx)
		return cli_wrong(cli, "%s is given twice", word);
	*last = is_rx ? &rates->rx : &rates->tx;
	*(is_rx ? &rates->has_rx : &rates->has_tx) = true;
	if (!value || rate_read(value, &(*last)->bits_per_second) < 0)
		return cli_wrong(cli, "%s \"%s\": expected " RATE_EXPECTED, word,
		                 value ? value : "");
	return CLI_DONE;
}

static int police_command(struct cli *cli, const struct plain *words)
{
	struct ul2tp_ppp_rate *last = NULL;
	struct rates rates = { 0 };
	uint32_t number;
	int status;

	if (words->count < 4)
		return cli_wrong(cli,
		                 "unit police needs UNIT after it, and rx RATE, tx RATE or both");
	for (size_t i = 2; i < words->count; i += 2) {
		const char *value = i + 1 < words->count ? words->at[i + 1] : NULL;

		status = rate_take(cli, words->at[i], value, &rates, &last);
		if (status != CLI_DONE)
			return status;
	}
	status = unit_find(cli, words->at[1], &number);
	if (status != CLI_DONE)
		return status;
	if (ul2tp_ppp_unit_police(cli->u, number, rates.has_rx ? &rates.rx : NULL,
	                          rates.has_tx ? &rates.tx : NULL) < 0)
		return cli_refused(cli);
	return CLI_DONE;
}

/* --- showing */

struct listing {
	struct printer *printer;
	bool reasons;
};

static int show_one(const struct ul2tp_ppp_unit_info *u, void *arg)
{
	const struct listing *l = arg;

	unit_print(l->printer, u, l->reasons);
	return 0;
}

static int show(struct cli *cli, const char *unit)
{
	struct printer p = cli_printer(cli);
	struct listing l = { &p, cli_extent(cli) >= PRINT_STATS };
	const struct ul2tp_ppp_unit_info *found = NULL;
	int err = 0, status = cli_connect(cli);
	uint32_t number;

	if (status == CLI_DONE && unit)
		status = unit_find(cli, unit, &number);
	if (status == CLI_DONE && unit && ul2tp_ppp_unit_get(cli->u, number, &found) < 0)
		status = cli_refused(cli);
	if (status != CLI_DONE)
		return status;
	printer_list_begin(&p, KEY_NONE);
	if (found)
		show_one(found, &l);
	else
		err = ul2tp_ppp_unit_list(cli->u, show_one, &l);
	printer_list_end(&p);
	printer_line_end(&p);
	return err < 0 ? cli_refused(cli) : CLI_DONE;
}

static int show_command(struct cli *cli, const struct plain *words, size_t first)
{
	if (words->count > first + 1)
		return cli_wrong(cli, "show unit takes no \"%s\" behind the unit",
		                 words->at[first + 1]);
	return show(cli, words->count > first ? words->at[first] : NULL);
}

int unit_show(struct cli *cli, struct words *words)
{
	struct plain plain = { 0 };
	int status = options_and_words(cli, words, plain_take, &plain);

	if (status != CLI_DONE)
		return status;
	return cli->options.help ? help_topic(cli, "unit") : show_command(cli, &plain, 0);
}

int unit_command(struct cli *cli, struct words *words)
{
	struct plain plain = { 0 };
	int status = options_and_words(cli, words, plain_take, &plain);

	if (status != CLI_DONE)
		return status;
	if (cli->options.help)
		return help_topic(cli, "unit");
	if (plain.count == 0)
		return cli_wrong(cli,
		                 "say what: \"unit address\", \"unit police\" or \"unit show\"");
	if (word_matches(plain.at[0], "address"))
		return address_command(cli, &plain);
	if (word_matches(plain.at[0], "police"))
		return police_command(cli, &plain);
	if (word_matches(plain.at[0], "show") || word_matches(plain.at[0], "list"))
		return show_command(cli, &plain, 1);
	return cli_wrong(cli, "unit \"%s\": expected address, police or show", plain.at[0]);
}
