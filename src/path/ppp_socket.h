/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_socket.h - what a program calls on a PPPoL2TP socket (kernel-behaviour §5); the API thread
 *
 * Errors are those of the call, with words. What they refuse, and in which order, is the kernel's.
 */
#ifndef UL2TP_PATH_PPP_SOCKET_H
#define UL2TP_PATH_PPP_SOCKET_H

#include <sys/types.h>

#include "path/ppp_file.h"
#include "wire/ppp_name.h"

/**
 * ppp_socket_connect() - connect() in all its forms (PX-10 to PX-33)
 * @name: as the program gave it
 * @pid:  the thread that calls, for getsockname() (PX-44)
 * @fd:	  the descriptor that the name's .fd is in the program, if it came along; stays the caller's. -1: none
 *
 * Return: 0; -EINVAL, -EBADF, -ENOENT, -EBUSY, -EPROTOTYPE, -EEXIST; those of dataplane_tunnel_add() and
 *	   dataplane_session_add().
 */
int ppp_socket_connect(struct ppp_file *f, const struct ppp_caller *caller, struct reader name,
                       pid_t pid, int fd, struct extack *ea);

/** ppp_socket_name() - getsockname() and getpeername() (PX-44). Return: octets written; -ENOTCONN, -EBADF */
int ppp_socket_name(const struct ppp_file *f, uint8_t name[PPP_NAME_MAX], struct extack *ea);

/** ppp_socket_option_set(), ppp_socket_option_get() - level SOL_PPPOL2TP (PX-50 to PX-52) */
int ppp_socket_option_set(struct ppp_file *f, uint32_t option, struct reader value,
                          struct extack *ea);
int ppp_socket_option_get(const struct ppp_file *f, uint32_t option, int *ret, struct extack *ea);

/**
 * ppp_socket_ioctl() - kernel-behaviour §5.5
 * @program_fd: the program's end of the socket, if it came along: what waits there is moved (PX-40); stays the
 *		caller's. -1: none
 */
int ppp_socket_ioctl(struct ppp_file *f, uint32_t number, int program_fd, struct reader in,
                     struct writer *out, struct extack *ea);

#endif
