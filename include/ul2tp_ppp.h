/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ppp.h - PPP by libul2tp: what a program would do with a PPPoL2TP socket and files of /dev/ppp, without either
 *
 *	struct ul2tp_ppp socket, channel, unit;
 *	uint32_t number;
 *	char ifname[16];
 *
 *	ul2tp_ppp_socket(u, &socket);			   socket(AF_PPPOX)
 *	ul2tp_ppp_connect(u, &socket, &params);		   connect(): a session of pseudowire PPP
 *	ul2tp_ppp_channel(u, &socket, &number);		   PPPIOCGCHAN: frames come by the channel from now on
 *	ul2tp_ppp_channel_open(u, number, &channel);	   PPPIOCATTCHAN: LCP, authentication, is read and written here
 *	ul2tp_ppp_unit_add(u, -1, &unit, &number, ifname); PPPIOCNEWUNIT: the interface; IPCP and the like are here
 *	ul2tp_ppp_unit_connect(u, &channel, number);	   PPPIOCCONNECT
 *
 * IP packets never come to the program. Each step fails with the errno of the call it stands for, as of a kernel's.
 * examples/ppp-echo.c in the sources does all of them.
 *
 * With ul2tpd alone: -EOPNOTSUPP on the kernel. Threads, waiting, errors and structs are as in ul2tp.h.
 */
#ifndef UL2TP_PPP_H
#define UL2TP_PPP_H

#include "ul2tp.h"

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* A socket, or a file on a channel or unit. It lives until its last descriptor is closed, in whichever process, and
 * does not go with the connection it was made by. */
struct ul2tp_ppp {
	uint64_t
		handle; /* names it towards ul2tpd, on any connection. Whoever knows it may use it */
	int fd; /* SOCK_SEQPACKET, blocking, close-on-exec: each record that is read or written is a frame, on
		 * a socket and on files alike: two octets of protocol, then information. A record of no octets:
		 * the unit's last channel has gone; with POLLHUP it is the end, what the file was on has gone */
};

/* Which session a socket is connected to. Zero is a good default but for the ids. */
struct ul2tp_ppp_params {
	size_t size; /* sizeof(struct ul2tp_ppp_params) */
	uint32_t tunnel_id;
	uint32_t
		session_id; /* one that exists is used with the parameters it has, another is made */
	uint32_t peer_tunnel_id;  /* of a tunnel that is made, or whose peer is not known yet */
	uint32_t peer_session_id; /* of a session that is made */
	uint8_t version;          /* of L2TP, of a tunnel that is made: 2 or 3; 0 means 2 */
	bool has_fd; /* with both session ids 0: the tunnel's own socket, which is connected to; the
		      * tunnel is made if there is none, on the UDP socket .fd */
	int fd;      /* stays the caller's */
};

/**
 * ul2tp_ppp_socket() - a PPPoL2TP socket, not connected; ul2tp_ppp_close() it
 *
 * Needs no privilege. Return: 0; -EMFILE, -ENFILE: too many of this user, or of all.
 */
int ul2tp_ppp_socket(struct ul2tp *u, struct ul2tp_ppp *ret);

/**
 * ul2tp_ppp_connect() - connect it to a session, which goes with it
 *
 * Return: 0; -ENOENT no such tunnel; -EBUSY is connected; -EEXIST the session has or had a socket; -EPROTOTYPE the
 *	   session is not of pseudowire PPP; -EINVAL tunnel_id is 0, or version or ids make no sense; of a tunnel that
 *	   is made: -EBADF no .fd, -ENOTSOCK, and what ul2tp_tunnel_add() returns.
 */
int ul2tp_ppp_connect(struct ul2tp *u, const struct ul2tp_ppp *socket,
                      const struct ul2tp_ppp_params *params);

/** ul2tp_ppp_channel() - number of a connected socket's channel. From now on frames come by the channel, those first
 * that wait in the socket now. -ENOTCONN */
int ul2tp_ppp_channel(struct ul2tp *u, const struct ul2tp_ppp *socket, uint32_t *ret);

/** ul2tp_ppp_channel_open() - a file on a channel: its control frames (LCP, PAP, CHAP; all while it is connected to no
 * unit). ul2tp_ppp_close() it, which leaves the channel as it is. -ENXIO: there is none */
