/* SPDX-License-Identifier: BSD-2-Clause */
/* upgrade.h - one keeper takes another's place: it executes the file that it was started from, whatever is there by now
 *
 * It stays the same process, with its descriptors, its children and its memory limits; what it knew goes along as a bequest
 * (bequest.h), of which the environment names the descriptor. First that file is asked, in a process of its own, whether it
 * takes the options and understands what would be left (layout.h): once it has been executed there is no way back.
 */
#ifndef UL2TP_KEEPER_UPGRADE_H
#define UL2TP_KEEPER_UPGRADE_H

#include "base/extack.h"
#include "keeper/bequest.h"

#define UPGRADE_LAYOUT_OPTION "--upgrade-layout" /* of ul2tpd: print layout_text(), and no more */

/* How we were started. */
struct upgrade {
	char **argv; /* NULL: we can not be started again */
	char *path;
};

/** upgrade_open() - find out, before anybody changes the working directory. @argv: outlives it */
void upgrade_open(struct upgrade *u, char **argv);
void upgrade_close(struct upgrade *u);

/** upgrade_check() - whether the file can take over. Some milliseconds, UPGRADE_CHECK_MS at most.
 * Return: 0; -ENOENT and the like; -EPROTO it does not understand; in words */
int upgrade_check(const struct upgrade *u, struct extack *ea);

#define UPGRADE_CHECK_MS 5000

/** upgrade_bequest_begin() - what each begins with */
void upgrade_bequest_begin(struct bequest *b);

/** upgrade_execute() - be the other. Return: -errno, if that can not be; then all is as it was */
int upgrade_execute(const struct upgrade *u, const struct bequest *b);

/**
 * upgrade_inherit() - what the keeper left that was this process before
 *
 * Return: 1, with @i to be read and then upgrade_inherited(); 0: there was none; -EBADMSG it is not for us.
 */
int upgrade_inherit(struct inheritance *i);
void upgrade_inherited(struct inheritance *i);

#endif
