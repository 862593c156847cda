/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptor_call.c - see descriptor_call.h */
#include "launcher/descriptor_call.h"

#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"

enum stand_in {
	STAND_IN_NONE,
	STAND_IN_PPP, /* served at any number, but for its errors */
	STAND_IN_OTHER,
};

static enum stand_in stand_in(const struct trap *t)
{
	struct object *o = trap_object(t, (int)trap_argument(t, 0));
	enum stand_in kind = STAND_IN_NONE;

	if (o) {
		kind = o->ops->ppp ? STAND_IN_PPP : STAND_IN_OTHER;
		object_put(&t->launcher->objects, o);
	}
	return kind;
}

static void warn_of_number(struct trap *t)
{
	if (!t->launcher->options.trap_all_sends)
		launcher_say_once(
			t->launcher, ONCE_OUT_OF_RANGE,
			"process %d moves a netlink socket to a number that is none from %u to %u, "
			"where what it sends is not seen: start it with \"ul2tp run -s\"",
			trap_process(t), t->launcher->range.first, t->launcher->range.last);
}

static void duplicate(struct trap *t, unsigned int first, bool cloexec)
{
	enum stand_in kind = stand_in(t);
	AUTO_FD fd = -1;

	if (kind == STAND_IN_NONE ||
	    (kind == STAND_IN_PPP &&
	     (first > t->launcher->ppp_range.first || !trap_has_ppp_room(t)))) {
		trap_continue(t);
		return;
	}
	fd = trap_descriptor(t, (int)trap_argument(t, 0));
	if (fd == -EPERM) {
		if (kind == STAND_IN_OTHER)
			warn_of_number(t);
		trap_continue(t);
	} else if (fd < 0) {
		trap_fail(t, fd);
	} else if (kind == STAND_IN_PPP) {
		trap_give(t, fd, GIVE_IN_PPP_RANGE, cloexec);
	} else {
		trap_give_from(t, fd, first, cloexec);
	}
}

void descriptor_call_dup(struct trap *t)
{
	duplicate(t, 0, false);
}

void descriptor_call_fcntl(struct trap *t)
{
	uint64_t first = trap_argument(t, 2);

	if (first <= t->launcher->range.last) {
		duplicate(t, (unsigned int)first, (int)trap_argument(t, 1) == F_DUPFD_CLOEXEC);
		return;
	}
	/* Higher than we have numbers: also EINVAL, EMFILE. */
	if (stand_in(t) == STAND_IN_OTHER)
		warn_of_number(t);
	trap_continue(t);
}

void descriptor_call_dup_to(struct trap *t)
{
	unsigned int to = (unsigned int)trap_argument(t, 1);
	const struct descriptor_range *range = &t->launcher->range;

	if ((to < range->first || to > range->last) && stand_in(t) == STAND_IN_OTHER)
		warn_of_number(t);
	trap_continue(t);
}
