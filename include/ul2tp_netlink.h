/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_netlink.h - the generic netlink family "ul2tp": what ul2tpd has beyond the kernel's "l2tp"
 *
 * Both families are spoken on ul2tpd's SOCK_SEQPACKET socket, one datagram holding one or more
 * netlink messages, numbers in host order, as on an AF_NETLINK socket. "l2tp" is exactly the
 * kernel's (linux/l2tp.h). This family is validated strictly: an unknown attribute, a wrong length, a
 * duplicate, a missing NLA_F_NESTED bit or trailing octets are EINVAL, with words.
 *
 * Family ids are found through nlctrl (GENL_ID_CTRL) as in the kernel. Numbers here never change
 * their meaning; new ones are added at the end, and UL2TP_ATTR_FEATURES says what is there. So programs
 * and ul2tpd may be of different releases: what one of them does not know is refused with words, in an
 * answer it is passed over. Should that ever not do, UL2TP_GENL_VERSION changes, and whoever finds
 * another one at nlctrl asks for nothing.
 */
#ifndef UL2TP_NETLINK_H
#define UL2TP_NETLINK_H

#define UL2TP_GENL_NAME    "ul2tp"
#define UL2TP_GENL_VERSION 1

/* What a request does; "admin" needs CAP_NET_ADMIN over the client's network namespace. */
enum ul2tp_command {
	UL2TP_CMD_UNSPEC,
	UL2TP_CMD_STATUS_GET, /* -> VERSION, FEATURES, LIMITS, USAGE, of the client's namespace. no privilege */
	UL2TP_CMD_SOCKET_SET, /* CAP_ACK, EXT_ACK: what setsockopt(SOL_NETLINK) is on AF_NETLINK; DROP_RIGHTS,
			       * KEEP_RIGHTS, STOP_AT_REFUSAL, TOKEN. no privilege */
	UL2TP_CMD_SUBSCRIBE, /* GROUP: receive its notifications. no privilege; see doc/deviations.md, Q-20 */
	UL2TP_CMD_UNSUBSCRIBE, /* GROUP */
	UL2TP_CMD_TUNNEL_CREATE, /* L2TP (as L2TP_CMD_TUNNEL_CREATE) and LABEL, DEVICE, MARK, TOS, TTL, PEER_CHECK. admin */
	UL2TP_CMD_TUNNEL_SET, /* L2TP { CONN_ID } and LABEL, PEER_CHECK, each if present. admin */
	UL2TP_CMD_TUNNEL_GET, /* L2TP { CONN_ID }, or dump -> TUNNEL message. admin */
	UL2TP_CMD_SESSION_CREATE, /* L2TP (as L2TP_CMD_SESSION_CREATE) and LABEL. admin */
	UL2TP_CMD_SESSION_SET,    /* L2TP { CONN_ID, SESSION_ID or IFNAME } and LABEL. admin */
	UL2TP_CMD_SESSION_GET, /* L2TP { CONN_ID, SESSION_ID or IFNAME }, or dump -> SESSION message. admin */
	UL2TP_CMD_LIMITS_SET, /* LIMITS of the client's namespace. admin over the daemon's own namespace */
	UL2TP_CMD_V2_TUNNEL_GET, /* dump -> TUNNEL message of each L2TPv2 tunnel, without LABEL: what /proc/net/pppol2tp
				  * of a kernel tells everyone. no privilege */
	UL2TP_CMD_V2_SESSION_GET, /* dump -> SESSION message of each of their sessions, likewise */
	/* L2TP/IP sockets, socket(AF_INET or AF_INET6, SOCK_DGRAM, 115), of a program: at most one a connection,
	 * which goes with it and takes the tunnel on it along. Errors are those of the call of that name (IPS-*).
	 * Anyone may open and look; the others need CAP_NET_ADMIN, but with --kernel-quirks. */
	UL2TP_CMD_IPSOCKET_OPEN, /* FAMILY, PORT, SOCKET_COOKIE, and by SCM_RIGHTS a raw socket for UDP, with
				  * IP_HDRINCL or IPV6_HDRINCL: what arrives is written there as a UDP datagram
				  * from its sender to PORT. no privilege */
	UL2TP_CMD_IPSOCKET_BIND,    /* NAME */
	UL2TP_CMD_IPSOCKET_CONNECT, /* NAME */
	UL2TP_CMD_IPSOCKET_SEND,    /* DATA; NAME, CONTROL, MSG_FLAGS if present */
	UL2TP_CMD_IPSOCKET_OPTION_SET, /* OPTION_LEVEL, OPTION, OPTION_VALUE: those that decide how packets leave */
	UL2TP_CMD_IPSOCKET_GET, /* -> NAME, PEER_NAME, CONNECTED, COUNTERS; RX_DROPS of what was nobody's. no privilege */
	UL2TP_CMD_TRACE, /* TRACE_EVENTS: send these of the client's namespace from now on, each in a message of this
			  * command with TRACE, or with TRACE_LOST. admin; see doc/deviations.md, Q-20 */
	UL2TP_CMD_SOCKET_CHANGED, /* with one descriptor (SCM_RIGHTS): the tunnel on that socket looks at its addresses
				   * and options again. ENOENT: there is none. no privilege: whoever holds the socket */
	/* PPPoL2TP sockets and files of /dev/ppp. What a program holds is one end of a SOCK_SEQPACKET pair, whose other
	 * end ul2tpd gets and watches: when the program's last copy is closed, the file goes. A record is one PPP frame,
	 * as read() and write() of the kernel's have it. PPP_HANDLE names a file: it can not be guessed, and whoever knows
	 * it may use it, as whoever has a descriptor. Errors are those of the call of that name (PX-*, PPP-*). */
	UL2TP_CMD_PPP_OPEN, /* PPP_KIND, PPP_EMPTY_READS and PPP_OWN_DEVICE if present, and by SCM_RIGHTS ul2tpd's end -> PPP_HANDLE. A
			      * socket: no privilege; a file of /dev/ppp: admin (PPP-1) */
	UL2TP_CMD_PPP_CLOSE, /* PPP_HANDLE: forget it. Only needed of a file whose end ul2tpd has given up, because it is
			      * dead (PPP-24, PPP-44) */
	UL2TP_CMD_PPP_CONNECT, /* PPP_HANDLE, NAME (a struct sockaddr_pppol2tp*), PPP_PID, and by SCM_RIGHTS the socket that
				* .fd names, if the caller has one. connect() of a socket; admin, but with --kernel-quirks */
	UL2TP_CMD_PPP_IOCTL, /* PPP_HANDLE, PPP_IOCTL, DATA: what the argument points to -> DATA: what is there afterwards,
			      * DEVICE of a new unit that shares one;
			      * see doc/interfaces.txt for those whose argument has pointers. By SCM_RIGHTS the program's own
			      * end, if the caller has it: frames that wait in it are moved (PX-40) */
	UL2TP_CMD_PPP_OPTION_SET, /* PPP_HANDLE, OPTION, OPTION_VALUE: setsockopt(SOL_PPPOL2TP) */
	UL2TP_CMD_PPP_OPTION_GET, /* PPP_HANDLE, OPTION -> OPTION_VALUE */
	UL2TP_CMD_PPP_GET, /* PPP_HANDLE, or dump (admin) of what is in the client's namespace, without PPP_HANDLE -> PPP_KIND,
			    * PPP_STATE, NAME, PPP_CHANNEL, PPP_UNIT, L2TP, of each what it has. no privilege */
	/* Units of PPP, named by PPP_HANDLE of a file on it, or by PPP_UNIT in the client's namespace. admin */
	UL2TP_CMD_UNIT_ADDRESS_ADD, /* UNIT_PREFIX: an address of its far end, or a prefix of it, of a unit that shares its
				     * device (ul2tpd --ppp-device shared). EEXIST: another unit has it, or there is a route
				     * to it; EOPNOTSUPP: the unit has a device of its own; EINVAL; ENOSPC */
	UL2TP_CMD_UNIT_ADDRESS_REMOVE, /* UNIT_PREFIX. EADDRNOTAVAIL: the unit does not have it */
	UL2TP_CMD_UNIT_POLICE, /* UNIT_RX_RATE, UNIT_RX_BURST, UNIT_TX_RATE, UNIT_TX_BURST: of a direction whose rate is
				* present, from now on. ERANGE */
	UL2TP_CMD_UNIT_GET, /* or dump -> PPP_UNIT, DEVICE, UNIT_SHARED, UNIT_STRAYS, UNIT_COUNTERS, RX_DROPS, TX_DROPS,
			     * UNIT_PREFIX, and the rates that are set */
	UL2TP_CMD_PPP_CHANNEL_GET, /* dump of the channels that have a number, in its order -> PPP_CHANNEL, PPP_STATE (of its
				    * socket), PPP_FILES; L2TP { CONN_ID, SESSION_ID }, COUNTERS, RX_DROPS, TX_DROPS of its
				    * session if that is there; PPP_UNIT or PPP_BRIDGE. admin */
	UL2TP_CMD_DEVICE_GET, /* DEVICE_INDEX, of several interfaces -> for each of them that is a session's or has a PPP unit
			       * alone: DEVICE_INDEX, DEVICE, COUNTERS. Of those that were made in the client's
			       * namespace. no privilege: a kernel shows them to everyone */
	UL2TP_CMD_UPGRADE, /* ul2tpd becomes the release that its file is by now, right after the answer; or the answer says why it
			    * does not. admin over the daemon's own namespace */
	UL2TP_CMD_MAX_PLUS_1,
};

