/* SPDX-License-Identifier: BSD-2-Clause */
/* spare_descriptors.h - some that an adoption does not use up
 *
 * A new engine takes up what the one before had. Where it has room for fewer descriptors, what it has no room for ends; but
 * after that it needs some to hear its clients by.
 */
#ifndef UL2TP_PATH_SPARE_DESCRIPTORS_H
#define UL2TP_PATH_SPARE_DESCRIPTORS_H

#define SPARE_DESCRIPTORS 16

struct spare_descriptors {
	int fd[SPARE_DESCRIPTORS]; /* -1: there was no room for this one either */
};

void spare_descriptors_take(struct spare_descriptors *s);
void spare_descriptors_give(struct spare_descriptors *s);

#endif
