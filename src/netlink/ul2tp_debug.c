/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_debug.c - see ul2tp_debug.h */
#include "netlink/ul2tp_debug.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"
#include "netlink/policy.h"

/* clang-format off */
static const struct policy_row debug_rows[] = {
	[UL2TP_DEBUG_REFERENCES]        = { "references",        ATTRIBUTE_U32 },
	[UL2TP_DEBUG_SOCKET_REFERENCES] = { "socket_references", ATTRIBUTE_U32 },
	[UL2TP_DEBUG_SESSIONS]          = { "sessions",          ATTRIBUTE_U32 },
	[UL2TP_DEBUG_NS]                = { "ns",                ATTRIBUTE_U32 },
	[UL2TP_DEBUG_NR]                = { "nr",                ATTRIBUTE_U32 },
	[UL2TP_DEBUG_SOCKET_STATE]      = { "socket_state",      ATTRIBUTE_U8 },
	[UL2TP_DEBUG_DEVICE]            = { "device",            ATTRIBUTE_STRING, .max = IFNAMSIZ - 1 },
};
/* clang-format on */
static_assert(ARRAY_SIZE(debug_rows) == UL2TP_DEBUG_MAX_PLUS_1, "each attribute has a row");

static const struct policy debug_policy = { debug_rows, ARRAY_SIZE(debug_rows) };

void ul2tp_debug_tunnel_put(struct writer *w, const struct ul2tp_debug *d)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_DEBUG | NLA_F_NESTED);

	attribute_put_u32(w, UL2TP_DEBUG_REFERENCES, d->references);
	attribute_put_u32(w, UL2TP_DEBUG_SOCKET_REFERENCES, d->socket_references);
	attribute_put_u32(w, UL2TP_DEBUG_SESSIONS, d->sessions);
	attribute_nest_end(w, nest);
}

void ul2tp_debug_session_put(struct writer *w, const struct ul2tp_debug *d)
{
	size_t nest = attribute_nest_begin(w, UL2TP_ATTR_DEBUG | NLA_F_NESTED);

	attribute_put_u32(w, UL2TP_DEBUG_REFERENCES, d->references);
	attribute_put_u32(w, UL2TP_DEBUG_NS, d->ns);
	attribute_put_u32(w, UL2TP_DEBUG_NR, d->nr);
	if (d->has_socket)
		attribute_put_u8(w, UL2TP_DEBUG_SOCKET_STATE, d->socket_state);
	if (d->device[0])
		attribute_put_string(w, UL2TP_DEBUG_DEVICE, d->device);
	attribute_nest_end(w, nest);
}

int ul2tp_debug_read(struct reader nest, struct ul2tp_debug *ret)
{
	struct attributes a;

	if (policy_parse(&debug_policy, POLICY_LIBERAL, nest, nest.at, &a, NULL) < 0)
		return -EBADMSG;
	*ret = (struct ul2tp_debug){
		.references = attributes_u32(&a, UL2TP_DEBUG_REFERENCES),
		.socket_references = attributes_u32(&a, UL2TP_DEBUG_SOCKET_REFERENCES),
		.sessions = attributes_u32(&a, UL2TP_DEBUG_SESSIONS),
		.ns = attributes_u32(&a, UL2TP_DEBUG_NS),
		.nr = attributes_u32(&a, UL2TP_DEBUG_NR),
		.has_socket = attributes_has(&a, UL2TP_DEBUG_SOCKET_STATE),
		.socket_state = attributes_u8(&a, UL2TP_DEBUG_SOCKET_STATE),
	};
	strcpy(ret->device,
	       attributes_string(&a, UL2TP_DEBUG_DEVICE)); /* the policy has bounded it */
	return 0;
}
