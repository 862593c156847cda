/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_test.c - libul2tp's PPP against a server that answers what the test wants: what is asked, and with what */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Behind those of the C library, which they know of. */
#include <linux/filter.h>
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>

#include <cmocka.h>

#include "client/fake_server.h"
#include "netlink/attribute.h"
#include "netlink/l2tp_family.h"
#include "netlink/ul2tp_ppp_message.h"
#include "ul2tp_ppp.h"

#define HANDLE        0x1122334455667788u
#define REQUESTS_KEPT 4

struct asked {
	uint8_t command;
	uint8_t kind;
	uint64_t handle;
	uint32_t ioctl, pid;
	size_t length; /* of the name, or of DATA */
	uint8_t octets[256];
	ino_t file; /* of the descriptor that came along */
};

struct fixture {
	struct asked asked[REQUESTS_KEPT]; /* the last ones, the latest first */
	unsigned int count;
	int error; /* of all but PPP_OPEN and PPP_CLOSE */
	bool without_handle;
	int end; /* the server's end of what was opened last */
	size_t answer_length;
	uint8_t answer[128];
	struct fake_server *server;
	struct ul2tp *u;
};

static void note(struct fixture *f, const struct fake_request *r)
{
	struct asked *a = f->asked;
	struct reader attributes = r->attributes;
	struct attribute at;
	struct stat st;

	memmove(a + 1, a, (REQUESTS_KEPT - 1) * sizeof(*a));
	*a = (struct asked){ .command = r->command };
	a->file = r->fd >= 0 && fstat(r->fd, &st) == 0 ? st.st_ino : 0;
	f->count++;
	while (attribute_next(&attributes, &at)) {
		if (at.type == UL2TP_ATTR_PPP_KIND)
			a->kind = read_u8(&at.value);
		else if (at.type == UL2TP_ATTR_PPP_HANDLE)
			a->handle = read_u64_host(&at.value);
		else if (at.type == UL2TP_ATTR_PPP_IOCTL)
			a->ioctl = read_u32_host(&at.value);
		else if (at.type == UL2TP_ATTR_PPP_PID)
			a->pid = read_u32_host(&at.value);
		else if (at.type == UL2TP_ATTR_NAME || at.type == UL2TP_ATTR_DATA) {
			a->length = read_left(&at.value);
			assert_true(a->length <= sizeof(a->octets));
			read_copy(&at.value, a->octets, a->length);
		}
	}
}

static void answer(struct fake_server *server, const struct fake_request *r, struct writer *w,
                   void *arg)
{
	struct fixture *f = arg;
	struct ul2tp_ppp_state_message state = {
		.data = reader_over(f->answer, f->answer_length),
	};
	const bool opening = r->command == UL2TP_CMD_PPP_OPEN;
	const bool closing = r->command == UL2TP_CMD_PPP_CLOSE;
	size_t start;

	(void)server;
	note(f, r);
	if (f->error && !opening && !closing) {
		fake_acknowledge(r, w, f->error, "because");
		return;
	}
	if (opening && r->fd >= 0) {
		close(f->end);
		f->end = fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
		state = (struct ul2tp_ppp_state_message){ .has_handle = !f->without_handle,
			                                  .handle = HANDLE };
	}
	start = fake_message_begin(r, w, r->command);
	ul2tp_ppp_state_put(w, &state);
	nl_message_end(w, start);
	fake_acknowledge(r, w, 0, NULL);
}

static int begin_with(void **state, bool with_ul2tp)
{
	static struct fixture f;
	struct ul2tp_error error = { 0 };

	f = (struct fixture){ .end = -1 };
	f.server = fake_server_start(with_ul2tp, answer, &f);
	if (ul2tp_connect(UL2TP_BACKEND_DAEMON, fake_server_path(f.server), &f.u, &error) < 0)
		fail_msg("%s", error.words);
	*state = &f;
	return 0;
}

static int begin(void **state)
{
	return begin_with(state, true);
}

static int begin_without_ul2tp(void **state)
{
	return begin_with(state, false);
}

static int end(void **state)
{
	struct fixture *f = *state;

	ul2tp_disconnect(f->u);
	fake_server_stop(f->server);
	close(f->end);
	return 0;
}

