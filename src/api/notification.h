/* SPDX-License-Identifier: BSD-2-Clause */
/* notification.h - what subscribers are told: changes made through netlink (NL-80 to NL-83)
 *
 * Subscribers of the tunnel's own namespace are told; with --kernel-quirks all are.
 */
#ifndef UL2TP_API_NOTIFICATION_H
#define UL2TP_API_NOTIFICATION_H

#include "api/request.h"
#include "tunnel/session.h"
#include "tunnel/tunnel.h"

/** notify_tunnel() - @command: L2TP_CMD_TUNNEL_*; @r: whose request it was */
void notify_tunnel(const struct request *r, uint8_t command, const struct tunnel *t);
void notify_session(const struct request *r, uint8_t command, const struct session *s);

#endif
