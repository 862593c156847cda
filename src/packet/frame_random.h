/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_random.h - flows as networks have them, and what happens to them, by chance: for tests of properties
 *
 * A flow is a frame_model that is moved on from frame to frame. Its kind is chosen once: addresses, tags, extension
 * headers, options. What changes from one frame to the next, rarely or always, is chosen for each. Only tests are linked
 * to it.
 */
#ifndef UL2TP_PACKET_FRAME_RANDOM_H
#define UL2TP_PACKET_FRAME_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/frame_model.h"

#define FRAME_RANDOM_OPTIONS 40

struct frame_random {
	struct frame_model model;
	size_t payload_max;                    /* what its sender puts into a segment */
	uint32_t calm;                         /* so many times rarer does anything happen to it */
	uint8_t options[FRAME_RANDOM_OPTIONS]; /* of TCP; model.tcp_options points to them */
};

/** frame_random_flow() - a flow of any kind; @number tells it from others */
void frame_random_flow(struct frame_random *f, uint32_t *state, uint8_t number, bool bare);

/** frame_random_happens() - now and then something changes in it, for the next frame or for good */
void frame_random_happens(struct frame_random *f, uint32_t *state);

/** frame_random_size() - octets of payload of the next frame: mostly a full segment */
size_t frame_random_size(const struct frame_random *f, uint32_t *state);

/** frame_random_sent() - the sender has sent so many */
void frame_random_sent(struct frame_random *f, size_t payload_len);

/** frame_random_one_in() - true once in @n times */
bool frame_random_one_in(uint32_t *state, uint32_t n);

#endif
