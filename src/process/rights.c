/* SPDX-License-Identifier: BSD-2-Clause */
/* rights.c - CAP_NET_ADMIN over a network namespace, decided as the kernel's cap_capable() does
 *
 * The namespace is owned by a user namespace. A process has the capability there if it is in that user
 * namespace, or one around it, and has it in its effective set; or if it is in the one directly around some
 * such and its user made that one.
 */
#include "process/process.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a user without a number in our own user namespace is shown as: two of them are not the same. */
#define UID_UNKNOWN 65534

int rights_owner_read(int netns, struct rights_owner *ret)
{
	int userns = ioctl(netns, NS_GET_USERNS);

	*ret = (struct rights_owner){ 0 };
	if (userns < 0)
		return -errno;

	while (userns >= 0 && ret->depth < RIGHTS_DEPTH_MAX) {
		uid_t made_by = UID_UNKNOWN;
		struct stat st;
		int around;

		if (fstat(userns, &st) < 0)
			break;
		if (ioctl(userns, NS_GET_OWNER_UID, &made_by) < 0)
			made_by = UID_UNKNOWN;
		ret->level[ret->depth].userns = st.st_ino;
		ret->level[ret->depth++].made_by = made_by;

		around = ioctl(userns, NS_GET_PARENT);
		close(userns);
		userns = around;
	}
	if (userns >= 0)
		close(userns);
	return 0;
}

bool rights_allow(const struct rights_owner *owner, const struct process_credentials *who)
{
	for (uint32_t i = 0; i < owner->depth; i++) {
		if (owner->level[i].userns == who->userns)
			return who->effective >> CAP_NET_ADMIN & 1;
		if (i + 1 < owner->depth && owner->level[i + 1].userns == who->userns &&
		    owner->level[i].made_by == who->euid && who->euid != UID_UNKNOWN)
			return true;
	}
	return false;
}
