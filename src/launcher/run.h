/* SPDX-License-Identifier: BSD-2-Clause */
/* run.h - `ul2tp run`: become a program whose kernel seems to have L2TP */
#ifndef UL2TP_LAUNCHER_RUN_H
#define UL2TP_LAUNCHER_RUN_H

#include "launcher/launcher.h"

/* What it exits with when there is no program, as env(1) and others do. */
#define RUN_NOT_EXECUTABLE 126
#define RUN_NOT_FOUND      127

/**
 * run_program() - execute @program with a supervisor beside it
 * @options: copied
 * @program: its name and arguments, ended by NULL
 *
 * Pid, terminal, process group, signals and exit status are those of this process. Of a process with one
 * thread. Under another `ul2tp run` that one serves it, too.
 *
 * Return: does not, but if there is no program or no supervisor, which was said on standard error: the exit
 *         status.
 */
int run_program(const struct launcher_options *options, char **program);

/** run_program_natively() - just execute it: the kernel has what it wants. Returns as run_program() */
int run_program_natively(char **program);

#endif
