/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_text.h - trace events as the kernel prints them (kernel-behaviour §8.3) */
#ifndef UL2TP_DEBUG_TRACE_TEXT_H
#define UL2TP_DEBUG_TRACE_TEXT_H

#include <stdio.h>

#include "ul2tp.h"

/** trace_text() - "register_tunnel: tunl 5: type=unmanaged ...", without newline */
void trace_text(FILE *out, const struct ul2tp_trace_record *r);

/** trace_line() - a line as trace_pipe has it: process, processor and time before the text. Lost ones have a line too */
void trace_line(FILE *out, const struct ul2tp_trace_record *r);

#endif
