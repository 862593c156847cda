/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch_modules_test.c - what the kernel can not do when it is watched, it may be able to later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "keeper/host_watch_fixture.h"

typedef void story(struct host_watch_fixture *f);

struct without_modules {
	struct host_watch_fixture *f;
	story *story; /* NULL: only the beginning is without them */
};

/* For this thread the kernel has neither xfrm_user nor nfnetlink. */
static void *use_without_modules(void *arg)
{
	const struct without_modules *w = arg;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_XFRM, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NETLINK_NETFILTER, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPROTONOSUPPORT),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ||
	    host_watch_use(&w->f->watches, w->f->netns) < 0)
		return arg;
	if (w->story)
		w->story(w->f);
	return NULL;
}

/* All modules that this kernel has loaded are those in a directory that is empty. In a process of its own. */
static int see_modules_come(story *without, story *with)
{
	struct host_watch_fixture *f = begin(false);
	struct without_modules w = { f, without };
	void *failed = f;
	pthread_t thread;

	host_watch_release(&f->watches, f->netns);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("modules", "/sys/module", "tmpfs", 0, NULL) < 0 ||
	    pthread_create(&thread, NULL, use_without_modules, &w) != 0 ||
	    pthread_join(thread, &failed) != 0 || failed)
		return 2;
	if (with)
		with(f);
	end(f);
	return 0;
}

static void modules_come(story *without, story *with)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(see_modules_come(without, with));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void each_of_two(struct host_watch_fixture *f)
{
	expect(f, &f->v4, FAST_USED);
	do_("ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 action block && "
	    "nft add table t && nft 'add chain t c { type filter hook output priority 0 ; }' && nft add rule t c accept");
	do_("mkdir /sys/module/xfrm_user");
	expect(f, &f->v4, FAST_XFRM);
	do_("ip xfrm policy flush");
	expect(f, &f->v4, FAST_USED);
	do_("mkdir /sys/module/nfnetlink");
	expect(f, &f->v4, FAST_NETFILTER);
	do_("nft flush ruleset");
	expect(f, &f->v4, FAST_USED);
}

static void key_sockets(struct host_watch_fixture *f)
{
	expect(f, &f->v4, FAST_USED);
	do_("mkdir /sys/module/af_key");
	expect(f, &f->v4, FAST_UNWATCHABLE);
}

static void what_the_kernel_loads_later(void **state)
{
	modules_come(NULL, each_of_two);
	modules_come(key_sockets, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_kernel_loads_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