int ul2tp_ppp_channel_open(struct ul2tp *u, uint32_t channel, struct ul2tp_ppp *ret);

/**
 * ul2tp_ppp_unit_add() - make a unit and its interface, which is down; it goes with @ret
 * @number: of the unit; -1: the lowest that is free
 * @ret:    a file on it, which reads what is neither IP nor for the channel
 * @unit:   the number it got; may be NULL
 * @ifname: the interface's name at its making; may be NULL
 *
 * Return: 0; -EEXIST number or name are taken; -EPERM.
 */
int ul2tp_ppp_unit_add(struct ul2tp *u, int number, struct ul2tp_ppp *ret, uint32_t *unit,
                       char ifname[16]);

/** ul2tp_ppp_unit_open() - another file on a unit, which does not keep it. -ENXIO: there is none */
int ul2tp_ppp_unit_open(struct ul2tp *u, uint32_t unit, struct ul2tp_ppp *ret);

/** ul2tp_ppp_unit_connect() - a file's channel carries that unit's traffic; several may (multilink)
 *
 * Return: 0; -ENXIO no such unit; -EINVAL the channel has one, or is bridged; -ENOTCONN its socket was closed. */
int ul2tp_ppp_unit_connect(struct ul2tp *u, const struct ul2tp_ppp *channel, uint32_t unit);

/** ul2tp_ppp_unit_disconnect() - and no longer does. -EINVAL: it has none */
int ul2tp_ppp_unit_disconnect(struct ul2tp *u, const struct ul2tp_ppp *channel);

/** ul2tp_ppp_bridge() - a file's channel and channel @other send on what the other receives, until either's socket is
 * closed. -ENXIO: there is none; -EALREADY: one of them has a unit or a bridge */
int ul2tp_ppp_bridge(struct ul2tp *u, const struct ul2tp_ppp *channel, uint32_t other);

/** ul2tp_ppp_unbridge() - end that, from either side. -EINVAL: it is not bridged */
int ul2tp_ppp_unbridge(struct ul2tp *u, const struct ul2tp_ppp *channel);

enum ul2tp_ppp_setting {
	UL2TP_PPP_FLAGS, /* SC_* of linux/ppp-ioctl.h; more bits are read than were set */
	UL2TP_PPP_MRU,   /* octets; for decompressors. Can not be read */
	UL2TP_PPP_MRRU, /* octets: of multilink, which is received if this is not 0. Can not be read */
	UL2TP_PPP_VJ_SLOTS, /* greatest slot to send | to receive << 16, each at most 254, and there is VJ
			     * compression. Can not be read */
};

/** ul2tp_ppp_set() - a setting of a file's unit. -EINVAL; -ENOTTY: the file is on no unit */
int ul2tp_ppp_set(struct ul2tp *u, const struct ul2tp_ppp *unit, enum ul2tp_ppp_setting setting,
                  uint32_t value);

/** ul2tp_ppp_get() - what it is. -EINVAL: it can not be read */
int ul2tp_ppp_get(struct ul2tp *u, const struct ul2tp_ppp *unit, enum ul2tp_ppp_setting setting,
                  uint32_t *ret);

/**
 * ul2tp_ppp_np_mode_set() - whether packets of a network protocol pass
 * @protocol: 0x21 IPv4, 0x57 IPv6, ...
 * @mode:     enum NPmode of linux/ppp_defs.h: 0: they pass; all do in a new unit
 *
 * Return: 0; -EINVAL no such protocol.
 */
int ul2tp_ppp_np_mode_set(struct ul2tp *u, const struct ul2tp_ppp *unit, uint16_t protocol,
                          unsigned int mode);

enum ul2tp_ppp_filter {
	UL2TP_PPP_PASS,   /* what it does not accept is dropped */
	UL2TP_PPP_ACTIVE, /* what it does not accept is no activity */
};

struct sock_filter; /* of linux/filter.h */

/** ul2tp_ppp_filter_set() - a classic BPF program, which sees two octets (outbound: 01 00), protocol and packet; @count
 * 0: none. -EINVAL: no valid program */
