/* SPDX-License-Identifier: BSD-2-Clause */
/* keeper_test.c - endpoints, routes, devices and the engine's life, asked as the engine asks */
#include "keeper/test_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <sched.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/cleanup.h"

struct fixture {
	struct test_daemon daemon;
	int netns;  /* the client's */
	int client; /* a connection made in it */
};

static int start(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || geteuid() != 0)
		return 0;
	if (!test_daemon_start(&f->daemon))
		return -1;
	f->netns = test_netns();
	f->client = test_connect_in(&f->daemon, f->netns);
	return f->client < 0 ? -1 : 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;
	int status = 0;

	if (f->daemon.pid > 0) {
		close(f->client);
		close(f->netns);
		status = test_daemon_stop(&f->daemon);
	}
	free(f);
	return status;
}

static void need_root(void)
{
	if (geteuid() != 0) {
		print_message("# needs root: namespaces and interfaces are made\n");
		skip();
	}
}

static struct endpoint_params udp4(const char *local, uint16_t port, uint8_t flags)
{
	struct endpoint_params p;

	memset(&p, 0, sizeof(p));
	p.protocol = IPPROTO_UDP;
	p.flags = flags;
	p.local.v4.sin_family = AF_INET;
	p.local.v4.sin_port = htons(port);
	inet_pton(AF_INET, local, &p.local.v4.sin_addr);
	return p;
}

static struct result ask(int client, const struct order *order)
{
	struct result result;

	assert_true(test_order(client, order, &result));
	return result;
}

static struct result open_endpoint(int client, const struct endpoint_params *p)
{
	return ask(client, &(struct order){ .kind = ORDER_ENDPOINT, .endpoint = *p });
}

static struct result make_device(int client, const char *name)
{
	struct order order = { .kind = ORDER_DEVICE, .mtu.otherwise_bytes = 1446 };

	snprintf(order.name, sizeof(order.name), "%s", name);
	return ask(client, &order);
}

/* Whether the interface is in the namespace; waits up to @ms for that to become @there. */
static bool interface_becomes(int netns, const char *name, bool there, int ms)
{
	AUTO_FD home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	bool is = !there;

	assert_int_equal(setns(netns, CLONE_NEWNET), 0);
	for (int waited = 0; is != there && waited <= ms; waited += 5) {
		is = if_nametoindex(name) != 0;
		if (is != there)
			nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	return is == there;
}

/* Requirements: NL-4, NL-12 */
static void test_client_is_known_by_the_namespace_of_its_socket(void **state)
{
	struct fixture *f = *state;
	struct order who = { .kind = ORDER_WHO };
	AUTO_FD at_home = -1;
	struct result here, there;

	need_root();
	at_home = test_connect(&f->daemon);
	there = ask(f->client, &who);
	here = ask(at_home, &who);
	assert_int_equal(there.err, 0);
	assert_int_equal(there.client.pid, getpid());
	assert_true(there.client.netns.cookie != here.client.netns.cookie);
	assert_true(there.client.admin);
	assert_int_equal(ask(f->client, &(struct order){ .kind = ORDER_CHECK }).err, 0);
}

/* Requirements: TUN-10 */
static void test_endpoint_errors_are_those_of_bind(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 5000, 0);
	struct result first;

	need_root();
	first = open_endpoint(f->client, &p);
	assert_int_equal(first.err, 0);
	assert_int_equal(ntohs(first.endpoint.params.local.v4.sin_port), 5000);
	assert_true(first.endpoint.bulk_fd >= 0);
	assert_int_equal(open_endpoint(f->client, &p).err, -EADDRINUSE);
	p = udp4("198.51.100.1", 5000, 0);
	assert_int_equal(open_endpoint(f->client, &p).err, -EADDRNOTAVAIL);
	p = udp4("127.0.0.2", 5000, ENDPOINT_CHECKSUM_TX);
	assert_int_equal(open_endpoint(f->client, &p).endpoint.bulk_fd, -1);
	snprintf(p.device, sizeof(p.device), "nosuch");
	assert_int_equal(open_endpoint(f->client, &p).err, -ENODEV);
	ask(f->client,
	    &(struct order){ .kind = ORDER_ENDPOINT_CLOSE, .slot = first.endpoint.slot });
	p = udp4("127.0.0.1", 5000, 0);
	assert_int_equal(open_endpoint(f->client, &p).err, 0);
}

