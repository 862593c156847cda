/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_file.c - what programs hold of PPP comes and goes; see ppp_file.h */
#include "path/ppp_file.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "path/channel.h"
#include "path/dataplane_private.h"
#include "path/ppp_record.h"
#include "path/unit.h"

#define FILES_OF_USER_MAX 1024 /* but for root, who runs access concentrators */

static struct ppp_file *find(const struct dataplane *dp, uint64_t handle)
{
	struct bucket_node *node = buckets_first(&dp->ppp_files, handle);

	return node ? container_of(node, struct ppp_file, by_handle) : NULL;
}

/* It can not be guessed: whoever knows it may use the file. */
static int choose_handle(const struct dataplane *dp, uint64_t *ret)
{
	do {
		if (getrandom(ret, sizeof(*ret), 0) != sizeof(*ret))
			return -EIO;
	} while (!*ret || find(dp, *ret));
	return 0;
}

static bool has_too_many(const struct dataplane *dp, uid_t uid)
{
	uint32_t count = 0;

	if (uid == 0)
		return false;
	for (size_t i = 0; i < buckets_chains(&dp->ppp_files); i++)
		for (struct bucket_node *n = buckets_chain(&dp->ppp_files, i); n; n = n->next)
			count += container_of(n, struct ppp_file, by_handle)->uid == uid;
	return count >= FILES_OF_USER_MAX;
}

/* Of dead ones, whose program may have gone without a word: the oldest goes when there is no room. */
static bool evict_dead(struct dataplane *dp, const uid_t *uid)
{
	struct ppp_file *oldest = NULL;

	for (size_t i = 0; i < buckets_chains(&dp->ppp_files); i++)
		for (struct bucket_node *n = buckets_chain(&dp->ppp_files, i); n; n = n->next) {
			struct ppp_file *f = container_of(n, struct ppp_file, by_handle);

			if (f->dead && (!uid || f->uid == *uid) &&
			    (!oldest || f->serial < oldest->serial))
				oldest = f;
		}
	if (oldest)
		ppp_file_free(oldest);
	return oldest;
}

/* Each costs a descriptor. A quarter of all is left for interfaces, of which a session has one beside three files, and
 * for clients and tunnels; a sixteenth where they are shared. */
static uint32_t files_max(const struct dataplane *dp)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return FILES_OF_USER_MAX;
	return (uint32_t)(dp->options.shared_devices ? limit.rlim_cur / 16 * 15
	                                             : limit.rlim_cur / 4 * 3);
}

static int check_room(struct dataplane *dp, uid_t uid, struct extack *ea)
{
	if (!dp->ppp_files_max)
		dp->ppp_files_max = files_max(dp);
	if (dp->ppp_files.count >= dp->ppp_files_max && !evict_dead(dp, NULL))
		return extack_fail(
			ea, -ENFILE, 0,
			"ul2tpd has %u PPPoL2TP sockets and files of /dev/ppp, and no descriptors for more: raise its limit (LimitNOFILE)",
			dp->ppp_files_max);
	if (has_too_many(dp, uid) && !evict_dead(dp, &uid))
		return extack_fail(ea, -EMFILE, 0,
		                   "the user has %d PPPoL2TP sockets and files of /dev/ppp already",
		                   FILES_OF_USER_MAX);
	return 0;
}

static void hung_up(struct watch *watch, uint32_t events)
{
	if (events & (EPOLLHUP | EPOLLERR))
		ppp_file_free(container_of(watch, struct ppp_file, hangup));
}

static struct ppp_file *file_new(struct dataplane *dp, struct loop *loop, struct netns *ns,
                                 bool is_socket)
{
	struct ppp_file *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->dp = dp;
	f->netns = ns;
	f->is_socket = is_socket;
	f->loop = loop;
	f->hangup.fd = f->end.fd = f->end.watch.fd = -1;
	list_init(&f->in_channel);
	list_init(&f->in_unit);
	return f;
}

/* @fd: -1: there is nothing to watch */
static int insert(struct ppp_file *f, int fd)
{
	int err;

	buckets_insert(&f->dp->ppp_files, &f->by_handle, f->handle);
	if (fd < 0)
		return 0;
	err = loop_add(f->loop, &f->hangup, fd, 0, hung_up); /* hang-ups are always told */
	if (err < 0)
		buckets_remove(&f->dp->ppp_files, &f->by_handle);
	return err;
}

/* In the order of their making: nearly always it is the last. */
static void file_start(struct ppp_file *f)
{
	struct list *at = &f->netns->ppp_files;

	while (at->prev != &f->netns->ppp_files &&
	       list_entry(at->prev, struct ppp_file, in_netns)->serial > f->serial)
		at = at->prev;
	list_insert_before(at, &f->in_netns);
	dataplane_netns_hold(f->netns);
}

/* On failure @fd is the caller's. */
static int file_begin(struct ppp_file *f, int fd, struct extack *ea)
{
	int err = choose_handle(f->dp, &f->handle);

	if (!err)
		err = insert(f, fd);
	if (err < 0)
		return err;
	f->serial = ++f->dp->ppp_serial;
	ppp_end_open(&f->end, fd, !f->is_socket);
	err = ppp_record_open(f, ea);
	if (err < 0) {
		loop_remove(f->loop, &f->hangup);
		buckets_remove(&f->dp->ppp_files, &f->by_handle);
	}
	return err;
}

