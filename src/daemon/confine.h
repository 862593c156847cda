/* SPDX-License-Identifier: BSD-2-Clause */
/* confine.h - take from the engine what it never needs */
#ifndef UL2TP_DAEMON_CONFINE_H
#define UL2TP_DAEMON_CONFINE_H

/**
 * confine() - refuse, for all threads from now on, system calls that open, start or reach anything new
 *
 * What the engine works with was opened before or comes from the keeper. Refused calls give EPERM. Needs
 * no_new_privs, which the keeper has set. Negative errno.
 */
int confine(void);

#endif