static void answer_int(struct fixture *f, uint32_t value)
{
	memcpy(f->answer, &value, sizeof(value));
	f->answer_length = sizeof(value);
}

/* The last request was this ioctl of the file, with these octets. */
static void assert_ioctl(const struct fixture *f, unsigned long number, const void *octets,
                         size_t length)
{
	const struct asked *a = f->asked;

	assert_int_equal(a->command, UL2TP_CMD_PPP_IOCTL);
	assert_int_equal(a->handle, HANDLE);
	assert_int_equal(a->ioctl, number);
	assert_int_equal(a->length, length);
	if (length)
		assert_memory_equal(a->octets, octets, length);
}

static void assert_ioctl_int(const struct fixture *f, unsigned long number, uint32_t value)
{
	assert_ioctl(f, number, &value, sizeof(value));
}

static void test_a_socket_is_one_end_of_a_pair(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp socket;
	char octets[8];

	assert_int_equal(ul2tp_ppp_socket(f->u, &socket), 0);
	assert_int_equal(f->asked->command, UL2TP_CMD_PPP_OPEN);
	assert_int_equal(f->asked->kind, UL2TP_PPP_SOCKET);
	assert_true(socket.handle == HANDLE);
	assert_true(fcntl(socket.fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(send(f->end, "\xc0\x21", 2, 0), 2);
	assert_int_equal(send(f->end, "x", 1, 0), 1);
	assert_int_equal(read(socket.fd, octets, sizeof(octets)), 2);
	assert_int_equal(read(socket.fd, octets, sizeof(octets)), 1);

	/* No copy of either end stays here: ul2tpd sees the last close. */
	ul2tp_ppp_close(f->u, &socket);
	assert_int_equal(f->asked->command, UL2TP_CMD_PPP_CLOSE);
	assert_true(f->asked->handle == HANDLE);
	assert_int_equal(socket.fd, -1);
	assert_int_equal(read(f->end, octets, sizeof(octets)), 0);
}

static void test_it_is_closed_without_a_connection_too(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp socket;
	char octet;

	assert_int_equal(ul2tp_ppp_socket(f->u, &socket), 0);
	ul2tp_ppp_close(NULL, &socket);
	assert_int_equal(f->count, 1);
	assert_int_equal(read(f->end, &octet, 1), 0);
}

static const struct ul2tp_ppp a_socket = { .handle = HANDLE, .fd = -1 };

static void test_connect_says_the_kernels_name(void **state)
{
	struct fixture *f = *state;
	const struct ul2tp_ppp_params p = { .size = sizeof(p),
		                            .tunnel_id = 1,
		                            .session_id = 2,
		                            .peer_tunnel_id = 3,
		                            .peer_session_id = 65535 };
	const struct sockaddr_pppol2tp wanted = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = -1,
		              .s_tunnel = 1,
		              .s_session = 2,
		              .d_tunnel = 3,
		              .d_session = 65535 },
	};

	assert_int_equal(ul2tp_ppp_connect(f->u, &a_socket, &p), 0);
	assert_int_equal(f->asked->command, UL2TP_CMD_PPP_CONNECT);
	assert_true(f->asked->handle == HANDLE);
	assert_int_equal(f->asked->pid, syscall(SYS_gettid));
	assert_int_equal(f->asked->length, sizeof(wanted));
	assert_memory_equal(f->asked->octets, &wanted, sizeof(wanted));
	assert_int_equal(f->asked->file, 0);
}

static void test_connect_to_ids_of_32_bits(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp_params p = { .size = sizeof(p), .tunnel_id = 1, .session_id = 65536 };
	const struct sockaddr_pppol2tpv3 wanted = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = -1, .s_tunnel = 1, .s_session = 65536 },
	};

	assert_int_equal(ul2tp_ppp_connect(f->u, &a_socket, &p), 0);
	assert_int_equal(f->asked->length, sizeof(wanted));
	assert_memory_equal(f->asked->octets, &wanted, sizeof(wanted));
	p.session_id = 5;
	p.version = 3;
	assert_int_equal(ul2tp_ppp_connect(f->u, &a_socket, &p), 0);
	assert_int_equal(f->asked->length, sizeof(wanted));
}

