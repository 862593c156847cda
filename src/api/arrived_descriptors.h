/* SPDX-License-Identifier: BSD-2-Clause */
/* arrived_descriptors.h - descriptors that came with a datagram; the requests in it take theirs in their order */
#ifndef UL2TP_API_ARRIVED_DESCRIPTORS_H
#define UL2TP_API_ARRIVED_DESCRIPTORS_H

#include <stdbool.h>
#include <sys/socket.h>

#define ARRIVED_DESCRIPTORS_MAX 253 /* SCM_MAX_FD: that one datagram can carry */

struct arrived_descriptors {
	int fd[ARRIVED_DESCRIPTORS_MAX];
	unsigned int count, taken;
	bool cut; /* there were more */
};

/** arrived_descriptors_keep() - those of a control message, the only one of its datagram that has any */
void arrived_descriptors_keep(struct arrived_descriptors *all, const struct cmsghdr *m);

/** arrived_descriptors_close() - those that nobody took */
void arrived_descriptors_close(struct arrived_descriptors *arrived);

#endif
