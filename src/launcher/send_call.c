/* SPDX-License-Identifier: BSD-2-Clause */
/* send_call.c - see send_call.h
 *
 * Checks come in the order of the kernel's ___sys_sendmsg(), so that a program that makes a mistake gets the
 * errno it would get there.
 */
#include "launcher/send_call.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/cleanup.h"
#include "launcher/orphan.h"

/* No kind of stand-in has a send buffer that takes more. */
#define MESSAGE_MAX (8U << 20)
#define CONTROL_MAX 4096

static void outgoing_release(struct outgoing *m)
{
	free(m->octets);
	free(m->control);
}

#define AUTO_OUTGOING __attribute__((cleanup(outgoing_release))) struct outgoing

/* 0, or the errno of copy_from_user() and its like. */
static int read_memory(const struct trap *t, uint64_t address, size_t len, uint8_t **ret)
{
	AUTO_MEMORY uint8_t *to = malloc(len ? len : 1);
	int err;

	if (!to)
		return -ENOMEM;
	err = trap_read(t, address, to, len);
	if (err < 0)
		return err;
	*ret = TAKE(to);
	return 0;
}

static int read_octets(const struct trap *t, uint64_t address, uint64_t len, struct outgoing *m)
{
	if (len > MESSAGE_MAX)
		return -EMSGSIZE;
	m->len = (size_t)len;
	return read_memory(t, address, (size_t)len, &m->octets);
}

static int read_name(const struct trap *t, uint64_t address, int64_t len, struct outgoing *m)
{
	int err;

	if (!address || len == 0)
		return 0;
	m->has_name = true;
	m->name_len = (socklen_t)len;
	err = trap_read(t, address, &m->name, (size_t)len);
	return err;
}

static int check_vectors(const struct iovec *v, size_t count, size_t *total)
{
	*total = 0;
	for (size_t i = 0; i < count; i++) {
		if ((ssize_t)v[i].iov_len < 0)
			return -EINVAL;
		if (v[i].iov_len > MESSAGE_MAX - *total)
			return -EMSGSIZE;
		*total += v[i].iov_len;
	}
	return 0;
}

static int read_vectors(const struct trap *t, uint64_t address, size_t count, struct outgoing *m)
{
	AUTO_MEMORY uint8_t *octets = NULL;
	AUTO_MEMORY uint8_t *copy = NULL;
	const struct iovec *v;
	size_t total, have = 0;
	int err = read_memory(t, address, count * sizeof(struct iovec), &copy);

	if (err < 0)
		return err;
	v = (const struct iovec *)copy;
	err = check_vectors(v, count, &total);
	if (err < 0)
		return err;
	octets = malloc(total ? total : 1);
	if (!octets)
		return -ENOMEM;
	for (size_t i = 0; i < count; have += v[i++].iov_len) {
		err = trap_read(t, (uintptr_t)v[i].iov_base, octets + have, v[i].iov_len);
		if (err < 0)
			return err;
	}
	m->octets = TAKE(octets);
	m->len = total;
	return 0;
}

static int read_message(const struct trap *t, const struct msghdr *header, int flags,
                        struct outgoing *m)
{
	int name_len = (int)header->msg_namelen;
	int err;

	m->flags = flags;
	if (!header->msg_name)
		name_len = 0;
	if (name_len < 0)
		return -EINVAL;
	if (name_len > (int)sizeof(m->name))
		name_len = (int)sizeof(m->name);
	err = read_name(t, (uintptr_t)header->msg_name, name_len, m);
	if (err < 0)
		return err;
	if (header->msg_iovlen > UIO_MAXIOV)
		return -EMSGSIZE;
	if (header->msg_controllen > INT_MAX || header->msg_controllen > CONTROL_MAX)
		return -ENOBUFS;
	err = read_vectors(t, (uintptr_t)header->msg_iov, header->msg_iovlen, m);
	if (err < 0 || header->msg_controllen == 0)
		return err;
	m->control_len = header->msg_controllen;
	return read_memory(t, (uintptr_t)header->msg_control, m->control_len, &m->control);
}

static int64_t send_out(struct trap *t, struct object *o, const struct outgoing *m)
{
	if (!o->ops->send)
		return -EOPNOTSUPP;
	return o->ops->send(t, o, m);
}