static void test_connect_takes_the_tunnels_socket_along(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp_params p = { .size = sizeof(p), .tunnel_id = 1, .has_fd = true };
	struct sockaddr_pppol2tp name;
	int pipes[2];
	struct stat st;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fstat(pipes[0], &st), 0);
	p.fd = pipes[0];
	assert_int_equal(ul2tp_ppp_connect(f->u, &a_socket, &p), 0);
	memcpy(&name, f->asked->octets, sizeof(name));
	assert_int_equal(name.pppol2tp.fd, pipes[0]);
	assert_true(f->asked->file == st.st_ino);
	assert_int_equal(fstat(pipes[0], &st), 0); /* still ours */
	close(pipes[0]);
	close(pipes[1]);
}

static void test_connect_asks_nothing_that_makes_no_sense(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp_params p = { .size = sizeof(p), .tunnel_id = 1, .version = 4 };

	assert_int_equal(ul2tp_ppp_connect(f->u, &a_socket, &p), -EINVAL);
	assert_string_equal(ul2tp_last_error(f->u)->argument, "version");
	p.version = 2;
	p.has_fd = true;
	p.tunnel_id = 65536;
	assert_int_equal(ul2tp_ppp_connect(f->u, &a_socket, &p), -EINVAL);
	assert_string_equal(ul2tp_last_error(f->u)->argument, "tunnel_id");
	assert_int_equal(f->count, 0);
}

static void test_a_channels_frames_are_moved(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp socket;
	struct stat st;
	uint32_t number;

	assert_int_equal(ul2tp_ppp_socket(f->u, &socket), 0);
	assert_int_equal(fstat(socket.fd, &st), 0);
	answer_int(f, 7);
	assert_int_equal(ul2tp_ppp_channel(f->u, &socket, &number), 0);
	assert_int_equal(number, 7);
	assert_ioctl(f, PPPIOCGCHAN, NULL, 0);
	assert_true(f->asked->file == st.st_ino);
	f->answer_length = 3;
	assert_int_equal(ul2tp_ppp_channel(f->u, &socket, &number), -EBADMSG);
	ul2tp_ppp_close(NULL, &socket);
}

static void test_files_are_opened_and_attached(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp file;
	uint32_t unit;
	char ifname[16];

	assert_int_equal(ul2tp_ppp_channel_open(f->u, 5, &file), 0);
	assert_int_equal(f->asked[1].command, UL2TP_CMD_PPP_OPEN);
	assert_int_equal(f->asked[1].kind, UL2TP_PPP_FILE);
	assert_ioctl_int(f, PPPIOCATTCHAN, 5);
	ul2tp_ppp_close(NULL, &file);
	assert_int_equal(ul2tp_ppp_unit_open(f->u, 6, &file), 0);
	assert_ioctl_int(f, PPPIOCATTACH, 6);
	ul2tp_ppp_close(NULL, &file);
	answer_int(f, 12);
	assert_int_equal(ul2tp_ppp_unit_add(f->u, -1, &file, &unit, ifname), 0);
	assert_ioctl_int(f, PPPIOCNEWUNIT, UINT32_MAX);
	assert_int_equal(unit, 12);
	assert_string_equal(ifname, "ppp12");
	ul2tp_ppp_close(NULL, &file);
	assert_int_equal(ul2tp_ppp_unit_add(f->u, 12, &file, NULL, NULL), 0);
	ul2tp_ppp_close(NULL, &file);
}

static void test_a_file_that_can_not_be_attached_is_closed(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp file = a_socket;
	char octet;

	f->error = -ENXIO;
	assert_int_equal(ul2tp_ppp_channel_open(f->u, 5, &file), -ENXIO);
	assert_int_equal(ul2tp_last_error(f->u)->code, -ENXIO);
	assert_non_null(strstr(ul2tp_last_error(f->u)->words, "because"));
	assert_int_equal(f->asked->command, UL2TP_CMD_PPP_CLOSE);
	assert_int_equal(read(f->end, &octet, 1), 0);
	assert_int_equal(file.fd, -1); /* as it was */
}