enum ul2tp_attribute {
	UL2TP_ATTR_UNSPEC,
	UL2TP_ATTR_VERSION,  /* string: ul2tpd's release */
	UL2TP_ATTR_FEATURES, /* nest of UL2TP_FEATURE: a string each; and UL2TP_FEATURE_LACKING */
	UL2TP_ATTR_GROUP,    /* u32: multicast group id, from nlctrl */
	UL2TP_ATTR_CAP_ACK,  /* u8 0/1: errors quote only the request's header (NETLINK_CAP_ACK) */
	UL2TP_ATTR_EXT_ACK,  /* u8 0/1: errors carry words (NETLINK_EXT_ACK) */
	UL2TP_ATTR_L2TP, /* nest of L2TP_ATTR_*: in requests the attributes of the l2tp command of the
				 * same name, in replies exactly those of the l2tp family's GET reply */
	UL2TP_ATTR_LABEL, /* string, at most 63 octets, printable: the operator's own words */
	UL2TP_ATTR_DEVICE, /* string: outer packets leave and arrive by this interface (SO_BINDTODEVICE) */
	UL2TP_ATTR_MARK, /* u32: mark of outer packets (SO_MARK) */
	UL2TP_ATTR_TOS,  /* u8: TOS or traffic class of outer packets; 0 if absent */
	UL2TP_ATTR_TTL,  /* u8 1..255: TTL or hop limit of outer packets; the system's if absent */
	UL2TP_ATTR_PEER_CHECK, /* u8: enum ul2tp_peer_check */
	UL2TP_ATTR_COUNTERS, /* nest of UL2TP_COUNTER_*; of DEVICE_GET, of UL2TP_DEVICE_COUNTER_* */
	UL2TP_ATTR_RX_DROPS, /* nest of UL2TP_DROP, one a reason that is not zero */
	UL2TP_ATTR_TX_DROPS, /* nest of UL2TP_DROP, one a reason that is not zero */
	UL2TP_ATTR_CREATED,  /* u64: seconds since 1970 */
	UL2TP_ATTR_MTU,      /* u32: the interface's MTU as computed at creation (ETH-10) */
	UL2TP_ATTR_LIMITS,   /* nest of UL2TP_LIMIT_* */
	UL2TP_ATTR_USAGE,    /* nest of UL2TP_LIMIT_*: how much of each is used */
	UL2TP_ATTR_L2SPEC_TYPE, /* u8: enum l2tp_l2spec_type; the l2tp family does not report it */
	UL2TP_ATTR_DROP_RIGHTS, /* u8 1: from now on this connection has no privilege, whoever sends on it */
	UL2TP_ATTR_DEBUG, /* nest of UL2TP_DEBUG_*: what a kernel's debug files show beside the rest */
	UL2TP_ATTR_FAMILY, /* u16: AF_INET or AF_INET6 */
	UL2TP_ATTR_PORT,   /* u16: UDP port on the loopback device that the raw socket sends to */
	UL2TP_ATTR_SOCKET_COOKIE, /* u64: SO_COOKIE of the socket that the program holds */
	UL2TP_ATTR_NAME, /* octets: struct sockaddr_l2tpip or sockaddr_l2tpip6, as the program gave it */
	UL2TP_ATTR_PEER_NAME, /* octets: likewise; absent: getpeername() says ENOTCONN */
	UL2TP_ATTR_CONNECTED, /* u8 0/1 */
	UL2TP_ATTR_DATA,    /* octets: a message from its flags on, without the four zero octets */
	UL2TP_ATTR_CONTROL, /* octets: ancillary data of sendmsg(), of IPv6 sockets */
	UL2TP_ATTR_MSG_FLAGS,    /* u32: MSG_* of sendmsg() */
	UL2TP_ATTR_OPTION_LEVEL, /* u32 */
	UL2TP_ATTR_OPTION,       /* u32 */
	UL2TP_ATTR_OPTION_VALUE, /* octets */
	UL2TP_ATTR_TRACE_EVENTS, /* u64: bit n: enum ul2tp_trace_event n; 0: none any more */
	UL2TP_ATTR_TRACE,        /* nest of UL2TP_TRACE_ATTR_*: an event */
	UL2TP_ATTR_TRACE_LOST, /* u64: how many events were not sent, because they were not read in time */
	UL2TP_ATTR_PPP_HANDLE, /* u64 */
	UL2TP_ATTR_PPP_KIND,   /* u8: enum ul2tp_ppp_kind */
	UL2TP_ATTR_PPP_EMPTY_READS, /* u8 1: an empty record may be sent where read() is to say end of file for a while
				     * (PPP-41), as whoever reads takes it out again when that has passed */
	UL2TP_ATTR_PPP_PID,     /* u32: thread that connects, for getsockname() (PX-44) */
	UL2TP_ATTR_PPP_IOCTL,   /* u32: PPPIOC*, SIOCGPPP* */
	UL2TP_ATTR_PPP_STATE,   /* u8: enum ul2tp_ppp_state */
	UL2TP_ATTR_PPP_CHANNEL, /* u32: number of the channel */
	UL2TP_ATTR_PPP_UNIT,    /* u32: number of the unit */
	UL2TP_ATTR_KEEP_RIGHTS, /* u8 1: the sender's CAP_NET_ADMIN over the client's namespace is looked at now, and then no
				 * more on this connection, whoever sends on it; EPERM: he has not got it */
	UL2TP_ATTR_PPP_OWN_DEVICE, /* u8 1: a unit made by this file has an interface of its own, pppN, even if ul2tpd was
				    * started with --ppp-device shared: what knows units by their interfaces needs one */
	UL2TP_ATTR_UNIT_SHARED,   /* u8 1: others have the DEVICE too */
	UL2TP_ATTR_UNIT_STRAYS,   /* u64: packets on that device which were for no unit */
	UL2TP_ATTR_UNIT_COUNTERS, /* nest of UL2TP_UNIT_COUNTER_* */
	UL2TP_ATTR_UNIT_PREFIX, /* octets: 4 or 6, how many bits count, 16 of the address, of IPv4 with 12 zeros at the
				   * end; in answers as many of these as there are */
	UL2TP_ATTR_UNIT_RX_RATE, /* u64: bits a second that may be received (packets from the peer); 0: no limit */
	UL2TP_ATTR_UNIT_RX_BURST, /* u32: octets that may come at once; 0 or absent: what suits the rate */
	UL2TP_ATTR_UNIT_TX_RATE,  /* u64: likewise of what is sent */
	UL2TP_ATTR_UNIT_TX_BURST, /* u32 */
	UL2TP_ATTR_FAST_PATH, /* string: "used", or for which reason the session's data does not take the fast path */
	UL2TP_ATTR_FAST_PATH_WORDS, /* string: that in words */
	UL2TP_ATTR_PPP_BRIDGE,      /* u32: number of the channel that a channel is bridged to */
	UL2TP_ATTR_PPP_FILES,       /* u32: open files of /dev/ppp on it */
	UL2TP_ATTR_STOP_AT_REFUSAL, /* u8: of requests that come in one datagram, those behind a refused one are refused, too,
				     * with ECANCELED; 0: they are done, as the kernel does them */
	UL2TP_ATTR_TOKEN, /* u64: of the request behind this one in the datagram, which changes something. If one with this
			   * token was done lately in the client's namespace, it succeeds, and is not done again. So a client
			   * that ended before it heard the answer can ask again. Nobody else should be able to guess it */
	UL2TP_ATTR_DEVICE_INDEX, /* octets: u32 each, at most 64: numbers of interfaces when they were made */
	UL2TP_ATTR_MAX_PLUS_1,
};