static void test_unspecified_endpoint_chooses_a_port(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 0, 0);
	struct result r;

	need_root();
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_int_not_equal(r.endpoint.params.local.v4.sin_port, 0);
	assert_true(r.endpoint.bulk_fd >= 0);
}

/* A batch of segments leaves from the endpoint's port, though the endpoint itself sends no checksums. */
static void test_bulk_sends_segments_from_the_same_port(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 0, 0), q = udp4("127.0.0.1", 0, 0);
	AUTO_FD home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	const struct timeval patience = { .tv_sec = 2 };
	struct sockaddr_in from;
	socklen_t len = sizeof(q.local.v4);
	AUTO_FD sink = -1;
	struct result r;
	char data[4096];

	need_root();
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_int_equal(setns(f->netns, CLONE_NEWNET), 0);
	sink = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	assert_int_equal(bind(sink, &q.local.any, len), 0);
	assert_int_equal(getsockname(sink, &q.local.any, &len), 0);
	setsockopt(sink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	assert_int_equal(
		ask(f->client,
	            &(struct order){ .kind = ORDER_BULK, .slot = r.endpoint.slot, .peer = q.local })
			.err,
		0);
	for (int i = 0; i < 3; i++) {
		len = sizeof(from);
		assert_int_equal(
			recvfrom(sink, data, sizeof(data), 0, (struct sockaddr *)&from, &len),
			i < 2 ? 1000 : 500);
		assert_int_equal(from.sin_port, r.endpoint.params.local.v4.sin_port);
		assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
	}
}

static void test_ip_endpoints_of_both_families(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 0, 0);
	struct result r;

	need_root();
	p.protocol = 115;
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.endpoint.bulk_fd, -1);
	memset(&p.local, 0, sizeof(p.local));
	p.local.v6.sin6_family = AF_INET6;
	p.local.v6.sin6_addr = in6addr_loopback;
	assert_int_equal(open_endpoint(f->client, &p).err, 0);
	p.protocol = IPPROTO_UDP;
	p.flags = ENDPOINT_ZERO_CHECKSUM6_TX;
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	assert_true(r.endpoint.bulk_fd >= 0);
	p.protocol = 7;
	assert_int_equal(open_endpoint(f->client, &p).err, -EINVAL);
}

/* Requirements: TUN-10 */
static void test_route_answers_as_connect(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 1701, 0);
	struct endpoint_params peer = udp4("127.0.0.9", 1701, 0);
	struct order order = { .kind = ORDER_ROUTE };
	struct result r;

	need_root();
	order.slot = open_endpoint(f->client, &p).endpoint.slot;
	order.peer = peer.local;
	r = ask(f->client, &order);
	assert_int_equal(r.err, 0);
	assert_int_equal(ntohl(r.source.v4.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(ntohs(r.source.v4.sin_port), 1701);
	assert_int_equal(r.mtu_bytes, 65535);
	peer = udp4("198.51.100.1", 1701, 0);
	order.peer = peer.local;
	assert_int_equal(ask(f->client, &order).err, -ENETUNREACH);
}

static struct ifreq interface_asked(int netns, const char *name, unsigned long number)
{
	AUTO_FD home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1;
	struct ifreq r = { 0 };

	assert_int_equal(setns(netns, CLONE_NEWNET), 0);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, number, &r), 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	return r;
}

