/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ip_socket_message_test.c - requests about a program's L2TP/IP socket, written and read */
#include "netlink/test_octets.h"

#include <errno.h>
#include <sys/socket.h>

#include "netlink/ul2tp_ip_socket_message.h"

static struct test_request t;

/* Reads what was written as the server would: strictly. */
static int as_request(uint8_t number, const struct writer *w, struct ul2tp_request *r)
{
	assert_false(w->failed);
	test_request_begin(&t, UL2TP_FAMILY_ID, NLM_F_REQUEST, number);
	write_bytes(&t.w, w->start, write_len(w));
	test_request_end(&t);
	return ul2tp_request_read(&t.message, &ul2tp_family.commands[number - 1], t.attributes, r,
	                          NULL);
}

static void assert_octets(struct reader r, const char *expected)
{
	assert_int_equal(read_left(&r), strlen(expected));
	assert_memory_equal(r.at, expected, strlen(expected));
}

static void open_is_written_and_read(void **state)
{
	const struct ul2tp_ip_socket_open o = { AF_INET6, 40000, UINT64_C(0x1234567890) };
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_ip_socket_open back;
	struct ul2tp_request r;

	ul2tp_ip_socket_open_put(&w, &o);
	assert_int_equal(as_request(UL2TP_CMD_IPSOCKET_OPEN, &w, &r), 0);
	back = ul2tp_ip_socket_open_read(&r);
	assert_int_equal(back.family, o.family);
	assert_int_equal(back.port, o.port);
	assert_int_equal(back.cookie, o.cookie);
}

static void send_is_written_and_read(void **state)
{
	const struct ul2tp_ip_socket_send s = { .name = reader_over("name", 4),
		                                .data = reader_over("message", 7),
		                                .flags = MSG_OOB };
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_ip_socket_send back;
	struct ul2tp_request r;

	ul2tp_ip_socket_send_put(&w, &s);
	assert_int_equal(as_request(UL2TP_CMD_IPSOCKET_SEND, &w, &r), 0);
	back = ul2tp_ip_socket_send_read(&r);
	assert_octets(back.name, "name");
	assert_octets(back.data, "message");
	assert_octets(back.control, "");
	assert_int_equal(back.flags, MSG_OOB);
}

/* Requirements: IPS-40 */
static void a_message_of_no_octets_can_be_sent(void **state)
{
	const struct ul2tp_ip_socket_send s = { .data = reader_over("", 0) };
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_request r;

	ul2tp_ip_socket_send_put(&w, &s);
	assert_int_equal(as_request(UL2TP_CMD_IPSOCKET_SEND, &w, &r), 0);
	assert_octets(ul2tp_ip_socket_send_read(&r).data, "");
}

static void option_is_written_and_read(void **state)
{
	const struct ul2tp_ip_socket_option o = { SOL_SOCKET, SO_BINDTODEVICE,
		                                  reader_over("eth0", 4) };
	uint8_t room[256];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_ip_socket_option back;
	struct ul2tp_request r;

	ul2tp_ip_socket_option_put(&w, &o);
	assert_int_equal(as_request(UL2TP_CMD_IPSOCKET_OPTION_SET, &w, &r), 0);
	back = ul2tp_ip_socket_option_read(&r);
	assert_int_equal(back.level, SOL_SOCKET);
	assert_int_equal(back.option, SO_BINDTODEVICE);
	assert_octets(back.value, "eth0");
	w = writer_over(room, sizeof(room));
	ul2tp_ip_socket_option_put(
		&w, &(struct ul2tp_ip_socket_option){ 1, 2, reader_over("seventeen octets.", 17) });
	assert_int_equal(as_request(UL2TP_CMD_IPSOCKET_OPTION_SET, &w, &r), -EINVAL);
}

static void state_is_written_and_read(void **state)
{
	const struct ul2tp_ip_socket_state
		s = { .name = reader_over("here", 4),
		      .peer_name = reader_over("there", 5),
		      .connected = 1,
		      .accounts.counters = {
			      [UL2TP_COUNTER_RX_PACKETS] = 7, [UL2TP_COUNTER_TX_PACKETS] = 8 } };
	uint8_t room[512];
	struct writer w = writer_over(room, sizeof(room));
	struct ul2tp_ip_socket_state back;

	ul2tp_ip_socket_state_put(&w, &s);
	assert_int_equal(ul2tp_ip_socket_state_read(reader_over(room, write_len(&w)), &back), 0);
	assert_octets(back.name, "here");
	assert_octets(back.peer_name, "there");
	assert_int_equal(back.connected, 1);
	assert_int_equal(back.accounts.counters[UL2TP_COUNTER_RX_PACKETS], 7);
	assert_int_equal(back.accounts.counters[UL2TP_COUNTER_TX_PACKETS], 8);
	assert_int_equal(ul2tp_ip_socket_state_read(reader_over(room, 0), &back), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_is_written_and_read),
		cmocka_unit_test(send_is_written_and_read),
		cmocka_unit_test(a_message_of_no_octets_can_be_sent),
		cmocka_unit_test(option_is_written_and_read),
		cmocka_unit_test(state_is_written_and_read),
	};

	return cmocka_run_group_tests_name("ul2tp_ip_socket_message", tests, NULL, NULL);
}
