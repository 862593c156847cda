/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_stream.h - trace events of one network namespace, on their way from ul2tpd into a pipe
 *
 * A thread connects while any are wanted, and writes a line for each into the pipe; what finds no room there is
 * counted, and told with the next.
 */
#ifndef UL2TP_LAUNCHER_TRACE_STREAM_H
#define UL2TP_LAUNCHER_TRACE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/launcher.h"

struct trace_stream;

/**
 * trace_stream_new() - start the thread; nothing is wanted yet
 * @netns: stays the caller's
 *
 * Return: NULL with errno.
 */
struct trace_stream *trace_stream_new(struct launcher *l, int netns);

/** trace_stream_is_of() - whether it is of this namespace */
bool trace_stream_is_of(const struct trace_stream *s, int netns);

/**
 * trace_stream_want() - which events: bits of enum ul2tp_trace_event; they come when this returns
 * @netns: of the stream, to connect there; stays the caller's. -1: only if it is connected
 * @admin: whether who wishes it has CAP_NET_ADMIN over it
 *
 * Return: 0; negative errno of ul2tpd, -EACCES.
 */
int trace_stream_want(struct trace_stream *s, uint64_t events, int netns, bool admin);

/** trace_stream_open() - a descriptor of the reading end. Negative errno */
int trace_stream_open(const struct trace_stream *s, bool nonblock);

#endif