/* Requirements: ETH-10 */
static void test_device_has_the_mtu_of_its_path(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 1701, 0);
	struct order order = { .kind = ORDER_DEVICE, .mtu = { 54, 1446 }, .has_path = true };
	AUTO_FD at_home = -1;

	need_root();
	at_home = test_connect(&f->daemon);
	order.path.endpoint = open_endpoint(f->client, &p).endpoint.slot;
	order.path.peer = udp4("127.0.0.9", 1701, 0).local;
	assert_int_equal(ask(f->client, &order).device.mtu_bytes, 65535 - 54);
	assert_int_equal(interface_asked(f->netns, "l2tpeth0", SIOCGIFMTU).ifr_mtu, 65535 - 54);
	assert_int_equal(ask(at_home, &order).device.mtu_bytes, 1446);
	order.path.peer = udp4("198.51.100.1", 1701, 0).local;
	assert_int_equal(ask(f->client, &order).device.mtu_bytes, 1446);
	order.path.peer = udp4("127.0.0.9", 1701, 0).local;
	order.path.endpoint++;
	assert_int_equal(ask(f->client, &order).device.mtu_bytes, 1446);
	order.path.peer.any.sa_family = AF_UNSPEC;
	order.path.endpoint--;
	assert_int_equal(ask(f->client, &order).device.mtu_bytes, 1446);
}

static struct result act(int client, enum order_kind kind, uint32_t slot, const char *address)
{
	struct order order = { .kind = kind, .slot = slot };

	if (address)
		order.peer = udp4(address, 0, 0).local;
	return ask(client, &order);
}

/* Requirements: IPS-10, IPS-20, IPS-22, IPS-23 */
static void test_socket_of_a_program_binds_and_connects(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 0, ENDPOINT_TWIN);
	uint32_t slot;
	struct result r;

	need_root();
	assert_int_equal(open_endpoint(f->client, &p).err, -EINVAL); /* UDP */
	p.protocol = 115;
	r = open_endpoint(f->client, &p);
	assert_int_equal(r.err, 0);
	slot = r.endpoint.slot;
	assert_int_equal(act(f->client, ORDER_SOCKET_BIND, slot, "198.51.100.1").err,
	                 -EADDRNOTAVAIL);
	assert_int_equal(act(f->client, ORDER_SOCKET_CONNECT, slot, "198.51.100.1").err,
	                 -ENETUNREACH);
	r = act(f->client, ORDER_SOCKET_BIND, slot, "127.0.0.5");
	assert_int_equal(r.err, 0);
	assert_int_equal(ntohl(r.names.local.v4.sin_addr.s_addr), 0x7f000005);
	assert_int_equal(act(f->client, ORDER_SOCKET_BIND, slot, "0.0.0.0").err, 0);
	r = act(f->client, ORDER_SOCKET_CONNECT, slot, "127.0.0.9");
	assert_int_equal(r.err, 0);
	assert_int_equal(ntohl(r.names.local.v4.sin_addr.s_addr), INADDR_LOOPBACK);
	r = act(f->client, ORDER_SOCKET_CONNECT, slot, NULL);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.names.local.v4.sin_addr.s_addr, 0);
	assert_int_equal(act(f->client, ORDER_SOCKET_BIND, slot + 1, "0.0.0.0").err, -ENOENT);
}

/* Requirements: IPS-53 */
static void test_options_of_a_programs_socket(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("0.0.0.0", 0, ENDPOINT_TWIN);
	struct order order = { .kind = ORDER_SOCKET_OPTION };

	need_root();
	p.protocol = 115;
	order.slot = open_endpoint(f->client, &p).endpoint.slot;
	order.option = (struct keeper_socket_option){ IPPROTO_IP, IP_TTL, 4, { 33 } };
	assert_int_equal(ask(f->client, &order).err, 0);
	order.option.option = IP_OPTIONS;
	assert_int_equal(ask(f->client, &order).err, -ENOPROTOOPT);
	order.option = (struct keeper_socket_option){ SOL_SOCKET, SO_BINDTODEVICE, 3, "lo" };
	assert_int_equal(ask(f->client, &order).err, 0);
	assert_int_equal(ask(f->client, &order).names.ifindex, 1);
	memcpy(order.option.value, "no", 3);
	assert_int_equal(ask(f->client, &order).err, -ENODEV);
	order.option.len = 400;
	assert_int_equal(ask(f->client, &order).err, -EINVAL);
}

