/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp.h - libul2tp: an ioctl of a PPPoL2TP socket or of a file of /dev/ppp
 *
 * Both are named by their handle; see UL2TP_CMD_PPP_* in ul2tp_netlink.h.
 */
#ifndef UL2TP_CLIENT_PPP_H
#define UL2TP_CLIENT_PPP_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "client/connection.h"
#include "netlink/ul2tp_unit_message.h"
#include "ul2tp_ppp.h"

/* As 64-bit processes have them, whatever this one is (kernel-behaviour §5.5, §6.2 to §6.4). */
enum ppp_ioctl {
	PPP_UNBRIDGECHAN = 0x7434,
	PPP_BRIDGECHAN = 0x40047435,
	PPP_GCHAN = 0x80047437,
	PPP_ATTCHAN = 0x40047438,
	PPP_DISCONN = 0x7439,
	PPP_CONNECT = 0x4004743a,
	PPP_SMRRU = 0x4004743b,
	PPP_ATTACH = 0x4004743d,
	PPP_NEWUNIT = 0xc004743e,
	PPP_GIDLE = 0x8010743f,
	PPP_SACTIVE = 0x40107446,
	PPP_SPASS = 0x40107447,
	PPP_SNPMODE = 0x4008744b,
	PPP_SCOMPRESS = 0x4010744d,
	PPP_SMAXCID = 0x40047451,
	PPP_SMRU = 0x40047452,
	PPP_SFLAGS = 0x40047459,
	PPP_GFLAGS = 0x8004745a,
	PPP_GSTATS = 0x89f0,
};

#define PPP_ANSWER_MAX 128 /* octets that any of them writes */

struct ppp_answer {
	size_t length;
	uint8_t octets[PPP_ANSWER_MAX];
	char device[16]; /* that a new unit shares; empty: it has one of its own */
};

/**
 * ppp_ioctl() - carry it out
 * @in:	 what the argument points to; see doc/interfaces.txt for arguments that have pointers
 * @fd:	 the program's own end, if frames in it are to be moved; else -1
 * @ret: what is there afterwards; may be NULL
 *
 * Return: 0; the ioctl's errno, with words.
 */
int ppp_ioctl(struct ul2tp *u, uint64_t handle, enum ppp_ioctl number, struct reader in, int fd,
              struct ppp_answer *ret);

/** ppp_account_of() - what @m says was counted; its .size is set */
void ppp_account_of(const struct ul2tp_unit_message *m, struct ul2tp_ppp_account *ret);

/** ppp_ioctl_int() - one whose argument is an int */
int ppp_ioctl_int(struct ul2tp *u, uint64_t handle, enum ppp_ioctl number, uint32_t value);

/** ppp_ioctl_get() - one that answers an int, without an argument */
int ppp_ioctl_get(struct ul2tp *u, uint64_t handle, enum ppp_ioctl number, int fd, uint32_t *ret);

#endif
