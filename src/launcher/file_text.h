/* SPDX-License-Identifier: BSD-2-Clause */
/* file_text.h - descriptors with a text in them, that can be read and nothing else */
#ifndef UL2TP_LAUNCHER_FILE_TEXT_H
#define UL2TP_LAUNCHER_FILE_TEXT_H

#include <sys/types.h>

#include "debug/debug_text.h"
#include "launcher/file_place.h"
#include "launcher/trap.h"

/**
 * file_text_debug() - what ul2tpd has to say now, in the namespace that @place names, to the caller
 * @mode: what fstat() of it shows
 *
 * Return: a descriptor at its beginning; -EACCES the caller has not the right; -ENOENT no ul2tpd answers, or there is
 *	   no such process.
 */
int file_text_debug(const struct trap *t, enum debug_text which, const struct file_place *place,
                    mode_t mode);

/** file_text_format() - the format of a trace event */
int file_text_format(const struct trap *t, const char *event, mode_t mode);

/** file_text_of() - this text */
int file_text_of(const struct trap *t, enum file_kind kind, const char *text, mode_t mode);

/**
 * file_text_expect() - which file the next descriptor of this kind will be, for a call that asks before it opens
 *
 * cp(1) and its like compare what they opened with what they had seen. Between two programs at once that is the first
 * one's. Without memory @dev and @ino stay as they are.
 */
void file_text_expect(const struct trap *t, enum file_kind kind, dev_t *dev, ino_t *ino);

#endif
