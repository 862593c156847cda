/* SPDX-License-Identifier: BSD-2-Clause */
/* permission.c - see permission.h */
#include "launcher/permission.h"

#include <assert.h>
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/memory.h"
#include "launcher/reply.h"

#define PROTOCOL_L2TP 115

/* clang-format off */
static const struct permission_row rows[] = {
	[PERMISSION_TRAP]      = { "trap",      "seccomp user notification",
	                           "Linux 5.9 with CONFIG_SECCOMP_FILTER; no other seccomp listener around this one" },
	[PERMISSION_MEMORY]    = { "memory",    "a program's memory",
	                           "allow /proc/PID/mem to be read and written, where a security module refuses it" },
	[PERMISSION_GETFD]     = { "getfd",     "pidfd_getfd",
	                           "Linux 5.6; in Docker --cap-add SYS_PTRACE, or allow pidfd_getfd in the seccomp profile" },
	[PERMISSION_TUN]       = { "tun",       "/dev/net/tun",
	                           "in a container --device /dev/net/tun; on a host modprobe tun, and rights to that file" },
	[PERMISSION_NET_ADMIN] = { "net_admin", "CAP_NET_ADMIN",
	                           "in a container --cap-add NET_ADMIN; rootless: unshare -Urn" },
	[PERMISSION_NET_RAW]   = { "net_raw",   "CAP_NET_RAW", "in a container --cap-add NET_RAW" },
	[PERMISSION_BPF]       = { "bpf",       "eBPF",
	                           "in a container --cap-add SYS_ADMIN (or BPF, and allow bpf in the seccomp profile)" },
	[PERMISSION_NEW_NETNS] = { "new_netns", "new network namespaces", "in a container --cap-add SYS_ADMIN" },
	[PERMISSION_SETNS]     = { "setns",     "entering network namespaces", "in a container --cap-add SYS_ADMIN" },
	[PERMISSION_UEVENT]    = { "uevent",    "echo by NETLINK_KOBJECT_UEVENT", "in a container --cap-add SYS_ADMIN" },
	[PERMISSION_FIB]       = { "fib",       "echo by NETLINK_FIB_LOOKUP", "a kernel with CONFIG_INET" },
	[PERMISSION_SETUID]    = { "setuid",    "seccomp without NO_NEW_PRIVS", "in a container --cap-add SYS_ADMIN" },
	[PERMISSION_ROOT]      = { "root",      "root, or CAP_DAC_OVERRIDE", "run it as root; rootless: unshare -Urn" },
};
/* clang-format on */
static_assert(ARRAY_SIZE(rows) == PERMISSIONS, "each permission has a row");

const struct permission_row *permission_row(enum permission permission)
{
	return &rows[permission];
}

/* Run @probe in a child, so that what it changes (namespace, filter) stays there. */
static bool in_child(bool (*probe)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(probe() ? 0 : 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A filter that traps nothing, with a listener. */
static bool install_filter(bool no_new_privs)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &allow };

	if (no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
	               &program) >= 0;
}

static bool try_trap(void)
{
	return install_filter(true);
}

static bool try_taken(void)
{
	return !install_filter(true) && errno == EBUSY;
}

bool permission_is_taken(void)
{
	return in_child(try_taken);
}

static bool try_setuid(void)
{
	return install_filter(false);
}

