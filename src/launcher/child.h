/* SPDX-License-Identifier: BSD-2-Clause */
/* child.h - do something in a forked child, whose result and descriptor come back
 *
 * For what would change the whole process or what a process with threads may not do: going into another user
 * namespace. The child has a copy of memory and of nobody's thread but the caller's; it must take no lock.
 */
#ifndef UL2TP_LAUNCHER_CHILD_H
#define UL2TP_LAUNCHER_CHILD_H

/**
 * child_run() - @fn(@arg, &fd) in a child; the descriptor it leaves in fd becomes *@fd here (-1: none)
 *
 * Return: what @fn returned; -errno if there could be no child, -ECHILD if it died.
 */
int child_run(int (*fn)(void *arg, int *fd), void *arg, int *fd);

#endif
