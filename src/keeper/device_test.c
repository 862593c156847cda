/* SPDX-License-Identifier: BSD-2-Clause */
/* device_test.c - interfaces that the keeper makes: names, MTU, and that they go */
#include "keeper/keeper_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if_arp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"

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
	struct keeper_fixture *f = *state;
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
	struct keeper_fixture *f = *state;

	need_root();
	check_names(f->client);
	assert_true(interface_becomes(f->netns, "wan0", true, 0));
}

/* Requirements: SES-20 */
static void test_device_names_at_home(void **state)
{
	struct keeper_fixture *f = *state;
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
	struct keeper_fixture *f = *state;
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
	struct keeper_fixture *f = *state;
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
	struct keeper_fixture *f = *state;

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
	struct keeper_fixture *f = *state;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KEEPER(test_device_has_the_mtu_of_its_path),
		WITH_KEEPER(test_device_names_in_another_namespace),
		WITH_KEEPER(test_device_names_at_home),
		WITH_KEEPER(test_ppp_device_is_as_ppps_are),
		WITH_KEEPER(test_device_is_removed_at_once),
		WITH_KEEPER(test_name_is_free_when_removal_was_answered),
		WITH_KEEPER(test_many_devices_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
