/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_file.c - see ppp_file.h and ppp_stand_in.h */
#include "launcher/ppp_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/ppp-ioctl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launcher/caller.h"
#include "launcher/netns_socket.h"
#include "launcher/ppp_argument.h"
#include "launcher/ppp_stand_in.h"
#include "process/process.h"

#define PROTOCOL_LEN 2
#define PROTOCOL_LCP 0xc021
#define LCP_LEN_MIN  6

static struct ppp_stand_in *of(struct object *o)
{
	return (struct ppp_stand_in *)o;
}

/* PPP-23 */
static int64_t file_write(struct trap *t, struct object *o, const struct outgoing *m)
{
	struct ppp_answer answer;
	int state = UL2TP_PPP_ON_CHANNEL; /* or on a unit: that is the same here */

	if (!ppp_stand_in_is_alive(t, of(o)))
		state = ppp_stand_in_state(t, of(o), &answer);
	if (state < 0 || state == UL2TP_PPP_NEW)
		return state < 0 ? state : -ENXIO;
	if (m->len < PROTOCOL_LEN ||
	    (m->len < LCP_LEN_MIN && (m->octets[0] << 8 | m->octets[1]) == PROTOCOL_LCP))
		return -EINVAL;
	return state == UL2TP_PPP_DEAD ? (int64_t)m->len : SEND_NATIVE;
}

static uint32_t int_of(const void *octets, size_t len)
{
	uint32_t value = 0;

	memcpy(&value, octets, len < sizeof(value) ? len : sizeof(value));
	return value;
}

/* -errno: it is on none */
static int unit_of(struct trap *t, struct object *o, uint32_t *ret)
{
	struct ppp_answer answer;
	int err = ppp_stand_in_ask(t, of(o), UL2TP_CMD_PPP_IOCTL,
	                           (struct ul2tp_ppp_request){ .ioctl = PPPIOCGUNIT }, -1, &answer);

	if (err == 0)
		*ret = int_of(answer.data, answer.data_len);
	return err;
}

static void take_out_end(struct trap *t, struct object *o, int number, uint32_t unit)
{
	AUTO_FD fd = trap_descriptor_of(t, o, number);
	uint32_t its_unit;

	if (fd >= 0 && ppp_stand_in_says_end(fd) && unit_of(t, o, &its_unit) == 0 &&
	    its_unit == unit)
		ppp_stand_in_not_empty(fd);
}

/* Of all the unit's files that the program has in the range: what said end of file while the unit had no channel. */
static void take_out_ends(struct trap *t, uint32_t unit)
{
	int numbers[PPP_PLACES_MAX];
	const unsigned int count = trap_files_on_unit(t, unit, numbers);

	for (unsigned int i = 0; i < count; i++) {
		struct object *o = trap_object(t, numbers[i]);

		if (o && o->ops == ppp_file_ops())
			take_out_end(t, o, numbers[i], unit);
		if (o)
			object_put(&t->launcher->objects, o);
	}
}

/* Reads wait now, though no channel came (PPP-41). */
static void take_out_own_ends(struct trap *t, struct object *o)
{
	uint32_t unit;

	if (unit_of(t, o, &unit) == 0)
		take_out_ends(t, unit);
}

/* The kernel looks at an argument only when the ioctl means something to the file. Whether it does is asked of ul2tpd
 * without an argument, which it never takes; those with more than an int are a unit's own, like PPPIOCSMRU. */
static int bad_argument(struct trap *t, struct object *o, uint32_t number, int why)
{
	const bool is_units = number != PPPIOCNEWUNIT && number != PPPIOCATTACH &&
	                      number != PPPIOCATTCHAN && number != PPPIOCCONNECT &&
	                      number != PPPIOCBRIDGECHAN;
	struct ppp_answer answer;
	int err = ppp_stand_in_ask(
		t, of(o), UL2TP_CMD_PPP_IOCTL,
		(struct ul2tp_ppp_request){ .ioctl = is_units ? PPPIOCSMRU : number }, -1, &answer);

	return err < 0 && err != -EFAULT ? err : why;
}

static int file_ask(struct trap *t, struct object *o, uint32_t number)
{
	struct ppp_argument argument;
	const int file = (int)trap_argument(t, 0);
	struct ppp_answer answer;
	int err = ppp_argument_read(t, number, &argument);
	uint32_t unit;

	if (err < 0)
		err = bad_argument(t, o, number, err);
	else
		err = ppp_stand_in_ask(
			t, of(o), UL2TP_CMD_PPP_IOCTL,
			(struct ul2tp_ppp_request){ .ioctl = number, .data = argument.octets }, -1,
			&answer);
	unit = int_of(argument.octets.at, err < 0 ? 0 : read_left(&argument.octets));
	ppp_argument_release(&argument);
	if (err < 0)
		return err;
	if (number == PPPIOCCONNECT)
		take_out_ends(t, unit);
	else if (number == PPPIOCSFLAGS && unit & SC_LOOP_TRAFFIC)
		take_out_own_ends(t, o);
	else if (number == PPPIOCATTACH)
		trap_note_unit(t, file, unit);
	else if (number == PPPIOCNEWUNIT)
		trap_note_unit(t, file, int_of(answer.data, answer.data_len));
	return trap_write(t, trap_argument(t, 2), answer.data, answer.data_len);
}

