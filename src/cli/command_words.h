/* SPDX-License-Identifier: BSD-2-Clause */
/* command_words.h - a tunnel or session as the words of the command that makes it */
#ifndef UL2TP_CLI_COMMAND_WORDS_H
#define UL2TP_CLI_COMMAND_WORDS_H

#include <stdio.h>

#include "ul2tp.h"

/** tunnel_words() - "tunnel_id 1 peer_tunnel_id 2 ...", without an end of line */
void tunnel_words(FILE *out, const struct ul2tp_tunnel *t);

/** session_words() - "tunnel_id 1 session_id 2 ...", without an end of line */
void session_words(FILE *out, const struct ul2tp_session *s);

#endif
