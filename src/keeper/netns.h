/* SPDX-License-Identifier: BSD-2-Clause */
/* netns.h - entering a network namespace and coming back
 *
 * The keeper's main thread lives in the home namespace, the one ul2tpd was started in. It goes into
 * another for a few system calls and returns; it never keeps a descriptor of a user's namespace.
 */
#ifndef UL2TP_KEEPER_NETNS_H
#define UL2TP_KEEPER_NETNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "keeper/keeper.h"

struct netns_home {
	int fd;             /* the namespace the process was started in */
	struct netns_id id; /* of home */
	bool may_enter;     /* CAP_SYS_ADMIN: setns() works */
};

/** netns_home_open() - learn where we are. Return: 0 or -errno. */
int netns_home_open(struct netns_home *home);
void netns_home_close(struct netns_home *home);

/** netns_cookie() - the namespace a socket belongs to. Return: 0 or -errno. */
int netns_cookie(int socket, struct netns_id *ret);

/** netns_of_socket() - a descriptor of the namespace of @socket; the caller's. Return: it, or -errno. */
int netns_of_socket(int socket);

/** netns_of_device() - a descriptor of the namespace the TAP device behind @tap is in now */
int netns_of_device(int tap);

/** netns_ino() - what stands in "net:[...]" for the namespace @fd; 0 on error */
ino_t netns_ino(int fd);

/** netns_go() - make the calling thread be in the namespace @fd. Return: 0 or -errno. */
int netns_go(int fd);

/** netns_go_to() - be in the namespace of @socket, whose id is @id, until netns_go_home()
 * @ino: as in "net:[...]", 0 for home. -ENOMEM; -EPERM in words */
int netns_go_to(const struct netns_home *home, int socket, struct netns_id id, ino_t *ino,
                struct extack *ea);

/** netns_go_home() - return home. Ends the process if that fails: nothing may ever be done in the wrong place. */
void netns_go_home(const struct netns_home *home);

#endif
