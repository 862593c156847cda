/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - the memory of another process
 *
 * By process_vm_readv(), or where a seccomp profile refuses that (Docker's, without CAP_SYS_PTRACE), by
 * /proc/PID/mem, which asks for the same rights and costs two system calls more. Which of the two is found out
 * once.
 */
#ifndef UL2TP_LAUNCHER_MEMORY_H
#define UL2TP_LAUNCHER_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** memory_read(), memory_write() - any thread. Return: octets, fewer where memory ends; -EPERM may not, -ESRCH has
 * gone, -EFAULT, ... */
ssize_t memory_read(pid_t thread, uint64_t address, void *to, size_t len);
ssize_t memory_write(pid_t thread, uint64_t address, const void *from, size_t len);

/** memory_refusal() - why that is EPERM and what would help, in words: Yama's level, or rights. Any thread */
const char *memory_refusal(void);

#endif
