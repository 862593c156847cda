/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_adopt.h - a new engine takes up what programs hold of PPP
 *
 * As dataplane_adopt() does for tunnels and sessions, after that.
 */
#ifndef UL2TP_PATH_PPP_ADOPT_H
#define UL2TP_PATH_PPP_ADOPT_H

struct dataplane;
struct loop;

/**
 * ppp_adopt() - files, sockets with their channels, units with their interfaces, and how they are connected
 * @loop: as in ppp_file_open(); hang-ups of programs that went meanwhile come in its next turn
 *
 * What is half-made is removed, and sessions whose socket has gone with it. Then all is there, and what waits for it is
 * received. Return: 0; -ENOMEM; -EPIPE.
 */
int ppp_adopt(struct dataplane *dp, struct loop *loop);

#endif
