/* SPDX-License-Identifier: BSD-2-Clause */
/* host_picture_test.c - what is seen of the host while interfaces go
 *
 * The test's recvfrom() lets one go after the first piece of an answer.
 */
#include "keeper/host_picture.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/monotonic.h"

#define DEVICES 600 /* whose disciplines are some pieces */

static bool goes; /* when the next piece has come */

ssize_t __real_recvfrom(int fd, void *octets, size_t room, int flags, struct sockaddr *from,
                        socklen_t *len);
ssize_t __wrap_recvfrom(int fd, void *octets, size_t room, int flags, struct sockaddr *from,
                        socklen_t *len);

static void do_(const char *command)
{
	assert_int_equal(system(command), 0);
}

ssize_t __wrap_recvfrom(int fd, void *octets, size_t room, int flags, struct sockaddr *from,
                        socklen_t *len)
{
	ssize_t n = __real_recvfrom(fd, octets, room, flags, from, len);
	const struct nlmsghdr *first = octets;

	if (n > 0 && goes && first->nlmsg_type == RTM_NEWQDISC) {
		goes = false;
		do_("ip link delete shaped1");
	}
	return n;
}

static void begin(struct host_picture *p, const struct own_programs *own, struct host_hooks *hooks)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	do_("for i in $(seq 600); do echo link add shaped$i type veth peer name other$i; "
	    "echo link set shaped$i up; done | ip -batch -");
	do_("for i in $(seq 600); do echo qdisc add dev shaped$i root pfifo limit 7; done | "
	    "tc -batch -");
	host_picture_open(p, own, hooks);
}

static void an_interface_that_goes_takes_no_other_along(void **state)
{
	struct own_programs own = { 0 };
	struct host_hooks hooks = { 0 };
	struct host_picture p;
	char name[IFNAMSIZ];

	begin(&p, &own, &hooks);
	goes = true;
	host_picture_refresh(&p, monotonic_ms());
	assert_false(goes);
	for (unsigned int i = 2; i <= DEVICES; i++) {
		const struct host_device *device;

		snprintf(name, sizeof(name), "shaped%u", i);
		device = host_device_get(&p.devices, (int)if_nametoindex(name), true);
		assert_non_null(device);
		if (!device->root)
			fail_msg("what %s has is not seen", name);
	}
	host_picture_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interface_that_goes_takes_no_other_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
