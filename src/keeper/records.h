/* SPDX-License-Identifier: BSD-2-Clause */
/* records.h - tunnels and sessions as they stand in the memory that outlives the engine
 *
 * Arrays of fixed-size records in one shared mapping, made by the keeper; those of PPP are in ppp_records.h.
 * The engine's API thread writes the configuration; each direction's block is written by the one worker that owns it and read
 * by the API thread (relaxed atomics: a reader may see one counter newer than another). A fresh engine
 * rebuilds itself from the records that are LIVE; anything else half-made is removed.
 *
 * Numbers in host order. Every engine is a fork of the keeper that has the mapping, so both are the same program. But that
 * keeper may have taken the place of another release's (upgrade.h): whoever changes something here, its meaning included,
 * raises LAYOUT_VERSION (layout.h).
 */
#ifndef UL2TP_KEEPER_RECORDS_H
#define UL2TP_KEEPER_RECORDS_H

#include <net/if.h>
#include <stdint.h>

#include "keeper/keeper.h"
#include "keeper/ppp_records.h"

#define RECORD_LABEL_MAX   64
#define RECORD_LIMITS      8    /* kinds of limits a namespace can have */
#define RECORD_LIMITED_MAX 1024 /* namespaces that can have limits of their own */
#define RECORD_NONE        UINT32_MAX

/* A session of a program has a socket, a file on the channel and one on the unit, and one more for programs that like
 * to have two. */
#define RECORD_FILES_PER_SESSION 4

enum record_state {
	RECORD_FREE,     /* memory is zero */
	RECORD_BUILDING, /* being set up: remove after a crash */
	RECORD_LIVE,     /* complete: adopt after a crash */
	RECORD_GOING,    /* being removed: finish after a crash */
};

struct tunnel_record {
	_Atomic uint32_t state;
	uint32_t endpoint; /* keeper slot */
	struct netns_id netns;
	uint32_t netns_index; /* decides which worker receives for it, over engines */
	int32_t fd; /* number of the program's socket where it was given, for display (TUN-25); -1: ours */
	uint32_t conn_id, peer_conn_id;
	uint8_t version, encap, peer_check, peer_known;
	union address source, peer; /* as reported (NL-58) */
	uint64_t created_s;
	char label[RECORD_LABEL_MAX];
	/* What belongs to no session of it; any worker. */
	_Alignas(64) _Atomic uint64_t rx_drops[RECORD_DROPS_MAX];
	/* The other counters are the sum over its sessions, plus what went with deleted ones. API thread. */
	_Alignas(64) uint64_t gone_rx_packets;
	uint64_t gone_rx_bytes, gone_tx_packets, gone_tx_bytes, gone_tx_errors;
};

struct session_rx_record {
	_Atomic uint64_t packets, bytes, oos_packets, last_ms;
	_Atomic uint64_t lost_bytes; /* of these, what the interface did not take */
	_Atomic uint64_t drops[RECORD_DROPS_MAX];
	_Atomic uint32_t held;
	_Atomic uint32_t nr;
	uint32_t oos_last, oos_count, skip;
};

struct session_tx_record {
	_Atomic uint64_t packets, bytes, last_ms;
	_Atomic uint64_t drops[RECORD_DROPS_MAX];
	_Atomic uint32_t ns;
};

struct session_record {
	_Atomic uint32_t state;
	uint32_t tunnel; /* index of its tunnel's record */
	uint32_t device; /* keeper slot, RECORD_NONE if it has none */
	uint32_t session_id, peer_session_id;
	uint16_t pw_type;
	uint8_t l2spec_type, cookie_len, peer_cookie_len, recv_seq, lns_mode, collides;
	uint8_t fast_told;         /* the keeper's fast path knows of it */
	_Atomic uint32_t send_seq; /* the word by which receive tells transmit (RX-42, RX-43) */
	_Atomic uint32_t
		fast_reason; /* enum fast_reason; the keeper's, from the first keeper_fast_session() on */
	uint8_t cookie[8], peer_cookie[8];
	uint32_t reorder_timeout_ms, mtu_bytes;
	uint32_t
		owner; /* process or thread that made it, for getsockname() of its socket (PX-44) */
	char ifname[IFNAMSIZ];      /* stored name (NL-71) */
	uint64_t created_s, serial; /* serial: order of creation, for "newest first" (NL-70) */
	char label[RECORD_LABEL_MAX];
	_Alignas(64) struct session_rx_record rx;
	_Alignas(64) struct session_tx_record tx;
};

/* Limits of a namespace, which hold whether anything is in it or not. */
struct limits_record {
	struct netns_id netns; /* cookie 0: not in use */
	uint32_t values[RECORD_LIMITS];
};

struct records {
	uint32_t max_tunnels, max_sessions;
	uint32_t tunnels_used, sessions_used; /* no record at or beyond this index was ever used */
	uint64_t serial;
	uint32_t engines; /* how many engines were started */
	uint32_t files_used, units_used;
	struct limits_record limits[RECORD_LIMITED_MAX];
	/* then max_tunnels tunnel records, max_sessions session records, RECORD_FILES_PER_SESSION times as many of files,
	 * max_sessions of units, and as many of their filters */
};

/** records_size() - octets of the whole mapping */
uint64_t records_size(uint32_t max_tunnels, uint32_t max_sessions);

/** records_map() - the mapping of a file that is as large as that; NULL: out of memory */
struct records *records_map(int fd, uint32_t max_tunnels, uint32_t max_sessions);

/**
 * records_begin() - before an engine starts: how many records there are is what the keeper says, and so many of them at most
 * were used, whatever the engine before has written there
 */
void records_begin(struct records *r, uint32_t max_tunnels, uint32_t max_sessions);

/** records_sessions() - the first session's, for the keeper, who does not ask the mapping where it is */
struct session_record *records_sessions(struct records *r, uint32_t max_tunnels);

struct tunnel_record *records_tunnel(struct records *r, uint32_t index);
struct session_record *records_session(struct records *r, uint32_t index);
struct ppp_file_record *records_file(struct records *r, uint32_t index);
struct unit_record *records_unit(struct records *r, uint32_t index);
struct unit_filters_record *records_unit_filters(struct records *r, uint32_t index);

#endif
