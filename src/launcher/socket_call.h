/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_call.h - socket(), and what is done to sockets but for sending: handed on to the kind of stand-in it is */
#ifndef UL2TP_LAUNCHER_SOCKET_CALL_H
#define UL2TP_LAUNCHER_SOCKET_CALL_H

#include "launcher/trap.h"

void socket_call_socket(struct trap *t);
void socket_call_receive(struct trap *t);
void socket_call_bind(struct trap *t);
void socket_call_connect(struct trap *t);
void socket_call_getsockname(struct trap *t);
void socket_call_getpeername(struct trap *t);
void socket_call_setsockopt(struct trap *t);
void socket_call_getsockopt(struct trap *t);
void socket_call_ioctl(struct trap *t);
void socket_call_shutdown(struct trap *t);
void socket_call_listen(struct trap *t);
void socket_call_socketpair(struct trap *t);

#endif
