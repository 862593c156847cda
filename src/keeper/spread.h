/* SPDX-License-Identifier: BSD-2-Clause */
/* spread.h - several sockets receive for one endpoint, each from its share of the peers
 *
 * They are on one address and port (SO_REUSEPORT), and a classic BPF program, which needs no privilege, says which of
 * them a packet is for: by its sender alone. So all of a peer's packets go one way and keep their order, also those
 * that UDP_GRO puts together, for it takes packets of one sender only. By session would not do: what was put together
 * from several sessions goes to the socket of the first.
 *
 * IPv4: by address and port. IPv6: by address, since headers may stand between it and the port.
 *
 * The first socket is bound without SO_REUSEPORT, so that an address that is in use is refused as ever, and joins the
 * others when it has it. Until then it receives all.
 */
#ifndef UL2TP_KEEPER_SPREAD_H
#define UL2TP_KEEPER_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "keeper/descriptors.h"
#include "keeper/keeper.h"

#define SPREAD_MAX 64

struct spread {
	uint32_t count;     /* 0: there is one socket, and nothing here */
	int fd[SPREAD_MAX]; /* from 1 on; the first is the endpoint's own */
};

/** spread_number() - which of @count sockets gets the packets of @peer; what the program says. Any thread */
uint32_t spread_number(const union address *peer, uint32_t count);

/**
 * spread_open() - make the others; in the namespace of the first
 * @p:    of the first, with its real port
 * @main: the first, bound
 * @bulk: of bulk_socket(), beside @main; -1: there is none
 * @plain: without UDP_GRO
 *
 * Return: 0; -ENFILE; what the system says: then @main is alone, as before.
 */
int spread_open(struct spread *s, const struct endpoint_params *p, int main, int bulk,
                uint32_t count, bool plain, struct descriptors *descriptors, struct extack *ea);
void spread_close(struct spread *s);

#endif
