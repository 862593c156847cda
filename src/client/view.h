/* SPDX-License-Identifier: BSD-2-Clause */
/* view.h - what libul2tp hands out, together with the memory its pointers point to
 *
 * A view holds one public struct and copies of its strings, so that it outlives the datagram it was
 * read from. Filled from messages of the server or kernel, which are not trusted: what does not fit is
 * left out.
 */
#ifndef UL2TP_CLIENT_VIEW_H
#define UL2TP_CLIENT_VIEW_H

#include <net/if.h>

#include "ul2tp.h"
#include "ul2tp_ppp.h"
#include "base/reader.h"
#include "netlink/ul2tp_accounts.h"
#include "netlink/ul2tp_trace.h"
#include "netlink/ul2tp_family.h"
#include "netlink/ul2tp_status_message.h"
#include "netlink/ul2tp_unit_message.h"

struct reasons_view {
	struct ul2tp_reason rows[UL2TP_DROPS_MAX];
	char names[UL2TP_DROPS_MAX][40];
	char words[UL2TP_DROPS_MAX][120];
};

struct tunnel_view {
	struct ul2tp_tunnel tunnel;
	char label[UL2TP_LABEL_MAX + 1];
	char device[IFNAMSIZ];
	struct reasons_view rx, tx;
};

struct session_view {
	struct ul2tp_session session;
	char ifname[IFNAMSIZ], device[IFNAMSIZ];
	char label[UL2TP_LABEL_MAX + 1];
	char fast_path[UL2TP_FAST_PATH_MAX + 1], fast_path_words[UL2TP_FAST_PATH_WORDS_MAX + 1];
	struct reasons_view rx, tx;
};

struct ppp_channel_view {
	struct ul2tp_ppp_channel_info channel;
	struct reasons_view rx, tx;
};

struct ppp_unit_view {
	struct ul2tp_ppp_unit_info unit;
	char ifname[IFNAMSIZ];
	struct reasons_view rx, tx;
	struct ul2tp_ppp_prefix prefixes[UL2TP_UNIT_PREFIXES_MAX];
	struct ul2tp_ppp_account account;
};

struct status_view {
	struct ul2tp_daemon_status status;
	char version[40];
	const char *features[UL2TP_FEATURES_MAX];
	char feature_names[UL2TP_FEATURES_MAX][40];
	struct ul2tp_lack lacks[UL2TP_LACKS_MAX];
	char lack_names[UL2TP_LACKS_MAX][40], lack_words[UL2TP_LACKS_MAX][160];
};

struct trace_view {
	struct ul2tp_trace_record record;
	char process[TRACE_PROCESS_MAX];
};

/*
 * Each reads the attributes of one message; @daemon tells the family ul2tp from l2tp.
 * Return: 0; -EBADMSG: malformed.
 */
int tunnel_view_read(struct reader attributes, bool daemon, struct tunnel_view *ret);
int session_view_read(struct reader attributes, bool daemon, struct session_view *ret);
int ppp_channel_view_read(struct reader attributes, struct ppp_channel_view *ret);
int ppp_unit_view_read(struct reader attributes, struct ppp_unit_view *ret);
int status_view_read(struct reader attributes, struct status_view *ret);
int trace_view_read(struct reader attributes, struct trace_view *ret);

#endif
