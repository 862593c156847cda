/* SPDX-License-Identifier: BSD-2-Clause */
/* drop_reason.h - why a packet is not delivered or not sent: one reason for each
 *
 * Workers count by reason, in the arrays rx_drops[] of a tunnel's record and drops[] of the two
 * directions of a session's (keeper/records.h), at the index of the enum. L2TP_ATTR_STATS is computed from those
 * (COUNT_*), so that it means what it means in the kernel (STAT-*). Names and words are stable and stand
 * in doc/interfaces.txt; a new reason goes at the end of its enum, for counters outlive the engine.
 */
#ifndef UL2TP_PACKET_DROP_REASON_H
#define UL2TP_PACKET_DROP_REASON_H

#include <stdint.h>

enum rx_drop {
	RX_DROP_NONE, /* not dropped */
	/* The packet belongs to no session yet: counted in the tunnel its endpoint and sender lead to; where
	 * they lead to none, in the first tunnel of the endpoint. */
	RX_DROP_SHORT,           /* RX-1, RX-20, RX-22 */
	RX_DROP_CONTROL,         /* RX-2, RX-24 to RX-26 */
	RX_DROP_UNKNOWN_SESSION, /* RX-5, RX-21 */
	RX_DROP_WRONG_PEER, /* peer_check, doc/deviations.md on Q-8; counted in the tunnel of the session */
	RX_DROP_VERSION,   /* RX-6; counted in the tunnel of the session */
	RX_DROP_TRUNCATED, /* RX-7; counted in the tunnel of the session */
	/* Counted in the session. */
	RX_DROP_COOKIE,         /* RX-40 */
	RX_DROP_NO_SEQUENCE,    /* RX-43 */
	RX_DROP_CUT_OFF,        /* RX-45 */
	RX_DROP_OUTSIDE_WINDOW, /* SEQ-2: old, a duplicate of what was delivered, or too far ahead */
	RX_DROP_OUT_OF_SEQUENCE, /* SEQ-4 */
	RX_DROP_DUPLICATE,       /* LIM-20: of a packet that is held */
	RX_DROP_EXPIRED,         /* SEQ-20(a) */
	RX_DROP_QUEUE_FULL,      /* LIM-7: of held packets */
	RX_DROP_DELETED,         /* held when the session was deleted */
	/* Counted in the session after rx_packets and rx_bytes (SEQ-21). */
	RX_DROP_FRAME_SHORT,  /* RX-61: fewer than 14 octets */
	RX_DROP_NO_DEVICE,    /* the session has no interface (SES-44) */
	RX_DROP_DEVICE_DOWN,  /* RX-61 */
	RX_DROP_DEVICE_GONE,  /* removed since: EBADFD, EBADF */
	RX_DROP_DEVICE_BUSY,  /* EAGAIN, ENOBUFS, ENOMEM */
	RX_DROP_DEVICE_ERROR, /* another errno, with EINVAL */
	RX_DROP_NO_SOCKET,    /* RX-60: PPP, and no program has attached a socket */
	/* Counted in the session; it got no further than the socket of a managed tunnel. */
	RX_DROP_RING_FULL, /* the worker is behind */
	/* Of a program's socket, received without eBPF; counted as those that belong to no session. */
	RX_DROP_CHECKSUM, /* of UDP: wrong, or none where there must be one */
	RX_DROP_UNCUT,    /* several datagrams in one, and the system does not say where to cut */
	/* Counted in the session after rx_packets and rx_bytes; of PPP. */
	RX_DROP_SOCKET_FULL, /* RX-60: the program does not read its PPPoL2TP socket */
	RX_DROP_PPP_SHORT,   /* PPP-20 (2) */
	RX_DROP_FILE_FULL,   /* PPP-21 */
	/* Of a PPP unit, counted there. */
	RX_DROP_NP_MODE,    /* PPP-52 */
	RX_DROP_NOT_SET_UP, /* compressed or in fragments, and nobody has asked for that */
	RX_DROP_FILTERED,   /* by the pass filter: §6.7 step 8 */
	RX_DROP_UNREADABLE, /* what was compressed, or encrypted */
	RX_DROP_FRAGMENT,   /* PPP-71 */
	RX_DROP_SOURCE,     /* of one that shares its device: not from its own address */
	RX_DROP_POLICED,    /* packet/policer.h */
	RX_DROP_REASONS,
};

enum tx_drop {
	TX_DROP_NONE,
	TX_DROP_RUNT,      /* fewer than 14 octets */
	TX_DROP_MALFORMED, /* virtio-net header that does not fit its frame */
	TX_DROP_TOO_BIG,   /* TX-1: UDP length above 65535; EMSGSIZE */
	TX_DROP_NO_PEER,   /* the peer's address is not known: EDESTADDRREQ, ENOTCONN */
	TX_DROP_NO_ROUTE,  /* ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN */
	TX_DROP_NO_SOURCE, /* the local address has gone: EADDRNOTAVAIL, EINVAL, ENODEV */
	TX_DROP_REFUSED, /* ICMP port or protocol unreachable came: ECONNREFUSED, EPROTO, ENOPROTOOPT */
	TX_DROP_NOT_PERMITTED,  /* packet filter, prohibited route: EPERM, EACCES */
	TX_DROP_BUFFER_FULL,    /* EAGAIN, ENOBUFS, ENOMEM */
	TX_DROP_SEGMENT_FAILED, /* a batch of segments was refused (EIO), and so was each alone */
	TX_DROP_OTHER,
	/* Of a PPP unit, counted there. */
	TX_DROP_NP_MODE,        /* PPP-52 */
	TX_DROP_ETHERTYPE,      /* PPP has no number for it */
	TX_DROP_NO_CHANNEL,     /* PPP-42 */
	TX_DROP_FILTERED,       /* by the pass filter: §6.6 step 2 */
	TX_DROP_NOT_COMPRESSED, /* PPP-62 */
	TX_DROP_RECURSION,      /* PPP-56 */
	TX_DROP_POLICED,        /* packet/policer.h */
	TX_DROP_NO_UNIT,        /* of a device that units share: counted there */
	TX_DROP_REASONS,
};

/* Which counters of L2TP_ATTR_STATS a drop adds to; all of the session but the last. */
enum drop_count {
	COUNT_RX_ERRORS = 1,
	COUNT_RX_SEQ_DISCARDS = 2,
	COUNT_RX_COOKIE_DISCARDS = 4,
	COUNT_TX_ERRORS = 8,
	COUNT_RX_INVALID = 16, /* of the tunnel */
};

struct drop_reason {
	const char *name;  /* kebab-case; NULL only for ..._NONE */
	const char *words; /* what it means, for people */
	uint32_t counts;   /* enum drop_count */
};

/** rx_drop_reason(), tx_drop_reason() - the row of a reason; NULL for an index that is none */
const struct drop_reason *rx_drop_reason(unsigned int reason);
const struct drop_reason *tx_drop_reason(unsigned int reason);

/** tx_drop_of_errno() - reason for a positive errno of sendmsg() on an endpoint */
enum tx_drop tx_drop_of_errno(int error);

/** rx_drop_of_errno() - reason for a positive errno of a write to a session's device */
enum rx_drop rx_drop_of_errno(int error);

#endif
