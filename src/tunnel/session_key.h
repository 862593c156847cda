/* SPDX-License-Identifier: BSD-2-Clause */
/* session_key.h - by what sessions are found (SES-2 to SES-5) */
#ifndef UL2TP_TUNNEL_SESSION_KEY_H
#define UL2TP_TUNNEL_SESSION_KEY_H

#include <stdint.h>

/* Sessions of one id stand beside each other, by tunnel. */
static inline uint64_t v3_session_key(uint32_t session_id, uint32_t conn_id)
{
	return (uint64_t)session_id << 32 | conn_id;
}

/* only 16 bits of either id count. */
static inline uint32_t v2_session_key(uint32_t conn_id, uint32_t session_id)
{
	return (conn_id & 0xffff) << 16 | (session_id & 0xffff);
}

#endif
