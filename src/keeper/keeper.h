/* SPDX-License-Identifier: BSD-2-Clause */
/* keeper.h - the engine's view of the privileged process
 *
 * The keeper is the process that holds capabilities and owns every descriptor: sockets, devices, the
 * listener, and the mapped records. The engine, which parses what clients say and moves packets, holds
 * none; it asks, by fixed-size requests on a SOCK_SEQPACKET pair, and gets duplicates of descriptors.
 * If the engine dies, the keeper starts another, which takes up what the records describe
 * (keeper_*_resume()).
 *
 * All calls block until the keeper has answered (tens of microseconds; about 0.3 ms to create a
 * device) and belong on the API thread. The keeper trusts nothing it is sent: a slot that is not in use
 * is -ENOENT, a bad request -EINVAL.
 */
#ifndef UL2TP_KEEPER_KEEPER_H
#define UL2TP_KEEPER_KEEPER_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/extack.h"
#include "base/prefix.h"
#include "keeper/mtu_rule.h"

struct keeper;

/* An IPv4 or IPv6 address with port; the larger of the two fits. Ports in network order, as ever in sockaddr. */
union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/** address_port() - in host order */
static inline uint16_t address_port(const union address *a)
{
	return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

/* How data leaves a program's own socket (divert.h). */
enum divert_way {
	DIVERT_WAY_ANY, /* as options: the first that works. As what is used: none */
	DIVERT_WAY_EBPF,
	DIVERT_WAY_RAW,
};

/* A network namespace. The cookie (SO_NETNS_COOKIE) is never used again, unlike an inode number. */
struct netns_id {
	uint64_t cookie;
};

struct keeper_client {
	uint32_t slot;
	struct netns_id netns; /* in which the client's socket was made (NL-4) */
	pid_t pid;
	uid_t uid;
	bool admin;        /* the opener holds CAP_NET_ADMIN over the namespace's owner */
	bool daemon_admin; /* ... and over the namespace ul2tpd itself was started in */
	char process[16];  /* its name, for log lines */
};

/**
 * keeper_client_open() - find out who is at the other end of an accepted connection
 * @connection: the accepted SOCK_SEQPACKET socket; stays the caller's
 * @ret:	set on success; @ret->slot is good until keeper_client_close()
 *
 * Return: 0; -ESRCH the process has gone; -EPERM this ul2tpd may not act in that namespace (rootless:
 *         it serves only its own); -ENFILE out of slots.
 */
int keeper_client_open(struct keeper *k, int connection, struct keeper_client *ret,
                       struct extack *ea);

/**
 * keeper_client_check() - whether the opener had, and @sender now has, CAP_NET_ADMIN over the namespace
 * @sender: process that sent the request (SCM_CREDENTIALS)
 * @over_daemon: ask about the namespace ul2tpd was started in, not the client's
 *
 * Return: 0; -EPERM no, or the sender can not be identified beyond doubt; -ENFILE for want of descriptors. NL-12.
 */
int keeper_client_check(struct keeper *k, uint32_t client, pid_t sender, bool over_daemon);
void keeper_client_close(struct keeper *k, uint32_t client);

enum endpoint_flag {
	ENDPOINT_CHECKSUM_TX = 1,       /* UDP/IPv4: send checksums */
	ENDPOINT_ZERO_CHECKSUM6_TX = 2, /* UDP/IPv6: send none */
	ENDPOINT_ZERO_CHECKSUM6_RX = 4, /* UDP/IPv6: accept packets that carry none */
	ENDPOINT_TWIN = 8, /* 115: sends for a program's socket, see keeper_socket_bind() */
};

/* What makes a local endpoint; all of it is its identity. Zeroed and then filled, compared octet by octet. */
struct endpoint_params {
	union address local; /* address may be unspecified, port 0: the system chooses one */
	union address
		peer; /* AF_UNSPEC: any; else, of UDP only, connected: others find no socket here.
			      * Managed: what the program has connected it to */
	uint8_t protocol; /* IPPROTO_UDP or 115 (IPPROTO_L2TP) */
	uint8_t flags;    /* enum endpoint_flag */
	uint8_t tos;
	uint8_t ttl; /* 0: the system's default */
	uint32_t mark;
	char device[IFNAMSIZ]; /* "": any */
};

struct keeper_endpoint {
	uint32_t slot;
	struct netns_id netns;
	struct endpoint_params params; /* .local as bound: the real port */
	uint64_t cookie; /* managed: of the program's socket (SO_COOKIE); 0: the socket is ours */
	int fd; /* receives and sends; non-blocking; becomes the caller's. Managed: sends from the
			     * socket's port, the source address by IP_PKTINFO; -1 while it is not connected */
	uint32_t
		spread; /* sockets that it is spread over, keeper_endpoint_spread(); 0: it has the one */
	int bulk_fd; /* UDP without transmit checksums only, else -1: sends UDP_SEGMENT batches, which need
		      * them, from the same port; gets nothing. Source address by IP_PKTINFO on each message */
};

/**
 * keeper_endpoint_open() - make and bind a socket in the client's namespace
 *
 * UDP: DF never set (TX-2), UDP_GRO on where there is such, large buffers. 115: a raw socket.
 *
 * Return: 0, or the errno of bind (TUN-10): -EADDRINUSE, -EADDRNOTAVAIL, -EACCES, -ENODEV (device) ...
 */
int keeper_endpoint_open(struct keeper *k, uint32_t client, const struct endpoint_params *params,
                         struct keeper_endpoint *ret, struct extack *ea);
void keeper_endpoint_close(struct keeper *k, uint32_t endpoint);

/**
 * keeper_endpoint_spread() - one of the sockets that receive what comes to an endpoint, chosen by sender
 * @endpoint: of UDP, ours, not connected
 * @count:  of sockets, the endpoint's own included; the first call makes them, and all calls say the same
 * @number: 1 to @count - 1: which; it gets the packets of those peers of which spread_number() says so (spread.h)
 *
 * Return: a descriptor, non-blocking, which becomes the caller's; -EMFILE: the sockets are there, and this process has no
 * room for it; -EINVAL, -ENFILE or what the system says, if it is the first call: the endpoint has the one socket that it
 * had. In words.
 */
int keeper_endpoint_spread(struct keeper *k, uint32_t endpoint, uint32_t number, uint32_t count,
                           struct extack *ea);

/**
 * keeper_route() - what connect() to @peer from the endpoint would answer, and what it would learn
 * @source:    source address the route chooses (equal to the endpoint's if that is specific)
 * @mtu_bytes: path MTU of the route, 0 if unknown
 *
 * Return: 0, or connect()'s errno: -ENETUNREACH, -EHOSTUNREACH, -EACCES (broadcast), -EINVAL ...
 */
int keeper_route(struct keeper *k, uint32_t endpoint, const union address *peer,
                 union address *source, uint32_t *mtu_bytes, struct extack *ea);

/**
 * keeper_managed_open() - make an endpoint of a program's own socket (TUN-20 to TUN-26)
 * @fd:     stays the caller's, who closes it before the client is answered: its copies decide how long it lives
 * @number: of the descriptor in the process that has it, as the client says; a hint
 * @worker: number of the one that receives for its namespace
 * @protocol: IPPROTO_UDP or 115
 *
 * Its end is told by KEEPER_EVENT_SOCKET_GONE.
 *
 * Return: 0; -EBADF, -ENOTSOCK; -EINVAL of another namespace; -EPROTONOSUPPORT; -EBUSY it has a tunnel already;
 *         -EOPNOTSUPP this system refuses what is needed; what the system says; in words.
 */
int keeper_managed_open(struct keeper *k, uint32_t client, int fd, int number, uint32_t worker,
                        uint8_t protocol, struct keeper_endpoint *ret, struct extack *ea);

/** keeper_endpoint_fds_close() - close the descriptors that came with it */
void keeper_endpoint_fds_close(struct keeper_endpoint *e);

/** keeper_managed_changed() - its addresses and options are now these; descriptors anew. -ENOENT: not one of ours */
int keeper_managed_changed(struct keeper *k, int fd, struct keeper_endpoint *ret,
                           struct extack *ea);

/* A session whose data is to be taken out of a program's socket, or, if it is found by its ids alone, of any
 * program's socket in its namespace. */
struct divert_session {
	struct netns_id netns;
	uint32_t index; /* of its record */
	uint32_t conn_id,
		session_id; /* ours. Unless version is 3, the low 16 bits of both name it */
	uint8_t version;    /* the tunnel's */
	uint8_t least;      /* octets of header, cookie and sublayer; 0: any length (RX-7) */
	uint8_t by_ids;
};

/** keeper_divert_add(), keeper_divert_remove() - from now on its data is ours, or is not. @endpoint: not used by_ids */
int keeper_divert_add(struct keeper *k, uint32_t endpoint, const struct divert_session *session);
void keeper_divert_remove(struct keeper *k, uint32_t endpoint,
                          const struct divert_session *session);

/**
 * keeper_divert_channel() - what @worker reads for all managed endpoints of its namespaces (divert.h)
 * @ring, @board: descriptors, the caller's; -1: this way has none, see keeper_raw_sockets()
 * @max_sessions: size of the board's second part
 */
int keeper_divert_channel(struct keeper *k, uint32_t worker, int *ring, int *board,
                          uint32_t *max_sessions, struct extack *ea);

/* What receives the data packets for all programs' sockets of a namespace on machines without eBPF
 * (keeper/raw_filter.h). -1: there is none. */
enum { RAW_V4, RAW_V6, GAUGE_V4, GAUGE_V6, RAW_FDS };

struct raw_fds {
	int fd[RAW_FDS];
};

#define RAW_FDS_NONE ((struct raw_fds){ .fd = { -1, -1, -1, -1 } })

/** keeper_raw_sockets() - those of a managed endpoint, as it is now; the descriptors become the caller's */
int keeper_raw_sockets(struct keeper *k, uint32_t endpoint, struct raw_fds *ret);

/* What getsockname() says of an endpoint that is ENDPOINT_TWIN. */
struct keeper_socket_names {
	union address local;
	uint32_t ifindex; /* of the device it is bound to; 0: any */
};

#define KEEPER_OPTION_MAX 16 /* octets: an interface's name */

struct keeper_socket_option {
	int level, option;
	uint32_t len;
	uint8_t value[KEEPER_OPTION_MAX];
};

/**
 * keeper_socket_bind(), keeper_socket_connect() - as bind(2) and connect(2) of a program's L2TP/IP socket
 * @endpoint: opened with ENDPOINT_TWIN; its address does not matter, but for the family. Its .bulk_fd sends control
 *            messages, .fd the data of the tunnel on the socket, which differ in DF
 * @peer:     AF_UNSPEC: be unconnected again
 * @ret:      set on success
 *
 * bind may be repeated, with no address to undo it. Return: 0 or the errno of that call, with words;
 * -ENOENT: no such endpoint.
 */
int keeper_socket_bind(struct keeper *k, uint32_t endpoint, const union address *local,
                       struct keeper_socket_names *ret, struct extack *ea);
int keeper_socket_connect(struct keeper *k, uint32_t endpoint, const union address *peer,
                          struct keeper_socket_names *ret, struct extack *ea);

/** keeper_socket_option() - as setsockopt(2); -ENOPROTOOPT: not one that decides how packets leave */
int keeper_socket_option(struct keeper *k, uint32_t endpoint,
                         const struct keeper_socket_option *option,
                         struct keeper_socket_names *names, struct extack *ea);

/* Whether packets take the eBPF fast path where they can (fast_path.h). */
enum fast_path_mode {
	FAST_PATH_OFF,
	FAST_PATH_AUTO,
	FAST_PATH_REQUIRE, /* ul2tpd does not start where it can not be had */
};

/* Whether streams of TCP that leave take the fast path. */
enum fast_path_streams {
	FAST_STREAMS_AUTO, /* where that is faster: as FAST_STREAMS_CARD, and those forwarded, and paced ones */
	FAST_STREAMS_CARD, /* where the underlay's card cuts what is in tunnels */
	FAST_STREAMS_ON,
	FAST_STREAMS_OFF,
};

#define FAST_WISH_HEADER_MAX 24

/* What the engine says of a session. Headers are those of L2TP, octet by octet; of PPP with ff 03 and the protocol of IPv4. */
struct fast_wish {
	uint32_t reason; /* enum fast_reason: FAST_USED, it may; else what stands against it */
	uint32_t endpoint;
	uint32_t device; /* slots; of PPP the device of its unit, RECORD_NONE: it has none now */
	uint32_t ppp;    /* 0, or FAST_PPP and what else (fast_path_maps.h) */
	union address peer;
	uint32_t version, conn_id, session_id; /* ours */
	uint32_t tx_header_len, rx_header_len;
	uint8_t tx_header[FAST_WISH_HEADER_MAX], rx_header[FAST_WISH_HEADER_MAX]; /* zero behind */
};

/** keeper_fast_session() - of the session with this record; its record says what came of it. 0 or -errno */
int keeper_fast_session(struct keeper *k, uint32_t index, const struct fast_wish *wish);

/** keeper_fast_forget() - the session goes; before anything else of it does */
void keeper_fast_forget(struct keeper *k, uint32_t index);

struct keeper_device {
	uint32_t slot;
	struct netns_id netns;
	int fd; /* TAP, non-blocking, IFF_VNET_HDR with a header of 10 octets; becomes the caller's. Of
		 * PPP: a TUN, struct tun_pi in front of that header */
	bool ppp;
	bool shared;     /* by PPP units, whose addresses are routed to it: keeper_device_route() */
	uint32_t worker; /* of a shared one: the number of that which reads it */
	int ifindex;
	uint32_t mtu_bytes;
	uint32_t offloads;   /* TUN_F_* that the kernel accepted */
	char name[IFNAMSIZ]; /* as the kernel of the namespace has it */
};

/* The path that packets of a device take. */
struct mtu_path {
	uint32_t endpoint; /* slot */
	union address peer;
};

/**
 * keeper_device_create() - an Ethernet device, down, in the client's namespace
 * @name: wanted name, may hold one %d (SES-20); "" for l2tpeth%d
 * @path: NULL: none is known. So it is if there is no route, or the endpoint is in another namespace
 *
 * Return: 0, -EEXIST name in use, -EINVAL not a name, -ENFILE no free index, -ENODEV no /dev/net/tun,
 *         -EPERM.
 */
int keeper_device_create(struct keeper *k, uint32_t client, const char *name,
                         const struct mtu_rule *mtu, const struct mtu_path *path,
                         struct keeper_device *ret, struct extack *ea);

/**
 * keeper_ppp_device_create() - the interface of a PPP unit, down, in the client's namespace (PPP-81)
 *
 * Its MTU is 1500. Return: as keeper_device_create().
 */
int keeper_ppp_device_create(struct keeper *k, uint32_t client, const char *name,
                             struct keeper_device *ret, struct extack *ea);

/**
 * keeper_shared_device_create() - an interface that PPP units share, up, in the client's namespace
 * @worker: number of the one that is to read it, which keeper_device_resume() tells again
 *
 * Called ppp-shared%d. Return: as keeper_device_create().
 */
int keeper_shared_device_create(struct keeper *k, uint32_t client, uint32_t worker,
                                struct keeper_device *ret, struct extack *ea);

/**
 * keeper_device_route_add() - a route to @prefix by a shared device
 * @replace: instead of any there is
 *
 * Return: 0; -EEXIST there is one already; -ENOENT no shared device has this slot; what the system says, as -EACCES or
 *         -EINVAL of an address that can not be routed; in words.
 */
int keeper_device_route_add(struct keeper *k, uint32_t device, const struct prefix *prefix,
                            bool replace, struct extack *ea);

/** keeper_device_route_remove() - no longer; harmless if there is none */
void keeper_device_route_remove(struct keeper *k, uint32_t device, const struct prefix *prefix);

/* Returns at once; the device goes with others in one batch soon after. The caller closes its own duplicate. */
void keeper_device_remove(struct keeper *k, uint32_t device);

/**
 * keeper_file_keep() - have the keeper hold a duplicate of our end of a pair whose other end a program holds
 * @fd:  stays the caller's
 * @ret: slot, good until keeper_file_close()
 *
 * So the program does not see the end of the pair while there is no engine; nor does it when we close ours, so an end
 * that is given up is shut down before. Return: 0; -EINVAL not a socket of SOCK_SEQPACKET; -ENFILE; in words.
 */
int keeper_file_keep(struct keeper *k, int fd, uint32_t *ret, struct extack *ea);
void keeper_file_close(struct keeper *k, uint32_t file);

/* After the engine was replaced: the next slot in use from @from on, with fresh duplicates; -ENOENT: no more; -ENFILE: this
 * process has no room for them, and the keeper has let that one go, so that the next can be asked for. */
int keeper_endpoint_resume(struct keeper *k, uint32_t from, struct keeper_endpoint *ret);
int keeper_device_resume(struct keeper *k, uint32_t from, struct keeper_device *ret);
int keeper_file_resume(struct keeper *k, uint32_t from, uint32_t *file, int *fd);

/* What the keeper says unasked. */
enum keeper_event_kind {
	KEEPER_EVENT_NETNS_GONE,  /* the last process and mount left: close all that is in it */
	KEEPER_EVENT_STOP,        /* the daemon is to end */
	KEEPER_EVENT_SOCKET_GONE, /* the last copy of a program's socket was closed (TUN-45) */
	KEEPER_EVENT_YIELD,   /* another engine takes up what there is: end, and remove nothing */
	KEEPER_EVENT_UPGRADE, /* another keeper is to take over: keeper_pause() */
};

struct keeper_event {
	enum keeper_event_kind kind;
	struct netns_id netns;
	uint64_t cookie; /* of the socket that has gone */
};

/** keeper_event_fd() - readable when an event waits; owned by @k */
int keeper_event_fd(const struct keeper *k);

/** keeper_event_read() - 1 and *ret, 0 if none waits, -EPIPE if the keeper has gone (then exit) */
int keeper_event_read(struct keeper *k, struct keeper_event *ret);

/** keeper_ready() - clients are answered from now on, which a service manager may wait to hear */
void keeper_ready(struct keeper *k);

/**
 * keeper_upgrade() - have another keeper take over, of the release that its file is by now (upgrade.h)
 *
 * Return: 0: KEEPER_EVENT_UPGRADE comes; -EPROTO, -ENOENT and others, in words: all goes on as it was.
 */
int keeper_upgrade(struct keeper *k, struct extack *ea);

/**
 * keeper_pause() - wait until another keeper has taken over, of which KEEPER_EVENT_UPGRADE has told
 *
 * What a client asks meanwhile stays unread, so that he knows that it has not been done.
 *
 * Return: 0: nothing came of it, go on; -ECONNRESET KEEPER_EVENT_YIELD comes.
 */
int keeper_pause(struct keeper *k);

/* What the engine was started with; see keeper_run(). */
struct keeper_start {
	struct keeper *keeper;
	int listener;            /* SOCK_SEQPACKET, listening, non-blocking; SO_PASSCRED set */
	struct records *records; /* mapped, shared with the keeper, kept over engines */
	bool first;              /* no engine ran before: nothing to resume */
	bool own_namespace_only; /* rootless: only one namespace can be served */
	enum divert_way divert;  /* how data leaves programs' sockets; ANY: not at all */
	const struct fast_board
		*fast;     /* NULL: no session uses the fast path, and .fast_why says why */
	uint32_t fast_why; /* enum fast_reason */
	int tun_error;     /* tap_probe() when ul2tpd started */
	uint32_t workers;  /* as in keeper_options, of the ul2tpd that was started first */
};

struct keeper_options {
	const char *socket_path;            /* NULL: LISTEN_FDS gives the listener */
	uint32_t max_tunnels, max_sessions; /* sizes of the records */
	enum divert_way divert;
	enum fast_path_mode fast_path;
	bool fast_path_xdp;
	enum fast_path_streams fast_path_streams;
	bool ip_sockets_for_all; /* also those without CAP_NET_ADMIN */
	bool naive;              /* interfaces and sockets give one packet at a time */
	uint32_t workers;        /* of each engine; kept over upgrades, since records count on it */
	char **argv;             /* for an upgrade (upgrade.h); NULL: there can be none */
};

/**
 * keeper_run() - be the keeper: fork the engine, serve it until SIGTERM or SIGINT, remove everything
 *
 * With SIGUSR2 it becomes the program that is now where it was started from, and goes on there (upgrade.h).
 *
 * @engine: runs in the child, without privilege; its return value is the child's exit status
 *
 * Restarts an engine that dies by a signal. Return: exit status of the program.
 */
int keeper_run(const struct keeper_options *options,
               int (*engine)(const struct keeper_start *start, void *arg), void *arg);

#endif
