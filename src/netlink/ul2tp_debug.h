/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_debug.h - what the kernel's debug files show of a tunnel or session and its netlink family does not
 *
 * The nest UL2TP_ATTR_DEBUG (kernel-behaviour §8.1, §8.2).
 */
#ifndef UL2TP_NETLINK_UL2TP_DEBUG_H
#define UL2TP_NETLINK_UL2TP_DEBUG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "netlink/ul2tp_family.h"

struct ul2tp_debug {
	uint32_t references; /* DBG-13 */
	/* Of a tunnel. */
	uint32_t socket_references;
	uint32_t sessions; /* but for those with id 0 */
	/* Of a session. */
	uint32_t ns, nr;       /* the number to send next, and the one expected next */
	bool has_socket;       /* a PPPoL2TP socket is attached */
	uint8_t socket_state;  /* of that socket: enum of linux/if_pppox.h */
	char device[IFNAMSIZ]; /* name of its interface now; "": has none */
};

/** ul2tp_debug_tunnel_put(), ul2tp_debug_session_put() - the nest with what belongs to the one or the other */
void ul2tp_debug_tunnel_put(struct writer *w, const struct ul2tp_debug *d);
void ul2tp_debug_session_put(struct writer *w, const struct ul2tp_debug *d);

/** ul2tp_debug_read() - the nest of either; what is not there is 0. -EBADMSG: malformed */
int ul2tp_debug_read(struct reader nest, struct ul2tp_debug *ret);

#endif
