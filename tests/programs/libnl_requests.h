/* SPDX-License-Identifier: BSD-2-Clause */
/* libnl_requests.h - the connections behind l2tp_requests.h that libnl makes */
#ifndef LIBNL_REQUESTS_H
#define LIBNL_REQUESTS_H

#include "l2tp_requests.h"

/** libnl_requests_begin() - the first connection, which finds the family for all; NULL: there is none */
struct l2tp *libnl_requests_begin(void);

/** libnl_requests_port() - the netlink port that libnl chose */
uint32_t libnl_requests_port(const struct l2tp *l2tp);

#endif
