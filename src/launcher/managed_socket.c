/* SPDX-License-Identifier: BSD-2-Clause */
/* managed_socket.c - see managed_socket.h */
#include "launcher/managed_socket.h"

void managed_socket_connect(struct trap *t)
{
	trap_continue(t);
}

void managed_socket_setsockopt(struct trap *t)
{
	trap_continue(t);
}
