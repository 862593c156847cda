/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_file.h - what a program holds: a PPPoL2TP socket, or an open file of /dev/ppp
 *
 * Made by UL2TP_CMD_PPP_OPEN, and named by a handle from then on. It goes when the program closes its last copy; not
 * with the client that made it. A file of /dev/ppp begins attached to nothing and is then, for good, on a channel or
 * on a unit; a socket gets its channel by connect() (ppp_socket.h). All of it belongs to the API thread.
 */
#ifndef UL2TP_PATH_PPP_FILE_H
#define UL2TP_PATH_PPP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buckets.h"
#include "base/extack.h"
#include "base/list.h"
#include "base/reader.h"
#include "base/writer.h"
#include "path/dataplane.h"
#include "path/ppp_end.h"
#include "ul2tp_netlink.h"

struct channel;
struct ppp_file_record;
struct unit;

struct ppp_file {
	struct bucket_node by_handle;
	struct list in_netns; /* in the order of their making */
	struct dataplane *dp;
	struct netns
		*netns; /* of the connection that opened it; dead: that of the channel it was on */
	uint64_t handle, serial;
	uid_t uid; /* whose client opened it */
	bool is_socket;
	bool empty_reads; /* enum ul2tp_attribute, PPP_EMPTY_READS */
	bool own_device;  /* likewise, PPP_OWN_DEVICE */
	bool dead;        /* what it was on has gone (PPP-24, PPP-44); its end was closed */
	bool was_on_unit; /* dead: it was on the unit of this number, not on a channel */
	uint32_t unit_number;
	struct loop *loop;
	struct watch hangup; /* of .end.fd, in .loop */
	struct ppp_end end;
	struct channel *channel;        /* a socket's own, or that which a file is on; else NULL */
	struct unit *unit;              /* that which a file is on, else NULL */
	struct list in_channel;         /* of a file, in the order in which they were attached */
	struct list in_unit;            /* likewise */
	struct ppp_file_record *record; /* what the next engine finds of it; see ppp_record.h */
	uint32_t record_index;
};

/* Who asks for an ioctl: where numbers are looked up (PPP-3) and what he may do. */
struct ppp_caller {
	struct netns *netns;
	uint32_t client; /* keeper's number */
	bool admin; /* CAP_NET_ADMIN in his namespace; asked of files that are attached to nothing */
	pid_t pid;
	const char *process;
};

/* How a program wants a file to be. */
struct ppp_file_kind {
	bool is_socket, empty_reads, own_device; /* see struct ppp_file */
};

/**
 * ppp_file_open() - a new one
 * @loop: that in which last closes are told, of the API thread
 * @fd:	  ul2tpd's end; becomes the file's on success
 *
 * Return: 0; -EBADF, -ENOTSOCK, -EPROTONOSUPPORT, -ENOTCONN @fd is not what it must be; -EMFILE the client's user has
 *	   too many, -ENFILE all of them; -ENOMEM.
 */
int ppp_file_open(struct dataplane *dp, struct loop *loop, struct netns *ns, uid_t uid,
                  const struct ppp_file_kind *kind, int fd, struct ppp_file **ret,
                  struct extack *ea);

/** ppp_file_adopt() - one that an earlier engine had, on nothing yet
 * @fd: ul2tpd's end, becomes the file's on success; -1: it was given up, so the file is dead. -ENOMEM */
int ppp_file_adopt(struct dataplane *dp, struct loop *loop, uint32_t record_index, int fd,
                   struct ppp_file **ret);

/** ppp_file_find() - by its handle. -EBADF */
int ppp_file_find(struct dataplane *dp, uint64_t handle, struct ppp_file **ret, struct extack *ea);

/** ppp_file_free() - as the program's last close(): a socket's channel and session go with it */
void ppp_file_free(struct ppp_file *f);

/** ppp_file_state() - what it is on, for whoever asks */
enum ul2tp_ppp_state ppp_file_state(const struct ppp_file *f);

/** ppp_file_die() - what it was on goes: the program reads what waits for it, then end of file. When no worker has the
 * file's end any more. It is freed by PPP_CLOSE, or here if its program has gone already */
void ppp_file_die(struct ppp_file *f);

/** ppp_file_move() - from now on it is one of @ns, be it another than that of whoever opened it */
void ppp_file_move(struct ppp_file *f, struct netns *ns);

/** ppp_file_from() - the first of a namespace whose .serial is not below @serial, or NULL */
struct ppp_file *ppp_file_from(const struct netns *ns, uint64_t serial);

/**
 * ppp_file_ioctl() - of a file of /dev/ppp (PPP-1, PPP-10, kernel-behaviour §6.2 to §6.4)
 * @in:	 what the argument points to
 * @out: what is there afterwards, if the ioctl writes
 *
 * Return: 0; the call's errno, with words.
 */
int ppp_file_ioctl(struct ppp_file *f, const struct ppp_caller *caller, uint32_t number,
                   struct reader in, struct writer *out, struct extack *ea);

/** ppp_files_close() - all there are; when the dataplane ends */
void ppp_files_close(struct dataplane *dp);

#endif
