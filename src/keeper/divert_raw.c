/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_raw.c - the way without eBPF; see divert.h
 *
 * Not there yet: open() says so, and nothing else is called after that.
 */
#include "keeper/divert.h"

#include <errno.h>

static int raw_open(struct divert *d, struct extack *why)
{
	return extack_fail(why, -EOPNOTSUPP, 0, "this ul2tpd has no other way than eBPF");
}

const struct divert_ops divert_raw = {
	.name = "raw",
	.open = raw_open,
};
