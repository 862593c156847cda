/* SPDX-License-Identifier: BSD-2-Clause */
/* calls.c - the table of system calls that are trapped; see calls.h
 *
 * Trapped by meaning where the registers tell it, and by the descriptor's number where they do not: stand-ins
 * whose sends must be seen have numbers of their own (struct descriptor_range). What is not here is the
 * kernel's business alone.
 */
#include "launcher/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_pppox.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/ppp-ioctl.h>
#include <linux/seccomp.h>
#include <linux/udp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "launcher/descriptor_call.h"
#include "launcher/file_call.h"
#include "launcher/poll_call.h"
#include "launcher/refusal.h"
#include "launcher/send_call.h"
#include "launcher/socket_call.h"
#include "launcher/tracing.h"

#define IPPROTO_L2TP_NUMBER 115
#define SOL_PPPOL2TP_NUMBER 273
#define SOL_NETLINK_NUMBER  270
#define SOL_UDP_NUMBER      17

/* clang-format off */
#define EQUAL(argument, value)         { argument, TEST_EQUAL, UINT32_MAX, (uint32_t)(value) }
#define MASKED(argument, mask, value)  { argument, TEST_EQUAL, mask, (uint32_t)(value) }
#define AT_MOST(argument, value)       { argument, TEST_AT_MOST, UINT32_MAX, (uint32_t)(value) }
#define RANGE(argument)                { argument, TEST_IN_RANGE, UINT32_MAX, 0 }
#define CASE(...)                      { .tests = { __VA_ARGS__ } }
#define CASE_WITH_FILES(...)           { .tests = { __VA_ARGS__ }, .need = NEED_FILES }
#define WHEN(...) \
	.cases = (const struct filter_case[]){ __VA_ARGS__ }, \
	.case_count = sizeof((const struct filter_case[]){ __VA_ARGS__ }) / sizeof(struct filter_case)
#define IN_RANGE  WHEN(CASE(RANGE(0)))
#define IN_PPP_RANGE     WHEN(CASE({ 0, TEST_IN_PPP_RANGE, UINT32_MAX, 0 }))
#define IN_RECEIVE_RANGE WHEN(CASE({ 0, TEST_IN_RECEIVE_RANGE, UINT32_MAX, 0 }))
#define IN_READ_RANGE    WHEN(CASE({ 0, TEST_IN_READ_RANGE, UINT32_MAX, 0 }))
/* As /dev/ppp is opened, by a shell's <> with O_CREAT; who makes files of his own says O_EXCL, too. */
#define TO_READ_AND_WRITE(argument) WHEN(CASE(MASKED(argument, O_ACCMODE | O_EXCL, O_RDWR)))
#define ALWAYS    .case_count = 0

/* What decides about packets of a managed tunnel that leave by a socket of ul2tpd's, and its filter. */
#define SOCKET_OPTIONS                                                                        \
	CASE(EQUAL(1, IPPROTO_IP), EQUAL(2, IP_TOS)), CASE(EQUAL(1, IPPROTO_IP), EQUAL(2, IP_TTL)),   \
	CASE(EQUAL(1, IPPROTO_IP), EQUAL(2, IP_MTU_DISCOVER)),                                    \
	CASE(EQUAL(1, IPPROTO_IPV6), EQUAL(2, IPV6_TCLASS)),                                      \
	CASE(EQUAL(1, IPPROTO_IPV6), EQUAL(2, IPV6_UNICAST_HOPS)),                                \
	CASE(EQUAL(1, IPPROTO_IPV6), EQUAL(2, IPV6_MTU_DISCOVER)),                                \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_MARK)),                                        \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_PRIORITY)),                                    \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_NO_CHECK)),                                    \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_BINDTODEVICE)),                                \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_BINDTOIFINDEX)),                               \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_ATTACH_FILTER)),                               \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_DETACH_FILTER)),                               \
	CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_ATTACH_BPF)),                                  \
	CASE(EQUAL(1, SOL_UDP_NUMBER), EQUAL(2, UDP_NO_CHECK6_TX))

