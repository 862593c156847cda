/* SPDX-License-Identifier: BSD-2-Clause */
/* kernel_module.h - whether the kernel has loaded a part of itself, which nothing tells of */
#ifndef UL2TP_KEEPER_KERNEL_MODULE_H
#define UL2TP_KEEPER_KERNEL_MODULE_H

#include <stdbool.h>

/** kernel_module_is_absent() - this module is not loaded, and it would be seen here if it were; false: it is, or
 * nobody knows. A part that is not a module has no name here: ask the kernel for what it does first */
bool kernel_module_is_absent(const char *name);

#endif
