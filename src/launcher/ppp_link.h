/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_link.h - what is asked of ul2tpd about PPPoL2TP sockets and files of /dev/ppp
 *
 * Thousands of them can be open, and each is known at ul2tpd by a handle that any connection may name. So connections
 * are not theirs (idle_links.h).
 */
#ifndef UL2TP_LAUNCHER_PPP_LINK_H
#define UL2TP_LAUNCHER_PPP_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "launcher/trap.h"
#include "netlink/ul2tp_ppp_message.h"

#define PPP_DATA_MAX 2048 /* octets that an answer can carry */

/* What was answered; .error of the call itself, the rest is there if that is 0. */
struct ppp_answer {
	int error;
	bool has_handle, has_state;
	uint64_t handle;
	uint8_t state; /* enum ul2tp_ppp_state */
	uint8_t name[128];
	uint32_t name_len;
	uint8_t data[PPP_DATA_MAX]; /* of an ioctl, or the value of an option */
	uint32_t data_len;
};

/** ppp_ask_open() - UL2TP_CMD_PPP_OPEN; @fd: ul2tpd's end, stays the caller's. As ppp_ask() */
int ppp_ask_open(struct trap *t, const struct ul2tp_ppp_open *open, int fd, struct ppp_answer *ret);

/**
 * ppp_ask() - one request, in the calling thread's network namespace and with its rights
 * @fd: goes along; -1: none. Stays the caller's
 *
 * Return: the errno of the call that ul2tpd answered; -ENETDOWN it can not be reached (said once).
 */
int ppp_ask(struct trap *t, enum ul2tp_command command, const struct ul2tp_ppp_request *request,
            int fd, struct ppp_answer *ret);

/** ppp_ask_in() - the same in the namespace @netns, with the caller's rights over that */
int ppp_ask_in(struct trap *t, int netns, enum ul2tp_command command,
               const struct ul2tp_ppp_request *request, int fd, struct ppp_answer *ret);

/** ppp_forget() - UL2TP_CMD_PPP_CLOSE of one whose program has closed it, from where the launcher is */
void ppp_forget(struct launcher *l, uint64_t handle);

/** ppp_links_age() - forget namespaces that nobody has asked from for a moment; now and then */
void ppp_links_age(void);

#endif
