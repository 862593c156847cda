/* SPDX-License-Identifier: BSD-2-Clause */
/* mppe_fuzz.c - any frames are decrypted to something, or refused; what was encrypted comes back
 *
 * Input: the last and the first octet of the option's bits, then frames, each with its length in one octet in front.
 */
#include <assert.h>
#include <string.h>

#include "ppp/mppe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void there_and_back(struct mppe *out, struct mppe *in, const uint8_t *text, size_t len)
{
	uint8_t frame[UINT8_MAX + MPPE_OVERHEAD], room[UINT8_MAX + MPPE_OVERHEAD];
	struct iovec info = { (void *)text, len };
	size_t frame_len = mppe_encrypt(out, 0x0021, &info, 1, frame), back_len;
	const uint8_t *back;
	uint16_t protocol;

	assert(frame_len == len + MPPE_OVERHEAD);
	assert(mppe_decrypt(in, frame, frame_len, room, &protocol, &back, &back_len) == MPPE_OK);
	assert(protocol == 0x0021 && back_len == len && !memcmp(back, text, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t option[MPPE_OPTION_LEN] = { 18, 6 }, room[UINT8_MAX];
	struct mppe *m[3];
	const uint8_t *at = data + 2, *end = data + size, *info;
	uint16_t protocol;
	size_t len;

	if (size < 2)
		return 0;
	option[5] = data[0];
	option[2] = data[1];
	for (int i = 0; i < 3; i++)
		assert(mppe_new(option, sizeof(option), &m[i]) == 0);
	if (mppe_start(m[0], option, 6) && mppe_start(m[1], option, 6) &&
	    mppe_start(m[2], option, 6)) {
		for (; end - at >= 1 && end - at > at[0]; at += 1 + at[0]) {
			there_and_back(m[0], m[1], at + 1, at[0]);
			if (mppe_decrypt(m[2], at + 1, at[0], room, &protocol, &info, &len) ==
			    MPPE_OK)
				assert(info + len <= room + at[0]);
		}
	}
	for (int i = 0; i < 3; i++)
		mppe_free(m[i]);
	return 0;
}
