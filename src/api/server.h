/* SPDX-License-Identifier: BSD-2-Clause */
/* server.h - the API thread: accepts clients, hears the keeper */
#ifndef UL2TP_API_SERVER_H
#define UL2TP_API_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "api/done.h"
#include "base/list.h"
#include "keeper/keeper.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "path/dataplane.h"
#include "path/tidy.h"
#include "tunnel/quirk.h"

#define CONNECTIONS_MAX         4096
#define CONNECTIONS_OF_USER_MAX 256 /* of one user other than root: anyone may connect */

struct server {
	struct loop *loop;
	struct loop *ppp_files; /* in it are programs' last closes of what they hold of PPP */
	struct watch ppp_closed;
	struct keeper *keeper;
	struct dataplane *dataplane;
	struct watch listener, events;
	int listener_fd;
	uint64_t accept_ms; /* when it is listened to again; 0: the last client was accepted */
	struct list connections;
	uint32_t connection_count;
	uint32_t tracers;       /* connections that listen to trace events */
	struct mailbox mailbox; /* letters of workers that have some */
	struct letter more;     /* to ourselves: there are more of them */
	bool more_posted;
	struct tidy tidy;
	uint32_t last_port;
	struct done_requests done;
	const struct quirks *quirks;
	enum divert_way divert;
	bool fast_path;    /* sessions can take it */
	uint32_t fast_why; /* if not: enum fast_reason */
	int tun_error;     /* 0, or why there is no interface */
	bool stop;
};

/**
 * server_run() - serve until the keeper says stop, and close all files of PPP
 *
 * Return: 0 or a negative errno if it can not start. Then nothing has gone, and the process is to end.
 */
int server_run(const struct keeper_start *start, struct dataplane *dp, const struct quirks *quirks);

#endif
