/* SPDX-License-Identifier: BSD-2-Clause */
/* drop_reason.c - the tables of drop reasons: names, words, and what each adds to L2TP_ATTR_STATS */
#include "packet/drop_reason.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "keeper/records.h"

#define SEQ_DISCARD (COUNT_RX_SEQ_DISCARDS | COUNT_RX_ERRORS)
#define BAD_COOKIE  (COUNT_RX_COOKIE_DISCARDS | COUNT_RX_ERRORS)

/* clang-format off */
static const struct drop_reason rx_reasons[] = {
	/*                            name               in words                                       adds to */
	[RX_DROP_SHORT]           = { "short",           "shorter than any data packet",                0 },
	[RX_DROP_CONTROL]         = { "control",         "control message, which no program takes",     0 },
	[RX_DROP_UNKNOWN_SESSION] = { "unknown-session", "there is no session of this id",              0 },
	[RX_DROP_WRONG_PEER]      = { "wrong-peer",      "not from the peer of the session's tunnel",   0 },
	[RX_DROP_VERSION]         = { "version",         "version is not the tunnel's",                 COUNT_RX_INVALID },
	[RX_DROP_TRUNCATED]       = { "truncated",       "ends within the header its session needs",    COUNT_RX_INVALID },
	[RX_DROP_COOKIE]          = { "cookie",          "cookie is not peer_cookie",                   BAD_COOKIE },
	[RX_DROP_NO_SEQUENCE]     = { "no-sequence",     "numbers are required and it has none",        SEQ_DISCARD },
	[RX_DROP_CUT_OFF]         = { "cut-off",         "offset reaches past the end",                 COUNT_RX_ERRORS },
	[RX_DROP_OUTSIDE_WINDOW]  = { "outside-window",  "number is old or too far ahead",              COUNT_RX_ERRORS },
	[RX_DROP_OUT_OF_SEQUENCE] = { "out-of-sequence", "number is not the next, nothing is reordered", SEQ_DISCARD },
	[RX_DROP_DUPLICATE]       = { "duplicate",       "a packet of this number is being held",       COUNT_RX_ERRORS },
	[RX_DROP_EXPIRED]         = { "expired",         "waited longer than the reorder timeout",      SEQ_DISCARD },
	[RX_DROP_QUEUE_FULL]      = { "queue-full",      "too many packets are being held",             SEQ_DISCARD },
	[RX_DROP_DELETED]         = { "deleted",         "was being held when the session was deleted", COUNT_RX_ERRORS },
	[RX_DROP_FRAME_SHORT]     = { "frame-short",     "shorter than an Ethernet header",             0 },
	[RX_DROP_NO_DEVICE]       = { "no-device",       "session has no interface",                    0 },
	[RX_DROP_DEVICE_DOWN]     = { "device-down",     "interface is down",                           0 },
	[RX_DROP_DEVICE_GONE]     = { "device-gone",     "interface has just been removed",             0 },
	[RX_DROP_DEVICE_BUSY]     = { "device-busy",     "system is out of memory for the interface",   0 },
	[RX_DROP_DEVICE_ERROR]    = { "device-error",    "interface refused the frame",                 0 },
	[RX_DROP_NO_SOCKET]       = { "no-socket",       "no program has attached a socket for PPP",    0 },
	[RX_DROP_RING_FULL]       = { "ring-full",       "came faster than they were read",             COUNT_RX_ERRORS },
	[RX_DROP_CHECKSUM]        = { "checksum",        "UDP checksum is wrong or lacking",            0 },
	[RX_DROP_UNCUT]           = { "uncut",           "several in one, and nobody says where to cut", 0 },
	[RX_DROP_SOCKET_FULL]     = { "socket-full",     "program does not read its PPPoL2TP socket",    COUNT_RX_ERRORS },
	[RX_DROP_PPP_SHORT]       = { "ppp-short",       "shorter than a PPP protocol number",           0 },
	[RX_DROP_FILE_FULL]       = { "file-full",       "32 frames wait on the PPP channel already",    0 },
	[RX_DROP_NP_MODE]         = { "np-mode",         "PPP unit lets none of this protocol in",      0 },
	[RX_DROP_NOT_SET_UP]      = { "not-set-up",      "compressed or a fragment, as was not agreed on", 0 },
	[RX_DROP_FILTERED]        = { "filtered",        "pass filter of the PPP unit does not want it", 0 },
	[RX_DROP_UNREADABLE]      = { "unreadable",      "compressed or encrypted, and can not be read", 0 },
	[RX_DROP_FRAGMENT]        = { "fragment",        "others of its PPP packet lost, it late, or all too long", 0 },
	[RX_DROP_SOURCE]          = { "source",          "not from an address of the PPP unit",         0 },
	[RX_DROP_POLICED]         = { "policed",         "more than the PPP unit may receive",          0 },
};