int ul2tp_ppp_filter_set(struct ul2tp *u, const struct ul2tp_ppp *unit,
                         enum ul2tp_ppp_filter filter, const struct sock_filter *program,
                         unsigned int count);

/**
 * ul2tp_ppp_compressor_set() - method and keys of one direction, which CCP then starts
 * @option: as in CCP, with what the method wants behind it: MPPE's are 18, 6, four octets, and 16 of key
 * @length: at most 32
 *
 * Return: 0; -EINVAL unknown method; -ENOBUFS it refuses the option; -EFAULT too long.
 */
int ul2tp_ppp_compressor_set(struct ul2tp *u, const struct ul2tp_ppp *unit, bool transmit,
                             const void *option, size_t length);

/* Of a unit since its making. Octets without the protocol's; all wrap at 32 bits, as in a kernel. */
struct ul2tp_ppp_stats {
	uint32_t rx_packets, rx_octets, rx_errors;
	uint32_t tx_packets, tx_octets, tx_errors;
};

/** ul2tp_ppp_stats_get() - of a file's unit. -ENOTTY: the file is on no unit */
int ul2tp_ppp_stats_get(struct ul2tp *u, const struct ul2tp_ppp *unit, struct ul2tp_ppp_stats *ret);

/** ul2tp_ppp_idle_get() - seconds since the last packet that was activity, each way. -ENOTTY */
int ul2tp_ppp_idle_get(struct ul2tp *u, const struct ul2tp_ppp *unit, uint64_t *tx_s,
                       uint64_t *rx_s);

/**
 * ul2tp_ppp_address_add() - an address of a unit's far end, or a prefix that was delegated to it
 * @address: of @family, AF_INET or AF_INET6, in network order
 * @bits:    how many of it count: 32 or 128, less of a prefix
 *
 * Of units that share an interface (ul2tpd --ppp-device shared), which need this once IPCP or IPv6CP is done: a route leads
 * the address to the unit, and packets that come from it pass; others from the peer are dropped. Needs CAP_NET_ADMIN.
 *
 * Return: 0; -EOPNOTSUPP the unit has an interface of its own; -EEXIST another unit has it, or there is a route to it;
 *	   -EINVAL no host has it; -ENOSPC a unit has at most 8; -ENOTTY the file is on no unit; -ENOMEM; what the
 *	   system says of the route.
 */
int ul2tp_ppp_address_add(struct ul2tp *u, const struct ul2tp_ppp *unit, int family,
                          const void *address, unsigned int bits);

/** ul2tp_ppp_address_remove() - no longer; all go with the unit. -EADDRNOTAVAIL: the unit does not have it */
int ul2tp_ppp_address_remove(struct ul2tp *u, const struct ul2tp_ppp *unit, int family,
                             const void *address, unsigned int bits);

struct ul2tp_ppp_rate {
	uint64_t bits_per_second; /* 0: no limit */
	uint32_t
		burst_octets; /* that may come at once; 0: 100 ms of the rate, but at least 64 KiB */
};

/** ul2tp_ppp_police() - how much data a unit may receive and transmit from now on, above which packets are dropped; NULL
 * leaves a direction as it is. What programs write to files is not counted in. -ERANGE; -ENOTTY; needs CAP_NET_ADMIN */
int ul2tp_ppp_police(struct ul2tp *u, const struct ul2tp_ppp *unit,
                     const struct ul2tp_ppp_rate *receive, const struct ul2tp_ppp_rate *transmit);

/* Of a unit since its making, ul2tpd's restarts after a crash included, but for .strays. What is dropped for its rate or
 * its source is not in packets and octets. Octets are without the protocol's. */
struct ul2tp_ppp_account {
	size_t size; /* sizeof(struct ul2tp_ppp_account) */
	uint32_t unit;
	char ifname[16];
	bool shared;                                    /* others have the interface too */
	uint64_t rx_packets, rx_octets;                 /* of data and control together */
	uint64_t rx_control_packets, rx_control_octets; /* of these, frames for the unit's file */
	uint64_t rx_errors, rx_dropped;
	uint64_t tx_packets, tx_octets;
	uint64_t tx_control_packets, tx_control_octets;
	uint64_t tx_errors, tx_dropped;
	uint64_t rx_policed, rx_spoofed, tx_policed; /* of those dropped */
	uint64_t strays; /* of a shared interface: packets that were for none of its units */
};

