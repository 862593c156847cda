/* SPDX-License-Identifier: BSD-2-Clause */
/* classic.h - writing a classic BPF program, instruction by instruction
 *
 * For sockets on machines that refuse eBPF. A program that became too long stays `full`, so a builder
 * writes straight on and asks once at the end.
 */
#ifndef UL2TP_KEEPER_CLASSIC_H
#define UL2TP_KEEPER_CLASSIC_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLASSIC_MAX BPF_MAXINSNS /* instructions that the kernel takes */

#define CLASSIC_PASS UINT32_MAX /* return value of a socket filter: all of the packet */
#define CLASSIC_DROP 0

struct classic {
	struct sock_filter at[CLASSIC_MAX];
	unsigned int count;
	bool full; /* it did not fit, and must not be used */
};

/** classic_add() - one more instruction; BPF_STMT and BPF_JUMP of linux/filter.h make one. Return: its place. */
unsigned int classic_add(struct classic *c, struct sock_filter instruction);

#define classic_do(c, code, k) classic_add((c), (struct sock_filter)BPF_STMT((uint16_t)(code), (k)))
#define classic_if(c, code, k, yes, no)                                                            \
	classic_add((c), (struct sock_filter)BPF_JUMP((uint16_t)(code), (k), (yes), (no)))

/** classic_land() - make the jump (BPF_JA) at @place go to what is added next */
void classic_land(struct classic *c, unsigned int place);

/**
 * classic_attach() - make it the filter of @socket, in place of any other
 *
 * Return: 0; -E2BIG the program is full; -ENOMEM the system allows this socket no program so long
 * (net.core.optmem_max); -EPERM the filter is locked (SO_LOCK_FILTER); another negative errno.
 */
int classic_attach(const struct classic *c, int socket);

/** classic_detach() - take the filter off @socket; 0, also if there was none, or a negative errno */
int classic_detach(int socket);

#endif
