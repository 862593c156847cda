/* SPDX-License-Identifier: BSD-2-Clause */
/* spare_descriptors.c - see spare_descriptors.h */
#include "path/spare_descriptors.h"

#include <sys/eventfd.h>
#include <unistd.h>

void spare_descriptors_take(struct spare_descriptors *s)
{
	for (int i = 0; i < SPARE_DESCRIPTORS; i++)
		s->fd[i] = eventfd(0, EFD_CLOEXEC);
}

void spare_descriptors_give(struct spare_descriptors *s)
{
	for (int i = 0; i < SPARE_DESCRIPTORS; i++)
		if (s->fd[i] >= 0)
			close(s->fd[i]);
}