int ppp_file_open(struct dataplane *dp, struct loop *loop, struct netns *ns, uid_t uid,
                  const struct ppp_file_kind *kind, int fd, struct ppp_file **ret,
                  struct extack *ea)
{
	struct ppp_file *f;
	int err = ppp_end_check(fd, ea);

	if (!err)
		err = check_room(dp, uid, ea);
	if (err < 0)
		return err;
	f = file_new(dp, loop, ns, kind->is_socket);
	if (!f)
		return -ENOMEM;
	f->uid = uid;
	f->empty_reads = kind->empty_reads;
	f->own_device = kind->own_device;
	err = file_begin(f, fd, ea);
	if (err < 0) {
		free(f);
		return err;
	}
	file_start(f);
	*ret = f;
	return 0;
}

int ppp_file_adopt(struct dataplane *dp, struct loop *loop, uint32_t record_index, int fd,
                   struct ppp_file **ret)
{
	struct ppp_file_record *r = records_file(dp->records, record_index);
	struct netns *ns = dataplane_netns_at(dp, r->netns, r->netns_index);
	struct ppp_file *f = ns ? file_new(dp, loop, ns, r->is_socket) : NULL;
	int err;

	if (!f)
		return -ENOMEM;
	f->handle = r->handle;
	f->serial = r->serial;
	f->uid = r->uid;
	f->empty_reads = r->empty_reads;
	f->own_device = r->own_device;
	f->dead = fd < 0;
	err = insert(f, fd);
	if (err < 0) {
		free(f);
		return err;
	}
	if (fd >= 0)
		ppp_end_open(&f->end, fd, !f->is_socket);
	if (f->serial > dp->ppp_serial)
		dp->ppp_serial = f->serial;
	f->record = r;
	f->record_index = record_index;
	file_start(f);
	*ret = f;
	return 0;
}

static bool has_hung_up(const struct ppp_file *f)
{
	struct pollfd p = { .fd = f->end.fd };

	return f->end.fd >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

int ppp_file_find(struct dataplane *dp, uint64_t handle, struct ppp_file **ret, struct extack *ea)
{
	struct ppp_file *f = find(dp, handle);

	if (!f)
		return extack_fail(ea, -EBADF, 0,
		                   "no PPPoL2TP socket or file of /dev/ppp has this handle");
	*ret = f;
	return 0;
}

void ppp_file_free(struct ppp_file *f)
{
	ppp_record_going(f);
	loop_remove(f->loop, &f->hangup);
	if (f->is_socket)
		channel_free(f->channel);
	else if (f->channel)
		channel_file_detach(f);
	else if (f->unit)
		unit_file_detach(f);
	ppp_end_close(&f->end);
	ppp_record_free(f);
	buckets_remove(&f->dp->ppp_files, &f->by_handle);
	list_remove(&f->in_netns);
	dataplane_netns_release(f->dp, f->netns);
	free(f);
}

void ppp_file_die(struct ppp_file *f)
{
	if (has_hung_up(f)) {
		ppp_file_free(f);
		return;
	}
	loop_remove(f->loop, &f->hangup);
	ppp_end_close(&f->end);
	f->dead = true;
	ppp_record_give_up(f);
}

void ppp_file_move(struct ppp_file *f, struct netns *ns)
{
	struct netns *before = f->netns;

	if (before == ns)
		return;
	list_remove(&f->in_netns);
	f->netns = ns;
	file_start(f);
	ppp_record_moved(f);
	dataplane_netns_release(f->dp, before);
}

static enum ul2tp_ppp_state socket_state(const struct channel *c)
{
	if (!c)
		return UL2TP_PPP_NEW;
	if (!c->session)
		return UL2TP_PPP_SESSION_GONE;
	return c->bound ? UL2TP_PPP_BOUND : UL2TP_PPP_CONNECTED;
}

enum ul2tp_ppp_state ppp_file_state(const struct ppp_file *f)
{
	if (f->is_socket)
		return socket_state(f->channel);
	if (f->dead)
		return UL2TP_PPP_DEAD;
	if (f->unit)
		return unit_is_idle(f->unit) ? UL2TP_PPP_ON_IDLE_UNIT : UL2TP_PPP_ON_UNIT;
	return f->channel ? UL2TP_PPP_ON_CHANNEL : UL2TP_PPP_NEW;
}

struct ppp_file *ppp_file_from(const struct netns *ns, uint64_t serial)
{
	list_for_each (node, &ns->ppp_files) {
		struct ppp_file *f = list_entry(node, struct ppp_file, in_netns);

		if (f->serial >= serial)
			return f;
	}
	return NULL;
}

static struct ppp_file *any(struct dataplane *dp)
{
	struct bucket_node *node = buckets_any(&dp->ppp_files);

	return node ? container_of(node, struct ppp_file, by_handle) : NULL;
}

void ppp_files_close(struct dataplane *dp)
{
	struct ppp_file *f;

	while ((f = any(dp)))
		ppp_file_free(f);
}
