/* SPDX-License-Identifier: BSD-2-Clause */
/* ip_mark.c - see ip_mark.h */
#include "launcher/ip_mark.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "launcher/estate.h"

/* The same for all supervisors of a run. 0: there is none, as what has no mark has that. */
static uint32_t mark_of(struct launcher *l)
{
	uint32_t mark = atomic_load(&l->estate->ip_mark), none = 0;

	if (mark)
		return mark;
	if (getrandom(&mark, sizeof(mark), 0) != sizeof(mark))
		return 0;
	mark |= 1;
	return atomic_compare_exchange_strong(&l->estate->ip_mark, &none, mark) ? mark : none;
}

int ip_mark_set(struct launcher *l, int fd)
{
	const uint32_t mark = mark_of(l);

	if (!mark)
		return -ENOMEM;
	return setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) < 0 ? -errno : 0;
}

int ip_mark_demand(struct launcher *l, int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_MARK)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark_of(l), 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	const struct sock_fprog program = { ARRAY_SIZE(code), code };
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) < 0)
		return -errno;
	return 0;
}