/* Of a unit since its making, u64 each. What was dropped by a policer, or because it was not from the unit's addresses, is
 * none of the packets. Octets without the protocol's. */
enum ul2tp_unit_counter {
	UL2TP_UNIT_COUNTER_UNSPEC,
	UL2TP_UNIT_COUNTER_RX_PACKETS, /* of all kinds */
	UL2TP_UNIT_COUNTER_RX_OCTETS,
	UL2TP_UNIT_COUNTER_RX_CONTROL_PACKETS, /* of these, those for the unit's file: IPCP and its like */
	UL2TP_UNIT_COUNTER_RX_CONTROL_OCTETS,
	UL2TP_UNIT_COUNTER_RX_ERRORS,
	UL2TP_UNIT_COUNTER_RX_DROPPED,
	UL2TP_UNIT_COUNTER_TX_PACKETS,
	UL2TP_UNIT_COUNTER_TX_OCTETS,
	UL2TP_UNIT_COUNTER_TX_CONTROL_PACKETS,
	UL2TP_UNIT_COUNTER_TX_CONTROL_OCTETS,
	UL2TP_UNIT_COUNTER_TX_ERRORS,
	UL2TP_UNIT_COUNTER_TX_DROPPED,
	UL2TP_UNIT_COUNTER_MAX_PLUS_1,
};

