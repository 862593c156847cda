/* SPDX-License-Identifier: BSD-2-Clause */
/* privilege.c - see privilege.h */
#include "keeper/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define ENGINE_USER "ul2tp"
#define NOBODY      65534

static const struct {
	unsigned int capability;
	int level; /* how bad it is to lack it */
	const char *effect;
} needed[] = {
	{ CAP_NET_ADMIN, LOG_WARNING, "no interface can be made" },
	{ CAP_NET_RAW, LOG_WARNING, "no tunnel over IP protocol 115" },
	{ CAP_NET_BIND_SERVICE, LOG_NOTICE, "no local port below 1024" },
	{ CAP_SYS_ADMIN, LOG_NOTICE, "only clients of my own network namespace are served" },
	{ CAP_SYS_PTRACE, LOG_NOTICE,
	  "only clients of my own user with no more capabilities than mine are recognised" },
	{ CAP_DAC_READ_SEARCH, LOG_INFO, "processes of other users may not be seen" },
	{ CAP_SETUID, LOG_INFO, "the engine runs as my own user" },
	{ CAP_SETGID, LOG_INFO, "the engine runs in my own groups" },
	{ CAP_SETPCAP, LOG_INFO, "the bounding set stays as it is" },
	{ CAP_KILL, LOG_INFO, "an engine of another user can not be ended by force" },
};

static void say_what_lacks(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!capng_have_capability(CAPNG_PERMITTED, needed[i].capability))
			log_event(needed[i].level, "capability-lacking",
			          "capability=%s effect=\"%s\"",
			          capng_capability_to_name(needed[i].capability), needed[i].effect);
}

void privilege_keep_needed(void)
{
	bool have[ARRAY_SIZE(needed)], may_bound;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	capng_get_caps_process();
	say_what_lacks();
	/* Without CAP_SYS_PTRACE one may look only at processes that have no capability one has not: a container
	 * gives its clients some that we would drop. */
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_PTRACE)) {
		log_event(LOG_INFO, "capabilities-kept",
		          "reason=\"clients with more than mine can not be seen\"");
		return;
	}
	may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		have[i] = capng_have_capability(CAPNG_PERMITTED, needed[i].capability);

	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		if (have[i])
			capng_update(CAPNG_ADD,
			             CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			             needed[i].capability);
		else
			log_event(needed[i].level, "capability-lacking",
			          "capability=%s effect=\"%s\"",
			          capng_capability_to_name(needed[i].capability), needed[i].effect);
	}
	if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) < 0)
		log_event(LOG_WARNING, "capabilities-kept",
		          "effect=\"more rights than are needed\"");
}

void privilege_bequeath(bool kept)
{
	capng_get_caps_process();
	for (unsigned int c = 0; c <= CAP_LAST_CAP; c++)
		capng_update(kept && capng_have_capability(CAPNG_PERMITTED, c) ? CAPNG_ADD
		                                                               : CAPNG_DROP,
		             CAPNG_INHERITABLE, c);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return;
	/* What is not inheritable any more is not ambient either. */
	for (unsigned long c = 0; kept && c <= CAP_LAST_CAP; c++)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
}

/* In a user namespace that knows only one user there is nobody to become. */
static int become_nobody(void)
{
	const struct passwd *user = getpwnam(ENGINE_USER);
	uid_t uid = user ? user->pw_uid : NOBODY;
	gid_t gid = user ? user->pw_gid : NOBODY;

	if (setgroups(0, NULL) < 0 && errno != EPERM)
		return -errno;
	if (setresgid(gid, gid, gid) < 0 && errno != EPERM && errno != EINVAL)
		return -errno;
	if (setresuid(uid, uid, uid) < 0 && errno != EPERM && errno != EINVAL)
		return -errno;
	return 0;
}

int privilege_give_up(void)
{
	bool may_bound;
	int err;

	capng_get_caps_process();
	may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_BOUNDS);
	if (may_bound && capng_apply(CAPNG_SELECT_BOUNDS) < 0)
		return -EPERM;
	err = become_nobody();
	if (err < 0)
		return err;
	capng_clear(CAPNG_SELECT_ALL);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0)
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
