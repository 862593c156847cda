/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_format.h - what a kernel's tracefs says of the fields of a trace event */
#ifndef UL2TP_DEBUG_TRACE_FORMAT_H
#define UL2TP_DEBUG_TRACE_FORMAT_H

#include <stdio.h>

/** trace_format() - the file events/l2tp/EVENT/format; @event exists. Its ID is our own: nothing can be asked by it */
void trace_format(FILE *out, const char *event);

#endif