/* What the interface of a kernel's L2TP or PPP would have counted, u64 each. Packets and octets are all of them; errors and drops
 * are to be added to what the interface itself has counted. */
enum ul2tp_device_counter {
	UL2TP_DEVICE_COUNTER_UNSPEC,
	UL2TP_DEVICE_COUNTER_RX_PACKETS,
	UL2TP_DEVICE_COUNTER_RX_OCTETS, /* of Ethernet with the L2TP header (ETH-20) */
	UL2TP_DEVICE_COUNTER_RX_ERRORS,
	UL2TP_DEVICE_COUNTER_RX_DROPPED,
	UL2TP_DEVICE_COUNTER_TX_PACKETS, /* that were sent */
	UL2TP_DEVICE_COUNTER_TX_OCTETS,  /* of Ethernet without the L2TP header */
	UL2TP_DEVICE_COUNTER_TX_ERRORS,
	UL2TP_DEVICE_COUNTER_TX_DROPPED,
	UL2TP_DEVICE_COUNTER_MAX_PLUS_1,
};

enum ul2tp_ppp_kind {
	UL2TP_PPP_SOCKET, /* socket(AF_PPPOX, ..., PX_PROTO_OL2TP) */
	UL2TP_PPP_FILE,   /* open("/dev/ppp") */
	UL2TP_PPP_KINDS,
};

