/* SPDX-License-Identifier: BSD-2-Clause */
/* estate.c - see estate.h */
#include "launcher/estate.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

#define LITTLE 256 /* things that a mapping may hold without being full of them */

/* From a supervisor to the guardian, with the descriptors of a thing that came. */
struct letter {
	uint32_t index;
	uint32_t goes; /* it is dropped */
};

union control {
	struct cmsghdr header;
	uint8_t room[CMSG_SPACE(ESTATE_FDS * sizeof(int))];
};

struct estate *estate_new(void)
{
	struct estate *e = mmap(NULL, sizeof(*e), PROT_READ | PROT_WRITE,
	                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (e == MAP_FAILED)
		return NULL;
	return getrandom(&e->tokens, sizeof(e->tokens), 0) == sizeof(e->tokens) ? e : NULL;
}

static void letter_send(struct launcher *l, const struct letter *letter, const int *fds,
                        unsigned int count)
{
	struct iovec v = { (void *)letter, sizeof(*letter) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	union control control = { 0 };

	if (count > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(count * sizeof(int));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, count * sizeof(int));
	}
	/* A guardian that is gone starts no other supervisor: nothing is lost by not telling it. */
	if (sendmsg(l->guardian, &m, MSG_NOSIGNAL) < 0)
		launcher_trace(l, 1, "the guardian does not answer: %s", strerror(errno));
}

/* Half of them are free, so one is soon found, and what is used of the mapping does not grow with all that came and
 * went. */
static uint32_t things_in_use(struct estate *e)
{
	const uint32_t used = atomic_load(&e->used);

	return used < ESTATE_THINGS / 2 ? 2 * used + LITTLE : ESTATE_THINGS;
}

/* Before it is. */
static void will_touch(struct estate *e, uint32_t index)
{
	uint32_t touched = atomic_load(&e->touched);

	while (touched <= index && !atomic_compare_exchange_weak(&e->touched, &touched, index + 1))
		;
}

/* NULL: there are as many as there can be. */
static struct estate_thing *thing_take(struct estate *e)
{
	uint32_t start = atomic_load(&e->next);

	if (start >= things_in_use(e))
		start = 0;
	for (uint32_t i = 0; i < ESTATE_THINGS; i++) {
		const uint32_t index = (start + i) % ESTATE_THINGS;

		will_touch(e, index);
		if (!atomic_exchange(&e->things[index].taken, true)) {
			atomic_store(&e->next, (index + 1) % ESTATE_THINGS);
			atomic_fetch_add(&e->used, 1);
			return &e->things[index];
		}
	}
	return NULL;
}

static void thing_free(struct estate *e, struct estate_thing *thing)
{
	if (atomic_exchange(&thing->taken, false))
		atomic_fetch_sub(&e->used, 1);
}

uint32_t estate_put(struct launcher *l, enum estate_kind kind, const struct object *o,
                    const void *state, size_t len, const int *fds, unsigned int fd_count)
{
	struct estate_thing *thing;
	struct letter letter = { 0 };

	assert(len <= ESTATE_STATE && fd_count <= ESTATE_FDS);
	thing = thing_take(l->estate);
	if (!thing)
		return ESTATE_NONE;
	letter.index = (uint32_t)(thing - l->estate->things);
	thing->ino = o->ino;
	thing->dev = o->dev;
	thing->fd_count = (uint8_t)fd_count;
	for (unsigned int i = 0; i < ESTATE_FDS; i++)
		thing->fds[i] = -1;
	memcpy(thing->state, state, len);
	if (fd_count > 0)
		letter_send(l, &letter, fds, fd_count);
	atomic_store(&thing->kind, (uint8_t)kind);
	return letter.index;
}

void estate_update(struct launcher *l, uint32_t index, const void *state, size_t len)
{
	assert(len <= ESTATE_STATE);
	if (index != ESTATE_NONE && memcmp(l->estate->things[index].state, state, len) != 0)
		memcpy(l->estate->things[index].state, state, len);
}

void estate_drop(struct launcher *l, uint32_t index)
{
	struct letter letter = { .index = index, .goes = true };
	struct estate_thing *thing;

	if (index == ESTATE_NONE)
		return;
	thing = &l->estate->things[index];
	atomic_store(&thing->kind, ESTATE_FREE);
	/* The guardian frees what has descriptors, after it has closed them. */
	if (thing->fd_count > 0)
		letter_send(l, &letter, NULL, 0);
	else
		thing_free(l->estate, thing);
}

static void thing_comes(struct estate_thing *thing, const struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	unsigned int count;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	count = (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(thing->fds, CMSG_DATA(c), count * sizeof(int));
}

static void thing_goes(struct estate *e, struct estate_thing *thing)
{
	for (unsigned int i = 0; i < ESTATE_FDS; i++) {
		if (thing->fds[i] >= 0)
			close(thing->fds[i]);
		thing->fds[i] = -1;
	}
	thing_free(e, thing);
}

void estate_settle(struct launcher *l)
{
	const uint32_t touched = atomic_load(&l->estate->touched);

	for (uint32_t i = 0; i < touched; i++) {
		struct estate_thing *thing = &l->estate->things[i];

		if (atomic_load(&thing->taken) && atomic_load(&thing->kind) == ESTATE_FREE)
			thing_goes(l->estate, thing);
	}
}

int estate_receive(struct launcher *l, int from)
{
	union control control;
	struct letter letter;
	struct iovec v = { &letter, sizeof(letter) };
	struct msghdr m = {
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(from, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len != (ssize_t)sizeof(letter) || letter.index >= ESTATE_THINGS)
		return -EPIPE;
	if (letter.goes)
		thing_goes(l->estate, &l->estate->things[letter.index]);
	else
		thing_comes(&l->estate->things[letter.index], &m);
	return 0;
}
