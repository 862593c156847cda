/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp.h - libul2tp: configure and watch L2TP tunnels and sessions, of ul2tpd or of the Linux kernel
 *
 * A struct ul2tp is one connection, to ul2tpd's socket or to the kernel's generic netlink family
 * "l2tp". Both are spoken to in the same messages, so a program need not know which it is. What only
 * ul2tpd has (labels, drop reasons, limits, ...) fails with -EOPNOTSUPP and words on the kernel.
 *
 *	struct ul2tp *u;
 *	struct ul2tp_error error;
 *	struct ul2tp_tunnel_params tunnel = {
 *		.size = sizeof(tunnel), .tunnel_id = 1, .peer_tunnel_id = 2, ...
 *	};
 *
 *	if (ul2tp_connect(UL2TP_BACKEND_AUTO, NULL, &u, &error) < 0)
 *		errx(1, "%s", error.words);
 *	if (ul2tp_tunnel_add(u, &tunnel) < 0)
 *		errx(1, "%s", ul2tp_last_error(u)->words);
 *	ul2tp_disconnect(u);
 *
 * A longer example is examples/two-ends.c in the sources.
 *
 * Namespaces: everything happens in the network namespace in which the thread was when it called
 * ul2tp_connect(), as with a netlink socket.
 *
 * Threads: a connection belongs to one thread at a time. Different connections are independent. The
 * library has no state of its own, starts no thread and installs no signal handler. A child after
 * fork() must not use its parent's connections.
 *
 * Waiting: every call that talks to the other end blocks until it has answered, at most
 * ul2tp_set_timeout() milliseconds. EINTR is handled inside.
 *
 * Errors: int functions return 0 (or what is documented) or a negative errno. The words are in
 * ul2tp_last_error(). Beside what is documented, any call can return
 *	-EPERM		CAP_NET_ADMIN over the network namespace is missing
 *	-ETIMEDOUT	no answer in time; the request may still be carried out
 *	-EPIPE		the other end closed the connection: connect again
 *	-EBADMSG	an answer that can not be understood
 *	-ENOMEM, -EMSGSIZE (a request too long for a message)
 *	-EBUSY		the connection is subscribed to events and takes no requests, or its dump has not ended
 *
 * Structs grow at their ends only. What a program fills in starts with .size, which it sets to
 * sizeof; what the library hands out is read through a pointer, and borrowed: it is valid until the
 * callback returns or, outside of callbacks, until the next call with the same connection.
 *
 * Numbers are in host order, but for struct in_addr and in6_addr, which are what they always are.
 */
#ifndef UL2TP_H
#define UL2TP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Connections */

struct ul2tp;

enum ul2tp_backend {
	UL2TP_BACKEND_AUTO, /* ul2tpd if its socket answers, else the kernel if it has the family */
	UL2TP_BACKEND_DAEMON, /* ul2tpd */
	UL2TP_BACKEND_KERNEL, /* the kernel's l2tp_netlink */
};

/* Why something failed. */
struct ul2tp_error {
	int code;        /* negative errno; 0: nothing failed yet */
	char words[256]; /* one line, no full stop; never empty after a failure */
	char argument
		[32]; /* the parameter to blame, named as in ul2tp(8) ("peer_tunnel_id"), or "" */
};

/**
 * ul2tp_connect() - connect to ul2tpd or to the kernel
 * @backend: which of the two
 * @path:    ul2tpd's socket; NULL: $UL2TP_SOCKET, and if that is not set the path this library was built
 *	     with (/run/ul2tp/ul2tpd.sock unless configured otherwise). Not used for the kernel.
 * @ret:     set on success; ul2tp_disconnect() it
 * @error:   filled on failure; may be NULL
 *
 * Return: 0; -ENOENT, -ECONNREFUSED, -EACCES: no ul2tpd there; -EOPNOTSUPP: the kernel has no such
 *	   family. The words say what to start.
 */
int ul2tp_connect(enum ul2tp_backend backend, const char *path, struct ul2tp **ret,
                  struct ul2tp_error *error);

