/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.h - rates and sizes in words, with the units of tc(8), whose upper and lower case are the same
 *
 * Rates: bit, kbit, mbit, gbit, tbit by thousands, kibit, mibit, gibit, tibit by 1024; with "bps" for "bit" they are of
 * octets. Without a unit: bits a second. Sizes: b, k or kb, m or mb, g or gb by 1024; kbit, mbit, gbit. Without a unit:
 * octets. Both may have a fraction of at most six digits.
 */
#ifndef UL2TP_CLI_RATE_H
#define UL2TP_CLI_RATE_H

#include <stddef.h>
#include <stdint.h>

#define RATE_EXPECTED "a rate, as 10mbit, 1.5gbit or 500kbps, or none"
#define SIZE_EXPECTED "a size, as 100kb, 2mb or 1500"
#define RATE_NAME_MAX 40 /* octets of a name */

/** rate_read() - bits a second; "none" is 0. -EINVAL, also of one that is too large for 64 bits */
int rate_read(const char *word, uint64_t *ret);

/** size_read() - octets. -EINVAL, also of one that is too large for 32 bits */
int size_read(const char *word, uint32_t *ret);

/** rate_name(), size_name() - in the largest unit that gives a whole number, which can be read again; @buffer */
const char *rate_name(uint64_t bits_per_second, char buffer[RATE_NAME_MAX]);
const char *size_name(uint32_t octets, char buffer[RATE_NAME_MAX]);

#endif