static void check_names(int client)
{
	struct result r = make_device(client, "");

	assert_int_equal(r.err, 0);
	assert_string_equal(r.device.name, "l2tpeth0");
	assert_int_equal(r.device.mtu_bytes, 1446);
	assert_true(r.device.offloads & 7);
	assert_string_equal(make_device(client, "l2tpeth%d").device.name, "l2tpeth1");
	assert_string_equal(make_device(client, "wan0").device.name, "wan0");
	assert_int_equal(make_device(client, "wan0").err, -EEXIST);
	assert_int_equal(make_device(client, "lo").err, -EEXIST);
	assert_int_equal(make_device(client, ".").err, -EINVAL);
	assert_int_equal(make_device(client, "..").err, -EINVAL);
	assert_int_equal(make_device(client, "a/b").err, -EINVAL);
	assert_int_equal(make_device(client, "a:b").err, -EINVAL);
	assert_int_equal(make_device(client, "a b").err, -EINVAL);
	assert_int_equal(make_device(client, "a%d%d").err, -EINVAL);
	assert_int_equal(make_device(client, "a%s").err, -EINVAL);
	assert_int_equal(make_device(client, "a%").err, -EINVAL);
	assert_string_equal(make_device(client, "x%d").device.name, "x0");
}

/* Requirements: SES-20 */
static void test_device_names_in_another_namespace(void **state)
{
	struct fixture *f = *state;

	need_root();
	check_names(f->client);
	assert_true(interface_becomes(f->netns, "wan0", true, 0));
}

/* Requirements: SES-20 */
static void test_device_names_at_home(void **state)
{
	struct fixture *f = *state;
	AUTO_FD home = -1, client = -1;
	char path[40];

	need_root();
	snprintf(path, sizeof(path), "/proc/%d/ns/net", f->daemon.pid);
	home = open(path, O_RDONLY | O_CLOEXEC);
	client = test_connect_in(&f->daemon, home);
	check_names(client);
	assert_true(interface_becomes(home, "wan0", true, 0));
}

/* What SIOCGIF* says of an interface in a namespace. */
/* Requirements: PPP-81 */
static void test_ppp_device_is_as_ppps_are(void **state)
{
	struct fixture *f = *state;
	struct order order = { .kind = ORDER_PPP_DEVICE, .name = "ppp0" };
	const int flags = IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST;
	struct result r;
	struct ifreq asked;

	need_root();
	r = ask(f->client, &order);
	assert_int_equal(r.err, 0);
	assert_true(r.device.ppp);
	assert_true(r.device.offloads & 7);
	assert_int_equal(interface_asked(f->netns, "ppp0", SIOCGIFMTU).ifr_mtu, 1500);
	asked = interface_asked(f->netns, "ppp0", SIOCGIFHWADDR);
	assert_int_equal(asked.ifr_hwaddr.sa_family, ARPHRD_PPP);
	asked = interface_asked(f->netns, "ppp0", SIOCGIFFLAGS);
	assert_int_equal(asked.ifr_flags & (flags | IFF_UP), flags);
	assert_int_equal(ask(f->client, &order).err, -EEXIST);
	ask(f->client, &(struct order){ .kind = ORDER_DEVICE_REMOVE, .slot = r.device.slot });
	assert_true(interface_becomes(f->netns, "ppp0", false, 2000));
}

static void test_device_is_removed_at_once(void **state)
{
	struct fixture *f = *state;
	struct result r;

	need_root();
	r = make_device(f->client, "one");
	assert_int_equal(r.err, 0);
	ask(f->client, &(struct order){ .kind = ORDER_DEVICE_REMOVE, .slot = r.device.slot });
	assert_true(interface_becomes(f->netns, "one", false, 2000));
	assert_int_equal(make_device(f->client, "one").err, 0);
}