static const struct drop_reason tx_reasons[] = {
	[TX_DROP_RUNT]           = { "runt",           "shorter than an Ethernet header",                COUNT_TX_ERRORS },
	[TX_DROP_MALFORMED]      = { "malformed",      "offload description does not fit the frame",     COUNT_TX_ERRORS },
	[TX_DROP_TOO_BIG]        = { "too-big",        "longer than a datagram can be",                  COUNT_TX_ERRORS },
	[TX_DROP_NO_PEER]        = { "no-peer",        "address of the peer is not known",               COUNT_TX_ERRORS },
	[TX_DROP_NO_ROUTE]       = { "no-route",       "no route, peer unreachable, or local address gone", COUNT_TX_ERRORS },
	[TX_DROP_NO_SOURCE]      = { "no-source",      "local address or device has gone",               COUNT_TX_ERRORS },
	[TX_DROP_REFUSED]        = { "refused",        "peer answered that nobody listens",              COUNT_TX_ERRORS },
	[TX_DROP_NOT_PERMITTED]  = { "not-permitted",  "packet filter or route prohibits it",            COUNT_TX_ERRORS },
	[TX_DROP_BUFFER_FULL]    = { "buffer-full",    "send buffer is full or memory is short",         COUNT_TX_ERRORS },
	[TX_DROP_SEGMENT_FAILED] = { "segment-failed", "could not be sent in segments, nor one by one",  COUNT_TX_ERRORS },
	[TX_DROP_OTHER]          = { "other",          "system refused it for another reason",           COUNT_TX_ERRORS },
	[TX_DROP_NP_MODE]        = { "np-mode",        "PPP unit lets none of this protocol out",        0 },
	[TX_DROP_ETHERTYPE]      = { "ethertype",      "PPP has no number for this protocol",            0 },
	[TX_DROP_NO_CHANNEL]     = { "no-channel",     "PPP unit is connected to no channel",            0 },
	[TX_DROP_FILTERED]       = { "filtered",       "pass filter of the PPP unit does not want it",   0 },
	[TX_DROP_NOT_COMPRESSED] = { "not-compressed", "encryption is agreed on, and not yet open",      0 },
	[TX_DROP_RECURSION]      = { "recursion",      "L2TP packet that is routed into its own session", 0 },
	[TX_DROP_POLICED]        = { "policed",        "more than the PPP unit may send",                0 },
	[TX_DROP_NO_UNIT]        = { "no-unit",        "no PPP unit has this address",                   0 },
};
/* clang-format on */

static_assert(ARRAY_SIZE(rx_reasons) == RX_DROP_REASONS, "each reason has a row");
static_assert(ARRAY_SIZE(tx_reasons) == TX_DROP_REASONS, "each reason has a row");
static_assert(RX_DROP_REASONS <= RECORD_DROPS_MAX, "the records have room");
static_assert(TX_DROP_REASONS <= RECORD_DROPS_MAX, "the records have room");

const struct drop_reason *rx_drop_reason(unsigned int reason)
{
	return reason > RX_DROP_NONE && reason < RX_DROP_REASONS ? &rx_reasons[reason] : NULL;
}

const struct drop_reason *tx_drop_reason(unsigned int reason)
{
	return reason > TX_DROP_NONE && reason < TX_DROP_REASONS ? &tx_reasons[reason] : NULL;
}

enum tx_drop tx_drop_of_errno(int error)
{
	switch (error) {
	case EMSGSIZE:
		return TX_DROP_TOO_BIG;
	case EDESTADDRREQ:
	case ENOTCONN:
		return TX_DROP_NO_PEER;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return TX_DROP_NO_ROUTE;
	case EADDRNOTAVAIL:
	case EINVAL:
	case ENODEV:
		return TX_DROP_NO_SOURCE;
	case ECONNREFUSED:
	case EPROTO:
	case ENOPROTOOPT:
		return TX_DROP_REFUSED;
	case EPERM:
	case EACCES:
		return TX_DROP_NOT_PERMITTED;
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return TX_DROP_BUFFER_FULL;
	case EIO:
		return TX_DROP_SEGMENT_FAILED;
	default:
		return TX_DROP_OTHER;
	}
}

enum rx_drop rx_drop_of_errno(int error)
{
	switch (error) {
	case EIO: /* what a TAP says while it is down */
		return RX_DROP_DEVICE_DOWN;
	case EBADFD: /* it was destroyed with its namespace, or by hand */
	case EBADF:  /* ... and we have closed our end earlier in this batch */
		return RX_DROP_DEVICE_GONE;
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return RX_DROP_DEVICE_BUSY;
	default:
		return RX_DROP_DEVICE_ERROR;
	}
}
