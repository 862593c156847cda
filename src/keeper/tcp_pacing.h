/* SPDX-License-Identifier: BSD-2-Clause */
/* tcp_pacing.h - whether TCP of a network namespace sends by a timer, frame by frame
 *
 * BBR does. What it hands over comes alone then, and user space is woken for each 60 KB of it, where others' comes many at a time:
 * that decides which way of a tunnel is faster for it (doc/performance-notes.md). */
#ifndef UL2TP_KEEPER_TCP_PACING_H
#define UL2TP_KEEPER_TCP_PACING_H

#include <stdbool.h>

/** tcp_is_paced() - by what the namespace that the thread is in has chosen for all who choose nothing else; false, too, where
 * that can not be read */
bool tcp_is_paced(void);

#endif
