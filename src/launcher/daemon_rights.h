/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon_rights.h - a connection of libul2tp's that speaks for a program, with no more than the program's rights */
#ifndef UL2TP_LAUNCHER_DAEMON_RIGHTS_H
#define UL2TP_LAUNCHER_DAEMON_RIGHTS_H

#include "launcher/launcher.h"
#include "ul2tp.h"

/**
 * daemon_rights_connect() - to ul2tpd, in the namespace the thread is in
 * @admin: whether the program has CAP_NET_ADMIN over that; if not, the connection gives up our rights
 *
 * Return: 0; -ENOENT no ul2tpd answers, which is said.
 */
int daemon_rights_connect(struct launcher *l, bool admin, struct ul2tp **ret);

#endif
