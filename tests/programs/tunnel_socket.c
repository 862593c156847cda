// SPDX-License-Identifier: BSD-2-Clause
/* tunnel_socket.c - the socket of a managed tunnel: UDP or L2TP/IP, over IPv4 or IPv6 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/l2tp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tunnel_socket.h"

#ifndef IPPROTO_L2TP
#define IPPROTO_L2TP 115 /* linux/in.h has it, netinet/in.h has not */
#endif

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_l2tpip l2tp;
	struct sockaddr_l2tpip6 l2tp6;
};

int tunnel_words_read(const struct command *command, struct tunnel_words *ret)
{
	char *const *word = command->word;

	if (command->count != 9)
		return -EINVAL;
	*ret = (struct tunnel_words){
		.id = (uint32_t)strtoul(word[1], NULL, 10),
		.peer_id = (uint32_t)strtoul(word[2], NULL, 10),
		.version = (uint8_t)atoi(word[3]),
		.over_ip = !strcmp(word[4], "ip"),
		.ip6 = strchr(word[5], ':') != NULL,
		.local = word[5],
		.local_port = (uint16_t)atoi(word[6]),
		.remote = word[7],
		.remote_port = (uint16_t)atoi(word[8]),
	};
	return 0;
}

static socklen_t address_make(const struct tunnel_words *words, const char *host, uint16_t port,
                              uint32_t id, union address *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->any.sa_family = words->ip6 ? AF_INET6 : AF_INET;
	if (words->over_ip && words->ip6) {
		ret->l2tp6.l2tp_conn_id = id;
		inet_pton(AF_INET6, host, &ret->l2tp6.l2tp_addr);
		return sizeof(ret->l2tp6);
	}
	if (words->over_ip) {
		ret->l2tp.l2tp_conn_id = id;
		inet_pton(AF_INET, host, &ret->l2tp.l2tp_addr);
		return sizeof(ret->l2tp);
	}
	if (words->ip6) {
		ret->in6.sin6_port = htons(port);
		inet_pton(AF_INET6, host, &ret->in6.sin6_addr);
		return sizeof(ret->in6);
	}
	ret->in.sin_port = htons(port);
	inet_pton(AF_INET, host, &ret->in.sin_addr);
	return sizeof(ret->in);
}

static int join_ends(int sock, const struct tunnel_words *words)
{
	union address address;
	socklen_t length =
		address_make(words, words->local, words->local_port, words->id, &address);

	if (bind(sock, &address.any, length) < 0)
		return -errno;
	length = address_make(words, words->remote, words->remote_port, words->peer_id, &address);
	return connect(sock, &address.any, length) < 0 ? -errno : 0;
}

int tunnel_socket_open(const struct tunnel_words *words, int (*prepare)(int sock))
{
	int sock = socket(words->ip6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC,
	                  words->over_ip ? IPPROTO_L2TP : 0);
	int err = 0;

	if (sock < 0)
		return -errno;
	if (prepare)
		err = prepare(sock);
	if (err == 0)
		err = join_ends(sock, words);
	if (err < 0) {
		close(sock);
		return err;
	}
	return sock;
}