static int64_t sendto_object(struct trap *t, struct object *o)
{
	AUTO_OUTGOING m = { .flags = (int)trap_argument(t, 3) };
	int name_len = (int)trap_argument(t, 5);
	uint64_t name = trap_argument(t, 4);
	int err;

	if (name && (name_len < 0 || name_len > (int)sizeof(m.name)))
		return -EINVAL;
	err = read_name(t, name, name_len, &m);
	if (err == 0)
		err = read_octets(t, trap_argument(t, 1), trap_argument(t, 2), &m);
	return err < 0 ? err : send_out(t, o, &m);
}

static int64_t send_header(struct trap *t, struct object *o, const struct msghdr *header, int flags)
{
	AUTO_OUTGOING m = { 0 };
	int err = read_message(t, header, flags, &m);

	return err < 0 ? err : send_out(t, o, &m);
}

static int64_t sendmsg_object(struct trap *t, struct object *o)
{
	struct msghdr header;
	int err = trap_read(t, trap_argument(t, 1), &header, sizeof(header));

	return err < 0 ? err : send_header(t, o, &header, (int)trap_argument(t, 2));
}

/* How many messages were sent, if one was: what stopped the others shows with the next call. */
static int64_t sendmmsg_object(struct trap *t, struct object *o)
{
	uint64_t address = trap_argument(t, 1);
	unsigned int count = (unsigned int)trap_argument(t, 2);
	int64_t result = 0;
	unsigned int done;

	if (count > UIO_MAXIOV)
		count = UIO_MAXIOV;
	for (done = 0; done < count; done++, address += sizeof(struct mmsghdr)) {
		struct mmsghdr header;
		unsigned int len;

		result = trap_read(t, address, &header, sizeof(header));
		if (result == 0)
			result = send_header(t, o, &header.msg_hdr, (int)trap_argument(t, 3));
		if (result < 0)
			break; /* with SEND_NATIVE at the first: what is so of one is so of all */
		len = (unsigned int)result;
		result = trap_write(t, address + offsetof(struct mmsghdr, msg_len), &len,
		                    sizeof(len));
		if (result < 0)
			break;
	}
	return done > 0 ? (int64_t)done : result;
}

static int64_t write_object(struct trap *t, struct object *o)
{
	AUTO_OUTGOING m = { 0 };
	int err = read_octets(t, trap_argument(t, 1), trap_argument(t, 2), &m);

	return err < 0 ? err : send_out(t, o, &m);
}

static int64_t writev_object(struct trap *t, struct object *o)
{
	AUTO_OUTGOING m = { 0 };
	int err;

	if (trap_argument(t, 2) > UIO_MAXIOV)
		return -EINVAL;
	err = read_vectors(t, trap_argument(t, 1), (size_t)trap_argument(t, 2), &m);
	return err < 0 ? err : send_out(t, o, &m);
}

static void serve(struct trap *t, bool needs_socket,
                  int64_t (*fn)(struct trap *t, struct object *o))
{
	int fd = (int)trap_argument(t, 0);
	struct object *o = trap_object(t, fd);
	int64_t result;

	if (!o) {
		if (orphan_is(t, fd))
			trap_fail(t, -ECONNREFUSED);
		else
			trap_continue(t);
		return;
	}
	pthread_mutex_lock(&o->lock);
	result = needs_socket && o->ops->is_file ? -ENOTSOCK : fn(t, o);
	pthread_mutex_unlock(&o->lock);
	object_put(&t->launcher->objects, o);
	if (result == SEND_NATIVE)
		trap_continue(t);
	else
		trap_result(t, result);
}

void send_call_sendto(struct trap *t)
{
	serve(t, true, sendto_object);
}

void send_call_sendmsg(struct trap *t)
{
	serve(t, true, sendmsg_object);
}

void send_call_sendmmsg(struct trap *t)
{
	serve(t, true, sendmmsg_object);
}

void send_call_write(struct trap *t)
{
	serve(t, false, write_object);
}

void send_call_writev(struct trap *t)
{
	serve(t, false, writev_object);
}

/* With position -1 it is writev(); sockets have no other. */
void send_call_pwritev2(struct trap *t)
{
	if ((int64_t)trap_argument(t, 3) == -1)
		serve(t, false, writev_object);
	else
		trap_continue(t); /* ESPIPE */
}
