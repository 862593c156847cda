/* SPDX-License-Identifier: BSD-2-Clause */
/* shortage.h - errors that say nothing of what was asked: there was nothing left to ask it with */
#ifndef UL2TP_BASE_SHORTAGE_H
#define UL2TP_BASE_SHORTAGE_H

#include <errno.h>
#include <stdbool.h>

/** is_shortage() - whether @err, an errno, is for want of descriptors or memory: what could not be looked at may be there */
static inline bool is_shortage(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOMEM || err == ENOBUFS;
}

#endif
