/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_status_message.h - the daemon's state, its limits, and options of the connection
 *
 * Commands STATUS_GET, SOCKET_SET, SUBSCRIBE, UNSUBSCRIBE and LIMITS_SET of ul2tp_netlink.h. Functions
 * here read and write attributes; the headers around them are ul2tp_message_begin() and nl_message_end().
 */
#ifndef UL2TP_NETLINK_UL2TP_STATUS_MESSAGE_H
#define UL2TP_NETLINK_UL2TP_STATUS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/writer.h"
#include "netlink/ul2tp_family.h"

/* Per network namespace: what may be, or what is used. By enum ul2tp_limit; index 0 is not used. */
struct ul2tp_limits {
	uint32_t values[UL2TP_LIMIT_MAX_PLUS_1];
};

#define UL2TP_FEATURES_MAX 32
#define UL2TP_LACKS_MAX    8

/* A feature that there is not, and why, in words. */
struct ul2tp_status_lack {
	const char *feature, *words;
};

/* The answer to UL2TP_CMD_STATUS_GET. */
struct ul2tp_status {
	const char *version;
	size_t feature_count; /* at most UL2TP_FEATURES_MAX */
	const char *features[UL2TP_FEATURES_MAX];
	size_t lack_count; /* at most UL2TP_LACKS_MAX */
	struct ul2tp_status_lack lacks[UL2TP_LACKS_MAX];
	struct ul2tp_limits limits; /* 0: none of its own */
	struct ul2tp_limits usage;
};

void ul2tp_status_put(struct writer *w, const struct ul2tp_status *status);

/**
 * ul2tp_status_read() - read the attributes of the answer
 * @ret: strings borrow from the message; more features or lacks than fit are left out
 *
 * Attributes of a later ul2tpd are skipped.
 *
 * Return: 0; -EBADMSG malformed, or without version.
 */
int ul2tp_status_read(struct reader octets, struct ul2tp_status *ret);

/* UL2TP_CMD_LIMITS_SET: limits that are present are set, 0: none of its own. */
struct ul2tp_limits_set {
	bool has[UL2TP_LIMIT_MAX_PLUS_1];
	struct ul2tp_limits limits;
};

void ul2tp_limits_set_put(struct writer *w, const struct ul2tp_limits_set *set);
struct ul2tp_limits_set ul2tp_limits_set_read(const struct ul2tp_request *r);

/* UL2TP_CMD_SOCKET_SET: options that are present are set. */
struct ul2tp_socket_set {
	bool has_cap_ack;
	bool has_ext_ack;
	bool cap_ack;
	bool ext_ack;
	bool drop_rights; /* for good */
	bool keep_rights;
	bool has_stop;
	bool stop;      /* at a refusal */
	uint64_t token; /* of the next request of the datagram; 0: none */
};

void ul2tp_socket_set_put(struct writer *w, const struct ul2tp_socket_set *set);
struct ul2tp_socket_set ul2tp_socket_set_read(const struct ul2tp_request *r);

/* UL2TP_CMD_SUBSCRIBE and UNSUBSCRIBE: the multicast group, of which there must be one (-ENOENT). */
void ul2tp_subscribe_put(struct writer *w, uint32_t group);
uint32_t ul2tp_subscribe_read(const struct ul2tp_request *r);

#endif