/** ul2tp_disconnect() - close and free; NULL is fine */
void ul2tp_disconnect(struct ul2tp *u);

/** ul2tp_backend() - which one it became: UL2TP_BACKEND_DAEMON or UL2TP_BACKEND_KERNEL */
enum ul2tp_backend ul2tp_backend(const struct ul2tp *u);

/** ul2tp_set_timeout() - how long to wait for an answer, in milliseconds; -1: for ever. At first 10000 */
void ul2tp_set_timeout(struct ul2tp *u, int timeout_ms);

/**
 * ul2tp_keep_rights() - have the caller's CAP_NET_ADMIN looked at now, and no more on this connection
 *
 * For programs that make thousands: each request is answered a little sooner. Whoever sends on the connection from
 * then on has that right, also a child that gave up its own: close it there.
 *
 * Return: 0; -EPERM the caller has not got it; -EOPNOTSUPP with the kernel's back end.
 */
int ul2tp_keep_rights(struct ul2tp *u);

/** ul2tp_last_error() - about the last call with @u that failed; valid as long as @u */
const struct ul2tp_error *ul2tp_last_error(const struct ul2tp *u);

/** ul2tp_version() - release of the library, as "0.1.0" */
const char *ul2tp_version(void);

/* Tunnels */

enum ul2tp_encap {
	UL2TP_ENCAP_UDP, /* as L2TP_ENCAPTYPE_UDP */
	UL2TP_ENCAP_IP,  /* IP protocol 115 */
};