static void test_an_answer_without_a_handle(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp file;
	char octet;

	f->without_handle = true;
	assert_int_equal(ul2tp_ppp_socket(f->u, &file), -EBADMSG);
	assert_int_equal(read(f->end, &octet, 1), 0);
}

static void test_connecting_and_bridging(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ul2tp_ppp_unit_connect(f->u, &a_socket, 3), 0);
	assert_ioctl_int(f, PPPIOCCONNECT, 3);
	assert_int_equal(ul2tp_ppp_unit_disconnect(f->u, &a_socket), 0);
	assert_ioctl(f, PPPIOCDISCONN, NULL, 0);
	assert_int_equal(ul2tp_ppp_bridge(f->u, &a_socket, 4), 0);
	assert_ioctl_int(f, PPPIOCBRIDGECHAN, 4);
	assert_int_equal(ul2tp_ppp_unbridge(f->u, &a_socket), 0);
	assert_ioctl(f, PPPIOCUNBRIDGECHAN, NULL, 0);
	f->error = -EALREADY;
	assert_int_equal(ul2tp_ppp_bridge(f->u, &a_socket, 4), -EALREADY);
}

static void test_settings(void **state)
{
	static const struct npioctl np = { 0x57, NPMODE_DROP };
	struct fixture *f = *state;
	uint32_t value;

	assert_int_equal(ul2tp_ppp_set(f->u, &a_socket, UL2TP_PPP_FLAGS, SC_CCP_OPEN), 0);
	assert_ioctl_int(f, PPPIOCSFLAGS, SC_CCP_OPEN);
	assert_int_equal(ul2tp_ppp_set(f->u, &a_socket, UL2TP_PPP_MRU, 1400), 0);
	assert_ioctl_int(f, PPPIOCSMRU, 1400);
	assert_int_equal(ul2tp_ppp_set(f->u, &a_socket, UL2TP_PPP_MRRU, 1600), 0);
	assert_ioctl_int(f, PPPIOCSMRRU, 1600);
	assert_int_equal(ul2tp_ppp_set(f->u, &a_socket, UL2TP_PPP_VJ_SLOTS, 15), 0);
	assert_ioctl_int(f, PPPIOCSMAXCID, 15);
	answer_int(f, SC_CCP_UP);
	assert_int_equal(ul2tp_ppp_get(f->u, &a_socket, UL2TP_PPP_FLAGS, &value), 0);
	assert_ioctl(f, PPPIOCGFLAGS, NULL, 0);
	assert_int_equal(value, SC_CCP_UP);
	assert_int_equal(ul2tp_ppp_np_mode_set(f->u, &a_socket, 0x57, NPMODE_DROP), 0);
	assert_ioctl(f, PPPIOCSNPMODE, &np, sizeof(np));

	f->count = 0;
	assert_int_equal(ul2tp_ppp_get(f->u, &a_socket, UL2TP_PPP_MRU, &value), -EINVAL);
	assert_int_equal(ul2tp_ppp_set(f->u, &a_socket, (enum ul2tp_ppp_setting)9, 1), -EINVAL);
	assert_int_equal(ul2tp_ppp_get(f->u, &a_socket, (enum ul2tp_ppp_setting)9, &value),
	                 -EINVAL);
	assert_int_equal(f->count, 0);
}

