/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_records.h - what programs hold, and PPP units, as they stand in the memory that outlives the engine
 *
 * Two more arrays beside those of records.h, by the same rules. A record names others by their index. A channel has
 * none of its own: it is with the record of its socket, since they come and go together.
 */
#ifndef UL2TP_KEEPER_PPP_RECORDS_H
#define UL2TP_KEEPER_PPP_RECORDS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/prefix.h"
#include "keeper/keeper.h"

#define RECORD_DROPS_MAX 48 /* reasons, of tunnels and sessions, too */

#define UNIT_PROTOCOLS  6   /* that have a mode of their own (PPPIOCSNPMODE) */
#define UNIT_FILTER_MAX 256 /* instructions of a filter that is kept */
#define UNIT_OPTION_MAX 32  /* octets of an option of CCP (PPP-60) */
#define UNIT_KEPT_MAX   96  /* octets that tell where a compressor stands */

#define UNIT_ADDRESSES_MAX 8 /* of a unit that shares its device */

enum ppp_file_on {
	PPP_FILE_ON_NOTHING,
	PPP_FILE_ON_CHANNEL, /* .on: record of its socket */
	PPP_FILE_ON_UNIT,    /* .on: record of the unit */
	PPP_FILE_ON_GONE,    /* it is dead */
};

/* Of a socket the channel that comes with it. */
struct channel_record {
	uint32_t
		session; /* index of its record; RECORD_NONE: there is none, or it has been deleted */
	uint32_t number;         /* of the channel; 0: it has none */
	uint64_t session_serial; /* as it stands there, else it is another session by now */
	uint32_t unit;           /* index of its record, or RECORD_NONE */
	uint32_t bridge; /* index of the record of the other channel's socket, or RECORD_NONE */
	uint64_t joined; /* order in which channels were connected to their units */
	uint8_t connected, bound; /* it once was; its number was asked for (PX-40) */
	/* While connect() makes a session, which goes if it was not done. */
	uint8_t making;
	uint32_t making_tunnel; /* index of its record */
	uint32_t making_session;
};

struct ppp_file_record {
	_Alignas(64) _Atomic uint32_t state; /* enum record_state */
	uint32_t slot; /* keeper's, of our end; RECORD_NONE: it was given up */
	uint64_t handle, serial;
	struct netns_id netns;
	uint32_t netns_index;
	uint32_t uid;
	uint8_t is_socket, empty_reads;
	uint8_t own_device; /* of the unit that it makes, whatever others have */
	uint8_t on;         /* of a file: enum ppp_file_on */
	uint8_t owner;      /* of the unit it is on (PPP-44) */
	uint32_t on_index;  /* see enum ppp_file_on */
	uint64_t attached;  /* order in which files were attached */
	struct channel_record channel;
};

/* Arguments of the ioctls that set up a unit, as they were last given. */
enum unit_setting {
	UNIT_SET_FLAGS,
	UNIT_SET_MRU,
	UNIT_SET_MRRU,
	UNIT_SET_DEBUG,
	UNIT_SET_MAX_CID,
	UNIT_SETTINGS,
};

struct unit_mode_record {
	int32_t protocol, mode; /* protocol 0: none was given */
};

/* Of each unit; an array of their own, since few units have any: what is never touched costs no memory. */
struct unit_filters_record {
	struct sock_filter pass[UNIT_FILTER_MAX], active[UNIT_FILTER_MAX];
};

/* Of one direction. The worker writes .kept. */
struct unit_compression_record {
	uint32_t option_len; /* 0: there is none */
	uint8_t option[UNIT_OPTION_MAX];
	_Alignas(8) uint8_t kept[UNIT_KEPT_MAX]; /* struct mppe_kept */
};

/* As SIOCGPPPSTATS has them (PPP-64): of a direction, each written by the worker that owns it. What is refused (dropped)
 * is no packet that passed, so .packets and .octets are what may be charged for. */
struct unit_counters {
	_Atomic uint64_t packets, octets;                 /* octets without the protocol number */
	_Atomic uint64_t control_packets, control_octets; /* of these, those of the unit's file */
	_Atomic uint64_t errors, length_errors, dropped;
	_Atomic uint64_t
		last_ms; /* loop_now_ms() of the last that the active filter let pass (PPP-53); 0: none */
	_Atomic uint64_t drops[RECORD_DROPS_MAX]; /* by enum rx_drop or tx_drop */
};

/* Of a direction; see packet/policer.h. */
struct unit_rate_record {
	uint64_t rate;  /* bits a second; 0: none */
	uint32_t burst; /* octets */
};

/* Of a direction; see path/unit_fast.h. The API thread. */
struct unit_fast_record {
	uint64_t packets, octets; /* wrapped, while a session is connected */
	uint64_t last_ms;         /* of those that were; loop_now_ms() */
};

struct unit_record {
	_Alignas(64) _Atomic uint32_t state;
	uint32_t device; /* keeper slot */
	uint32_t shared; /* 1: others have the device too */
	struct netns_id netns;
	uint32_t netns_index;
	uint32_t number;
	uint32_t present; /* bits of enum unit_setting: those that were given */
	int32_t settings[UNIT_SETTINGS];
	struct unit_mode_record modes[UNIT_PROTOCOLS]; /* PPPIOCSNPMODE */
	struct unit_compression_record received, sent;
	uint64_t created_ms;                         /* loop_now_ms() */
	struct prefix addresses[UNIT_ADDRESSES_MAX]; /* of one that shares; .family 0: none */
	struct unit_rate_record rx_rate, tx_rate;
	struct unit_fast_record fast_rx, fast_tx;
	_Alignas(64) struct unit_counters rx;
	_Alignas(64) struct unit_counters tx;
	_Atomic uint32_t compression_state; /* SC_COMP_RUN and the like; the worker writes it */
	_Atomic uint32_t fragment_sent,
		fragment_received; /* numbers of the next (multilink); likewise */
	uint32_t pass_count,
		active_count; /* instructions of filters; 0: there is none; more than UNIT_FILTER_MAX: not kept */
};

#endif
