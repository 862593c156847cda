/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_server.h - for tests: a server whose answers the test chooses
 *
 * Listens on a socket of its own in a thread, for one client. It answers nlctrl and SOCKET_SET by itself;
 * everything else goes to the test's function.
 */
#ifndef UL2TP_CLIENT_FAKE_SERVER_H
#define UL2TP_CLIENT_FAKE_SERVER_H

#include <stdbool.h>

#include "base/writer.h"
#include "netlink/message.h"

struct fake_server;

/* What a client asked. */
struct fake_request {
	const struct nl_message *message;
	const char *family; /* "l2tp" or "ul2tp" */
	uint8_t command;
	struct reader attributes;
	int fd; /* came along; -1: none. Closed afterwards */
};

/**
 * Called on the server's thread for each request.
 *
 * What it writes to @answers is sent as one datagram; nothing: nothing is.
 */
typedef void fake_answer_fn(struct fake_server *s, const struct fake_request *r,
                            struct writer *answers, void *arg);

/** fake_server_start() - @with_ul2tp: it has the family "ul2tp" too. Ends the test if it can not */
struct fake_server *fake_server_start(bool with_ul2tp, fake_answer_fn *fn, void *arg);

/** fake_server_speak() - its family "ul2tp" is of this version; before a client connects */
void fake_server_speak(struct fake_server *s, uint32_t version);

/** fake_server_path() - where it listens */
const char *fake_server_path(const struct fake_server *s);

/** fake_server_send() - send a datagram nobody asked for */
void fake_server_send(struct fake_server *s, const void *data, size_t length);

/** fake_server_hang_up() - end the connection */
void fake_server_hang_up(struct fake_server *s);

/** fake_server_stop() - end and free; NULL is fine */
void fake_server_stop(struct fake_server *s);

/** fake_acknowledge() - answer with an errno, or 0; @words may be NULL */
void fake_acknowledge(const struct fake_request *r, struct writer *answers, int error,
                      const char *words);

/** fake_message_begin() - start a message of @r's family, for nl_message_end() */
size_t fake_message_begin(const struct fake_request *r, struct writer *answers, uint8_t command);

#endif
