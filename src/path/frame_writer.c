/* SPDX-License-Identifier: BSD-2-Clause */
/* frame_writer.c - see frame_writer.h */
#include "path/frame_writer.h"

#include <errno.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PIECES 3 /* what stands in front, the virtio-net header, the frame */

struct waiting_frame {
	struct virtio_net_hdr vnet;
	struct iovec pieces[PIECES];
	struct coalesced about; /* its pieces are these, without what stands in front */
};

struct frame_writer {
	aio_context_t context; /* 0: there is none */
	bool alone;            /* each frame has its own call */
	uint32_t count;        /* frames that wait */
	uint32_t of_several;   /* ... which the coalescer keeps COALESCE_KEPT of */
	struct waiting_frame frames[FRAME_WRITER_MAX];
	struct iocb requests[FRAME_WRITER_MAX], *order[FRAME_WRITER_MAX];
	struct io_event done[FRAME_WRITER_MAX];
};

struct frame_writer *frame_writer_new(int *err)
{
	struct frame_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	if (err && syscall(SYS_io_setup, FRAME_WRITER_MAX, &w->context) < 0) {
		*err = -errno;
		w->context = 0;
	}
	w->alone = !w->context;
	for (uint32_t i = 0; i < FRAME_WRITER_MAX; i++)
		w->order[i] = &w->requests[i];
	return w;
}

void frame_writer_free(struct frame_writer *w)
{
	if (w)
		frame_writer_end_aio(w);
	free(w);
}

void frame_writer_alone(struct frame_writer *w)
{
	w->alone = true;
}

void frame_writer_end_aio(struct frame_writer *w)
{
	if (w->context)
		syscall(SYS_io_destroy, w->context);
	w->context = 0;
}

void frame_writer_put(struct frame_writer *w, int device, const struct iovec *front,
                      const struct coalesced *frame)
{
	uint32_t at = w->count++;
	struct waiting_frame *f = &w->frames[at];
	struct iovec *first = front ? f->pieces : f->pieces + 1;

	f->vnet = *(const struct virtio_net_hdr *)frame->iov[0].iov_base;
	if (front)
		f->pieces[0] = *front;
	f->pieces[1] = (struct iovec){ &f->vnet, sizeof(f->vnet) };
	f->pieces[2] = frame->iov[1];
	f->about = *frame;
	f->about.iov = f->pieces + 1;
	w->requests[at] = (struct iocb){
		.aio_data = at,
		.aio_lio_opcode = IOCB_CMD_PWRITEV,
		.aio_fildes = (uint32_t)device,
		.aio_buf = (uintptr_t)first,
		.aio_nbytes = (uint64_t)(f->pieces + PIECES - first),
	};
	w->of_several += frame->frames > 1;
	if (w->count == FRAME_WRITER_MAX || w->of_several == COALESCE_KEPT)
		frame_writer_flush(w);
}

static void lost(struct frame_writer *w, uint64_t which, int err)
{
	const struct coalesced *about = &w->frames[which].about;
	struct frame_taker *taker = about->owner;

	taker->lost(taker, about, err);
}

static void write_alone(struct frame_writer *w, uint32_t which)
{
	const struct iocb *r = &w->requests[which];

	if (writev((int)r->aio_fildes, (const struct iovec *)(uintptr_t)r->aio_buf,
	           (int)r->aio_nbytes) < 0)
		lost(w, which, -errno);
}

/* Of frames that have been written, so none is waited for. */
static void hear_of(struct frame_writer *w, long submitted)
{
	while (submitted > 0) {
		long n = syscall(SYS_io_getevents, w->context, submitted, submitted, w->done, NULL);

		for (long i = 0; i < n; i++)
			if (w->done[i].res < 0)
				lost(w, w->done[i].data, (int)w->done[i].res);
		if (n <= 0)
			return; /* which does not happen: no signal comes here */
		submitted -= n;
	}
}

void frame_writer_flush(struct frame_writer *w)
{
	uint32_t at = 0;

	while (at < w->count) {
		uint32_t left = w->count - at;
		long n = w->alone || left == 1
		                 ? 0
		                 : syscall(SYS_io_submit, w->context, left, w->order + at);

		hear_of(w, n);
		if (n > 0)
			at += (uint32_t)n;
		else
			write_alone(w, at++);
	}
	w->count = w->of_several = 0;
}
