/* SPDX-License-Identifier: BSD-2-Clause */
/* send_call.c - see send_call.h */
#include "launcher/send_call.h"

#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "launcher/orphan.h"
#include "launcher/outgoing.h"

static int64_t send_out(struct trap *t, struct object *o, const struct outgoing *m)
{
	if (!o->ops->send)
		return -EOPNOTSUPP;
	return o->ops->send(t, o, m);
}

static int64_t sendto_object(struct trap *t, struct object *o)
{
	AUTO_OUTGOING m = { 0 };
	int err = outgoing_read_sendto(t, &m);

	return err < 0 ? err : send_out(t, o, &m);
}

static int64_t send_header(struct trap *t, struct object *o, const struct msghdr *header, int flags)
{
	AUTO_OUTGOING m = { 0 };
	int err = outgoing_read_message(t, header, flags, &m);

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
	int err = outgoing_read_octets(t, trap_argument(t, 1), trap_argument(t, 2), &m);

	return err < 0 ? err : send_out(t, o, &m);
}

static int64_t writev_object(struct trap *t, struct object *o)
{
	AUTO_OUTGOING m = { 0 };
	int err = outgoing_read_writev(t, &m);

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
