/* SPDX-License-Identifier: BSD-2-Clause */
/* bequest_test.c - numbers and descriptors from one keeper to the next, and what is no such */
#include "keeper/bequest.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "keeper/slots.h"

static const struct socket_kind seqpacket = { .family = AF_UNIX, .type = SOCK_SEQPACKET };

static struct inheritance over(const struct bequest *b)
{
	return (struct inheritance){ .reader = reader_over(b->octets, b->len) };
}

static int socket_of(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(fd > STDERR_FILENO);
	return fd;
}

static void test_what_is_left_is_inherited(void **state)
{
	union address address = { .v4 = { .sin_family = AF_INET, .sin_port = 1701 } }, same;
	struct bequest b = { 0 };
	struct inheritance i;
	int fd = socket_of(SOCK_SEQPACKET);
	char octets[4000] = "many", more[sizeof(octets)];

	leave_u32(&b, 7);
	leave_u64(&b, 1ull << 40);
	leave_fd(&b, fd);
	leave_fd(&b, -1);
	leave_u32(&b, 1);
	leave_bytes(&b, octets, sizeof(octets));
	leave_bytes(&b, &address, sizeof(address));
	assert_false(b.failed);
	assert_int_equal(bequest_bind(&b, true), 0);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	i = over(&b);
	assert_int_equal(inherit_u32(&i), 7);
	assert_true(inherit_u64(&i) == 1ull << 40);
	assert_int_equal(inherit_socket(&i, &seqpacket), fd);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(inherit_fd(&i), -1);
	assert_true(inherit_bool(&i));
	inherit_bytes(&i, more, sizeof(more));
	assert_memory_equal(octets, more, sizeof(more));
	inherit_address(&i, &same);
	assert_memory_equal(&address, &same, sizeof(same));
	assert_false(inherit_failed(&i));
	assert_int_equal(inherit_u32(&i), 0);
	assert_true(inherit_failed(&i));
	close(fd);
	bequest_release(&b);
}

/* Left as @number, with or without having been bound. What is inherited of it; -1 goes with a failure. */
static int inherited(int number, bool bind, const struct socket_kind *kind)
{
	struct bequest b = { 0 };
	struct inheritance i;
	int fd;

	if (bind)
		assert_int_equal(fcntl(number, F_SETFD, 0), 0);
	leave_u32(&b, (uint32_t)number);
	i = over(&b);
	fd = kind ? inherit_socket(&i, kind) : inherit_fd(&i);
	assert_int_equal(fd < 0, inherit_failed(&i));
	bequest_release(&b);
	return fd;
}

static void test_a_descriptor_is_nobody_elses(void **state)
{
	int fd = socket_of(SOCK_SEQPACKET);

	/* One that this process opened itself, or has inherited already. */
	assert_int_equal(inherited(fd, false, NULL), -1);
	assert_int_equal(inherited(fd, true, NULL), fd);
	assert_int_equal(inherited(fd, false, NULL), -1);
	assert_int_equal(inherited(STDERR_FILENO, false, NULL), -1);
	assert_int_equal(inherited(-7, false, NULL), -1);
	close(fd);
	assert_int_equal(inherited(fd, false, NULL), -1);
}

static void test_another_kind_of_descriptor_is_closed(void **state)
{
	const struct socket_kind elsewhere = { .family = AF_UNIX, .netns = UINT64_MAX };
	const struct socket_kind udp = { .family = AF_INET };
	int fds[] = { socket_of(SOCK_DGRAM), memfd_create("file", MFD_CLOEXEC),
		      socket_of(SOCK_SEQPACKET), socket_of(SOCK_SEQPACKET) };
	const struct socket_kind *kinds[] = { &seqpacket, &seqpacket, &elsewhere, &udp };

	for (size_t n = 0; n < ARRAY_SIZE(fds); n++) {
		assert_int_equal(inherited(fds[n], true, kinds[n]), -1);
		assert_int_equal(fcntl(fds[n], F_GETFD), -1);
	}
}

static void test_a_file_of_another_type_is_refused(void **state)
{
	const mode_t types[] = { S_IFREG, S_IFIFO, S_IFREG };
	const dev_t devices[] = { 0, 0, 12345 };

	for (size_t n = 0; n < ARRAY_SIZE(types); n++) {
		int fd = memfd_create("file", 0);
		struct bequest b = { 0 };
		struct inheritance i;

		leave_fd(&b, fd);
		i = over(&b);
		assert_int_equal(inherit_file(&i, types[n], devices[n]), n ? -1 : fd);
		assert_int_equal(inherit_failed(&i), n > 0);
		if (n == 0)
			close(fd);
		bequest_release(&b);
	}
}

static pid_t child(pid_t pid)
{
	struct bequest b = { 0 };
	struct inheritance i;
	pid_t got;

	leave_u32(&b, (uint32_t)pid);
	i = over(&b);
	got = inherit_child(&i);
	assert_int_equal(inherit_failed(&i), pid && !got);
	bequest_release(&b);
	return got;
}

static void test_a_process_is_a_child(void **state)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(child(pid), pid);
	kill(pid, SIGKILL);
	assert_int_equal(child(pid), pid);
	waitpid(pid, NULL, 0);
	assert_int_equal(child(pid), 0);
	assert_int_equal(child(1), 0);
	assert_int_equal(child(0), 0);
	assert_int_equal(child(-1), 0);
}

static void test_numbers_that_are_none(void **state)
{
	const union address unix_address = { .any.sa_family = AF_UNIX };
	struct bequest b = { 0 };
	struct inheritance i;
	union address address;

	leave_u32(&b, 2);
	i = over(&b);
	assert_false(inherit_bool(&i));
	assert_true(inherit_failed(&i));
	b.len = 0;
	leave_bytes(&b, &unix_address, sizeof(unix_address));
	i = over(&b);
	inherit_address(&i, &address);
	assert_true(inherit_failed(&i));
	bequest_release(&b);
}

static void test_places_are_taken_by_number(void **state)
{
	struct slots s = { .max = 100 };
	char objects[3];
	uint32_t slot;

	assert_int_equal(slots_put(&s, &objects[0], 99), 0);
	assert_int_equal(slots_put(&s, &objects[1], 0), 0);
	assert_int_equal(slots_put(&s, &objects[2], 99), -EEXIST);
	assert_int_equal(slots_put(&s, &objects[2], 100), -ENFILE);
	assert_int_equal(slots_put(&s, &objects[2], UINT32_MAX), -ENFILE);
	assert_ptr_equal(slots_get(&s, 99), &objects[0]);
	assert_int_equal(slots_add(&s, &objects[2], &slot), 0);
	assert_int_equal(slot, 1);
	assert_int_equal(s.used, 3);
	free(s.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_left_is_inherited),
		cmocka_unit_test(test_a_descriptor_is_nobody_elses),
		cmocka_unit_test(test_another_kind_of_descriptor_is_closed),
		cmocka_unit_test(test_a_file_of_another_type_is_refused),
		cmocka_unit_test(test_a_process_is_a_child),
		cmocka_unit_test(test_numbers_that_are_none),
		cmocka_unit_test(test_places_are_taken_by_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
