/* SPDX-License-Identifier: BSD-2-Clause */
/* detached_thread.h - threads of the supervisor, for which nobody waits */
#ifndef UL2TP_LAUNCHER_DETACHED_THREAD_H
#define UL2TP_LAUNCHER_DETACHED_THREAD_H

/** detached_thread_start() - run @run with @arg on a stack of 256 KiB, for there can be thousands. Return: 0 or -errno */
int detached_thread_start(void *(*run)(void *arg), void *arg);

#endif
