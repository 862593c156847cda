/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h - one line an event, key=value, with a stable event name
 *
 * Goes to standard error with the priority prefix <N> that systemd reads, or without when standard
 * error is a terminal. Callable on any thread. The packet path does not log; it counts.
 */
#ifndef UL2TP_BASE_LOG_H
#define UL2TP_BASE_LOG_H

#include <stdint.h>
#include <syslog.h>

/** log_level_set() - lines of a priority numerically above @level are not written (LOG_NOTICE at start) */
void log_level_set(int level);

/**
 * log_event() - write one line: event=NAME followed by the key=value pairs of @format
 * @level: LOG_ERR the program cannot do its work, LOG_WARNING someone should look, LOG_NOTICE a
 *         tunnel or session came, went or was refused, LOG_INFO steps of it, LOG_DEBUG the rest
 * @event: stable name, words joined by '-': "tunnel-created"
 *
 * Limited to LOG_BURST lines a second for each event name; how many were suppressed is said by the
 * first line of a later second. Values with blanks are for the caller to quote.
 */
void log_event(int level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define LOG_BURST 50

#endif
