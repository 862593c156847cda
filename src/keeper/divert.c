/* SPDX-License-Identifier: BSD-2-Clause */
/* divert.c - choose the way data leaves programs' sockets; see divert.h */
#include "keeper/divert.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

/* In the order they are tried. */
static const struct divert_ops *const ways[] = {
	[DIVERT_WAY_EBPF] = &divert_ebpf,
	[DIVERT_WAY_RAW] = &divert_raw,
};

static bool way_open(struct divert *d, const struct divert_ops *ops)
{
	struct extack why = { 0 };
	int err;

	d->ops = ops;
	err = ops->open(d, &why);
	if (err == 0)
		return true;
	log_event(LOG_NOTICE, "divert-refused", "divert=%s error=\"%s\" reason=\"%s\"", ops->name,
	          strerror(-err), why.text);
	d->ops = NULL;
	return false;
}

void divert_open(struct divert *d, enum divert_way wanted)
{
	d->ops = NULL;
	for (size_t i = DIVERT_WAY_EBPF; i < ARRAY_SIZE(ways) && !d->ops; i++)
		if (wanted == DIVERT_WAY_ANY || wanted == i)
			way_open(d, ways[i]);
	if (d->ops)
		log_event(d->ops == ways[DIVERT_WAY_EBPF] ? LOG_INFO : LOG_NOTICE, "divert",
		          "divert=%s", d->ops->name);
	else
		log_event(LOG_NOTICE, "divert",
		          "divert=none effect=\"no tunnel on a program's own socket\"");
}

enum divert_way divert_way_of(const struct divert *d)
{
	for (size_t i = DIVERT_WAY_EBPF; i < ARRAY_SIZE(ways); i++)
		if (d->ops == ways[i])
			return (enum divert_way)i;
	return DIVERT_WAY_ANY;
}

void divert_close(struct divert *d)
{
	if (d->ops)
		d->ops->close(d);
	d->ops = NULL;
}

void divert_leave(const struct divert *d, struct bequest *b)
{
	leave_u32(b, divert_way_of(d));
	if (d->ops)
		d->ops->leave(d, b);
}

int divert_inherit(struct divert *d, struct inheritance *i)
{
	uint32_t way = inherit_u32(i);

	if (inherit_failed(i))
		return -EBADMSG;
	if (way != divert_way_of(d))
		return -EOPNOTSUPP;
	return d->ops ? d->ops->inherit(d, i) : 0;
}

void divert_inherited(struct divert *d)
{
	if (d->ops)
		d->ops->inherited(d);
}
