/* SPDX-License-Identifier: BSD-2-Clause */
/* trap_listener.h - the kernel's end of a trapped call: what is asked of it, and told, by the filter's descriptor
 *
 * The kernel takes a lock for each of these and gives up with EINTR when a signal comes, be it one that only stops the process
 * or a debugger's, whatever SA_RESTART says. Nothing has happened then.
 */
#ifndef UL2TP_LAUNCHER_TRAP_LISTENER_H
#define UL2TP_LAUNCHER_TRAP_LISTENER_H

struct seccomp_notif_resp;

/** trap_listener_ask() - SECCOMP_IOCTL_NOTIF_@what, again after a signal. Return: its result, or negative errno */
int trap_listener_ask(int listener, unsigned long what, void *about);

/**
 * trap_listener_answer() - again and again until the caller has it, or is gone
 *
 * As long as it has none it waits, and can only be killed; and the call stays to be answered whatever an attempt failed with.
 * @failed: called once, when an attempt has. Return: 0, or -ENOENT: the caller is gone, -EINPROGRESS: it had an answer.
 */
int trap_listener_answer(int listener, struct seccomp_notif_resp *answer,
                         void (*failed)(void *arg, int err), void *arg);

#endif
