/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_ioctl_fuzz.c - what programs ask of their PPPoL2TP sockets and files of /dev/ppp, octet by octet as it comes to ul2tpd,
 * and what they and their peers send meanwhile
 *
 * The input is a number of calls on the files of records_fixture.h, and on some that are on nothing yet: each an octet with the
 * call, one with the file, one with the ioctl, option or tunnel, one with the length of what follows, and that: the argument, the
 * frame, or what UDP carried. Whatever was asked and came, the next engine takes it up from the records, and no descriptor is left.
 *
 * All is sent in a network namespace of its own; without the right to make one, neither frames nor packets come.
 */
#include <assert.h>
#include <linux/ppp-ioctl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/open_descriptors.h"
#include "path/dataplane_private.h"
#include "path/fake_keeper.h"
#include "path/ppp_adopt.h"
#include "path/ppp_socket.h"
#include "path/receive.h"
#include "path/records_fixture.h"

#define CALLS_MAX  32
#define ANSWER_MAX 2048 /* as in ppp_service.c */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum call { IOCTL, OPTION_SET, OPTION_GET, CONNECT, NAME, CLOSE, PACKET, FRAME, CALLS };

static const uint32_t ioctls[] = {
	PPPIOCNEWUNIT,    PPPIOCATTACH,       PPPIOCATTCHAN, PPPIOCCONNECT,    PPPIOCDISCONN,
	PPPIOCBRIDGECHAN, PPPIOCUNBRIDGECHAN, PPPIOCDETACH,  PPPIOCSFLAGS,     PPPIOCGFLAGS,
	PPPIOCSMRU,       PPPIOCGMRU,         PPPIOCSMRRU,   PPPIOCSDEBUG,     PPPIOCGDEBUG,
	PPPIOCSMAXCID,    PPPIOCSNPMODE,      PPPIOCGNPMODE, PPPIOCSCOMPRESS,  PPPIOCSPASS,
	PPPIOCSACTIVE,    PPPIOCGUNIT,        PPPIOCGCHAN,   PPPIOCGL2TPSTATS, SIOCGPPPSTATS,
	SIOCGPPPVER,      SIOCGPPPCSTATS,     PPPIOCGIDLE32, PPPIOCGIDLE64,
};

static struct records *records;
static bool alone; /* in a network namespace of its own */

static void ask_ioctl(struct ppp_file *f, uint8_t which, struct reader in)
{
	const struct ppp_caller caller = {
		.netns = f->netns, .admin = true, .pid = 1, .process = "fuzzed"
	};
	uint32_t number = which < ARRAY_SIZE(ioctls) ? ioctls[which] : read_u32_host(&in);
	uint8_t octets[ANSWER_MAX];
	struct writer out = writer_over(octets, sizeof(octets));
	struct extack ea = { 0 };

	if (in.failed)
		return;
	if (f->is_socket)
		ppp_socket_ioctl(f, number, -1, in, &out, &ea);
	else
		ppp_file_ioctl(f, &caller, number, in, &out, &ea);
	assert(!out.failed && memchr(ea.text, '\0', sizeof(ea.text)));
}

static void connect_to(struct ppp_file *f, struct reader name)
{
	const struct ppp_caller caller = {
		.netns = f->netns, .admin = true, .pid = 1, .process = "fuzzed"
	};
	struct extack ea = { 0 };

	ppp_socket_connect(f, &caller, name, 1, -1, &ea);
}

struct arrival {
	struct letter letter;
	struct intake *in;
	const uint8_t *octets;
	size_t len;
};

static void open_arrival(struct letter *letter)
{
	struct arrival *a = container_of(letter, struct arrival, letter);

	receive_begin(a->in->worker);
	receive_diverted(a->in, a->octets, a->len, 0);
	receive_end(a->in->worker);
}

