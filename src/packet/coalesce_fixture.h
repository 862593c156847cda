/* SPDX-License-Identifier: BSD-2-Clause */
/* coalesce_fixture.h - for tests: frames that arrive at a coalescer, and what it emits
 *
 * A test begins a batch, adds frames and finishes it. Whatever is emitted is cut again at once: its parts must be frames
 * that came, octet for octet and once each, and at the end all of them must have been among them.
 */
#ifndef UL2TP_PACKET_COALESCE_FIXTURE_H
#define UL2TP_PACKET_COALESCE_FIXTURE_H

#include "base/cleanup.h"
#include "packet/coalesce.h"
#include "packet/frame_model.h"

/* Of struct frame_model. */
#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define URG 0x20
#define ECE 0x40
#define CWR 0x80

#define ALL        (COALESCE_TCP4 | COALESCE_TCP6 | COALESCE_UDP)
#define FRAMES_MAX 512
#define FRAME_ROOM 2048

struct wire_frame {
	uint8_t *data; /* of exactly its length, so that sanitizers see what is read beside it */
	void *memory;
	size_t len;
	void *owner;
	bool seen; /* among what cutting gave back */
};

struct coalesce_fixture {
	/* A test may set these, and sets them back. */
	size_t begins_at; /* each frame lies so many octets behind a boundary */
	bool bare;        /* packets are added and cut, not Ethernet frames */

	uint8_t payload[65536];
	int owner_a, owner_b; /* their addresses tell devices apart */
	struct wire_frame came[FRAMES_MAX];
	size_t came_count;
	uint32_t emitted[FRAMES_MAX], emitted_count; /* frames in each */
	uint8_t last_emitted[70000];
	size_t last_emitted_len;
	struct virtio_net_hdr last_vnet;
};

extern struct coalescer coalescer; /* by itself: sanitizers see what is touched beside it */
extern struct coalesce_fixture batch;

/** fill_payload() - for the group of tests: the same octets by chance each time */
int fill_payload(void **state);

/** begin() - nothing has come, and nothing was emitted */
void begin(void);

/** add_octets() - a frame comes, for a device that @accepts this (enum coalesce_accepts) */
void add_octets(void *owner, uint32_t accepts, const uint8_t *data, size_t len);

/** add() - the frame of this model comes, for a device of owner_a that accepts all */
void add(const struct frame_model *m, size_t payload_len);

/** add_next() - the frame, and then the model is moved on to what a sender would send next */
void add_next(struct frame_model *m, size_t payload_len);

/** finish() - ends the batch: every frame must have been handed on */
void finish(void);

/** emitted_were() - since it began: of so many frames each, and no others */
#define emitted_were(...)                                                                          \
	do {                                                                                       \
		const uint32_t all_[] = { __VA_ARGS__ };                                           \
		assert_int_equal(batch.emitted_count, ARRAY_SIZE(all_));                           \
		assert_memory_equal(batch.emitted, all_, sizeof(all_));                            \
	} while (0)

#endif
