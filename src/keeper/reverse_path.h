/* SPDX-License-Identifier: BSD-2-Clause */
/* reverse_path.h - whether the system drops what comes by another interface than the route back leads through (rp_filter) */
#ifndef UL2TP_KEEPER_REVERSE_PATH_H
#define UL2TP_KEEPER_REVERSE_PATH_H

#include <stdbool.h>

/** reverse_path_filters() - of IPv4, in the namespace the thread is in; true, too, where it can not be read */
bool reverse_path_filters(int ifindex);

#endif
