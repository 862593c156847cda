/* SPDX-License-Identifier: BSD-2-Clause */
/* streams.h - the numbers of standard input, output and error */
#ifndef UL2TP_BASE_STREAMS_H
#define UL2TP_BASE_STREAMS_H

/**
 * streams_reserve() - what the process opens gets none of the numbers 0, 1 and 2, even if it was started without them
 *
 * Else a socket of ours would have one, and what is said on standard error would go into it. Reading and writing those that
 * were closed stays EBADF, and to a program that is executed they are closed. Call first in main().
 */
void streams_reserve(void);

#endif