enum ul2tp_ppp_state {
	UL2TP_PPP_NEW,       /* a socket not connected, a file not attached */
	UL2TP_PPP_CONNECTED, /* a socket with a session */
	UL2TP_PPP_BOUND, /* ... whose channel's number was asked for: it has no frames any more (PX-40) */
	UL2TP_PPP_SESSION_GONE, /* a socket that had one (SES-43) */
	UL2TP_PPP_ON_CHANNEL,   /* a file */
	UL2TP_PPP_ON_UNIT, /* a file; see PPP_EMPTY_READS: without channel reads say end of file */
	UL2TP_PPP_ON_IDLE_UNIT, /* a file on a unit that has no channel now and does not loop traffic */
	UL2TP_PPP_DEAD,         /* a file on what has gone */
};

enum ul2tp_feature_attribute {
	UL2TP_FEATURE = 1, /* string */
	UL2TP_FEATURE_LACKING, /* nest of one that is not to be had: UL2TP_FEATURE, UL2TP_FEATURE_WORDS */
	UL2TP_FEATURE_WORDS, /* string: why not */
};

enum ul2tp_peer_check {
	UL2TP_PEER_CHECK_SOCKET, /* data came to this tunnel's endpoint from this tunnel's peer */
	UL2TP_PEER_CHECK_IDS,    /* the ids in the packet decide, as in the kernel */
};

