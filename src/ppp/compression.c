/* SPDX-License-Identifier: BSD-2-Clause */
/* compression.c - see compression.h */
#include "ppp/compression.h"

#include <string.h>

#include "base/reader.h"

enum { /* RFC 1962 §3, RFC 1661 §5 */
       CONFIGURE_REQUEST = 1,
       CONFIGURE_ACK = 2,
       TERMINATE_REQUEST = 5,
       TERMINATE_ACK = 6,
       RESET_ACK = 15,
};

#define CCP_HEAD       4
#define OPTION_LEN_MIN 2

/* What Linux counts beside a frame's information, in octets. */
#define SENT_PLAIN         2 /* protocol number */
#define SENT_COMPRESSED    4 /* ff 03, protocol number */
#define RECEIVED_PLAIN     4
#define RECEIVED_HEAD_LESS 2 /* of MPPE */

struct mppe *ppp_compression_set(struct ppp_compression *c, bool transmit, struct mppe *m)
{
	struct mppe **place = transmit ? &c->compressor : &c->decompressor, *before = *place;

	*place = m;
	c->state &= ~(uint32_t)(transmit ? SC_COMP_RUN : SC_DECOMP_RUN);
	memset(transmit ? &c->stats.c : &c->stats.d, 0, sizeof(c->stats.c));
	return before;
}

void ppp_compression_close(struct ppp_compression *c)
{
	mppe_free(c->compressor);
	mppe_free(c->decompressor);
	*c = (struct ppp_compression){ 0 };
}

static void start(struct ppp_compression *c, bool outbound, const uint8_t *option, size_t len)
{
	struct mppe *m = outbound ? c->compressor : c->decompressor;

	if (!m || !mppe_start(m, option, len))
		return;
	if (outbound) {
		c->state |= SC_COMP_RUN;
	} else {
		c->state |= SC_DECOMP_RUN;
		c->state &= ~(uint32_t)(SC_DC_ERROR | SC_DC_FERROR);
	}
}

static void reset(struct ppp_compression *c, bool outbound)
{
	if (outbound && c->state & SC_COMP_RUN)
		mppe_reset(c->compressor);
	else if (!outbound && c->state & SC_DECOMP_RUN)
		c->state &= ~(uint32_t)SC_DC_ERROR;
}

/* @packet: behind identifier and length; its length was @len, with the head. */
static void acknowledged(struct ppp_compression *c, bool outbound, struct reader packet, size_t len)
{
	struct reader options = read_sub(&packet, len < CCP_HEAD ? 0 : len - CCP_HEAD);

	len = read_left(&options);
	if (len >= OPTION_LEN_MIN && options.at[1] <= len)
		start(c, outbound, options.at, len);
}

void ppp_compression_look(struct ppp_compression *c, uint32_t flags, bool outbound,
                          const uint8_t *info, size_t len)
{
	struct reader r = reader_over(info, len);
	uint8_t code = read_u8(&r);
	uint16_t packet_len;

	read_u8(&r); /* identifier */
	packet_len = read_u16(&r);
	if (r.failed)
		return;
	switch (code) {
	case CONFIGURE_REQUEST: /* what one end asks for is about what it receives */
		c->state &= ~(uint32_t)(outbound ? SC_DECOMP_RUN : SC_COMP_RUN);
		break;
	case CONFIGURE_ACK:
		if ((flags & (SC_CCP_OPEN | SC_CCP_UP)) == SC_CCP_OPEN)
			acknowledged(c, outbound, r, packet_len);
		break;
	case TERMINATE_REQUEST:
	case TERMINATE_ACK:
		c->state &= ~(uint32_t)(SC_DECOMP_RUN | SC_COMP_RUN);
		break;
	case RESET_ACK:
		if (flags & SC_CCP_UP)
			reset(c, outbound);
		break;
	default:
		break;
	}
}

static void count(struct compstat *stats, size_t plain, size_t compressed)
{
	stats->unc_bytes += (uint32_t)plain;
	stats->unc_packets++;
	stats->comp_bytes += (uint32_t)compressed;
	stats->comp_packets++;
}

enum ppp_sending ppp_compression_send(struct ppp_compression *c, uint32_t flags, uint16_t protocol,
                                      const struct iovec info[2], uint8_t *out, size_t *out_len)
{
	size_t len;

	if (flags & SC_MUST_COMP && !(flags & SC_CCP_UP))
		return PPP_SEND_NOT;
	len = mppe_encrypt(c->compressor, protocol, info, 2, out);
	if (!len)
		return PPP_SEND_PLAIN;
	count(&c->stats.c, info[0].iov_len + info[1].iov_len + SENT_PLAIN, len + SENT_COMPRESSED);
	if (!(flags & SC_CCP_UP))
		return PPP_SEND_NOT;
	*out_len = len;
	return PPP_SEND_COMPRESSED;
}

enum ppp_receiving ppp_compression_receive(struct ppp_compression *c, const uint8_t *info,
                                           size_t len, uint8_t *out, uint16_t *protocol,
                                           const uint8_t **ret, size_t *ret_len)
{
	switch (mppe_decrypt(c->decompressor, info, len, out, protocol, ret, ret_len)) {
	case MPPE_OK:
		count(&c->stats.d, *ret_len + RECEIVED_PLAIN, len - RECEIVED_HEAD_LESS);
		return PPP_RECEIVED_RESTORED;
	case MPPE_AGAIN:
		return PPP_RECEIVED_AGAIN;
	case MPPE_FATAL:
		c->state |= SC_DC_ERROR | SC_DC_FERROR;
		return PPP_RECEIVED_UNREADABLE;
	case MPPE_ERROR:
	default:
		c->state |= SC_DC_ERROR;
		return PPP_RECEIVED_UNREADABLE;
	}
}

void ppp_compression_pass(struct ppp_compression *c, uint16_t protocol, size_t len)
{
	struct compstat *stats = &c->stats.d;

	if (protocol == PPP_COMP || (c->state & PPP_DECOMPRESSION) != SC_DECOMP_RUN)
		return;
	stats->inc_bytes += (uint32_t)len + RECEIVED_PLAIN;
	stats->inc_packets++;
	stats->unc_bytes += (uint32_t)len + RECEIVED_PLAIN;
	stats->unc_packets++;
}
