/* SPDX-License-Identifier: BSD-2-Clause */
/* place_lock.h - of several processes one at a time makes, or removes, what is to stand at a path
 *
 * By a file beside it, which is there for as long as somebody has the lock or died with it, and which only its owner can open:
 * so nobody else can keep it.
 */
#ifndef UL2TP_KEEPER_PLACE_LOCK_H
#define UL2TP_KEEPER_PLACE_LOCK_H

/** place_lock() - wait for our turn. Return: what to give back; -EBUSY: it did not come within seconds; -errno: no file can be
 * made there, so nothing else can be, either */
int place_lock(const char *path);

/** place_unlock() - @lock: what place_lock() gave; negative: nothing happens */
void place_unlock(const char *path, int lock);

#endif
