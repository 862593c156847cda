/* SPDX-License-Identifier: BSD-2-Clause */
/* family_numbers.h - numbers for l2tp that the kernel has given to no family of its own */
#ifndef UL2TP_LAUNCHER_FAMILY_NUMBERS_H
#define UL2TP_LAUNCHER_FAMILY_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink/message.h"

/* Which numbers are taken. */
struct family_numbers {
	uint64_t families[1024 / 64]; /* a bit each, up to GENL_MAX_ID */
	uint64_t groups[1024 / 64];   /* those below 1024 */
};

/** family_numbers_note() - a message of nlctrl's dump */
void family_numbers_note(struct family_numbers *taken, const struct nl_message *m);

/** family_numbers_free_in() - the highest numbers that are free: the kernel gives out low ones first */
void family_numbers_free_in(const struct family_numbers *taken, uint16_t *family, uint32_t *group);

/** family_numbers_choose() - ask the kernel for its families, in the calling thread's namespace. -errno */
int family_numbers_choose(uint16_t *family, uint32_t *group);

#endif