/** ul2tp_ppp_account_get() - @ret->size is set. -ENOTTY: the file is on no unit; needs CAP_NET_ADMIN */
int ul2tp_ppp_account_get(struct ul2tp *u, const struct ul2tp_ppp *unit,
                          struct ul2tp_ppp_account *ret);

/**
 * ul2tp_ppp_unit_address_add(), ul2tp_ppp_unit_address_remove(), ul2tp_ppp_unit_police() - the same of the unit with a
 * number in the namespace, whoever made it: an administrator has no file on it. -ENXIO: there is none
 */
int ul2tp_ppp_unit_address_add(struct ul2tp *u, uint32_t unit, int family, const void *address,
                               unsigned int bits);
int ul2tp_ppp_unit_address_remove(struct ul2tp *u, uint32_t unit, int family, const void *address,
                                  unsigned int bits);
int ul2tp_ppp_unit_police(struct ul2tp *u, uint32_t unit, const struct ul2tp_ppp_rate *receive,
                          const struct ul2tp_ppp_rate *transmit);

/* A channel that has a number, as it is listed. */
struct ul2tp_ppp_channel_info {
	uint32_t number;
	uint8_t state;  /* enum ul2tp_ppp_state of ul2tp_netlink.h: of its socket */
	uint32_t files; /* of /dev/ppp that are open on it */
	bool has_session; /* else it has been deleted, and nothing that follows is known but unit and bridge */
	uint32_t tunnel_id, session_id;
	bool has_unit, has_bridge;      /* never both */
	uint32_t unit, bridge;          /* numbers of the unit, of the other channel */
	struct ul2tp_counters counters; /* this and the reasons: of its session */
	struct ul2tp_reasons rx_drops;
	struct ul2tp_reasons tx_drops;
};

struct ul2tp_ppp_prefix {
	struct ul2tp_address address; /* .port is 0 */
	unsigned int bits;            /* of it that count */
};

/* A unit, as it is listed. */
struct ul2tp_ppp_unit_info {
	uint32_t number;
	const char *ifname; /* of its interface, now; never NULL */
	bool shared;        /* other units have that interface, too */
	uint64_t rx_packets, rx_octets, rx_errors;
	uint64_t tx_packets, tx_octets, tx_errors;
	struct ul2tp_reasons rx_drops;
	struct ul2tp_reasons tx_drops;
	const struct ul2tp_ppp_prefix *prefixes; /* of a unit that shares its interface */
	size_t prefix_count;
	struct ul2tp_ppp_rate rx_rate, tx_rate; /* what may pass; .bits_per_second 0: no limit */
	const struct ul2tp_ppp_account *account;
};

typedef int ul2tp_ppp_channel_fn(const struct ul2tp_ppp_channel_info *channel, void *arg);
typedef int ul2tp_ppp_unit_fn(const struct ul2tp_ppp_unit_info *unit, void *arg);

/** ul2tp_ppp_channel_list(), ul2tp_ppp_unit_list() - call @fn for each of the namespace, by number; it may end the list
 * with a value other than 0. Return: 0; that value */
int ul2tp_ppp_channel_list(struct ul2tp *u, ul2tp_ppp_channel_fn *fn, void *arg);
int ul2tp_ppp_unit_list(struct ul2tp *u, ul2tp_ppp_unit_fn *fn, void *arg);

/** ul2tp_ppp_unit_get() - the one with a number; @ret: valid until the next call with @u. -ENXIO: there is none */
int ul2tp_ppp_unit_get(struct ul2tp *u, uint32_t unit, const struct ul2tp_ppp_unit_info **ret);

/**
 * ul2tp_ppp_close() - the file goes at once, and what it kept: a socket's session, the unit that was made with it
 * @u: any connection to the same ul2tpd; NULL, or one that fails: it goes a little later, if nobody else has a copy of
 *     the descriptor
 *
 * The descriptor is closed and @file forgotten, whatever happens.
 */
void ul2tp_ppp_close(struct ul2tp *u, struct ul2tp_ppp *file);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