static const struct filter_call calls[] = {
	/* The order matters for speed alone: the first are found first. What has no row costs least: the kernel knows that it need
	 * not ask the filter at all. So recvmsg and recvmmsg, by which servers receive, have one only where they must. */
	/*                  x86-64 arm64 i386 x32  arm */
	{ "sendmsg",        {  46, 211, 370, 518, 296 }, send_call_sendmsg,  .is_send = true, IN_RANGE },
	{ "sendto",         {  44, 206, 369,  44, 290 }, send_call_sendto,   .is_send = true, IN_RANGE },
	{ "write",          {   1,  64,   4,   1,   4 }, send_call_write,    IN_RANGE },
	{ "read",           {   0,  63,  -1,  -1,  -1 }, socket_call_receive, IN_READ_RANGE },
	{ "writev",         {  20,  66, 146, 516, 146 }, send_call_writev,   IN_RANGE },
	{ "readv",          {  19,  65,  -1,  -1,  -1 }, socket_call_receive, IN_READ_RANGE },
	{ "sendmmsg",       { 307, 269, 345, 538, 374 }, send_call_sendmmsg, .is_send = true, IN_RANGE },
	{ "pwritev2",       { 328, 287, 379, 547, 393 }, send_call_pwritev2, IN_RANGE },
	{ "sendfile",       {  40,  71, 187,  40, 187 }, refusal_sendfile,   .any_abi = true, IN_RANGE },
	{ "sendfile64",     {  -1,  -1, 239,  -1, 239 }, refusal_sendfile,   .any_abi = true, IN_RANGE },
	{ "splice",         { 275,  76, 313, 275, 340 }, refusal_splice,     .any_abi = true, WHEN(CASE(RANGE(2))) },

	{ "recvfrom",       {  45, 207,  -1,  -1,  -1 }, socket_call_receive, IN_RECEIVE_RANGE },
	{ "recvmsg",        {  47, 212,  -1,  -1,  -1 }, socket_call_receive, .need = NEED_RECEIVES, IN_RECEIVE_RANGE },
	{ "recvmmsg",       { 299, 243,  -1,  -1,  -1 }, socket_call_receive, .need = NEED_RECEIVES, IN_RECEIVE_RANGE },

	{ "socket",         {  41, 198, 359,  41, 281 }, socket_call_socket,
	  WHEN(CASE(EQUAL(0, AF_NETLINK), EQUAL(2, NETLINK_GENERIC)),
	       CASE_WITH_FILES(EQUAL(0, AF_NETLINK), EQUAL(2, NETLINK_ROUTE)),
	       CASE(EQUAL(0, AF_PPPOX)),
	       CASE(EQUAL(0, AF_INET),    EQUAL(2, IPPROTO_L2TP_NUMBER)),
	       CASE(EQUAL(0, AF_INET6),   EQUAL(2, IPPROTO_L2TP_NUMBER))) },
	{ "socketcall",     {  -1,  -1, 102,  -1,  -1 }, refusal_socketcall,
	  WHEN(CASE(EQUAL(0, 1)), CASE(EQUAL(0, 9)), CASE(EQUAL(0, 11)), CASE(EQUAL(0, 16)), CASE(EQUAL(0, 20))),
	  .any_abi = true },
	{ "connect",        {  42, 203,  -1,  -1,  -1 }, socket_call_connect,
	  /* Lengths of what a UDP socket, a sockaddr_storage and the four kinds of PPPoL2TP address have. */
	  WHEN(CASE(AT_MOST(2, 28)), CASE(EQUAL(2, 38)), CASE(EQUAL(2, 46)), CASE(EQUAL(2, 50)), CASE(EQUAL(2, 58)),
	       CASE(EQUAL(2, 128)), CASE(RANGE(0))) },
	{ "bind",           {  49, 200,  -1,  -1,  -1 }, socket_call_bind,        ALWAYS },
	{ "getsockname",    {  51, 204,  -1,  -1,  -1 }, socket_call_getsockname, ALWAYS },
	{ "getpeername",    {  52, 205,  -1,  -1,  -1 }, socket_call_getpeername, ALWAYS },
	{ "socketpair",     {  53, 199,  -1,  -1,  -1 }, socket_call_socketpair,  WHEN(CASE(EQUAL(0, AF_PPPOX), EQUAL(2, PX_PROTO_OL2TP))) },
	{ "listen",         {  50, 201,  -1,  -1,  -1 }, socket_call_listen,      IN_PPP_RANGE },
	{ "accept",         {  43, 202,  -1,  -1,  -1 }, socket_call_listen,      IN_PPP_RANGE },
	{ "accept4",        { 288, 242,  -1,  -1,  -1 }, socket_call_listen,      IN_PPP_RANGE },
	{ "shutdown",       {  48, 210,  -1,  -1,  -1 }, socket_call_shutdown,    IN_RANGE },
	{ "setsockopt",     {  54, 208,  -1,  -1,  -1 }, socket_call_setsockopt,
	  WHEN(CASE(RANGE(0)), CASE(EQUAL(1, SOL_NETLINK_NUMBER)), CASE(EQUAL(1, SOL_PPPOL2TP_NUMBER)), SOCKET_OPTIONS) },
	{ "getsockopt",     {  55, 209,  -1,  -1,  -1 }, socket_call_getsockopt,
	  WHEN(CASE(RANGE(0)), CASE(EQUAL(1, SOL_PPPOL2TP_NUMBER)),
	       CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_PROTOCOL)), CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_TYPE)),
	       CASE(EQUAL(1, SOL_SOCKET), EQUAL(2, SO_DOMAIN))) },
	{ "ioctl",          {  16,  29,  -1,  -1,  -1 }, socket_call_ioctl,
	  WHEN(CASE(MASKED(1, 0xff00, 't' << 8)), CASE(MASKED(1, ~3U, SIOCGPPPSTATS)), CASE(RANGE(0))) },

	{ "dup",            {  32,  23,  -1,  -1,  -1 }, descriptor_call_dup,     IN_RANGE },
	{ "dup2",           {  33,  -1,  -1,  -1,  -1 }, descriptor_call_dup_to,  IN_RANGE },
	{ "dup3",           { 292,  24,  -1,  -1,  -1 }, descriptor_call_dup_to,  IN_RANGE },
	{ "fcntl",          {  72,  25,  -1,  -1,  -1 }, descriptor_call_fcntl,
	  WHEN(CASE(EQUAL(1, F_DUPFD), RANGE(0)), CASE(EQUAL(1, F_DUPFD_CLOEXEC), RANGE(0))) },

	{ "io_uring_setup", { 425, 425, 425, 425, 425 }, refusal_io_uring,  .any_abi = true, ALWAYS },
	{ "seccomp",        { 317, 277, 354, 317, 383 }, refusal_listener,  .any_abi = true,
	  WHEN(CASE(EQUAL(0, SECCOMP_SET_MODE_FILTER),
	            MASKED(1, SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_FILTER_FLAG_NEW_LISTENER))) },

	{ "open",           {   2,  -1,  -1,  -1,  -1 }, file_call, .is_open = true, TO_READ_AND_WRITE(1) },
	{ "creat",          {  85,  -1,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "openat",         { 257,  56,  -1,  -1,  -1 }, file_call, .is_open = true, TO_READ_AND_WRITE(2) },
	{ "openat2",        { 437, 437,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "stat",           {   4,  -1,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "lstat",          {   6,  -1,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "newfstatat",     { 262,  79,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "statx",          { 332, 291,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "access",         {  21,  -1,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "faccessat",      { 269,  48,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "faccessat2",     { 439, 439,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "readlink",       {  89,  -1,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "readlinkat",     { 267,  78,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "getxattr",       { 191,   8,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "lgetxattr",      { 192,   9,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "listxattr",      { 194,  11,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },
	{ "llistxattr",     { 195,  12,  -1,  -1,  -1 }, file_call, .need = NEED_FILES, ALWAYS },

	{ "poll",           {   7,  -1,  -1,  -1,  -1 }, poll_call, .need = NEED_FILES, ALWAYS },
	{ "ppoll",          { 271,  73,  -1,  -1,  -1 }, poll_call, .need = NEED_FILES, ALWAYS },
};
/* clang-format on */

const struct filter_call *calls_table(size_t *count)
{
	*count = ARRAY_SIZE(calls);
	return calls;
}

static const struct filter_call *find(enum filter_abi abi, uint32_t number)
{
	if (abi == ABI_X32)
		number &= ~X32_BIT;
	for (size_t i = 0; abi != ABIS && i < ARRAY_SIZE(calls); i++)
		if (calls[i].number[abi] >= 0 && (uint32_t)calls[i].number[abi] == number)
			return &calls[i];
	return NULL;
}

void calls_serve(struct trap *t)
{
	enum filter_abi abi = filter_abi(t->notif.data.arch, (uint32_t)t->notif.data.nr);
	const struct filter_call *call = find(abi, (uint32_t)t->notif.data.nr);

	tracing_heed(t->launcher);
	if (call) {
		launcher_trace(t->launcher, 2, "%u: %s(%lld, %lld, %lld)", t->notif.pid, call->name,
		               (long long)trap_argument(t, 0), (long long)trap_argument(t, 1),
		               (long long)trap_argument(t, 2));
		if (abi == ABI_NATIVE || call->any_abi)
			call->handler(t);
		else
			refusal_foreign(t, call->handler == socket_call_socket);
	}
	if (!t->answered) {
		launcher_say(t->launcher, "%s of process %u was not served: please report it",
		             call ? call->name : "a system call", t->notif.pid);
		trap_fail(t, -ENOSYS);
	}
}
