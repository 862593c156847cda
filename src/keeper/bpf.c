/* SPDX-License-Identifier: BSD-2-Clause */
/* bpf.c - see bpf.h */
#include "keeper/bpf.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

/* Of Linux 6.4, which older headers do not have. */
#define TYPE_NETFILTER 32
#define ON_NETFILTER   45

static int call(enum bpf_cmd command, union bpf_attr *attr)
{
	long got = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return got < 0 ? -errno : (int)got;
}

static uint64_t pointer(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int bpf_map(uint32_t type, const char *name, uint32_t key, uint32_t value, uint32_t entries,
            uint32_t flags)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = type;
	attr.key_size = key;
	attr.value_size = value;
	attr.max_entries = entries;
	attr.map_flags = flags;
	strncpy(attr.map_name, name, sizeof(attr.map_name) - 1);
	return call(BPF_MAP_CREATE, &attr);
}

int bpf_map_set(int map, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = pointer(key);
	attr.value = pointer(value);
	attr.flags = BPF_ANY;
	return call(BPF_MAP_UPDATE_ELEM, &attr);
}

int bpf_map_unset(int map, const void *key)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = pointer(key);
	return call(BPF_MAP_DELETE_ELEM, &attr);
}

int bpf_map_next(int map, const void *key, void *next)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = pointer(key);
	attr.next_key = pointer(next);
	return call(BPF_MAP_GET_NEXT_KEY, &attr);
}

int bpf_socket_filter(const struct bpf_insn *insns, uint32_t count, char *log, uint32_t log_size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	attr.insns = pointer(insns);
	attr.insn_cnt = count;
	attr.license = pointer("Dual BSD/GPL");
	strncpy(attr.prog_name, "ul2tp", sizeof(attr.prog_name) - 1);
	if (log && log_size) {
		attr.log_buf = pointer(log);
		attr.log_size = log_size;
		attr.log_level = 1;
	}
	return call(BPF_PROG_LOAD, &attr);
}

static int look(int fd, void *info, uint32_t len)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = len;
	attr.info.info = pointer(info);
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

uint32_t bpf_program_id(int program)
{
	struct bpf_prog_info info = { 0 };

	return look(program, &info, sizeof(info)) < 0 ? 0 : info.id;
}

/* What is asked of the one is not what is answered of the other. */
static bool is_of(int fd, const char *kind)
{
	char path[32], target[32];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, target, sizeof(target) - 1);
	target[len > 0 ? len : 0] = '\0';
	return strcmp(target, kind) == 0;
}

bool bpf_map_is(int fd, uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
	struct bpf_map_info info = { 0 };

	return is_of(fd, "anon_inode:bpf-map") && look(fd, &info, sizeof(info)) == 0 &&
	       info.type == type && info.key_size == key && info.value_size == value &&
	       info.max_entries == entries;
}

bool bpf_program_is(int fd, uint32_t type)
{
	struct bpf_prog_info info = { 0 };

	return is_of(fd, "anon_inode:bpf-prog") && look(fd, &info, sizeof(info)) == 0 &&
	       info.type == type;
}

int bpf_attached(uint32_t type, int ifindex, uint32_t *ids, uint32_t *count)
{
	union bpf_attr attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)ifindex; /* target_ifindex, in newer headers */
	attr.query.attach_type = type;
	attr.query.prog_ids = pointer(ids);
	attr.query.prog_cnt = *count;
	err = call(BPF_PROG_QUERY, &attr);
	*count = err == 0 || err == -ENOSPC ? attr.query.prog_cnt : 0;
	return err;
}

int bpf_programs(uint32_t type, int target, uint32_t flags)
{
	union bpf_attr attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)target;
	attr.query.attach_type = type;
	attr.query.query_flags = flags;
	err = call(BPF_PROG_QUERY, &attr);
	return err < 0 ? err : (int)attr.query.prog_cnt;
}

int bpf_link_next(uint32_t id, uint32_t *next)
{
	union bpf_attr attr;
	int err;

	memset(&attr, 0, sizeof(attr));
	attr.start_id = id;
	err = call(BPF_LINK_GET_NEXT_ID, &attr);
	*next = attr.next_id;
	return err;
}

int bpf_link_look(uint32_t id, struct bpf_link_about *ret)
{
	union bpf_attr attr;
	AUTO_FD link = -1;

	*ret = (struct bpf_link_about){ 0 };
	memset(&attr, 0, sizeof(attr));
	attr.link_id = id;
	link = call(BPF_LINK_GET_FD_BY_ID, &attr);
	if (link < 0)
		return link;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)link;
	attr.info.info_len = sizeof(*ret);
	attr.info.info = pointer(ret);
	return call(BPF_OBJ_GET_INFO_BY_FD, &attr);
}

int bpf_netfilter_program(void)
{
	const struct bpf_insn accept[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = NF_ACCEPT },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = TYPE_NETFILTER;
	attr.expected_attach_type = ON_NETFILTER;
	attr.insns = pointer(accept);
	attr.insn_cnt = ARRAY_SIZE(accept);
	attr.license = pointer("Dual BSD/GPL");
	strncpy(attr.prog_name, "ul2tp_look", sizeof(attr.prog_name) - 1);
	return call(BPF_PROG_LOAD, &attr);
}

int bpf_netfilter_link(int program, const struct bpf_link_about *at)
{
	struct {
		uint32_t program, unused, type, flags;
		uint32_t family, hook;
		int32_t priority;
		uint32_t netfilter_flags;
	} attr = { (uint32_t)program, 0, ON_NETFILTER, 0, at->family, at->hook, at->priority, 0 };
	long got = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));

	return got < 0 ? -errno : (int)got;
}
