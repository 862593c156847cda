/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch_fixture.c - see host_watch_fixture.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/monotonic.h"
#include "keeper/host_watch_fixture.h"

void do_(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

bool can(const char *command)
{
	return system(command) == 0;
}

static union address address(const char *text, uint16_t port)
{
	union address a = { .any = { .sa_family = AF_UNSPEC } };

	if (inet_pton(AF_INET, text, &a.v4.sin_addr) == 1) {
		a.v4.sin_family = AF_INET;
		a.v4.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &a.v6.sin6_addr) == 1) {
		a.v6.sin6_family = AF_INET6;
		a.v6.sin6_port = htons(port);
	}
	return a;
}

static void changed(void *arg, struct netns_id netns, const struct host_news *news)
{
	struct host_watch_fixture *f = arg;

	f->told++;
	f->news = *news;
}

static struct netns_id this_namespace(void)
{
	AUTO_FD fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct netns_id id = { 0 };

	netns_cookie(fd, &id);
	return id;
}

struct host_watch_fixture *begin(bool away)
{
	struct host_watch_fixture *f = calloc(1, sizeof(*f));

	if (geteuid() != 0) {
		print_message("# needs root: namespaces are made\n");
		free(f);
		skip();
	}
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	assert_int_equal(netns_home_open(&f->home), 0);
	if (away)
		assert_int_equal(unshare(CLONE_NEWNET), 0);
	f->netns = this_namespace();
	do_("ip link add under type veth peer name other && ip link set under up && ip link set other up && "
	    "ip addr add 192.0.2.1/24 dev under && ip addr add 2001:db8::1/64 dev under nodad && "
	    "ip tuntap add eth mode tap && ip link set eth up");
	f->device = (int)if_nametoindex("eth");
	f->underlay = (int)if_nametoindex("under");
	f->v4 = (struct outer_flow){ address("192.0.2.1", 1701), address("192.0.2.2", 1702), 0, 0 };
	f->v6 = (struct outer_flow){ address("2001:db8::1", 1701), address("2001:db8::2", 1702), 0,
		                     0 };
	host_watches_open(&f->watches, &f->home);
	f->watches.changed = changed;
	f->watches.arg = f;
	assert_int_equal(host_watch_use(&f->watches, f->netns), 0);
	return f;
}

void end(struct host_watch_fixture *f)
{
	host_watch_release(&f->watches, f->netns);
	assert_true(list_empty(&f->watches.all));
	host_watches_close(&f->watches);
	netns_home_close(&f->home);
	free(f);
}

enum fast_reason verdict(struct host_watch_fixture *f, const struct outer_flow *flow)
{
	enum fast_reason reason;

	/* The keeper asks from home. The commands are run where the watch is. */
	AUTO_FD here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	netns_go_home(&f->home);
	reason = host_watch_verdict(&f->watches, f->netns, flow, f->device, f->underlay);
	netns_go(here);
	return reason;
}

void expect(struct host_watch_fixture *f, const struct outer_flow *flow, enum fast_reason want)
{
	uint64_t start = monotonic_ms(), now = start;
	enum fast_reason found = verdict(f, flow);
	AUTO_FD here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	while (found != want && now < start + WITHIN_MS) {
		struct pollfd news = { .fd = f->watches.epoll, .events = POLLIN };
		unsigned int told = f->told;

		poll(&news, 1, f->watches.look_ms > now ? (int)(f->watches.look_ms - now) : 0);
		now = monotonic_ms();
		netns_go_home(&f->home);
		if (news.revents)
			host_watches_ready(&f->watches, now);
		if (now >= f->watches.look_ms)
			host_watches_look(&f->watches, now);
		netns_go(here);
		if (f->told != told)
			found = verdict(f, flow);
	}
	if (found != want)
		fail_msg("%s, not %s, within %d ms", fast_reason_text(found).name,
		         fast_reason_text(want).name, WITHIN_MS);
}

void during(struct host_watch_fixture *f, const struct outer_flow *flow, const char *command,
            enum fast_reason want, const char *undo)
{
	expect(f, flow, FAST_USED);
	do_(command);
	expect(f, flow, want);
	do_(undo);
	expect(f, flow, FAST_USED);
}