/* What a supervisor does to a program is done to a child here: it has the rights of whom it came from. */
static bool on_child(bool (*probe)(pid_t child))
{
	int held[2];
	pid_t pid;
	bool ok;

	if (pipe2(held, O_CLOEXEC) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		char c;

		close(held[1]);
		_exit(read(held[0], &c, 1) < 0);
	}
	close(held[0]);
	ok = pid > 0 && probe(pid);
	close(held[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return ok;
}

static bool read_and_write_memory(pid_t child)
{
	static int there = 0x756c3274;
	AUTO_FD memory = memory_open(child);
	int here = 0;

	return memory_read(child, (uintptr_t)&there, &here, sizeof(here)) == sizeof(here) &&
	       here == there && memory >= 0 &&
	       memory_write(memory, (uintptr_t)&there, &here, sizeof(here)) == sizeof(here);
}

static bool get_descriptor(pid_t child)
{
	AUTO_FD pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	AUTO_FD fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, STDERR_FILENO, 0);

	/* A program without standard error has none to give: that is EBADF, and permitted. */
	return fd >= 0 || (pidfd >= 0 && errno == EBADF);
}

static bool try_memory(void)
{
	return on_child(read_and_write_memory);
}

static bool try_getfd(void)
{
	return on_child(get_descriptor);
}

static bool try_tun(void)
{
	AUTO_FD fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	unsigned int features;

	return fd >= 0 && ioctl(fd, TUNGETFEATURES, &features) == 0;
}

/* SO_MARK asks for CAP_NET_ADMIN over the namespace, or (newer kernels) CAP_NET_RAW; SO_PRIORITY above 6 the same;
 * a device's flags ask for CAP_NET_ADMIN alone, and writing back what is there changes nothing. */
static bool try_net_admin(void)
{
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo" };

	return fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0 && ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
}

static bool try_net_raw(void)
{
	AUTO_FD fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, PROTOCOL_L2TP);

	return fd >= 0;
}

/* A socket filter that takes all, beside a ring buffer: what the filter of a tunnel's socket is made of. */
static bool try_bpf(void)
{
	const struct bpf_insn take_all[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = -1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr map = { .map_type = BPF_MAP_TYPE_RINGBUF };
	union bpf_attr program = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)take_all,
		.insn_cnt = ARRAY_SIZE(take_all),
		.license = (uintptr_t) "GPL",
	};
	AUTO_FD map_fd = -1;
	AUTO_FD program_fd = -1;

	map.max_entries = (uint32_t)sysconf(_SC_PAGESIZE);
	map_fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map));
	program_fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof(program));
	return map_fd >= 0 && program_fd >= 0;
}

static bool try_new_netns(void)
{
	return unshare(CLONE_NEWNET) == 0;
}

static bool try_setns(void)
{
	AUTO_FD here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return here >= 0 && setns(here, CLONE_NEWNET) == 0;
}

static bool reply_works(enum reply_way way, int private_netns)
{
	struct reply *reply;
	char why[256];

	if (reply_open(way, private_netns, &reply, why, sizeof(why)) < 0)
		return false;
	reply_free(reply);
	return true;
}

static bool try_uevent(void)
{
	AUTO_FD home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	AUTO_FD private = -1;

	if (home < 0 || unshare(CLONE_NEWNET) < 0)
		return false;
	private = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return private >= 0 && setns(home, CLONE_NEWNET) == 0 && reply_works(REPLY_UEVENT, private);
}

static bool try_fib(void)
{
	return reply_works(REPLY_FIB, -1);
}

/* There is no such file to try it on: it is the question that an open of /dev/ppp is asked under `ul2tp run`. */
static bool try_root(void)
{
	capng_get_caps_process();
	return geteuid() == 0 || capng_have_capability(CAPNG_EFFECTIVE, CAP_DAC_OVERRIDE);
}

/* clang-format off */
static bool (*const probes[])(void) = {
	[PERMISSION_TRAP]      = try_trap,
	[PERMISSION_MEMORY]    = try_memory,
	[PERMISSION_GETFD]     = try_getfd,
	[PERMISSION_TUN]       = try_tun,
	[PERMISSION_NET_ADMIN] = try_net_admin,
	[PERMISSION_NET_RAW]   = try_net_raw,
	[PERMISSION_BPF]       = try_bpf,
	[PERMISSION_NEW_NETNS] = try_new_netns,
	[PERMISSION_SETNS]     = try_setns,
	[PERMISSION_UEVENT]    = try_uevent,
	[PERMISSION_FIB]       = try_fib,
	[PERMISSION_SETUID]    = try_setuid,
	[PERMISSION_ROOT]      = try_root,
};
/* clang-format on */
static_assert(ARRAY_SIZE(probes) == PERMISSIONS, "each permission has a probe");

permission_set permissions_measure(void)
{
	permission_set have = 0;

	for (unsigned int i = 0; i < PERMISSIONS; i++)
		if (in_child(probes[i]))
			have |= PERMISSION_BIT(i);
	return have;
}
