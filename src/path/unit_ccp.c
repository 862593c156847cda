/* SPDX-License-Identifier: BSD-2-Clause */
/* unit_ccp.c - what the Compression Control Protocol says is looked at as it passes: programs negotiate, and here
 * compressors are started and stopped with the very frames that agree on it (PPP-61; RFC 1962 §3, §4) */
#include <linux/ppp-ioctl.h>

#include "path/unit_complete.h"
#include "path/unit_kept.h"

enum {
	CONFIGURE_REQUEST = 1,
	CONFIGURE_ACK = 2,
	TERMINATE_REQUEST = 5,
	TERMINATE_ACK = 6,
	RESET_ACK = 15,
};

#define OPTION_LEN_MIN 2

static void start(struct unit_complete *c, bool outbound, const uint8_t *option, size_t len)
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

static void reset(struct unit_complete *c, bool outbound)
{
	if (!outbound)
		c->state &= ~(uint32_t)SC_DC_ERROR;
	else if (c->compressor && c->state & SC_COMP_RUN)
		mppe_reset(c->compressor);
}

void unit_ccp_look(struct unit *u, bool outbound, const uint8_t *info, size_t len)
{
	struct unit_complete *c = u->complete;
	uint32_t flags = atomic_load_explicit(&u->flags, memory_order_relaxed);
	struct reader r = reader_over(info, len), options;
	uint8_t code = read_u8(&r);
	uint16_t frame_len;

	read_u8(&r); /* identifier */
	frame_len = read_u16(&r);
	if (r.failed)
		return;
	switch (code) {
	case CONFIGURE_REQUEST: /* what one end asks for is about what it receives */
		c->state &= ~(uint32_t)(outbound ? SC_DECOMP_RUN : SC_COMP_RUN);
		break;
	case TERMINATE_REQUEST:
	case TERMINATE_ACK:
		c->state &= ~(uint32_t)(SC_DECOMP_RUN | SC_COMP_RUN);
		break;
	case CONFIGURE_ACK:
		options = read_sub(&r, frame_len < 4 ? 0 : frame_len - 4u);
		len = read_left(&options);
		if ((flags & (SC_CCP_OPEN | SC_CCP_UP)) == SC_CCP_OPEN && len >= OPTION_LEN_MIN &&
		    options.at[1] <= len)
			start(c, outbound, options.at, len);
		break;
	case RESET_ACK:
		if (flags & SC_CCP_UP)
			reset(c, outbound);
		break;
	default:
		break;
	}
	unit_kept_state(u);
}
