/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_argument.h - what the argument of an ioctl of /dev/ppp points to, in one piece
 *
 * Most are an int or a small structure, as long as the ioctl's number says. Of those with pointers inside this stands
 * in the request (doc/interfaces.txt): PPPIOCSCOMPRESS: an int (which direction), the option; PPPIOCSPASS and
 * PPPIOCSACTIVE: the instructions.
 */
#ifndef UL2TP_LAUNCHER_PPP_ARGUMENT_H
#define UL2TP_LAUNCHER_PPP_ARGUMENT_H

#include "base/reader.h"
#include "launcher/trap.h"

struct ppp_argument {
	struct reader octets; /* empty: it has none */
	uint8_t small[64];
	uint8_t *large; /* allocated; NULL */
};

/** ppp_argument_read() - 0; -EFAULT, -EINVAL as of that ioctl. ppp_argument_release() in any case */
int ppp_argument_read(struct trap *t, uint32_t number, struct ppp_argument *ret);
void ppp_argument_release(struct ppp_argument *a);

#endif
