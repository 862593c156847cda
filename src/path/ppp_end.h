/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_end.h - ul2tpd's end of a SOCK_SEQPACKET pair whose other end a program holds
 *
 * A record is one PPP frame: on a PPPoL2TP socket without ff 03, on a file of /dev/ppp protocol and information. One
 * worker writes to it what the program is to read, one, perhaps another, reads what the program writes.
 */
#ifndef UL2TP_PATH_PPP_END_H
#define UL2TP_PATH_PPP_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/extack.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "path/worker.h"

#define PPP_END_FRAMES_MAX                                                                         \
	32 /* PPP-21: that wait to be read by the program, on a file of /dev/ppp */

/**
 * A frame that the program has written; on the worker that reads.
 * @frame:  stays where it is until outbox_flush() of the worker, which follows when a batch of frames was read
 * @len:    as the program wrote it
 * @whole:  false: longer than any packet, of which @frame has only the start
 */
typedef void ppp_end_frame_fn(void *arg, const uint8_t *frame, size_t len, bool whole);

struct ppp_end {
	int fd; /* -1: given up */
	/* Of the worker that reads; see ppp_end_start(). */
	struct watch watch;
	struct letter started, stopped;
	struct worker *reader; /* NULL: nobody reads */
	ppp_end_frame_fn *frame;
	void *arg;
	/* Of the worker that writes: what the last frames cost in the socket's buffer, to know how many wait. */
	bool counts_frames; /* else only octets are limited, as on a socket */
	uint32_t next_cost;
	uint32_t costs[PPP_END_FRAMES_MAX];
};

/** ppp_end_check() - whether @fd is what it must be. 0; -ENOTSOCK, -EPROTONOSUPPORT, -ENOTCONN with words */
int ppp_end_check(int fd, struct extack *ea);

/** ppp_end_open() - @fd was checked, and becomes the end's */
void ppp_end_open(struct ppp_end *e, int fd, bool counts_frames);

/** ppp_end_empty() - throw away what the program has written so far; while nobody reads */
void ppp_end_empty(struct ppp_end *e);

/**
 * ppp_end_start() - soon @w reads what the program writes, and gives it to @frame; API thread
 *
 * Does not wait. Nobody else reads.
 */
void ppp_end_start(struct ppp_end *e, struct worker *w, ppp_end_frame_fn *frame, void *arg);

/** ppp_end_stop() - what was written so far is given to @frame, nothing more; API thread, waits. Harmless if nobody
 * reads */
void ppp_end_stop(struct ppp_end *e);

/** ppp_end_stop_begin() - the same without waiting: the caller does that for several, before it starts them anew */
void ppp_end_stop_begin(struct ppp_end *e);

/** ppp_end_drain() - give all that was written so far to @frame, and send it; on the worker that reads, if there is one */
void ppp_end_drain(struct ppp_end *e);

/**
 * ppp_end_write() - a frame for the program, in pieces; on the worker that writes
 *
 * Return: 0; -ENOBUFS too many wait already; -EPIPE the program has gone, or the end was given up.
 */
int ppp_end_write(struct ppp_end *e, const struct iovec *pieces, int count);

/** ppp_end_close() - the program reads what waits, then end of file and POLLHUP; when nobody reads or writes */
void ppp_end_close(struct ppp_end *e);

#endif
