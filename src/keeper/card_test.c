/* SPDX-License-Identifier: BSD-2-Clause */
/* card_test.c - a card that could not be asked does not vouch, nor does it not */
#include "keeper/card.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void one_that_could_not_be_asked(void **state)
{
	AUTO_FD fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(card_vouches(fd, "lo") >= 0);
	assert_int_equal(card_vouches(fd, "none-so-named"), -ENODEV);
	assert_int_equal(card_vouches(-EMFILE, "lo"), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_could_not_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