/* Requirements: TUN-42 */
static void test_name_is_free_when_removal_was_answered(void **state)
{
	struct fixture *f = *state;

	need_root();
	for (int i = 0; i < 5; i++) {
		struct result chosen = make_device(f->client, "");
		struct result given = make_device(f->client, "again");

		assert_string_equal(chosen.device.name, "l2tpeth0");
		assert_int_equal(given.err, 0);
		ask(f->client,
		    &(struct order){ .kind = ORDER_DEVICE_REMOVE, .slot = given.device.slot });
		ask(f->client,
		    &(struct order){ .kind = ORDER_DEVICE_REMOVE, .slot = chosen.device.slot });
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* How long it takes is printed; that they come and go is what is asserted. */
static void test_many_devices_come_and_go(void **state)
{
	enum { MANY = 500 };
	struct fixture *f = *state;
	static uint32_t slots[MANY];
	char last[IFNAMSIZ];
	double begin, made;

	need_root();
	begin = seconds();
	for (int i = 0; i < MANY; i++) {
		struct result r = make_device(f->client, "many%d");

		assert_int_equal(r.err, 0);
		slots[i] = r.device.slot;
		snprintf(last, sizeof(last), "%s", r.device.name);
	}
	made = seconds();
	for (int i = 0; i < MANY; i++)
		ask(f->client, &(struct order){ .kind = ORDER_DEVICE_REMOVE, .slot = slots[i] });
	assert_true(interface_becomes(f->netns, last, false, 30000));
	print_message("# %d devices: made in %.3f s, removed in %.3f s\n", MANY, made - begin,
	              seconds() - made);
}

static int connect_again(struct fixture *f)
{
	for (int i = 0; i < 100; i++) {
		struct order who = { .kind = ORDER_WHO };
		int client = test_connect_in(&f->daemon, f->netns);
		struct result r;

		if (client >= 0 && test_order(client, &who, &r))
			return client;
		if (client >= 0)
			close(client);
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	return -1;
}

static void test_next_engine_finds_what_the_last_one_had(void **state)
{
	struct fixture *f = *state;
	struct endpoint_params p = udp4("127.0.0.1", 5001, 0);
	struct result r;

	need_root();
	assert_int_equal(open_endpoint(f->client, &p).err, 0);
	assert_int_equal(make_device(f->client, "stays").err, 0);
	assert_false(test_order(f->client, &(struct order){ .kind = ORDER_CRASH }, &r));
	close(f->client);
	f->client = connect_again(f);
	assert_true(f->client >= 0);
	r = ask(f->client, &(struct order){ .kind = ORDER_RESUMED });
	assert_int_equal(r.count, 2);
	assert_int_equal(r.engines, 2);
	assert_true(interface_becomes(f->netns, "stays", true, 0));
	assert_int_equal(open_endpoint(f->client, &p).err, -EADDRINUSE);
}

static void test_engine_can_do_nothing_it_should_not(void **state)
{
	struct fixture *f = *state;

	need_root();
	assert_int_equal(ask(f->client, &(struct order){ .kind = ORDER_CONFINED }).err, 0);
	assert_int_equal(ask(f->client, &(struct order){ .kind = ORDER_REQUEST_RAW }).err, -ENOENT);
}

static void test_stopping_removes_devices_and_socket(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	need_root();
	assert_int_equal(make_device(f->client, "going").err, 0);
	kill(f->daemon.pid, SIGTERM);
	assert_true(interface_becomes(f->netns, "going", false, 5000));
	for (int i = 0; i < 500 && stat(f->daemon.path, &st) == 0; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	assert_int_equal(stat(f->daemon.path, &st), -1);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(test_client_is_known_by_the_namespace_of_its_socket),
		ONE(test_endpoint_errors_are_those_of_bind),
		ONE(test_unspecified_endpoint_chooses_a_port),
		ONE(test_bulk_sends_segments_from_the_same_port),
		ONE(test_ip_endpoints_of_both_families),
		ONE(test_route_answers_as_connect),
		ONE(test_device_has_the_mtu_of_its_path),
		ONE(test_socket_of_a_program_binds_and_connects),
		ONE(test_options_of_a_programs_socket),
		ONE(test_device_names_in_another_namespace),
		ONE(test_device_names_at_home),
		ONE(test_ppp_device_is_as_ppps_are),
		ONE(test_device_is_removed_at_once),
		ONE(test_name_is_free_when_removal_was_answered),
		ONE(test_many_devices_come_and_go),
		ONE(test_next_engine_finds_what_the_last_one_had),
		ONE(test_engine_can_do_nothing_it_should_not),
		ONE(test_stopping_removes_devices_and_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
