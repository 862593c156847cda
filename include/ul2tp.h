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
 * Upgrades: a request that ul2tpd went without having read, as it does when it is upgraded, is sent to
 * the next one over another connection, under the same descriptor; unless the thread is in another
 * network namespace by then. Events and traces end with -EPIPE.
 *
 * Errors: int functions return 0 (or what is documented) or a negative errno. The words are in
 * ul2tp_last_error(). Beside what is documented, any call can return
 *	-EPERM		CAP_NET_ADMIN over the network namespace is missing
 *	-ETIMEDOUT	no answer in time; the request may still be carried out
 *	-EPIPE		the other end closed the connection, and may have done what was asked: connect again
 *	-EBADMSG	an answer that can not be understood
 *	-ENOMEM, -EMSGSIZE (a request too long for a message)
 *	-E2BIG		the program asks for what this library is too old for
 *	-EBUSY		the connection is subscribed to events and takes no requests, or its dump has not ended
 *
 * Structs grow at their ends only, and those not at all that stand in others, in arrays, or in the
 * caller's memory: a program goes on with a newer library. What a program fills in starts with .size,
 * which it sets to sizeof; what it sets beyond what an older library knows is refused (-E2BIG). What
 * the library hands out is read through a pointer, and borrowed: it is valid until the callback
 * returns or, outside of callbacks, until the next call with the same connection.
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
 *	   family; -ETIMEDOUT: ul2tpd is there, and did not accept or answer within ten seconds. The words
 *	   say what to start.
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

/* Of a session's counters, what went by the eBPF fast path, which its interface's own counters do not have. */
struct ul2tp_fast_counters {
	uint64_t rx_packets, rx_octets;
	uint64_t tx_packets, tx_octets;
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
	struct ul2tp_fast_counters fast;
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

/**
 * ul2tp_sessions_add() - create several, in their order, up to the first that is refused
 * @params: as for ul2tp_session_add(), @count of them
 * @made:   how many there are now, whatever is returned; NULL: do not tell
 *
 * As often ul2tp_session_add(), but ul2tpd gets up to 32 at once, and makes them in less time.
 *
 * Return: 0, or why the one after those @made was refused, as ul2tp_session_add() does; none after it was made. When the
 *	   answer did not come (-ETIMEDOUT, -EPIPE) more may have been made than @made.
 */
int ul2tp_sessions_add(struct ul2tp *u, const struct ul2tp_session_params *params, size_t count,
                       size_t *made);

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

/* What ul2tpd could do elsewhere, and why it can not here. */
struct ul2tp_lack {
	const char *feature, *words;
};

struct ul2tp_daemon_status {
	const char *version;
	size_t feature_count;
	const char *const *features;
	struct ul2tp_namespace_limits limits;
	struct ul2tp_namespace_limits usage;
	size_t lack_count;
	const struct ul2tp_lack *lacks;
};

/** ul2tp_status_get() - what ul2tpd is, and the limits and usage of this namespace; *ret is borrowed */
int ul2tp_status_get(struct ul2tp *u, const struct ul2tp_daemon_status **ret);

/**
 * ul2tp_upgrade() - have ul2tpd become the release that its file is by now, with all that there is, and wait until it is
 *
 * Needs CAP_NET_ADMIN over the namespace ul2tpd was started in. Return: 0; -EPROTO, -ENOENT and others of a file that can not
 * take over, in words: all goes on as it was; -ETIMEDOUT, -EPIPE it has come to nothing, or to an end, and the log says why;
 * -ENOTCONN it has, but the thread is in another network namespace than when it connected, so @u is of no use there.
 */
int ul2tp_upgrade(struct ul2tp *u);

/** ul2tp_limits_set() - of this namespace; needs CAP_NET_ADMIN over the namespace ul2tpd was started in */
int ul2tp_limits_set(struct ul2tp *u, const struct ul2tp_namespace_limits *limits);

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
