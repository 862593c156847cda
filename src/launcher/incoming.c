/* SPDX-License-Identifier: BSD-2-Clause */
/* incoming.c - see incoming.h */
#include "launcher/incoming.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "base/cleanup.h"

#define ROOM_MAX 0x7ffff000u /* the kernel's MAX_RW_COUNT: more is never received */

void incoming_release(struct incoming *in)
{
	if (in->parts != &in->one)
		free(in->parts);
	in->parts = NULL;
}

static int read_parts(const struct trap *t, uint64_t address, size_t count, struct incoming *ret)
{
	AUTO_MEMORY struct iovec *parts = NULL;
	int err;

	if (count > UIO_MAXIOV)
		return -EMSGSIZE;
	parts = calloc(count + 1, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	err = trap_read(t, address, parts, count * sizeof(*parts));
	for (size_t i = 0; err >= 0 && i < count; i++)
		if ((ssize_t)parts[i].iov_len < 0)
			err = -EINVAL;
	if (err < 0)
		return err;
	ret->parts = TAKE(parts);
	ret->count = count;
	return 0;
}

int incoming_read_header(const struct trap *t, uint64_t address, int flags, struct incoming *ret)
{
	struct msghdr m;
	int err = trap_read(t, address, &m, sizeof(m));

	*ret = (struct incoming){ .header = address, .flags = flags };
	if (err < 0)
		return err;
	ret->name = (uint64_t)m.msg_name;
	ret->name_len_at = address + offsetof(struct msghdr, msg_namelen);
	ret->control = (uint64_t)m.msg_control;
	ret->control_len = m.msg_control ? m.msg_controllen : 0;
	return read_parts(t, (uint64_t)m.msg_iov, m.msg_iovlen, ret);
}

static int read_one_part(const struct trap *t, struct incoming *ret)
{
	ret->one = (struct iovec){ (void *)trap_argument(t, 1), (size_t)trap_argument(t, 2) };
	ret->parts = &ret->one;
	ret->count = 1;
	return 0;
}

int incoming_read(const struct trap *t, struct incoming *ret)
{
	*ret = (struct incoming){ 0 };
	switch (t->notif.data.nr) {
	case SYS_recvmsg:
		return incoming_read_header(t, trap_argument(t, 1), (int)trap_argument(t, 2), ret);
	case SYS_recvfrom:
		ret->flags = (int)trap_argument(t, 3);
		ret->name = trap_argument(t, 4);
		ret->name_len_at = trap_argument(t, 5);
		return read_one_part(t, ret);
	case SYS_readv:
		return read_parts(t, trap_argument(t, 1), (size_t)trap_argument(t, 2), ret);
	default:
		return read_one_part(t, ret);
	}
}

size_t incoming_room(const struct incoming *in)
{
	size_t sum = 0;

	for (size_t i = 0; i < in->count; i++) {
		if (in->parts[i].iov_len > ROOM_MAX - sum)
			return ROOM_MAX;
		sum += in->parts[i].iov_len;
	}
	return sum;
}

ssize_t incoming_take(int fd, int flags, void *octets, size_t size, size_t control_len,
                      struct received *ret)
{
	struct iovec iov = { octets, size };
	struct msghdr m = {
		.msg_name = &ret->name,
		.msg_namelen = sizeof(ret->name),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ret->control,
		.msg_controllen =
			control_len < sizeof(ret->control) ? control_len : sizeof(ret->control),
	};
	ssize_t len = recvmsg(fd, &m, flags | MSG_TRUNC | MSG_DONTWAIT);

	if (len < 0)
		return -errno;
	ret->control_len = m.msg_controllen;
	ret->flags = m.msg_flags;
	return len;
}

static int scatter(const struct trap *t, const struct incoming *in, const uint8_t *octets,
                   size_t len)
{
	for (size_t i = 0; i < in->count && len; i++) {
		size_t part = in->parts[i].iov_len < len ? in->parts[i].iov_len : len;
		int err = part ? trap_write(t, (uint64_t)in->parts[i].iov_base, octets, part) : 0;

		if (err < 0)
			return err;
		octets += part;
		len -= part;
	}
	return 0;
}

static int put_header(const struct trap *t, const struct incoming *in, const struct received *got)
{
	int err = trap_write(t, in->header + offsetof(struct msghdr, msg_controllen),
	                     &got->control_len, sizeof(got->control_len));

	return err < 0 ? err
	               : trap_write(t, in->header + offsetof(struct msghdr, msg_flags), &got->flags,
	                            sizeof(got->flags));
}

int incoming_put(const struct trap *t, const struct incoming *in, const void *octets, size_t len,
                 const struct received *got)
{
	int err = scatter(t, in, octets, len);

	if (!err)
		err = trap_write(t, in->control, got->control, got->control_len);
	if (!err && in->name)
		err = trap_write_sized(t, in->name, in->name_len_at, &got->name, sizeof(got->name));
	if (!err && in->header)
		err = put_header(t, in, got);
	return err;
}

ssize_t incoming_result(const struct incoming *in, size_t size)
{
	size_t room = incoming_room(in);

	return (ssize_t)(in->flags & MSG_TRUNC || size < room ? size : room);
}
