/* SPDX-License-Identifier: BSD-2-Clause */
/* filter.h - classic BPF programs over PPP frames, as PPPIOCSPASS and PPPIOCSACTIVE bring them (kernel-behaviour §6.6)
 *
 * A program comes from outside. It is checked once, and then ends whatever the frame is: jumps go forwards only.
 */
#ifndef UL2TP_PPP_FILTER_H
#define UL2TP_PPP_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ppp_filter {
	uint32_t count;
	struct sock_filter at[];
};

/**
 * ppp_filter_new() - check and copy a program
 * @program: @count instructions
 *
 * Return: 0; -EINVAL it has none or too many, an unknown instruction, a jump or a memory cell outside, a cell that is
 *	   loaded and may not have been written, a division by 0, a shift of more than 31, no end: as the kernel
 *	   finds; or, unlike there, it asks for what is not in a frame (SKF_AD_OFF, SKF_NET_OFF, SKF_LL_OFF). -ENOMEM.
 */
int ppp_filter_new(const struct sock_filter *program, size_t count, struct ppp_filter **ret);
void ppp_filter_free(struct ppp_filter *f);

/**
 * ppp_filter_run() - what the program says of a frame; 0: not wanted
 * It sees two octets, 01 00 of frames that leave, 00 00 of those that come, then protocol and information.
 */
uint32_t ppp_filter_run(const struct ppp_filter *f, bool outbound, uint16_t protocol,
                        const uint8_t *info, size_t len);

#endif
