/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_argument.c - see ppp_argument.h */
#include "launcher/ppp_argument.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/ppp-ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define OPTION_MAX 32 /* PPP-60 */

static int read_small(struct trap *t, size_t len, struct ppp_argument *ret)
{
	int err = trap_read(t, trap_argument(t, 2), ret->small, len);

	ret->octets = reader_over(ret->small, err < 0 ? 0 : len);
	return err;
}

/* PPP-60 */
static int read_option(struct trap *t, struct ppp_argument *ret)
{
	struct ppp_option_data option;
	int err = trap_read(t, trap_argument(t, 2), &option, sizeof(option));

	if (err < 0 || option.length > OPTION_MAX)
		return -EFAULT;
	memcpy(ret->small, &option.transmit, sizeof(option.transmit));
	err = trap_read(t, (uintptr_t)option.ptr, ret->small + sizeof(option.transmit),
	                option.length);
	if (err < 0)
		return err;
	ret->octets = reader_over(ret->small, sizeof(option.transmit) + option.length);
	return 0;
}

static int read_filter(struct trap *t, struct ppp_argument *ret)
{
	struct sock_fprog program;
	size_t len;
	int err = trap_read(t, trap_argument(t, 2), &program, sizeof(program));

	if (err < 0 || !program.len)
		return err;
	len = program.len * sizeof(struct sock_filter);
	ret->large = malloc(len);
	if (!ret->large)
		return -ENOMEM;
	err = trap_read(t, (uintptr_t)program.filter, ret->large, len);
	if (!err && program.len > BPF_MAXINSNS)
		err = -EINVAL;
	ret->octets = reader_over(ret->large, err < 0 ? 0 : len);
	return err;
}

int ppp_argument_read(struct trap *t, uint32_t number, struct ppp_argument *ret)
{
	ret->octets = reader_over(ret->small, 0);
	ret->large = NULL;
	switch (number) {
	case PPPIOCSCOMPRESS:
		return read_option(t, ret);
	case PPPIOCSPASS:
	case PPPIOCSACTIVE:
		return read_filter(t, ret);
	case PPPIOCNEWUNIT:
	case PPPIOCATTACH:
	case PPPIOCATTCHAN:
	case PPPIOCCONNECT:
	case PPPIOCBRIDGECHAN:
	case PPPIOCSFLAGS:
	case PPPIOCSMRU:
	case PPPIOCSMRRU:
	case PPPIOCSDEBUG:
	case PPPIOCSMAXCID:
	case PPPIOCGNPMODE:
	case PPPIOCSNPMODE:
		return read_small(t, _IOC_SIZE(number), ret);
	default:
		return 0; /* it reads nothing, or nobody knows it */
	}
}

void ppp_argument_release(struct ppp_argument *a)
{
	free(a->large);
}