struct ul2tp_address {
	int family;    /* AF_INET, AF_INET6; AF_UNSPEC: none */
	uint16_t port; /* UDP */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

/* What ul2tp_tunnel_add() makes. Zero is a good default but for the ids and addresses. */
struct ul2tp_tunnel_params {
	size_t size; /* sizeof(struct ul2tp_tunnel_params) */
	uint32_t tunnel_id;
	uint32_t peer_tunnel_id;
	uint8_t version;            /* of L2TP: 2 or 3; 0 means 3 */
	uint8_t encap;              /* enum ul2tp_encap */
	struct ul2tp_address local; /* port 0: the system chooses one */
	struct ul2tp_address peer;  /* same family as .local */
	bool udp_csum;              /* IPv4: send UDP checksums */
	bool udp6_no_csum_tx;       /* IPv6: send none */
	bool udp6_no_csum_rx;       /* IPv6: accept packets that carry none */
	bool has_fd; /* a managed tunnel, on the program's own socket .fd; addresses are not used */
	int fd;      /* stays the caller's. Towards ul2tpd it is passed by SCM_RIGHTS */
	/* From here on ul2tpd only; see ul2tp_netlink.h */
	const char *label;  /* NULL: none. At most 63 printable octets */
	const char *device; /* NULL: any. Outer packets leave and arrive by this interface */
	bool has_fwmark;
	uint32_t fwmark;
	bool has_tos;
	uint8_t tos;
	bool has_ttl;
	uint8_t ttl; /* 1..255 */
	bool has_peer_check;
	uint8_t peer_check; /* enum ul2tp_peer_check of ul2tp_netlink.h */
};

/* What L2TP_ATTR_STATS holds. */
struct ul2tp_stats {
	uint64_t tx_packets, tx_bytes, tx_errors;
	uint64_t rx_packets, rx_bytes, rx_errors;
	uint64_t rx_seq_discards, rx_oos_packets, rx_cookie_discards, rx_invalid;
};

/* Packets dropped for one reason. */
struct ul2tp_reason {
	const char *name;  /* stable, see doc/interfaces.txt of the sources */
	const char *words; /* what it means */
	uint64_t packets;
};

struct ul2tp_reasons {
	size_t count;
	const struct ul2tp_reason *rows;
};

/* ul2tpd's own counters (enum ul2tp_counter). */
struct ul2tp_counters {
	uint64_t rx_packets, rx_octets,
		rx_last_ms; /* _last_ms: milliseconds since 1970, 0: none yet */
	uint64_t tx_packets, tx_octets, tx_last_ms;
	uint64_t rx_held, rx_reordered;
};

struct ul2tp_tunnel {
	uint32_t tunnel_id;
	uint32_t peer_tunnel_id;
	uint8_t version;
	uint16_t encap; /* enum ul2tp_encap, or a number from the future */
	struct ul2tp_address local;
	struct ul2tp_address peer;
	bool udp_csum;     /* IPv4/UDP: sends checksums */
	bool udp6_csum_tx; /* IPv6/UDP: sends checksums */
	bool udp6_csum_rx; /* IPv6/UDP: accepts only packets that carry one */
	struct ul2tp_stats stats;
	bool has_extras;    /* what follows is known: asked for with UL2TP_EXTRAS, of ul2tpd */
	const char *label;  /* never NULL; "": none */
	const char *device; /* never NULL; "": any */
	uint32_t fwmark;
	uint8_t tos;
	uint8_t ttl; /* 0: the system's */
	uint8_t peer_check;
	uint64_t created_s; /* seconds since 1970 */
	struct ul2tp_counters counters;
	struct ul2tp_reasons rx_drops;
	struct ul2tp_reasons tx_drops;
	/* As in the kernel's debug files. */
	uint32_t references, socket_references; /* plausible numbers */
	uint32_t session_count;                 /* of those whose id is not 0 */
};

/* For get and list functions. */
enum {
	UL2TP_EXTRAS = 1, /* also what only ul2tpd knows; does nothing on the kernel */
	UL2TP_PUBLIC =
		2, /* list functions: L2TPv2 alone, of ul2tpd alone, without labels; needs no privilege */
};

/**
 * ul2tp_tunnel_add() - create a tunnel
 *
 * Return: 0; -EEXIST the id is taken; -EADDRINUSE, -EADDRNOTAVAIL, ... binding failed; -EINVAL;
 *	   -EOPNOTSUPP something asked for is ul2tpd's only, or not yet ul2tpd's.
 * Source: L2TP_CMD_TUNNEL_CREATE; UL2TP_CMD_TUNNEL_CREATE if a ul2tpd-only parameter is used.
 */
int ul2tp_tunnel_add(struct ul2tp *u, const struct ul2tp_tunnel_params *params);

/** ul2tp_tunnel_delete() - delete a tunnel with its sessions; -ENODEV: there is none. On the kernel it is
 * still going when this returns 0 */
int ul2tp_tunnel_delete(struct ul2tp *u, uint32_t tunnel_id);

/**
 * ul2tp_tunnel_set() - change a tunnel (ul2tpd only)
 * @label:	NULL: leave as it is; "": none
 * @peer_check: enum ul2tp_peer_check; negative: leave as it is
 *
 * Return: 0; -ENODEV there is none; -EINVAL.
 */
int ul2tp_tunnel_set(struct ul2tp *u, uint32_t tunnel_id, const char *label, int peer_check);

/**
 * ul2tp_tunnel_socket_changed() - the program has connected a tunnel's socket anew, or set options on it (ul2tpd only)
 * @fd: the socket, which stays the caller's. Data is sent to where it is connected now, as it now says
 *
 * The kernel looks at the socket for each packet; ul2tpd does not hold it and has to be told. Needs no privilege.
 *
 * Return: 0; -ENOENT there is no tunnel on this socket; -ENOTSOCK.
 */
int ul2tp_tunnel_socket_changed(struct ul2tp *u, int fd);

/** ul2tp_tunnel_get() - one tunnel; *ret is borrowed. -ENODEV: there is none */
int ul2tp_tunnel_get(struct ul2tp *u, uint32_t tunnel_id, unsigned int flags,
                     const struct ul2tp_tunnel **ret);

/** Called for each tunnel, which is borrowed; must not use the connection. Not 0: stop, and return that */
typedef int ul2tp_tunnel_fn(const struct ul2tp_tunnel *tunnel, void *arg);

/** ul2tp_tunnel_list() - all tunnels of the namespace, by ascending id */
int ul2tp_tunnel_list(struct ul2tp *u, unsigned int flags, ul2tp_tunnel_fn *fn, void *arg);

/* Sessions */

struct ul2tp_cookie {
	uint8_t length; /* octets: 0, 4 or 8; the kernel takes any up to 8 */
	uint8_t octets[8];
};

enum ul2tp_pw_type {
	UL2TP_PW_ETH = 5, /* as L2TP_PWTYPE_ETH */
	UL2TP_PW_PPP = 7,
};

enum ul2tp_l2spec_type {
	UL2TP_L2SPEC_NONE,
	UL2TP_L2SPEC_DEFAULT,
};

/* What ul2tp_session_add() makes. */
struct ul2tp_session_params {
	size_t size; /* sizeof(struct ul2tp_session_params) */
	uint32_t tunnel_id;
	uint32_t peer_tunnel_id; /* sent if not 0, and ignored by everyone */
	uint32_t session_id;
	uint32_t peer_session_id;
	uint16_t pw_type;     /* enum ul2tp_pw_type; 0 means UL2TP_PW_ETH */
	bool has_l2spec_type; /* otherwise UL2TP_L2SPEC_DEFAULT */
	uint8_t l2spec_type;
	const char *ifname;              /* NULL: the first free l2tpethN */
	struct ul2tp_cookie cookie;      /* we send */
	struct ul2tp_cookie peer_cookie; /* we expect */
	bool recv_seq;                   /* require sequence numbers */
	bool send_seq;                   /* send them */
	bool lns_mode;                   /* the peer can not switch numbering on and off */
	uint32_t reorder_timeout_ms;     /* 0: no reordering */
	const char *label;               /* ul2tpd only; NULL: none */
};

struct ul2tp_session {
	uint32_t tunnel_id;
	uint32_t peer_tunnel_id;
	uint32_t session_id;
	uint32_t peer_session_id;
	uint16_t pw_type;
	const char *ifname; /* name of the interface at creation; never NULL; "": has none */
	struct ul2tp_cookie cookie;
	struct ul2tp_cookie peer_cookie;
	bool recv_seq;
	bool send_seq;
	bool lns_mode;
	uint64_t reorder_timeout_ms;
	struct ul2tp_stats stats;
	bool has_extras;   /* what follows is known: asked for with UL2TP_EXTRAS, of ul2tpd */
	const char *label; /* never NULL; "": none */
	uint8_t l2spec_type;
	uint32_t mtu_bytes; /* of the interface, as computed at creation */
	uint64_t created_s; /* seconds since 1970 */
	struct ul2tp_counters counters;
	struct ul2tp_reasons rx_drops;
	struct ul2tp_reasons tx_drops;
	/* As in the kernel's debug files. */
	uint32_t references; /* a plausible number */
	uint32_t ns, nr;     /* the sequence number to send next, and the one expected next */
	bool has_socket;     /* a PPPoL2TP socket is attached */
	uint8_t socket_state;
	const char *device; /* name of the interface now; never NULL; "": has none */
	const char *
		fast_path; /* never NULL; "used", or why not, see doc/interfaces.txt; "": not known */
	const char *fast_path_words; /* what that means; never NULL */
};

/* Which session: by name of its interface at creation, or if that is NULL by both ids. */
struct ul2tp_session_key {
	const char *ifname;
	uint32_t tunnel_id;
	uint32_t session_id;
};

/* What ul2tp_session_set() changes, each if it is there. */
struct ul2tp_session_change {
	size_t size; /* sizeof(struct ul2tp_session_change) */
	bool has_recv_seq, recv_seq;
	bool has_send_seq, send_seq;
	bool has_lns_mode, lns_mode;
	bool has_reorder_timeout;
	uint32_t reorder_timeout_ms;
	const char *label; /* ul2tpd only; NULL: leave as it is; "": none */
};

/**
 * ul2tp_session_add() - create a session and its interface, which is down
 *
 * Return: 0; -ENODEV no such tunnel; -EEXIST the id or the interface's name is taken; -EPROTONOSUPPORT
 *	   pseudowire type; -EINVAL.
 * Source: L2TP_CMD_SESSION_CREATE; UL2TP_CMD_SESSION_CREATE with a label.
 */
int ul2tp_session_add(struct ul2tp *u, const struct ul2tp_session_params *params);

/** ul2tp_session_delete() - delete a session and its interface; -ENODEV: there is none */
int ul2tp_session_delete(struct ul2tp *u, const struct ul2tp_session_key *key);

/** ul2tp_session_set() - change a session; -ENODEV: there is none */
int ul2tp_session_set(struct ul2tp *u, const struct ul2tp_session_key *key,
                      const struct ul2tp_session_change *change);

/** ul2tp_session_get() - one session; *ret is borrowed. -ENODEV: there is none */
int ul2tp_session_get(struct ul2tp *u, const struct ul2tp_session_key *key, unsigned int flags,
                      const struct ul2tp_session **ret);

/** Called for each session, which is borrowed; must not use the connection. Not 0: stop, and return that */
typedef int ul2tp_session_fn(const struct ul2tp_session *session, void *arg);

/** ul2tp_session_list() - all sessions of the namespace, by ascending tunnel and session id */
int ul2tp_session_list(struct ul2tp *u, unsigned int flags, ul2tp_session_fn *fn, void *arg);

/* Events */

enum ul2tp_event_kind {
	UL2TP_EVENT_OTHER, /* a notification from the future: neither .tunnel nor .session */
	UL2TP_EVENT_TUNNEL_ADD,
	UL2TP_EVENT_TUNNEL_DELETE, /* its sessions go without an event of their own */
	UL2TP_EVENT_TUNNEL_SET,
	UL2TP_EVENT_SESSION_ADD,
	UL2TP_EVENT_SESSION_DELETE,
	UL2TP_EVENT_SESSION_SET,
};

struct ul2tp_event {
	enum ul2tp_event_kind kind;
	const struct ul2tp_tunnel *tunnel;   /* NULL unless it is about a tunnel */
	const struct ul2tp_session *session; /* NULL unless it is about a session */
};

/**
 * ul2tp_subscribe() - receive events from now on
 *
 * The connection is for events alone then: further requests return -EBUSY. Needs no privilege.
 * Subscribe first and list afterwards, with another connection, to miss nothing.
 *
 * Return: 0; -ENOENT the other end has no such group; -EDQUOT, -EUSERS: too many subscribers.
 */
int ul2tp_subscribe(struct ul2tp *u);

/** ul2tp_fd() - for poll(): readable when something waits. Owned by @u; do not read from it */
int ul2tp_fd(const struct ul2tp *u);

/**
 * ul2tp_event_next() - the next event
 * @timeout_ms: 0: only if one is there; -1: wait for ever
 * @ret:	set when 1 is returned; borrowed
 *
 * One readable descriptor can hold several events: call until 0.
 *
 * Return: 1; 0: none came in time; -ENOBUFS: events were lost, because they came faster than they
 *	   were read: list anew; -EPIPE; -EINVAL: not subscribed.
 */
int ul2tp_event_next(struct ul2tp *u, int timeout_ms, struct ul2tp_event *ret);

/* Trace events: those of the kernel's trace group "l2tp", of ul2tpd; -EOPNOTSUPP on the kernel */

struct ul2tp_trace_record {
	uint64_t
		lost; /* not 0: so many events were lost here, because they were not read in time; no event */
	unsigned int event;  /* enum ul2tp_trace_event of ul2tp_netlink.h */
	const char *name;    /* of the event, as "register_tunnel" */
	uint64_t time_ns;    /* CLOCK_MONOTONIC */
	const char *process; /* in which it happened, or for which */
	uint32_t pid, cpu;
	uint32_t tunnel_id;
	uint32_t session_id; /* 0 in events of tunnels */
	/* In register_tunnel, in register_session, or in both. */
	uint32_t peer_tunnel_id, peer_session_id;
	uint8_t version;
	uint16_t encap, pw_type;
	int32_t fd;
	/* In session_seqnum_update, session_seqnum_reset, session_pkt_*; of a packet .ns is its own. */
	uint32_t ns, nr;
	uint32_t reorder_q_len; /* in session_pkt_* */
};

/**
 * ul2tp_trace() - receive trace events from now on
 * @events: bit n: enum ul2tp_trace_event n. May be called again, with others
 *
 * The connection is for events alone then, and not for those of ul2tp_subscribe(). Return: 0; -EINVAL: there is no
 * such event; -EDQUOT: too many subscribers.
 */
int ul2tp_trace(struct ul2tp *u, uint64_t events);

/** ul2tp_trace_next() - as ul2tp_event_next(); *ret is borrowed */
int ul2tp_trace_next(struct ul2tp *u, int timeout_ms, const struct ul2tp_trace_record **ret);

/** ul2tp_trace_name() - of the event of this number; NULL: there is none, nor any beyond */
const char *ul2tp_trace_name(unsigned int event);

/* State of ul2tpd: -EOPNOTSUPP on the kernel */

/* Per network namespace. */
struct ul2tp_namespace_limits {
	size_t size; /* sizeof(struct ul2tp_namespace_limits), where a program fills it in */
	/* In limits: 0 means none of its own. In ul2tp_limits_set(): UL2TP_LIMIT_KEEP leaves one as it is. */
	uint32_t tunnels, sessions, memory_kib, requests_per_second, subscribers;
};

#define UL2TP_LIMIT_KEEP UINT32_MAX

struct ul2tp_daemon_status {
	const char *version;
	size_t feature_count;
	const char *const *features;
	struct ul2tp_namespace_limits limits;
	struct ul2tp_namespace_limits usage;
};

/** ul2tp_status_get() - what ul2tpd is, and the limits and usage of this namespace; *ret is borrowed */
int ul2tp_status_get(struct ul2tp *u, const struct ul2tp_daemon_status **ret);

/** ul2tp_limits_set() - of this namespace; needs CAP_NET_ADMIN over the namespace ul2tpd was started in */
int ul2tp_limits_set(struct ul2tp *u, const struct ul2tp_namespace_limits *limits);

/* PPP, of ul2tpd: what a program would do with a PPPoL2TP socket and files of /dev/ppp, without either; -EOPNOTSUPP
 * on the kernel
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
 * examples/ppp-echo.c in the sources does all of them. */

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

/* Of a unit since its making, ul2tpd's restarts after a crash included, but for the last four. What is dropped for its
 * rate or its source is not in packets and octets. Octets are without the protocol's. */
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
 * ul2tp_ppp_close() - the file goes at once, and what it kept: a socket's session, the unit that was made with it
 * @u: any connection to the same ul2tpd; NULL, or one that fails: it goes a little later, if nobody else has a copy of
 *     the descriptor
 *
 * The descriptor is closed and @file forgotten, whatever happens.
 */
void ul2tp_ppp_close(struct ul2tp *u, struct ul2tp_ppp *file);

/* Any message, for what has no function above */

struct ul2tp_message {
	const char *family; /* "l2tp" or "ul2tp" */
	uint8_t command;
	uint16_t flags;         /* NLM_F_* */
	const void *attributes; /* netlink attributes; borrowed, aligned to four octets */
	size_t length;          /* of the attributes */
};

/** Called for each answer, which is borrowed; must not use the connection. Not 0: stop, and return that */
typedef int ul2tp_message_fn(const struct ul2tp_message *message, void *arg);

/**
 * ul2tp_request() - send a request and wait for its acknowledgement
 * @family:	"l2tp" or "ul2tp"
 * @attributes: netlink attributes as they go into the message, @length octets; may be NULL with 0
 * @fd:		sent along (SCM_RIGHTS) towards ul2tpd; -1: none. Stays the caller's
 * @fn:		called for each answer that comes before the acknowledgement; may be NULL
 *
 * Return: 0; the negative errno of the answer; -EOPNOTSUPP the other end has no such family.
 */
int ul2tp_request(struct ul2tp *u, const char *family, uint8_t command, const void *attributes,
                  size_t length, int fd, ul2tp_message_fn *fn, void *arg);

/** ul2tp_dump() - ul2tp_request() with NLM_F_DUMP: @fn gets each message until the last */
int ul2tp_dump(struct ul2tp *u, const char *family, uint8_t command, const void *attributes,
               size_t length, ul2tp_message_fn *fn, void *arg);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
