/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf.h - maps and programs of the kernel's BPF: the few calls of bpf(2) that are needed
 *
 * Descriptors are the caller's. Needs CAP_BPF or CAP_SYS_ADMIN in the initial user namespace;
 * bpf_link_next() and bpf_link_look() CAP_SYS_ADMIN.
 */
#ifndef UL2TP_KEEPER_BPF_H
#define UL2TP_KEEPER_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
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

/** bpf_map_is() - whether the descriptor is a map as bpf_map() makes it; bpf_program_is() - a program of @type */
bool bpf_map_is(int fd, uint32_t type, uint32_t key, uint32_t value, uint32_t entries);
bool bpf_program_is(int fd, uint32_t type);

/**
 * bpf_attached() - the programs on a hook of an interface of the caller's namespace
 * @type:  BPF_TCX_*
 * @count: room at @ids; becomes how many there are
 *
 * Return: 0; -ENOSPC there are more; -EINVAL this kernel has no such hook; -ENODEV.
 */
int bpf_attached(uint32_t type, int ifindex, uint32_t *ids, uint32_t *count);

/**
 * bpf_programs() - how many programs are on a hook of a network namespace, or see what sockets of a control group do
 * @type:   BPF_SK_LOOKUP, BPF_CGROUP_*
 * @target: a descriptor of the namespace, or of the group's directory
 * @flags:  BPF_F_QUERY_EFFECTIVE: those of the groups above it count, too
 *
 * Return: a number; -EINVAL this kernel has no such hook; -ENOENT the group has gone; -EPERM.
 */
int bpf_programs(uint32_t type, int target, uint32_t flags);

/** bpf_link_next() - the least id of a link above @id, in the whole system. Return: 0; -ENOENT no more; -EPERM */
int bpf_link_next(uint32_t id, uint32_t *next);

/* Of a link: what the kernel says first, and if it is one of netfilter, where it is (headers of 6.1 know none). */
struct bpf_link_about {
	uint32_t type, id, program, unused;
	uint32_t family, hook;
	int32_t priority;
	uint32_t flags;
};

#define BPF_LINK_NETFILTER 10

/** bpf_netfilter_program() - load one that lets all packets through. A descriptor or -errno */
int bpf_netfilter_program(void);

/** bpf_netfilter_link() - put it on netfilter, in the caller's namespace, where @at says
 * Return: a descriptor, with which it goes; -EBUSY there is something of the same priority; or another -errno */
int bpf_netfilter_link(int program, const struct bpf_link_about *at);

/** bpf_link_look() - Return: 0; -ENOENT it has gone; -EAGAIN it is being made; -EPERM */
int bpf_link_look(uint32_t id, struct bpf_link_about *ret);

#endif
