/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf.h - maps and programs of the kernel's BPF: the few calls of bpf(2) that are needed
 *
 * Descriptors are the caller's. Needs CAP_BPF or CAP_SYS_ADMIN in the initial user namespace.
 */
#ifndef UL2TP_KEEPER_BPF_H
#define UL2TP_KEEPER_BPF_H

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

/** bpf_map() - @type: BPF_MAP_TYPE_*, @flags: BPF_F_*; a descriptor or -errno */
int bpf_map(uint32_t type, const char *name, uint32_t key, uint32_t value, uint32_t entries,
            uint32_t flags);

/** bpf_map_set() - add or replace; 0 or -errno (-E2BIG: it is full) */
int bpf_map_set(int map, const void *key, const void *value);

/** bpf_map_unset() - 0; -ENOENT there is none */
int bpf_map_unset(int map, const void *key);

/** bpf_map_next() - the key after @key, NULL: the first; 0; -ENOENT no more */
int bpf_map_next(int map, const void *key, void *next);

/** bpf_socket_filter() - load a program; @log gets what the verifier says, may be NULL. A descriptor or -errno */
int bpf_socket_filter(const struct bpf_insn *insns, uint32_t count, char *log, uint32_t log_size);

/** bpf_program_id() - the id of a program; 0: the kernel does not say */
uint32_t bpf_program_id(int program);

/**
 * bpf_attached() - the programs on a hook of an interface of the caller's namespace
 * @type:  BPF_TCX_*
 * @count: room at @ids; becomes how many there are
 *
 * Return: 0; -ENOSPC there are more; -EINVAL this kernel has no such hook; -ENODEV.
 */
int bpf_attached(uint32_t type, int ifindex, uint32_t *ids, uint32_t *count);

#endif
