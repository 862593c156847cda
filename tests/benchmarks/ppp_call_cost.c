/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_call_cost.c - what read() and write() of a PPP channel cost, with and without the launcher
 *
 *	ppp_call_cost
 *
 * Prints "NAME NANOSECONDS": "ppp_read" is a frame that waits, "ppp_write" one that is sent, on a file of /dev/ppp. For
 * these it makes a tunnel and a session on the loopback device, whose other end is an ordinary socket. Where there is no
 * PPPoL2TP it prints nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Behind those of the C library, which they know of. */
#include <linux/if_pppox.h>
#include <linux/ppp-ioctl.h>

enum {
	ROUNDS = 100,
	AT_ONCE = 16, /* a file holds 32 */
	TUNNEL = 7,
	SESSION = 9,
	PATIENCE_MS = 5000,
};

static double samples[ROUNDS * AT_ONCE];

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "ppp_call_cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void say(const char *name)
{
	qsort(samples, ROUNDS * AT_ONCE, sizeof(*samples), by_value);
	printf("%s %.0f\n", name, samples[ROUNDS * AT_ONCE / 2]);
}

static int udp_open(struct sockaddr_in *ret)
{
	socklen_t len = sizeof(*ret);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*ret = (struct sockaddr_in){ .sin_family = AF_INET,
		                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (struct sockaddr *)ret, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)ret, &len) < 0)
		fail("a UDP socket");
	return fd;
}

static int pppol2tp_open(int udp, const struct sockaddr_in *peer, uint16_t session)
{
	struct sockaddr_pppol2tp name = {
		.sa_family = AF_PPPOX,
		.sa_protocol = PX_PROTO_OL2TP,
		.pppol2tp = { .fd = udp,
		              .addr = *peer,
		              .s_tunnel = TUNNEL,
		              .d_tunnel = TUNNEL,
		              .s_session = session,
		              .d_session = session },
	};
	int fd = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0)
		fail("connect");
	return fd;
}

static int channel_open(int sock)
{
	int number, fd = open("/dev/ppp", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || ioctl(sock, PPPIOCGCHAN, &number) < 0 ||
	    ioctl(fd, PPPIOCATTCHAN, &number) < 0)
		fail("/dev/ppp");
	return fd;
}

static void await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, PATIENCE_MS) != 1) {
		errno = ETIMEDOUT;
		fail("a frame");
	}
}

/* Flags and version, tunnel, session, then the frame: an LCP echo request. */
static const unsigned char packet[] = { 0,    2,    0, TUNNEL, 0, SESSION, 0xff, 0x03, 0xc0,
	                                0x21, 0x09, 1, 0,      8, 0,       0,    0,    0 };
static const unsigned char frame[] = { 0xc0, 0x21, 0x0a, 1, 0, 8, 0, 0, 0, 0 };

static void measure_reads(int channel, int peer, const struct sockaddr_in *to)
{
	unsigned char octets[100];

	for (int i = 0; i < ROUNDS * AT_ONCE; i++) {
		double began;

		for (int j = 0; i % AT_ONCE == 0 && j < AT_ONCE; j++)
			sendto(peer, packet, sizeof(packet), 0, (const struct sockaddr *)to,
			       sizeof(*to));
		await(channel);
		began = now_ns();
		if (read(channel, octets, sizeof(octets)) != sizeof(frame))
			fail("read of a frame");
		samples[i] = now_ns() - began;
	}
	say("ppp_read");
}

static void measure_writes(int channel, int peer)
{
	unsigned char octets[100];

	for (int i = 0; i < ROUNDS * AT_ONCE; i++) {
		double began = now_ns();

		if (write(channel, frame, sizeof(frame)) != sizeof(frame))
			fail("write of a frame");
		samples[i] = now_ns() - began;
		await(peer);
		if (recv(peer, octets, sizeof(octets), 0) < (ssize_t)sizeof(frame))
			fail("what was sent");
	}
	say("ppp_write");
}

int main(void)
{
	struct sockaddr_in here, there;
	int udp, peer, management, sock, channel;

	udp = udp_open(&here);
	peer = udp_open(&there);
	if (connect(udp, (struct sockaddr *)&there, sizeof(there)) < 0)
		fail("connect of UDP");
	management = pppol2tp_open(udp, &there, 0);
	if (management < 0 && (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT))
		return 0;
	if (management < 0)
		fail("a PPPoL2TP socket");
	sock = pppol2tp_open(udp, &there, SESSION);
	channel = channel_open(sock);
	measure_reads(channel, peer, &here);
	measure_writes(channel, peer);
	return 0;
}