/* From the peer of the tunnel with this number. */
static void arrive(struct dataplane *dp, uint8_t number, struct reader packet)
{
	struct netns *ns = dataplane_netns_find(dp, (struct netns_id){ FAKE_NETNS });
	struct tunnel *t = ns ? netns_tunnel_from(ns, number % FIXTURE_TUNNELS) : NULL;
	struct arrival a = { .letter.open = open_arrival, .len = read_left(&packet) };
	AUTO_MEMORY uint8_t *octets = malloc(a.len + !a.len); /* exactly: a step too far is seen */

	assert(octets);
	if (!t || !alone)
		return;
	__atomic_store_n(&t->record->peer_check, UL2TP_PEER_CHECK_IDS, __ATOMIC_RELAXED);
	a.in = t->endpoint->intake;
	read_copy(&packet, octets, a.len);
	a.octets = octets;
	mailbox_post_wait(&a.in->worker->mailbox, &a.letter);
}

static void write_frame(struct dataplane *dp, uint8_t file, struct reader frame)
{
	if (!alone)
		return;
	send(fake_keeper_far_end(dp->keeper, file), frame.at, read_left(&frame),
	     MSG_DONTWAIT | MSG_NOSIGNAL);
	dataplane_wait(dp);
}

static void ask(struct dataplane *dp, struct reader *r)
{
	uint8_t call = read_u8(r) % CALLS, file = read_u8(r), which = read_u8(r);
	size_t len = read_u8(r);
	uint8_t name[PPP_NAME_MAX];
	struct extack ea = { 0 };
	struct reader argument;
	struct ppp_file *f;
	int value;

	argument = read_sub(r, len < read_left(r) ? len : read_left(r));
	if (call == PACKET)
		arrive(dp, which, argument);
	else if (call == FRAME)
		write_frame(dp, file % FAKE_FILES, argument);
	if (ppp_file_find(dp, file % FAKE_FILES + 1, &f, &ea) < 0)
		return;
	if (call == IOCTL)
		ask_ioctl(f, which, argument);
	else if (call == CLOSE)
		ppp_file_free(f);
	else if (!f->is_socket || call >= PACKET)
		return;
	else if (call == OPTION_SET)
		ppp_socket_option_set(f, which, argument, &ea);
	else if (call == OPTION_GET)
		ppp_socket_option_get(f, which, &value, &ea);
	else if (call == CONNECT)
		connect_to(f, argument);
	else
		assert(ppp_socket_name(f, name, &ea) <= PPP_NAME_MAX);
}

/* An engine that takes up what the records say, is asked @r, and ends; the records stay as it had them. */
static void serve(struct reader *r)
{
	const struct dataplane_options options = { .workers = 1 };
	const size_t size = records_size(FIXTURE_TUNNELS, FIXTURE_SESSIONS);
	AUTO_MEMORY void *left = malloc(size);
	struct keeper *keeper = fake_keeper_new();
	const struct keeper_start start = { .keeper = keeper, .records = records };
	struct loop *files = loop_new();
	struct dataplane *dp;

	assert(left && files && dataplane_new(&start, &options, &dp) == 0);
	assert(ppp_adopt(dp, files) == 0);
	for (int i = 0; i < CALLS_MAX && read_left(r) > 0; i++)
		ask(dp, r);
	memcpy(left, records, size);
	ppp_files_close(dp);
	dataplane_free(dp);
	loop_free(files);
	fake_keeper_free(keeper);
	memcpy((void *)records, left, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_over(data, size), nothing = reader_over(data, 0);
	unsigned int before;

	if (!records) {
		records = aligned_alloc(64, records_size(FIXTURE_TUNNELS, FIXTURE_SESSIONS));
		assert(records);
		log_level_set(LOG_EMERG);
		alone = unshare(CLONE_NEWNET) == 0;
	}
	records_fixture_fill(records);
	before = open_descriptors();
	serve(&r);
	serve(&nothing);
	assert(open_descriptors() == before);
	return 0;
}
