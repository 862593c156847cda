/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptors.h - whether enough descriptors are left to go on working
 *
 * Each socket and device is one, and a few are needed for a moment by everything the keeper is asked, if only to
 * find out who asks. So the last are not given to what stays: then what there is goes on working, and can be
 * removed.
 */
#ifndef UL2TP_KEEPER_DESCRIPTORS_H
#define UL2TP_KEEPER_DESCRIPTORS_H

#include "base/extack.h"

/* All zero: nothing is known. */
struct descriptors {
	int high;     /* greatest of the numbers that were the lowest free one when it was looked */
	int unlooked; /* what may have been taken since, of which the high one knows nothing */
};

/**
 * descriptors_check() - whether there are more than those that are kept back
 * Return: 0; -ENFILE, with words: EMFILE would say that it is the client who has too many.
 */
int descriptors_check(struct descriptors *d, struct extack *ea);

/** descriptors_lack() - -ENFILE, with words: there are none left */
int descriptors_lack(struct extack *ea);

#endif
