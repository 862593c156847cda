/* SPDX-License-Identifier: BSD-2-Clause */
/* spread.c - see spread.h */
#include "keeper/spread.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper/classic.h"
#include "keeper/endpoint_socket.h"

/* Odd, so that no bit is lost. */
#define MIX_PORT    0x85ebca6bu
#define MIX_ADDRESS 0x9e3779b1u

/* Addresses and ports that follow one another must not go to one socket: each bit is to depend on all. */
#define STIR_SHIFT  16
#define STIR_FACTOR 0x7feb352du
#define STIR_TURNS  2

#define V4_SOURCE 12
#define V6_SOURCE 8
#define V6_WORDS  4

/* Where the program finds the IP header: its packet begins behind the UDP header. */
#define IP ((uint32_t)SKF_NET_OFF)

static uint32_t mix_v4(const struct sockaddr_in *a)
{
	return ntohl(a->sin_addr.s_addr) + ntohs(a->sin_port) * MIX_PORT;
}

static uint32_t mix_v6(const struct in6_addr *a)
{
	uint32_t sum = 0;

	for (int i = 0; i < V6_WORDS; i++)
		sum = sum * MIX_ADDRESS + ntohl(a->s6_addr32[i]);
	return sum;
}

static uint32_t stir(uint32_t sum)
{
	for (int i = 0; i < STIR_TURNS; i++)
		sum = (sum ^ sum >> STIR_SHIFT) * STIR_FACTOR;
	return sum ^ sum >> STIR_SHIFT;
}

uint32_t spread_number(const union address *peer, uint32_t count)
{
	uint32_t sum =
		peer->any.sa_family == AF_INET6 ? mix_v6(&peer->v6.sin6_addr) : mix_v4(&peer->v4);

	return stir(sum) % count;
}

/* A: as mix_v4() */
static void program_v4(struct classic *c)
{
	classic_do(c, BPF_LDX | BPF_B | BPF_MSH, IP);
	classic_do(c, BPF_LD | BPF_H | BPF_IND, IP);
	classic_do(c, BPF_ALU | BPF_MUL | BPF_K, MIX_PORT);
	classic_do(c, BPF_MISC | BPF_TAX, 0);
	classic_do(c, BPF_LD | BPF_W | BPF_ABS, IP + V4_SOURCE);
	classic_do(c, BPF_ALU | BPF_ADD | BPF_X, 0);
}

/* A: as mix_v6() */
static void program_v6(struct classic *c)
{
	classic_do(c, BPF_LD | BPF_W | BPF_ABS, IP + V6_SOURCE);
	for (uint32_t i = 1; i < V6_WORDS; i++) {
		classic_do(c, BPF_ALU | BPF_MUL | BPF_K, MIX_ADDRESS);
		classic_do(c, BPF_MISC | BPF_TAX, 0);
		classic_do(c, BPF_LD | BPF_W | BPF_ABS, IP + V6_SOURCE + i * 4);
		classic_do(c, BPF_ALU | BPF_ADD | BPF_X, 0);
	}
}

static void program_fold(struct classic *c)
{
	classic_do(c, BPF_MISC | BPF_TAX, 0);
	classic_do(c, BPF_ALU | BPF_RSH | BPF_K, STIR_SHIFT);
	classic_do(c, BPF_ALU | BPF_XOR | BPF_X, 0);
}

/* A: as stir() of it */
static void program_stir(struct classic *c)
{
	for (int i = 0; i < STIR_TURNS; i++) {
		program_fold(c);
		classic_do(c, BPF_ALU | BPF_MUL | BPF_K, STIR_FACTOR);
	}
	program_fold(c);
}

/* Into @ret: chooses among @count sockets of @family. */
static void write_program(struct classic *ret, sa_family_t family, uint32_t count)
{
	ret->count = 0;
	ret->full = false;
	if (family == AF_INET6)
		program_v6(ret);
	else
		program_v4(ret);
	program_stir(ret);
	classic_do(ret, BPF_ALU | BPF_MOD | BPF_K, count);
	classic_do(ret, BPF_RET | BPF_A, 0);
}

static int reuse_port(int fd, int on)
{
	return setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0 ? -errno : 0;
}

static int attach_program(int fd, sa_family_t family, uint32_t count)
{
	static struct classic program;
	struct sock_fprog p;

	write_program(&program, family, count);
	p = (struct sock_fprog){ .len = (unsigned short)program.count, .filter = program.at };
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &p, sizeof(p)) < 0 ? -errno : 0;
}

static int open_all(struct spread *s, const struct endpoint_params *p, int main, uint32_t count,
                    struct descriptors *descriptors, struct extack *ea)
{
	int err = reuse_port(main, 1);

	for (s->count = 1; !err && s->count < count; s->count++) {
		err = descriptors_check(descriptors, ea);
		if (!err)
			s->fd[s->count] = share_socket(p, ea);
		if (!err && s->fd[s->count] < 0)
			err = s->fd[s->count];
		if (err)
			return err;
	}
	return err ? err : attach_program(main, p->local.any.sa_family, count);
}

int spread_open(struct spread *s, const struct endpoint_params *p, int main, int bulk,
                uint32_t count, bool plain, struct descriptors *descriptors, struct extack *ea)
{
	int err;

	/* Which has another address, but one that collides with that of all. */
	if (bulk >= 0)
		reuse_port(bulk, 1);
	err = open_all(s, p, main, count, descriptors, ea);
	if (bulk >= 0)
		reuse_port(bulk, 0);
	if (err < 0) {
		spread_close(s);
		reuse_port(main, 0);
		return err;
	}
	for (uint32_t i = 1; plain && i < s->count; i++)
		endpoint_socket_plain(s->fd[i]);
	return 0;
}

void spread_close(struct spread *s)
{
	for (uint32_t i = 1; i < s->count; i++)
		close(s->fd[i]);
	s->count = 0;
}
