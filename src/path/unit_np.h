/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_np.h - network protocols that a PPP unit can carry or not, each by itself (PPP-52) */
#ifndef UL2TP_PATH_UNIT_NP_H
#define UL2TP_PATH_UNIT_NP_H

#include <linux/ppp_defs.h>
#include <stdint.h>

enum unit_np {
	UNIT_IP,
	UNIT_IPV6,
	UNIT_IPX,
	UNIT_APPLETALK,
	UNIT_MPLS,
	UNIT_MPLS_MULTICAST,
	UNIT_NPS,
};

/** unit_np_of() - of a PPP protocol number; UNIT_NPS: it is none of those */
static inline enum unit_np unit_np_of(uint16_t protocol)
{
	switch (protocol) {
	case PPP_IP:
		return UNIT_IP;
	case PPP_IPV6:
		return UNIT_IPV6;
	case PPP_IPX:
		return UNIT_IPX;
	case PPP_AT:
		return UNIT_APPLETALK;
	case PPP_MPLS_UC:
		return UNIT_MPLS;
	case PPP_MPLS_MC:
		return UNIT_MPLS_MULTICAST;
	default:
		return UNIT_NPS;
	}
}

#endif
