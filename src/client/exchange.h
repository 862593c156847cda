/* SPDX-License-Identifier: BSD-2-Clause */
/* exchange.h - one request and all its answers */
#ifndef UL2TP_CLIENT_EXCHANGE_H
#define UL2TP_CLIENT_EXCHANGE_H

#include "base/writer.h"
#include "client/connection.h"
#include "netlink/message.h"
#include "netlink/ul2tp_status_message.h"

/* A request that is being written. */
struct request {
	struct ul2tp *u;
	enum client_family family;
	uint8_t command;
	bool dump;
	int fd; /* goes along; -1: none */
	size_t start;
	struct writer attributes; /* write attributes here */
	_Alignas(8) uint8_t octets[REQUEST_MAX];
};

/** Called for each answer; not 0: call no more, and return that at the end */
typedef int answer_fn(struct ul2tp *u, const struct nl_message *m, void *arg);

/**
 * request_begin() - start a request of @family
 *
 * Return: 0; -EOPNOTSUPP the other end has no such family; -EBUSY.
 */
int request_begin(struct request *r, struct ul2tp *u, enum client_family family, uint8_t command,
                  bool dump);

/* What asks for objects of one kind, in each of the three ways there are. */
struct get_commands {
	uint8_t l2tp;
	uint8_t ul2tp;  /* UL2TP_EXTRAS, where the other end is ul2tpd */
	uint8_t public; /* UL2TP_PUBLIC: of ul2tpd too */
};

/** request_begin_get() - the same with the command that @flags of ul2tp.h ask for; r->family says which it was */
int request_begin_get(struct request *r, struct ul2tp *u, const struct get_commands *get,
                      unsigned int flags, bool dump);

/**
 * request_run() - send it and take the answers until the acknowledgement or the end of the dump
 * @fn: gets messages of @r's family; NULL: they are skipped
 *
 * Return: 0; what @fn returned; the errno of the refusal, with its words in u->error.
 */
int request_run(struct request *r, answer_fn *fn, void *arg);

/**
 * exchange_begin() - send one datagram, and wait for the first of its answers
 *
 * If ul2tpd goes before it has read it, as when it is upgraded, it is sent to the next one. Otherwise as connection_send() and
 * connection_receive().
 */
int exchange_begin(struct ul2tp *u, const void *octets, size_t len, int fd, struct reader *ret);

/** socket_set() - set options of the connection; -EOPNOTSUPP: the other end is no ul2tpd */
int socket_set(struct ul2tp *u, const struct ul2tp_socket_set *set);

/** answer_attributes() - what follows generic netlink's header. 0 or -EBADMSG */
int answer_attributes(const struct nl_message *m, struct reader *ret);

#endif
