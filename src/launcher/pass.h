/* SPDX-License-Identifier: BSD-2-Clause */
/* pass.h - a few octets and a descriptor from one of our processes to another, over a SOCK_SEQPACKET pair */
#ifndef UL2TP_LAUNCHER_PASS_H
#define UL2TP_LAUNCHER_PASS_H

#include <stddef.h>

/** pass_send() - @fd: -1: none. 0 or -errno */
int pass_send(int to, const void *octets, size_t len, int fd);

/** pass_receive() - exactly @len octets; *@fd: the descriptor that came, close-on-exec, or -1.
 * 0; -EPIPE: the other end is closed, or said something else; -errno */
int pass_receive(int from, void *octets, size_t len, int *fd);

#endif
