/* SPDX-License-Identifier: BSD-2-Clause */
/* file_stand_in.h - what calls on files that only a kernel with L2TP has are answered
 *
 * As the kernel would by the modes of its files: /proc/net/pppol2tp is everyone's to read, what is below debugfs
 * and tracefs is root's. An open gives a descriptor with the text of that moment.
 */
#ifndef UL2TP_LAUNCHER_FILE_STAND_IN_H
#define UL2TP_LAUNCHER_FILE_STAND_IN_H

#include <stdint.h>

#include "launcher/file_place.h"
#include "launcher/trap.h"

enum file_action {
	FILE_OPEN,
	FILE_CREATE, /* creat(): of file_call.c alone, like the next */
	FILE_OPEN2,
	FILE_STAT,
	FILE_STATX,
	FILE_ACCESS,
	FILE_READLINK,
	FILE_XATTR, /* to be read or listed: there are none */
};

struct file_request {
	enum file_action action;
	uint64_t flags; /* O_*; of FILE_ACCESS: R_OK and so on; of FILE_STATX: STATX_* */
	uint64_t out;   /* address of the structure to be filled */
};

/** file_stand_in() - answer the call; @place: one of ours */
void file_stand_in(struct trap *t, const struct file_request *request,
                   const struct file_place *place);

#endif
