/* SPDX-License-Identifier: BSD-2-Clause */
/* addresses.h - addresses as words of a command line, for programs that measure several ways by turns */
#ifndef UL2TP_BENCHMARKS_ADDRESSES_H
#define UL2TP_BENCHMARKS_ADDRESSES_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESSES_MAX 32

/** addresses_read() - those in @list, which is cut at its commas, all with @port
 * Return: how many; 0: one is none, or there are more than ADDRESSES_MAX */
static inline unsigned int addresses_read(char *list, const char *port,
                                          struct sockaddr_in addresses[ADDRESSES_MAX])
{
	unsigned int count = 0;

	for (char *word; (word = strsep(&list, ",")); count++) {
		if (count == ADDRESSES_MAX ||
		    inet_pton(AF_INET, word, &addresses[count].sin_addr) != 1)
			return 0;
		addresses[count].sin_family = AF_INET;
		addresses[count].sin_port = htons((uint16_t)atoi(port));
	}
	return count;
}

#endif
