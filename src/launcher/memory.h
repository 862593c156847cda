/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - the memory of another process
 *
 * It is read by process_vm_readv(), or where a seccomp profile refuses that (Docker's, without CAP_SYS_PTRACE), by
 * /proc/PID/mem, which asks for the same rights and costs two system calls more. Which of the two is found out
 * once.
 *
 * It is written through that file alone. Between a look at who waits and process_vm_writev() the number could become
 * that of a set-user-ID program, which a program's other thread executes; an open file stays that of the memory it was
 * opened for, so who asks after opening it whether the caller still waits writes into nobody else's.
 */
#ifndef UL2TP_LAUNCHER_MEMORY_H
#define UL2TP_LAUNCHER_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** memory_read() - any thread. Return: octets, fewer where memory ends; -EPERM may not, -ESRCH has gone, -EFAULT, ... */
ssize_t memory_read(pid_t thread, uint64_t address, void *to, size_t len);

/** memory_open() - to write to; the caller's, close-on-exec. -EPERM, -ESRCH, ... */
int memory_open(pid_t thread);

/** memory_write() - as memory_read(); what may only be read is written to all the same, unless it is shared */
ssize_t memory_write(int memory, uint64_t address, const void *from, size_t len);

/** memory_refusal() - why that is EPERM and what would help, in words: Yama's level, or rights. Any thread */
const char *memory_refusal(void);

#endif