static void file_ioctl(struct trap *t, struct object *o)
{
	trap_result(t, file_ask(t, o, (uint32_t)trap_argument(t, 1)));
}

static void not_a_socket(struct trap *t, struct object *o)
{
	trap_fail(t, -ENOTSOCK);
}

/* To the program it is no socket. */
static int any_file(struct object *o)
{
	return fcntl(of(o)->launcher->home_netns, F_DUPFD_CLOEXEC, 0);
}

static const struct object_ops file_ops = {
	.name = "/dev/ppp",
	.ppp = true,
	.is_file = true,
	.send = file_write,
	.receive = ppp_stand_in_receive,
	.bind = not_a_socket,
	.connect = not_a_socket,
	.getsockname = not_a_socket,
	.getpeername = not_a_socket,
	.setsockopt = not_a_socket,
	.getsockopt = not_a_socket,
	.shutdown = not_a_socket,
	.listen = not_a_socket,
	.ioctl = file_ioctl,
	.for_tunnel = any_file,
	.is_gone = ppp_stand_in_is_gone,
	.free = ppp_stand_in_free,
};

const struct object_ops *ppp_file_ops(void)
{
	return &file_ops;
}

/* A capability of the user namespace that we are in, too. */
static bool overrides(const struct trap *t, const struct process_credentials *who)
{
	return who->effective >> CAP_DAC_OVERRIDE & 1 &&
	       who->userns == t->launcher->home_userns_number;
}

/* PPP-1: a file of mode 0600 that root owns, which a capability over other users does not open; and then
 * CAP_NET_ADMIN in the opener's own user namespace is enough. -errno */
static int may_open(const struct trap *t)
{
	struct process_credentials who;

	if (caller_credentials(t, &who) < 0)
		return -EACCES;
	if (who.euid != 0 && !overrides(t, &who))
		return -EACCES;
	return who.effective >> CAP_NET_ADMIN & 1 ? 0 : -EPERM;
}

/* What a device that is there can not be, which is found before anybody's rights are looked at. -errno */
static int refuse_flags(uint64_t flags)
{
	if (flags & O_DIRECTORY)
		return flags & O_CREAT ? -EINVAL : -ENOTDIR; /* O_TMPFILE has it in it */
	return flags & O_CREAT && flags & O_EXCL ? -EEXIST : 0;
}

void ppp_file_open(struct trap *t, uint64_t flags)
{
	int err = refuse_flags(flags);

	if (!err)
		err = may_open(t);
	if (!err && flags & O_DIRECT)
		err = -EINVAL;
	if (err < 0)
		trap_fail(t, err);
	else
		ppp_stand_in_give(t, &file_ops, false, true, flags & O_NONBLOCK, flags & O_CLOEXEC);
}

/* Units are; so of another interface ul2tpd, which may be busy, need not be asked. */
static bool is_of_ppp(struct trap *t, int netns, const struct ifreq *asked)
{
	AUTO_FD fd = netns_socket(t->launcher, netns, AF_INET, SOCK_DGRAM, 0);
	struct ifreq r = *asked;

	return fd < 0 ||
	       (ioctl(fd, SIOCGIFHWADDR, &r) == 0 && r.ifr_hwaddr.sa_family == ARPHRD_PPP);
}

/* The name means an interface of the socket's namespace, where the caller need not be. */
static int interface_ask(struct trap *t)
{
	AUTO_FD socket = trap_descriptor(t, (int)trap_argument(t, 0));
	AUTO_FD netns = netns_of_socket(t, socket);
	struct ppp_answer answer;
	struct ifreq r;
	int err = netns < 0 ? netns : trap_read(t, trap_argument(t, 2), &r, sizeof(r));

	if (err == 0 && !is_of_ppp(t, netns, &r))
		err = -ENODEV;
	if (err == 0)
		err = ppp_ask_in(t, netns, UL2TP_CMD_PPP_IOCTL,
		                 &(struct ul2tp_ppp_request){
					 .ioctl = (uint32_t)trap_argument(t, 1),
					 .data = reader_over(r.ifr_name, sizeof(r.ifr_name)),
				 },
		                 -1, &answer);
	return err < 0 ? err : trap_write(t, (uintptr_t)r.ifr_data, answer.data, answer.data_len);
}

void ppp_file_interface_ioctl(struct trap *t)
{
	int err = interface_ask(t);

	/* Another kind of interface: its driver's private ioctl. */
	if (err == -ENODEV || err == -ENETDOWN)
		trap_continue(t);
	else
		trap_result(t, err);
}
