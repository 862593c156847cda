/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_decide_test.c - what deciding leaves behind where it can not ask the host: a session on a socket that is closed */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "keeper/fast_path_private.h"
#include "keeper/records.h"
#include "keeper/server.h"

struct host {
	struct server server;
	struct records *records;
	struct fast_path fast;
	struct fast_session session;
	struct endpoint endpoint;
	struct device device;
};

static struct host *host_new(void)
{
	struct host *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	h->server.fast = &h->fast;
	h->records = calloc(1, records_size(1, 1));
	assert_non_null(h->records);
	h->records->max_tunnels = h->records->max_sessions = 1;
	h->server.session_records = records_session(h->records, 0);
	h->server.endpoints.max = h->server.devices.max = 1;
	h->endpoint.about.fd = -1;
	assert_int_equal(slots_add(&h->server.endpoints, &h->endpoint, &h->session.wish.endpoint),
	                 0);
	assert_int_equal(slots_add(&h->server.devices, &h->device, &h->session.wish.device), 0);
	list_init(&h->fast.queue);
	list_append(&h->fast.queue, &h->session.in_queue);
	fast_reason_set(&h->server, &h->session, FAST_USED);
	return h;
}

static void host_free(struct host *h)
{
	free(h->server.endpoints.at);
	free(h->server.devices.at);
	free(h->records);
	free(h);
}

static enum fast_reason reason_of(const struct host *h)
{
	return atomic_load(&h->server.session_records[0].fast_reason);
}

/* Who has been decided waits for nothing: the next doubt would not be one of a moment ago. */
static void test_who_is_decided_leaves_its_queue(void **state)
{
	struct host *h = host_new();

	fast_decide(&h->server, &h->session);
	assert_true(list_empty(&h->fast.queue));
	assert_true(list_empty(&h->session.in_queue));
	assert_int_equal(reason_of(h), FAST_MANAGED);
	host_free(h);
}

/* Its namespace was entered by the socket of another. */
static void test_who_has_no_socket_is_shut(void **state)
{
	struct host *h = host_new();
	int number;

	assert_false(fast_decide_here(&h->server, &h->session, 0, &number));
	assert_int_equal(reason_of(h), FAST_MANAGED);
	host_free(h);
}

/* Only an engine that is no longer ours would write there: the keeper finds the record where it was. */
static void test_sizes_that_an_engine_wrote_are_not_believed(void **state)
{
	struct host *h = host_new();

	h->records->max_tunnels = UINT32_MAX / 2;
	h->records->max_sessions = 0;
	fast_reason_set(&h->server, &h->session, FAST_IDLE);
	h->records->max_tunnels = h->records->max_sessions = 1;
	assert_int_equal(atomic_load(&records_session(h->records, 0)->fast_reason), FAST_IDLE);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_decided_leaves_its_queue),
		cmocka_unit_test(test_who_has_no_socket_is_shut),
		cmocka_unit_test(test_sizes_that_an_engine_wrote_are_not_believed),
	};

	return cmocka_run_group_tests_name("fast_path_decide", tests, NULL, NULL);
}