static void test_filters_and_compressors(void **state)
{
	static const struct sock_filter program[] = { { BPF_RET | BPF_K, 0, 0, 1 } };
	static const uint8_t option[22] = { 18, 6, 1, 0, 0, 0x40, [21] = 9 };
	uint8_t wanted[sizeof(uint32_t) + sizeof(option)] = { 0 };
	struct fixture *f = *state;
	uint8_t longer[33] = { 18, 33 };

	assert_int_equal(ul2tp_ppp_filter_set(f->u, &a_socket, UL2TP_PPP_PASS, program, 1), 0);
	assert_ioctl(f, PPPIOCSPASS, program, sizeof(program));
	assert_int_equal(ul2tp_ppp_filter_set(f->u, &a_socket, UL2TP_PPP_ACTIVE, NULL, 0), 0);
	assert_ioctl(f, PPPIOCSACTIVE, NULL, 0);

	memcpy(wanted, &(uint32_t){ 1 }, sizeof(uint32_t));
	memcpy(wanted + sizeof(uint32_t), option, sizeof(option));
	assert_int_equal(ul2tp_ppp_compressor_set(f->u, &a_socket, true, option, sizeof(option)),
	                 0);
	assert_ioctl(f, PPPIOCSCOMPRESS, wanted, sizeof(wanted));
	f->count = 0;
	assert_int_equal(ul2tp_ppp_compressor_set(f->u, &a_socket, true, longer, sizeof(longer)),
	                 -EFAULT);
	assert_int_equal(
		ul2tp_ppp_filter_set(f->u, &a_socket, UL2TP_PPP_PASS, NULL, BPF_MAXINSNS + 1),
		-EINVAL);
	assert_int_equal(f->count, 0);
}

static void test_statistics(void **state)
{
	struct fixture *f = *state;
	struct ppp_stats kernels = {
		.p = { .ppp_ibytes = 1,
		       .ppp_ipackets = 2,
		       .ppp_ierrors = 3,
		       .ppp_obytes = 4,
		       .ppp_opackets = 5,
		       .ppp_oerrors = 6 },
	};
	const uint64_t idle[] = { 10, 20 };
	struct ul2tp_ppp_stats stats;
	uint64_t tx_s = 0, rx_s = 0;

	memcpy(f->answer, &kernels, sizeof(kernels));
	f->answer_length = sizeof(kernels);
	assert_int_equal(ul2tp_ppp_stats_get(f->u, &a_socket, &stats), 0);
	assert_ioctl(f, 0x89f0, NULL, 0);
	assert_int_equal(stats.rx_octets, 1);
	assert_int_equal(stats.rx_packets, 2);
	assert_int_equal(stats.rx_errors, 3);
	assert_int_equal(stats.tx_octets, 4);
	assert_int_equal(stats.tx_packets, 5);
	assert_int_equal(stats.tx_errors, 6);
	f->answer_length = 39;
	assert_int_equal(ul2tp_ppp_stats_get(f->u, &a_socket, &stats), -EBADMSG);

	memcpy(f->answer, idle, sizeof(idle));
	f->answer_length = sizeof(idle);
	assert_int_equal(ul2tp_ppp_idle_get(f->u, &a_socket, &tx_s, &rx_s), 0);
	assert_ioctl(f, PPPIOCGIDLE64, NULL, 0);
	assert_true(tx_s == 10 && rx_s == 20);
	f->answer_length = 8;
	assert_int_equal(ul2tp_ppp_idle_get(f->u, &a_socket, &tx_s, &rx_s), -EBADMSG);
}

static void test_a_server_without_the_family_has_no_ppp(void **state)
{
	struct fixture *f = *state;
	struct ul2tp_ppp file;

	assert_int_equal(ul2tp_ppp_socket(f->u, &file), -EOPNOTSUPP);
	assert_int_equal(ul2tp_ppp_unit_add(f->u, -1, &file, NULL, NULL), -EOPNOTSUPP);
	assert_int_equal(f->count, 0);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		WITH(test_a_socket_is_one_end_of_a_pair),
		WITH(test_it_is_closed_without_a_connection_too),
		WITH(test_connect_says_the_kernels_name),
		WITH(test_connect_to_ids_of_32_bits),
		WITH(test_connect_takes_the_tunnels_socket_along),
		WITH(test_connect_asks_nothing_that_makes_no_sense),
		WITH(test_a_channels_frames_are_moved),
		WITH(test_files_are_opened_and_attached),
		WITH(test_a_file_that_can_not_be_attached_is_closed),
		WITH(test_an_answer_without_a_handle),
		WITH(test_connecting_and_bridging),
		WITH(test_settings),
		WITH(test_filters_and_compressors),
		WITH(test_statistics),
		cmocka_unit_test_setup_teardown(test_a_server_without_the_family_has_no_ppp,
		                                begin_without_ul2tp, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