/* u64 each. Octets count L2TP header and payload, as the kernel's own counters do. */
enum ul2tp_counter {
	UL2TP_COUNTER_UNSPEC,
	UL2TP_COUNTER_RX_PACKETS, /* delivered to the pseudowire */
	UL2TP_COUNTER_RX_OCTETS,
	UL2TP_COUNTER_RX_LAST, /* time of the last packet, milliseconds since 1970; 0: none yet */
	UL2TP_COUNTER_TX_PACKETS,
	UL2TP_COUNTER_TX_OCTETS,
	UL2TP_COUNTER_TX_LAST,
	UL2TP_COUNTER_RX_HELD,      /* waiting in the reorder queue now */
	UL2TP_COUNTER_RX_REORDERED, /* put back in order */
	/* Of these by the eBPF fast path, which the interface's own counters do not have; absent: none. */
	UL2TP_COUNTER_RX_FAST_PACKETS,
	UL2TP_COUNTER_RX_FAST_OCTETS,
	UL2TP_COUNTER_TX_FAST_PACKETS,
	UL2TP_COUNTER_TX_FAST_OCTETS,
	UL2TP_COUNTER_MAX_PLUS_1,
};

enum ul2tp_drop_attribute {
	UL2TP_DROP = 1,     /* nest of the three below */
	UL2TP_DROP_NAME,    /* string: stable, see doc/interfaces.txt */
	UL2TP_DROP_WORDS,   /* string: what it means */
	UL2TP_DROP_PACKETS, /* u64 */
};

