/* SPDX-License-Identifier: BSD-2-Clause */
/* trap_listener.c - see trap_listener.h */
#include "launcher/trap_listener.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>

#define AGAIN_FIRST_MS 1
#define AGAIN_MAX_MS   100

int trap_listener_ask(int listener, unsigned long what, void *about)
{
	int result;

	do
		result = ioctl(listener, what, about);
	while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : result;
}

static int answer_once(int listener, struct seccomp_notif_resp *answer)
{
	return trap_listener_ask(listener, SECCOMP_IOCTL_NOTIF_SEND, answer);
}

static bool is_over(int err)
{
	return err >= 0 || err == -ENOENT || err == -EINPROGRESS;
}

int trap_listener_answer(int listener, struct seccomp_notif_resp *answer,
                         void (*failed)(void *arg, int err), void *arg)
{
	int err = answer_once(listener, answer);

	if (!is_over(err))
		failed(arg, err);
	for (int wait_ms = AGAIN_FIRST_MS; !is_over(err); err = answer_once(listener, answer)) {
		poll(NULL, 0, wait_ms);
		wait_ms = wait_ms * 2 < AGAIN_MAX_MS ? wait_ms * 2 : AGAIN_MAX_MS;
	}
	return err;
}
