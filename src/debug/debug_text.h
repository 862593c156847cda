/* SPDX-License-Identifier: BSD-2-Clause */
/* debug_text.h - the texts of the kernel's debug files, of ul2tpd's tunnels and sessions
 *
 * /proc/net/pppol2tp (kernel-behaviour §8.1) and l2tp/tunnels of debugfs (§8.2), octet for octet.
 */
#ifndef UL2TP_DEBUG_DEBUG_TEXT_H
#define UL2TP_DEBUG_DEBUG_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "ul2tp.h"

enum debug_text {
	DEBUG_PPPOL2TP, /* L2TPv2 alone; needs no privilege */
	DEBUG_TUNNELS,  /* everything */
};

/** debug_text_name() - "pppol2tp", "tunnels" */
const char *debug_text_name(enum debug_text which);

/**
 * debug_text_write() - the text of this moment, of the namespace @u was connected in
 * @out: errors of writing are the caller's to look for (ferror())
 *
 * Return: 0; a negative errno of the connection, with words; -EOPNOTSUPP it is the kernel's.
 */
int debug_text_write(FILE *out, struct ul2tp *u, enum debug_text which);

/* What debug_text_write() is made of. */
void debug_text_head(FILE *out, enum debug_text which);
void debug_text_tunnel(FILE *out, enum debug_text which, const struct ul2tp_tunnel *t);
void debug_text_session(FILE *out, enum debug_text which, const struct ul2tp_tunnel *t,
                        const struct ul2tp_session *s);

#endif
