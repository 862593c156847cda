/* SPDX-License-Identifier: BSD-2-Clause */
/* mppe.h - Microsoft Point-to-Point Encryption, a direction at a time (RFC 3078, RFC 3079; PPP-60, PPP-63)
 *
 * RC4, as the protocol demands it: no protection by today's standards, and still what VPN clients ask for. What is
 * called compression in PPP is encryption only here. One thread's; no allocation after mppe_new().
 */
#ifndef UL2TP_PPP_MPPE_H
#define UL2TP_PPP_MPPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define MPPE_OPTION_LEN                                                                            \
	22              /* {18, 6, four octets}, and the key of 16, as PPPIOCSCOMPRESS has them */
#define MPPE_OVERHEAD 4 /* octets by which a frame's information grows: header, protocol number */

enum mppe_result {
	MPPE_OK,
	MPPE_ERROR, /* it can not be read; the peer must be asked for a new key if it keeps state */
	MPPE_FATAL, /* and so often that this is no accident */
	MPPE_AGAIN, /* the frame has come already; the next can be read */
};

struct mppe;

/* Where one that was started stands, to go on from there in another process. In memory that outlives this one, zeroed; each
 * change is there in whole or not at all. */
struct mppe_kept {
	_Atomic uint32_t which; /* 1 + place in .at; 0: it was not started */
	uint8_t stateless;
	uint8_t key_len;
	uint8_t start_key[16];
	struct {
		uint8_t session_key[16];
		uint32_t count;
	} at[2];
};

/**
 * mppe_new() - for one direction, not started
 * @option: MPPE_OPTION_LEN octets as above
 *
 * Return: 0; -EINVAL @len is below 2, or the option's own length is not in it, or it is another method;
 *	   -ENOBUFS not an option of MPPE with a key; -ENOMEM.
 */
int mppe_new(const uint8_t *option, size_t len, struct mppe **ret);

/** mppe_free() - the key is wiped */
void mppe_free(struct mppe *m);

/**
 * mppe_start() - the peers have agreed on this option: begin with count 0
 * @option: {18, 6, four octets}: all that a Configure-Ack has
 *
 * One that was started before goes on from the last key, not from its first, as Linux does (PPP-63): so both ends must
 * have done the same. Programs that negotiate again make a new one.
 *
 * Return: false: nothing that is known here: 56 bit, compression alone, another method, or more than one.
 */
bool mppe_start(struct mppe *m, const uint8_t *option, size_t len);

/** mppe_keep() - from now on note there where it stands, before each frame is given out
 * @kept: zeroed, or that from which it was resumed; NULL: no more */
void mppe_keep(struct mppe *m, struct mppe_kept *kept);

/**
 * mppe_resume() - go on where another stood, instead of mppe_start()
 * @sends: its frames are sent, not received
 *
 * The cipher's own state is lost. Of what is sent the next frame begins with a new key; of what is received, if the peers
 * keep state, nothing can be read until one does. Return: false: it was not started.
 */
bool mppe_resume(struct mppe *m, const struct mppe_kept *kept, bool sends);

/** mppe_reset() - of what is sent: the peer has lost its way, the next frame begins with a new key (RFC 3078 §7.2) */
void mppe_reset(struct mppe *m);

/**
 * mppe_encrypt() - make information of a frame of 00fd
 * @info: in pieces
 * @out:  room for all of it and MPPE_OVERHEAD octets
 *
 * Return: octets there; 0: not a protocol that is encrypted, the frame goes as it is.
 */
size_t mppe_encrypt(struct mppe *m, uint16_t protocol, const struct iovec *info, int pieces,
                    uint8_t *out);

/**
 * mppe_decrypt() - of the information of a frame of 00fd
 * @out: room for @len octets
 *
 * @protocol, @ret, @ret_len are set with MPPE_OK only; @ret is in @out.
 */
enum mppe_result mppe_decrypt(struct mppe *m, const uint8_t *info, size_t len, uint8_t *out,
                              uint16_t *protocol, const uint8_t **ret, size_t *ret_len);

#endif
