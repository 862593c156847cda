/* SPDX-License-Identifier: BSD-2-Clause */
/* ready.h - tell the service manager how we are, sd_notify(3) */
#ifndef UL2TP_KEEPER_READY_H
#define UL2TP_KEEPER_READY_H

/** ready_notify() - send @state ("READY=1") to NOTIFY_SOCKET; nothing if there is none */
void ready_notify(const char *state);

/** ready_notify_reloading() - until READY=1 what was asked of us is being done */
void ready_notify_reloading(void);

#endif
