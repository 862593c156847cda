/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch_test.c - what an administrator configures is seen within a second, and so is its end
 *
 * The commands of an administrator, in network namespaces that the test makes: one it lives in, one it visits.
 */
#include "keeper/host_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/monotonic.h"

#define WITHIN_MS                                                                                  \
	20000 /* where all is slow, too; that it holds within a second the scenarios ask */

#define SHAPER "tbf rate 1mbit burst 10k limit 10k"
#define FILTER "bpf bytecode '1,6 0 0 4294967295,' flowid 1:1"

struct fixture {
	struct netns_home home;
	struct netns_id netns;
	struct host_watches watches;
	struct outer_flow v4, v6;
	int device, underlay;
	unsigned int told;
	struct host_news news; /* the last */
};

static void do_(const char *command)
{
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static bool can(const char *command)
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
	struct fixture *f = arg;

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

/* Home is a new namespace; what is watched is another, if @away. */
static struct fixture *begin(bool away)
{
	struct fixture *f = calloc(1, sizeof(*f));

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

static void end(struct fixture *f)
{
	host_watch_release(&f->watches, f->netns);
	assert_true(list_empty(&f->watches.all));
	host_watches_close(&f->watches);
	netns_home_close(&f->home);
	free(f);
}

static enum fast_reason verdict(struct fixture *f, const struct outer_flow *flow)
{
	enum fast_reason reason;

	/* The keeper asks from home. The commands are run where the watch is. */
	AUTO_FD here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	netns_go_home(&f->home);
	reason = host_watch_verdict(&f->watches, f->netns, flow, f->device, f->underlay);
	netns_go(here);
	return reason;
}

/* The keeper's loop, until @flow's verdict is @want: and a change of it has been told. */
static void expect(struct fixture *f, const struct outer_flow *flow, enum fast_reason want)
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

/* @undo ends what @command begins; until then the verdict of @flow is @want. */
static void during(struct fixture *f, const struct outer_flow *flow, const char *command,
                   enum fast_reason want, const char *undo)
{
	expect(f, flow, FAST_USED);
	do_(command);
	expect(f, flow, want);
	do_(undo);
	expect(f, flow, FAST_USED);
}

static void policies_of_ipsec(void **state)
{
	struct fixture *f = begin(false);

	during(f, &f->v4, "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 action block",
	       FAST_XFRM, "ip xfrm policy flush");
	during(f, &f->v4,
	       "ip xfrm policy add dir in src 192.0.2.0/25 dst 0.0.0.0/0 proto udp sport 1702 action block",
	       FAST_XFRM,
	       "ip xfrm policy del dir in src 192.0.2.0/25 dst 0.0.0.0/0 proto udp sport 1702");
	during(f, &f->v6,
	       "ip xfrm policy add dir out src ::/0 dst 2001:db8::/64 tmpl proto esp mode transport",
	       FAST_XFRM, "ip xfrm policy flush");
	during(f, &f->v4, "ip xfrm policy setdefault out block", FAST_XFRM,
	       "ip xfrm policy setdefault out accept");
	during(f, &f->v4,
	       "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 action block limit time-hard 1",
	       FAST_XFRM, "sleep 1");
	end(f);
}

static void policies_of_ipsec_for_others(void **state)
{
	struct fixture *f = begin(false);

	do_("ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.3 action block && "
	    "ip xfrm policy add dir in src 192.0.2.1 dst 192.0.2.2 action block && "
	    "ip xfrm policy add dir fwd src 192.0.2.0/24 dst 192.0.2.0/24 action block && "
	    "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 proto tcp action block && "
	    "ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 proto udp dport 1701 action block && "
	    "ip xfrm policy add dir out src 0.0.0.0/0 dst 0.0.0.0/0 mark 5 mask 0xff action block && "
	    "ip xfrm policy add dir out src 0.0.0.0/0 dst 0.0.0.0/0 if_id 42 action block && "
	    "ip xfrm policy add dir in src 0.0.0.0/0 dst 0.0.0.0/0 if_id 42 action block && "
	    "ip xfrm policy add dir out src ::/0 dst 2001:db9::/64 action block && "
	    /* The last, whose news come after those of the others. */
	    "ip xfrm policy add dir out src ::/0 dst 2001:db8::/64 action block");
	expect(f, &f->v6, FAST_XFRM);
	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	f->v4.mark = 0x105;
	assert_int_equal(verdict(f, &f->v4), FAST_XFRM);
	end(f);
}

static void rules_of_nftables(void **state)
{
	struct fixture *f = begin(false);

	do_("nft 'add table ip t; add chain ip t in { type filter hook input priority 0; }; "
	    "add chain ip t fw { type filter hook forward priority 0; policy drop; }; add chain ip t any; "
	    "add rule ip t any drop'");
	expect(f, &f->v4, FAST_USED);
	during(f, &f->v4, "nft add rule ip t in udp dport 1701 drop", FAST_NETFILTER,
	       "nft flush chain ip t in");
	during(f, &f->v4, "nft 'add chain ip t in { policy drop; }'", FAST_NETFILTER,
	       "nft 'add chain ip t in { policy accept; }'");
	during(f, &f->v6,
	       "nft 'add table inet t; add chain inet t out { type filter hook output priority 0; }; "
	       "add rule inet t out counter'",
	       FAST_NETFILTER, "nft delete table inet t");
	do_("nft add rule ip t in drop");
	expect(f, &f->v4, FAST_NETFILTER);
	assert_int_equal(verdict(f, &f->v6), FAST_USED);
	do_("nft flush ruleset");
	expect(f, &f->v4, FAST_USED);
	end(f);
}

static void rules_of_nftables_for_devices(void **state)
{
	struct fixture *f = begin(false);

	during(f, &f->v4,
	       "nft 'add table netdev t; add chain netdev t c { type filter hook ingress device under priority 0; policy drop; }'",
	       FAST_NETFILTER, "nft delete table netdev t");
	during(f, &f->v4,
	       "nft 'add table netdev t; add chain netdev t c { type filter hook ingress devices = { other, eth } priority 0; }; "
	       "add rule netdev t c drop'",
	       FAST_NETFILTER, "nft delete table netdev t");
	do_("nft 'add table netdev t; add chain netdev t c { type filter hook ingress device other priority 0; policy drop; }; "
	    "add table ip t; add chain ip t in { type filter hook input priority 0; policy drop; }'");
	expect(f, &f->v4, FAST_NETFILTER);
	assert_int_equal(verdict(f, &f->v6), FAST_USED);
	end(f);
}

static void rules_of_iptables(void **state)
{
	struct fixture *f;

	if (!can("command -v iptables-legacy >/dev/null")) {
		print_message("# needs iptables-legacy\n");
		return;
	}
	f = begin(true);
	if (!can("iptables-legacy -L >/dev/null 2>&1 && ip6tables-legacy -t raw -L >/dev/null 2>&1")) {
		print_message("# this kernel has no tables of that kind\n");
		end(f);
		return;
	}
	during(f, &f->v4, "iptables-legacy -A INPUT -p udp -j DROP", FAST_NETFILTER,
	       "iptables-legacy -D INPUT -p udp -j DROP");
	during(f, &f->v4, "iptables-legacy -P OUTPUT DROP", FAST_NETFILTER,
	       "iptables-legacy -P OUTPUT ACCEPT");
	during(f, &f->v6, "ip6tables-legacy -t raw -A PREROUTING -j NOTRACK", FAST_NETFILTER,
	       "ip6tables-legacy -t raw -F");
	do_("iptables-legacy -A FORWARD -j DROP; iptables-legacy -N own; iptables-legacy -A own -j DROP; "
	    "ip6tables-legacy -A INPUT -j DROP");
	expect(f, &f->v6, FAST_NETFILTER);
	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	end(f);
}

static void rules_of_policy_routing(void **state)
{
	struct fixture *f = begin(false);

	during(f, &f->v4, "ip rule add from 192.0.2.0/24 table 7 pref 100", FAST_POLICY_RULE,
	       "ip rule del pref 100");
	during(f, &f->v6, "ip -6 rule add ipproto udp dport 1702 prohibit pref 100",
	       FAST_POLICY_RULE, "ip -6 rule del pref 100");
	during(f, &f->v4, "ip rule add not fwmark 51820 table 7 pref 100", FAST_POLICY_RULE,
	       "ip rule del pref 100");
	during(f, &f->v4, "ip rule add uidrange 0-0 table 7 pref 100", FAST_POLICY_RULE,
	       "ip rule del pref 100");
	during(f, &f->v4, "ip rule add pref 100 lookup local && ip rule del pref 0",
	       FAST_POLICY_RULE, "ip rule add pref 0 lookup local && ip rule del pref 100");
	do_("ip rule add to 198.51.100.0/24 table 7 && ip rule add fwmark 7 table 7 && ip rule add iif eth table 7 && "
	    "ip rule add ipproto tcp table 7 && ip rule add sport 1-1700 table 7 && "
	    "ip rule add from 192.0.2.2 prohibit && ip -6 rule add blackhole pref 90");
	expect(f, &f->v6, FAST_POLICY_RULE);
	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	f->v4.mark = 7;
	assert_int_equal(verdict(f, &f->v4), FAST_POLICY_RULE);
	end(f);
}

static void disciplines_and_filters(void **state)
{
	struct fixture *f = begin(true);

	during(f, &f->v4, "tc qdisc add dev eth root " SHAPER, FAST_DEVICE_QDISC,
	       "tc qdisc del dev eth root");
	during(f, &f->v4, "tc qdisc replace dev eth root handle 5: " SHAPER, FAST_DEVICE_QDISC,
	       "tc qdisc del dev eth root");
	do_("tc qdisc add dev eth clsact && tc qdisc add dev under handle ffff: ingress && "
	    "tc qdisc add dev under root " SHAPER " && tc qdisc add dev other root " SHAPER);
	expect(f, &f->v4, FAST_USED);
	during(f, &f->v4, "tc filter add dev eth egress " FILTER, FAST_DEVICE_FILTER,
	       "tc filter del dev eth egress");
	during(f, &f->v4, "tc filter add dev eth ingress " FILTER, FAST_DEVICE_FILTER,
	       "tc filter del dev eth ingress");
	during(f, &f->v4, "tc filter add dev under ingress " FILTER, FAST_UNDERLAY_INGRESS,
	       "tc filter del dev under ingress");
	end(f);
}

static void a_device_that_goes(void **state)
{
	struct fixture *f = begin(true);

	during(f, &f->v4, "ip link set eth down", FAST_DEVICE_DOWN, "ip link set eth up");
	do_("ip link del eth");
	expect(f, &f->v4, FAST_NO_DEVICE);
	do_("ip link set lo up && ip link del under");
	f->device = 1;
	expect(f, &f->v4, FAST_NO_ROUTE);
	end(f);
}

static void a_capture(void **state)
{
	struct fixture *f = begin(false);

	during(f, &f->v4, "ip link set eth promisc on", FAST_PROMISCUOUS,
	       "ip link set eth promisc off");
	do_("ip link set under promisc on"); /* sees both ways, with headers */
	expect(f, &f->v4, FAST_USED);
	end(f);
}

static void interfaces_in_a_bridge(void **state)
{
	struct fixture *f = begin(false);

	if (!can("ip link add br type bridge 2>/dev/null")) {
		print_message("# this kernel has no bridge\n");
		end(f);
		return;
	}
	during(f, &f->v4, "ip link set under master br", FAST_UNDERLAY_KIND,
	       "ip link set under nomaster");
	do_("ip link set eth master br"); /* which makes it promiscuous */
	expect(f, &f->v4, FAST_USED);
	end(f);
}

/* With thousands of them, each that goes would have all others looked at. */
static void what_befalls_a_sessions_interface_is_told_of_it_alone(void **state)
{
	struct fixture *f = begin(false);

	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	during(f, &f->v4, "tc qdisc add dev eth root " SHAPER, FAST_DEVICE_QDISC,
	       "tc qdisc del dev eth root");
	assert_false(f->news.all);
	assert_int_equal(f->news.count, 1);
	assert_int_equal(f->news.devices[0], f->device);
	do_("ip link del eth");
	expect(f, &f->v4, FAST_NO_DEVICE);
	assert_false(f->news.all);
	end(f);
}

static void routes_are_told(void **state)
{
	struct fixture *f = begin(true);
	uint64_t start = monotonic_ms();

	expect(f, &f->v4, FAST_USED);
	f->told = 0;
	do_("ip route add 198.51.100.0/24 via 192.0.2.9");
	while (f->told == 0 && monotonic_ms() < start + WITHIN_MS) {
		poll(&(struct pollfd){ .fd = f->watches.epoll, .events = POLLIN }, 1, 20);
		host_watches_ready(&f->watches, monotonic_ms());
		if (monotonic_ms() >= f->watches.look_ms)
			host_watches_look(&f->watches, monotonic_ms());
	}
	assert_int_not_equal(f->told, 0);
	assert_true(f->news.routes);
	assert_false(f->news.all);
	end(f);
}

/* What happens for a moment, in the keeper's loop. */
static void pass(struct fixture *f, uint64_t ms)
{
	uint64_t until = monotonic_ms() + ms;

	f->told = 0;
	f->news = (struct host_news){ 0 };
	while (monotonic_ms() < until && !f->news.all) {
		poll(&(struct pollfd){ .fd = f->watches.epoll, .events = POLLIN }, 1, 20);
		host_watches_ready(&f->watches, monotonic_ms());
		if (monotonic_ms() >= f->watches.look_ms)
			host_watches_look(&f->watches, monotonic_ms());
	}
}

/* With thousands on the fast path, each login would have all of them looked at. */
static void an_interface_that_comes_concerns_nobody_else(void **state)
{
	struct fixture *f = begin(false);

	do_("echo 1 >/proc/sys/net/ipv4/conf/default/rp_filter");
	expect(f, &f->v4, FAST_USED);
	pass(f, 300);
	do_("ip tuntap add login mode tap && echo 0 >/proc/sys/net/ipv4/conf/login/rp_filter");
	pass(f, 500);
	assert_false(f->news.all);
	assert_true(f->news.arrived);
	end(f);
}

static void reverse_paths_that_are_asked_for_are_told(void **state)
{
	static const char *const writes[] = {
		"echo 1 >/proc/sys/net/ipv4/conf/under/rp_filter",
		"echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter",
	};
	struct fixture *f = begin(false);

	expect(f, &f->v4, FAST_USED);
	pass(f, 300);
	for (size_t i = 0; i < ARRAY_SIZE(writes); i++) {
		do_(writes[i]);
		pass(f, WITHIN_MS);
		assert_true(f->news.all);
	}
	end(f);
}

/* What it has is asked for when it is told of: by then the kernel has given it that. */
static void an_underlay_that_comes_is_told(void **state)
{
	struct fixture *f = begin(false);
	char command[100];

	do_("ip link del under");
	expect(f, &f->v4, FAST_NO_ROUTE);
	pass(f, 300);
	do_("echo 1 >/proc/sys/net/ipv4/conf/default/rp_filter");
	assert_int_equal(verdict(f, &f->v4), FAST_NO_ROUTE);
	snprintf(command, sizeof(command), "ip link add under index %d type veth peer name other",
	         f->underlay);
	do_(command);
	pass(f, WITHIN_MS);
	assert_true(f->news.all);
	end(f);
}

/* More news than there is room for. */
static void news_that_are_lost(void **state)
{
	struct fixture *f = begin(false);
	expect(f, &f->v4, FAST_USED);
	do_("for i in $(seq 4000); do echo rule add to 198.51.100.$((i % 250)) pref $i table 7; done | ip -batch - && "
	    "tc qdisc add dev eth root " SHAPER
	    " && ip xfrm policy add dir out src 192.0.2.1 dst 192.0.2.2 action block");
	expect(f, &f->v4, FAST_XFRM);
	do_("ip xfrm policy flush");
	expect(f, &f->v4, FAST_DEVICE_QDISC);
	end(f);
}

typedef void story(struct fixture *f);

struct without_modules {
	struct fixture *f;
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
	struct fixture *f = begin(false);
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

static void each_of_two(struct fixture *f)
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

static void key_sockets(struct fixture *f)
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

static void a_namespace_that_is_to_go(void **state)
{
	struct fixture *f = begin(true);

	assert_int_equal(verdict(f, &f->v4), FAST_USED);
	host_watch_drop(&f->watches, f->netns);
	assert_int_equal(verdict(f, &f->v4), FAST_UNWATCHABLE);
	assert_true(f->watches.look_ms == UINT64_MAX);
	end(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_of_ipsec),
		cmocka_unit_test(policies_of_ipsec_for_others),
		cmocka_unit_test(rules_of_nftables),
		cmocka_unit_test(rules_of_nftables_for_devices),
		cmocka_unit_test(rules_of_iptables),
		cmocka_unit_test(rules_of_policy_routing),
		cmocka_unit_test(disciplines_and_filters),
		cmocka_unit_test(a_device_that_goes),
		cmocka_unit_test(a_capture),
		cmocka_unit_test(interfaces_in_a_bridge),
		cmocka_unit_test(what_befalls_a_sessions_interface_is_told_of_it_alone),
		cmocka_unit_test(routes_are_told),
		cmocka_unit_test(an_interface_that_comes_concerns_nobody_else),
		cmocka_unit_test(reverse_paths_that_are_asked_for_are_told),
		cmocka_unit_test(an_underlay_that_comes_is_told),
		cmocka_unit_test(news_that_are_lost),
		cmocka_unit_test(what_the_kernel_loads_later),
		cmocka_unit_test(a_namespace_that_is_to_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
