/* SPDX-License-Identifier: BSD-2-Clause */
/* compression.h - both directions of a unit's compression, and what CCP says about them (RFC 1962)
 *
 * Programs negotiate and say which methods they can have (PPPIOCSCOMPRESS); here compressors are started and stopped by
 * the very frames that agree on it, as they pass (PPP-61). The only method is MPPE, see mppe.h. Flags are those of
 * PPPIOCSFLAGS, which are the unit's: SC_CCP_OPEN, SC_CCP_UP, SC_MUST_COMP.
 *
 * One thread's. Nothing is allocated but by mppe_new().
 * Source: §6.5 to §6.8 of doc/kernel-behaviour.md.
 */
#ifndef UL2TP_PPP_COMPRESSION_H
#define UL2TP_PPP_COMPRESSION_H

#include <linux/ppp-ioctl.h>
#include <linux/ppp_defs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "ppp/mppe.h"

#define PPP_DECOMPRESSION (SC_DECOMP_RUN | SC_DC_ERROR | SC_DC_FERROR)

struct ppp_compression {
	struct mppe *compressor, *decompressor; /* owned; NULL: none */
	uint32_t state;              /* SC_COMP_RUN, SC_DECOMP_RUN, SC_DC_ERROR, SC_DC_FERROR */
	struct ppp_comp_stats stats; /* of what is there now */
};

/** ppp_compression_set() - put @m, not started, in the place of a direction's compressor (PPP-60)
 *
 * Return: what was there: the caller's.
 */
struct mppe *ppp_compression_set(struct ppp_compression *c, bool transmit, struct mppe *m);

/** ppp_compression_close() - SC_CCP_OPEN was cleared: nothing is left (PPP-50) */
void ppp_compression_close(struct ppp_compression *c);

/** ppp_compression_look() - at a frame of CCP on its way; @info: behind the protocol number */
void ppp_compression_look(struct ppp_compression *c, uint32_t flags, bool outbound,
                          const uint8_t *info, size_t len);

enum ppp_sending {
	PPP_SEND_PLAIN,
	PPP_SEND_COMPRESSED, /* as information of 00fd */
	PPP_SEND_NOT, /* it must be compressed and can not be, or the peer would not know it (PPP-62) */
};

/** ppp_compression_sends() - whether ppp_compression_send() has anything to do: room would be wasted else */
static inline bool ppp_compression_sends(const struct ppp_compression *c, uint16_t protocol)
{
	return c->state & SC_COMP_RUN && protocol != PPP_LCP && protocol != PPP_CCP;
}

/**
 * ppp_compression_send() - for ppp_compression_sends()
 * @info:    in two pieces
 * @out:     room for both and MPPE_OVERHEAD octets
 * @out_len: set with PPP_SEND_COMPRESSED
 */
enum ppp_sending ppp_compression_send(struct ppp_compression *c, uint32_t flags, uint16_t protocol,
                                      const struct iovec info[2], uint8_t *out, size_t *out_len);

enum ppp_receiving {
	PPP_RECEIVED_RESTORED,
	PPP_RECEIVED_UNREADABLE, /* goes on as 00fd: the program, which then has it, asks the peer for a reset */
	PPP_RECEIVED_AGAIN, /* a frame that came twice: nothing is wrong, and it is of no use */
};

/** ppp_compression_receives() - whether ppp_compression_receive() has anything to do */
static inline bool ppp_compression_receives(const struct ppp_compression *c, uint16_t protocol)
{
	return protocol == PPP_COMP && (c->state & PPP_DECOMPRESSION) == SC_DECOMP_RUN;
}

/**
 * ppp_compression_receive() - for ppp_compression_receives()
 * @out: room for @len octets
 *
 * @protocol, @ret, @ret_len are set with PPP_RECEIVED_RESTORED only; @ret is in @out.
 */
enum ppp_receiving ppp_compression_receive(struct ppp_compression *c, const uint8_t *info,
                                           size_t len, uint8_t *out, uint16_t *protocol,
                                           const uint8_t **ret, size_t *ret_len);

/** ppp_compression_pass() - another frame that came, as it is (step 3 of §6.7): it is counted */
void ppp_compression_pass(struct ppp_compression *c, uint16_t protocol, size_t len);

/** ppp_compression_refuses() - what comes, of any protocol: nothing may go uncompressed, and nothing can be read */
static inline bool ppp_compression_refuses(const struct ppp_compression *c, uint32_t flags)
{
	return flags & SC_MUST_COMP && c->state & SC_DC_FERROR;
}

#endif
