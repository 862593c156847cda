/* SPDX-License-Identifier: BSD-2-Clause */
/* netns_socket.h - a socket that belongs to another network namespace */
#ifndef UL2TP_LAUNCHER_NETNS_SOCKET_H
#define UL2TP_LAUNCHER_NETNS_SOCKET_H

#include "launcher/launcher.h"
#include "launcher/trap.h"

/**
 * netns_socket() - socket(2) in the namespace @netns, with our own rights; always close-on-exec
 *
 * Where this thread may not go there by itself, a child goes through the user namespace that owns it, as the
 * one that is made for an unprivileged launcher.
 *
 * Return: the descriptor; -EPERM, or what socket() said.
 */
int netns_socket(struct launcher *l, int netns, int domain, int type, int protocol);

/**
 * netns_of_socket() - a descriptor of the network namespace of a program's socket @fd, which the caller closes
 *
 * That of the calling thread, which it nearly always is: if we may not know it, if @fd is no socket, or a stand-in, and
 * where that is says nothing. -errno: the thread has gone
 */
int netns_of_socket(const struct trap *t, int fd);

/**
 * netns_enter_as_owner() - enter @netns with all the rights of the user namespace that owns it
 *
 * Of a child (child.h): it becomes another user.
 *
 * Return: 0; -EPERM, also where the owner is this process's own user namespace; what the system said.
 */
int netns_enter_as_owner(int netns);

/** netns_private() - a new network namespace, empty and entered by nobody else; negative errno: none can be
 * made here (CAP_SYS_ADMIN). Of a process with one thread */
int netns_private(int home);

#endif
