/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the command line of ul2tpd; see ul2tpd(8) */
#ifndef UL2TP_DAEMON_OPTIONS_H
#define UL2TP_DAEMON_OPTIONS_H

#include "keeper/keeper.h"
#include "path/dataplane.h"

struct daemon_options {
	struct keeper_options keeper;
	struct dataplane_options dataplane;
	int log_level;
};

/**
 * daemon_options_read() - from arguments and environment
 *
 * Return: true: go on; false: exit with *status (0 after --help and --version, 2 after wrong use).
 */
bool daemon_options_read(int argc, char **argv, struct daemon_options *ret, int *status);

#endif
