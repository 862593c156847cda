/* SPDX-License-Identifier: BSD-2-Clause */
/* level.c - see level.h */
#include "launcher/level.h"

#include <assert.h>
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

#define HAS(permission) PERMISSION_BIT(PERMISSION_##permission)
#define RUN             (HAS(TRAP) | HAS(MEMORY))
#define DAEMON          (HAS(TUN) | HAS(NET_ADMIN))

/* clang-format off */
static const struct level_row levels[] = {
	[LEVEL_HERE]      = { "here",      "as you are" },
	[LEVEL_NET_ADMIN] = { "net_admin", "root, NET_ADMIN+NET_RAW" },
	[LEVEL_ROOTLESS]  = { "rootless",  "in a user namespace" },
};

static const struct feature_row features[] = {
	[FEATURE_RUN]         = { "run",         "programs are served",               true },
	[FEATURE_NETLINK]     = { "netlink",     "generic netlink (ip l2tp)",         true },
	[FEATURE_INTERFACE]   = { "interface",   "Ethernet sessions",                 true },
	[FEATURE_TUNNEL_IP]   = { "tunnel_ip",   "tunnels over IP protocol 115",      false },
	[FEATURE_MANAGED]     = { "managed",     "tunnels on a program's own socket", false },
	[FEATURE_IP_SOCKET]   = { "ip_socket",   "L2TP/IP sockets",                   false },
	[FEATURE_OTHER_NETNS] = { "other_netns", "programs in other namespaces",      false },
	[FEATURE_SETUID]      = { "setuid",      "set-user-ID programs",              false },
	[FEATURE_PPP_SOCKET]  = { "ppp_socket",  "PPPoL2TP sockets",                  false },
	[FEATURE_PPP_CHANNEL] = { "ppp_channel", "PPP channels (/dev/ppp)",           false },
	[FEATURE_PPP_UNIT]    = { "ppp_unit",    "PPP units, each with an interface", false },
	[FEATURE_PPP_SHARED]  = { "ppp_shared",  "PPP units that share (libul2tp)",   false },
	[FEATURE_PPPD]        = { "pppd",        "pppd, unmodified",                  false },
};

/* The ways in which a feature works, best first. */
static const struct way {
	enum feature feature;
	const char *name;
	permission_set needs;
} ways[] = {
	{ FEATURE_RUN,         "yes",    RUN },
	{ FEATURE_NETLINK,     "uevent", RUN | HAS(NEW_NETNS) | HAS(UEVENT) },
	{ FEATURE_NETLINK,     "fib",    RUN | HAS(FIB) },
	{ FEATURE_NETLINK,     "trap",   RUN },
	{ FEATURE_INTERFACE,   "yes",    DAEMON },
	{ FEATURE_TUNNEL_IP,   "yes",    DAEMON | HAS(NET_RAW) },
	{ FEATURE_MANAGED,     "ebpf",   RUN | DAEMON | HAS(GETFD) | HAS(BPF) },
	{ FEATURE_MANAGED,     "raw",    RUN | DAEMON | HAS(GETFD) | HAS(NET_RAW) },
	{ FEATURE_IP_SOCKET,   "yes",    RUN | DAEMON | HAS(NET_RAW) | HAS(NEW_NETNS) },
	{ FEATURE_OTHER_NETNS, "yes",    RUN | HAS(SETNS) },
	{ FEATURE_SETUID,      "yes",    RUN | HAS(SETUID) },
	{ FEATURE_PPP_SOCKET,  "yes",    RUN | HAS(NET_ADMIN) },
	/* Without duplicates of the program's files it is not known what waits to be read. */
	{ FEATURE_PPP_CHANNEL, "yes",    RUN | HAS(NET_ADMIN) | HAS(ROOT) | HAS(GETFD) },
	{ FEATURE_PPP_CHANNEL, "partly", RUN | HAS(NET_ADMIN) | HAS(ROOT) },
	{ FEATURE_PPP_UNIT,    "yes",    RUN | DAEMON | HAS(ROOT) | HAS(GETFD) },
	{ FEATURE_PPP_UNIT,    "partly", RUN | DAEMON | HAS(ROOT) },
	{ FEATURE_PPP_SHARED,  "yes",    DAEMON },
	{ FEATURE_PPPD,        "yes",    RUN | DAEMON | HAS(ROOT) },
};
/* clang-format on */
static_assert(ARRAY_SIZE(levels) == LEVELS, "each level has a row");
static_assert(ARRAY_SIZE(features) == FEATURES, "each feature has a row");

const struct level_row *level_row(enum level level)
{
	return &levels[level];
}

const struct feature_row *feature_row(enum feature feature)
{
	return &features[feature];
}

/* The place of the best way that works; ARRAY_SIZE(ways): none does. */
static size_t best_way(enum feature feature, permission_set have)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (ways[i].feature == feature && (ways[i].needs & have) == ways[i].needs)
			return i;
	return ARRAY_SIZE(ways);
}

const char *feature_way(enum feature feature, permission_set have)
{
	size_t way = best_way(feature, have);

	return way < ARRAY_SIZE(ways) ? ways[way].name : NULL;
}

enum permission feature_adds(enum feature feature, permission_set have)
{
	size_t now = best_way(feature, have);

	for (unsigned int i = 0; i < PERMISSIONS; i++)
		if (best_way(feature, have | PERMISSION_BIT(i)) < now)
			return (enum permission)i;
	return PERMISSIONS;
}

bool level_usable(permission_set have)
{
	for (unsigned int i = 0; i < FEATURES; i++)
		if (features[i].needed && !feature_way((enum feature)i, have))
			return false;
	return true;
}

/* --- becoming a level ---------------------------------------------------------------------------- */

static int keep_net_capabilities(void)
{
	capng_get_caps_process();
	if (geteuid() != 0 || !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN) ||
	    !capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW))
		return -EPERM;
	capng_clear(CAPNG_SELECT_ALL);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
	              CAP_NET_ADMIN, CAP_NET_RAW, -1);
	return capng_apply(CAPNG_SELECT_BOTH) < 0 ? -EPERM : 0;
}

static int write_line(const char *path, const char *line)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, line, strlen(line)) > 0 ? 0 : -EPERM;
}

/* As `unshare -Urn`: one user, who is root there. */
static int become_rootless(void)
{
	char users[32], groups[32];

	snprintf(users, sizeof(users), "0 %u 1", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -EPERM;
	write_line("/proc/self/setgroups", "deny");
	if (write_line("/proc/self/uid_map", users) < 0)
		return -EPERM;
	return write_line("/proc/self/gid_map", groups);
}

static int become(enum level level)
{
	switch (level) {
	case LEVEL_NET_ADMIN:
		return keep_net_capabilities();
	case LEVEL_ROOTLESS:
		return become_rootless();
	default:
		return 0;
	}
}

int level_measure(enum level level, permission_set *ret)
{
	struct {
		int err;
		permission_set have;
	} result = { .err = -EPERM };
	int answer[2];
	pid_t pid;

	if (pipe2(answer, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		result.err = become(level);
		if (!result.err)
			result.have = permissions_measure();
		_exit(write(answer[1], &result, sizeof(result)) != sizeof(result));
	}
	close(answer[1]);
	if (pid > 0) {
		if (read(answer[0], &result, sizeof(result)) != sizeof(result))
			result.err = -EPERM;
		waitpid(pid, NULL, 0);
	}
	close(answer[0]);
	*ret = result.have;
	return result.err;
}
