/* SPDX-License-Identifier: BSD-2-Clause */
/* compression_fuzz.c - any frames of CCP and 00fd leave a state that is one, and nothing is read or written beside
 *
 * Input: frames, each with one octet in front (bit 7: of 00fd, not of CCP; bit 6: sent, not received; bit 5: CCP is
 * up; bit 4: it is closed, and both directions are set again), and one with its length.
 */
#include <assert.h>
#include <string.h>

#include "ppp/compression.h"

#define COMPRESSED 0x80
#define SENT       0x40
#define IS_UP      0x20
#define CLOSED     0x10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set(struct ppp_compression *c)
{
	static const uint8_t option[MPPE_OPTION_LEN] = { 18, 6, 1, 0, 0, 0x40, 'k', 'e', 'y' };
	struct mppe *m;

	for (int i = 0; i < 2; i++) {
		assert(mppe_new(option, sizeof(option), &m) == 0);
		mppe_free(ppp_compression_set(c, i, m));
	}
}

static void carry(struct ppp_compression *c, uint32_t flags, bool sent, const uint8_t *info,
                  size_t len)
{
	struct iovec pieces[2] = { { (void *)info, len / 3 },
		                   { (void *)(info + len / 3), len - len / 3 } };
	uint8_t room[UINT8_MAX + MPPE_OVERHEAD];
	const uint8_t *back;
	uint16_t protocol;
	size_t out_len;

	if (sent) {
		if (ppp_compression_sends(c, PPP_IP) &&
		    ppp_compression_send(c, flags, PPP_IP, pieces, room, &out_len) ==
		            PPP_SEND_COMPRESSED)
			assert(out_len == len + MPPE_OVERHEAD);
	} else if (ppp_compression_receives(c, PPP_COMP)) {
		if (ppp_compression_receive(c, info, len, room, &protocol, &back, &out_len) ==
		    PPP_RECEIVED_RESTORED)
			assert(back >= room && back + out_len <= room + len);
		else
			assert(c->state & SC_DECOMP_RUN);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ppp_compression c = { 0 };
	const uint8_t *end = data + size;

	set(&c);
	for (; end - data >= 2 && end - data - 2 >= data[1]; data += 2 + data[1]) {
		uint32_t flags = data[0] & IS_UP ? SC_CCP_OPEN | SC_CCP_UP : SC_CCP_OPEN;

		if (data[0] & CLOSED) {
			ppp_compression_close(&c);
			set(&c);
		}
		if (data[0] & COMPRESSED)
			carry(&c, flags, data[0] & SENT, data + 2, data[1]);
		else
			ppp_compression_look(&c, flags, data[0] & SENT, data + 2, data[1]);
		assert(!(c.state &
		         ~(uint32_t)(SC_COMP_RUN | SC_DECOMP_RUN | SC_DC_ERROR | SC_DC_FERROR)));
	}
	ppp_compression_close(&c);
	return 0;
}