enum ul2tp_debug_attribute {
	UL2TP_DEBUG_UNSPEC,
	UL2TP_DEBUG_REFERENCES,        /* u32: of a tunnel or session; a plausible number */
	UL2TP_DEBUG_SOCKET_REFERENCES, /* u32: of a tunnel's socket; likewise */
	UL2TP_DEBUG_SESSIONS,          /* u32: of a tunnel, but for those with id 0 */
	UL2TP_DEBUG_NS,                /* u32: of a session: the next number to send */
	UL2TP_DEBUG_NR,                /* u32: of a session: the next number expected */
	UL2TP_DEBUG_SOCKET_STATE,      /* u8: PPPOX_* of the attached socket; absent: none is */
	UL2TP_DEBUG_DEVICE, /* string: of a session: name of its interface now; absent: none */
	UL2TP_DEBUG_MAX_PLUS_1,
};

/* The events of the kernel's group "l2tp", by their names. */
enum ul2tp_trace_event {
	UL2TP_TRACE_REGISTER_TUNNEL,
	UL2TP_TRACE_DELETE_TUNNEL,
	UL2TP_TRACE_FREE_TUNNEL,
	UL2TP_TRACE_REGISTER_SESSION,
	UL2TP_TRACE_DELETE_SESSION,
	UL2TP_TRACE_FREE_SESSION,
	UL2TP_TRACE_SESSION_SEQNUM_LNS_ENABLE,
	UL2TP_TRACE_SESSION_SEQNUM_LNS_DISABLE,
	UL2TP_TRACE_SESSION_SEQNUM_UPDATE,
	UL2TP_TRACE_SESSION_SEQNUM_RESET,
	UL2TP_TRACE_SESSION_PKT_EXPIRED,
	UL2TP_TRACE_SESSION_PKT_OUTSIDE_RX_WINDOW,
	UL2TP_TRACE_SESSION_PKT_OOS,
	UL2TP_TRACE_EVENTS,
};

enum ul2tp_trace_attribute {
	UL2TP_TRACE_ATTR_UNSPEC,
	UL2TP_TRACE_ATTR_EVENT,        /* u8: enum ul2tp_trace_event */
	UL2TP_TRACE_ATTR_TIME,         /* u64: nanoseconds, CLOCK_MONOTONIC */
	UL2TP_TRACE_ATTR_PID,          /* u32: thread in which it happened */
	UL2TP_TRACE_ATTR_CPU,          /* u32 */
	UL2TP_TRACE_ATTR_PROCESS,      /* string: name of that thread */
	UL2TP_TRACE_ATTR_TUNNEL,       /* u32: tunnel id */
	UL2TP_TRACE_ATTR_PEER_TUNNEL,  /* u32: this and what follows: in the events that have it */
	UL2TP_TRACE_ATTR_VERSION,      /* u8 */
	UL2TP_TRACE_ATTR_ENCAP,        /* u16: enum l2tp_encap_type */
	UL2TP_TRACE_ATTR_FD,           /* u32, signed: descriptor the client named; -1: none */
	UL2TP_TRACE_ATTR_SESSION,      /* u32: session id */
	UL2TP_TRACE_ATTR_PEER_SESSION, /* u32 */
	UL2TP_TRACE_ATTR_PW_TYPE,      /* u16: enum l2tp_pwtype */
	UL2TP_TRACE_ATTR_NS,           /* u32: the number to send next; of a packet: its own */
	UL2TP_TRACE_ATTR_NR,           /* u32: the number expected next */
	UL2TP_TRACE_ATTR_QUEUE_LEN,    /* u32: packets that wait to be put in order */
	UL2TP_TRACE_ATTR_MAX_PLUS_1,
};

/* u32 each; per network namespace. 0 in LIMITS_SET: no limit of its own. */
enum ul2tp_limit {
	UL2TP_LIMIT_UNSPEC,
	UL2TP_LIMIT_TUNNELS,
	UL2TP_LIMIT_SESSIONS,
	UL2TP_LIMIT_MEMORY_KIB,
	UL2TP_LIMIT_REQUESTS, /* per second */
	UL2TP_LIMIT_SUBSCRIBERS,
	UL2TP_LIMIT_MAX_PLUS_1,
};

#endif
