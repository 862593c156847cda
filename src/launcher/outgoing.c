/* SPDX-License-Identifier: BSD-2-Clause */
/* outgoing.c - see outgoing.h
 *
 * Checks come in the order of the kernel's ___sys_sendmsg(), so that a program that makes a mistake gets the
 * errno it would get there.
 */
#include "launcher/outgoing.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/cleanup.h"

/* No kind of stand-in has a send buffer that takes more. */
#define MESSAGE_MAX (8U << 20)
#define CONTROL_MAX 4096

void outgoing_release(struct outgoing *m)
{
	free(m->octets);
	free(m->control);
}

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

int outgoing_read_octets(const struct trap *t, uint64_t address, uint64_t len, struct outgoing *m)
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

int outgoing_read_message(const struct trap *t, const struct msghdr *header, int flags,
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

int outgoing_read_sendto(const struct trap *t, struct outgoing *m)
{
	int name_len = (int)trap_argument(t, 5);
	uint64_t name = trap_argument(t, 4);
	int err;

	m->flags = (int)trap_argument(t, 3);
	if (name && (name_len < 0 || name_len > (int)sizeof(m->name)))
		return -EINVAL;
	err = read_name(t, name, name_len, m);
	return err < 0 ? err : outgoing_read_octets(t, trap_argument(t, 1), trap_argument(t, 2), m);
}

int outgoing_read_writev(const struct trap *t, struct outgoing *m)
{
	if (trap_argument(t, 2) > UIO_MAXIOV)
		return -EINVAL;
	return read_vectors(t, trap_argument(t, 1), (size_t)trap_argument(t, 2), m);
}
