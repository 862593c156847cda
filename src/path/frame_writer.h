/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_writer.h - frames on their way to TAPs and TUNs, many by one system call
 *
 * One worker's. The system takes what is written to an interface as far as the program that it is for, and this program may
 * run in our place as soon as the call returns. With a call for each frame the two take turns on one processor for each frame.
 * So a batch is submitted as a whole, io_submit(2), which returns when all of it has been written: an interface never
 * lets a write wait. Where the system has no AIO (io_setup(2) says so) each frame has its own call.
 */
#ifndef UL2TP_PATH_FRAME_WRITER_H
#define UL2TP_PATH_FRAME_WRITER_H

#include <stdint.h>
#include <sys/uio.h>

#include "path/frame_taker.h"

#define FRAME_WRITER_MAX 64 /* frames that wait; one more, and they leave */

struct frame_writer;

/**
 * frame_writer_new() - NULL: out of memory
 * @err: not touched if frames are submitted together, else why not: -ENOSYS, -EAGAIN (fs.aio-max-nr) and others of
 *       io_setup(2); NULL: each is to have its own call in any case
 */
struct frame_writer *frame_writer_new(int *err);
void frame_writer_free(struct frame_writer *w);

/**
 * frame_writer_put() - one frame, in the order in which they are to be written
 * @device: descriptor of a TAP or TUN that does not block; open until the flush
 * @front:  what stands in front of the frame's virtio-net header, and stays until the flush; NULL: nothing
 * @frame:  its octets stay until the flush. Its owner is a frame_taker, which hears of a frame that could not be written
 *
 * May flush by itself.
 */
void frame_writer_put(struct frame_writer *w, int device, const struct iovec *front,
                      const struct coalesced *frame);

/** frame_writer_alone() - from now on each frame has its own call; on the worker */
void frame_writer_alone(struct frame_writer *w);

/**
 * frame_writer_end_aio() - give back what frames were submitted by; after frame_writer_alone(), any thread
 *
 * Takes some 30 ms, as does the end of a process that has not done it.
 */
void frame_writer_end_aio(struct frame_writer *w);

/** frame_writer_flush() - all have been written, or their takers have heard why not */
void frame_writer_flush(struct frame_writer *w);

#endif
