/* SPDX-License-Identifier: BSD-2-Clause */
/* divert_program.c - see divert_program.h
 *
 * Registers: R6 the packet's context, R7 octets of the UDP payload and later the verdict, R8 the session found, R9 the
 * record being filled. The others are free between calls. A filter on a UDP socket sees the packet from its UDP header
 * on.
 */
#include "keeper/divert_program.h"

#include <assert.h>
#include <stddef.h>

#include "base/cleanup.h"

#define UDP_HEADER   8
#define LEAST_OCTETS 14   /* RX-1 */
#define T_BIT        0x80 /* of the first octet: control (RX-2) */
#define L_BIT        0x40 /* of the first octet: version 2 has a length */
#define HEADER_READ  8    /* up to and with the session id, in every form */

/* Places on the stack. */
#define AT_HEADER (-16)
#define AT_KEY    (-40)
#define AT_COOKIE (-48)
#define AT_INDEX  (-56)

#define PASS_ALL   (-1)
#define RING_WAKE  0 /* the kernel wakes a reader that has read everything */
#define RECORD_AT  ((int16_t)sizeof(struct divert_record))
#define RECORD(m)  ((int16_t)offsetof(struct divert_record, m))
#define KEY(m)     ((int16_t)(AT_KEY + (int)offsetof(struct divert_key, m)))
#define VALUE(m)   ((int16_t)offsetof(struct divert_value, m))
#define CONTEXT(m) ((int16_t)offsetof(struct __sk_buff, m))
#define JUMPS_MAX  64

static_assert(BPF_RB_NO_WAKEUP == 1, "the busy flag is the flag of the ring");

enum label {
	PASS,
	VERSION_3,
	WITH_LENGTH,
	IDS_OF_V2,
	LOOK_UP,
	FOUND,
	COPY,
	RING_FULL,
	NOTICE,
	FORGET,
	SUBMIT,
	WAKE_FLAGS,
	NEXT_SIZE, /* and one for each size */
	LABELS = NEXT_SIZE + 8,
};

struct assembly {
	struct bpf_insn *at;
	uint32_t count;
	uint32_t labels[LABELS];
	struct {
		uint32_t insn;
		enum label to;
	} jumps[JUMPS_MAX];
	uint32_t jump_count;
};

static void put(struct assembly *a, int code, int dst, int src, int off, int imm)
{
	assert(a->count < DIVERT_PROGRAM_MAX);
	a->at[a->count++] = (struct bpf_insn){
		.code = (uint8_t)code,
		.dst_reg = (unsigned int)dst & 15u,
		.src_reg = (unsigned int)src & 15u,
		.off = (int16_t)off,
		.imm = imm,
	};
}

static void label(struct assembly *a, enum label here)
{
	a->labels[here] = a->count;
}

static void note_jump(struct assembly *a, enum label to)
{
	assert(a->jump_count < JUMPS_MAX);
	a->jumps[a->jump_count].insn = a->count;
	a->jumps[a->jump_count++].to = to;
}

static void jump_if(struct assembly *a, int condition, int reg, int imm, enum label to)
{
	note_jump(a, to);
	put(a, BPF_JMP | condition | BPF_K, reg, 0, 0, imm);
}

static void jump_if_reg(struct assembly *a, int condition, int reg, int other, enum label to)
{
	note_jump(a, to);
	put(a, BPF_JMP | condition | BPF_X, reg, other, 0, 0);
}

static void jump(struct assembly *a, enum label to)
{
	jump_if(a, BPF_JA, 0, 0, to);
}

static void move(struct assembly *a, int dst, int src)
{
	put(a, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void set(struct assembly *a, int dst, int imm)
{
	put(a, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static void alu(struct assembly *a, int operation, int dst, int imm)
{
	put(a, BPF_ALU64 | operation | BPF_K, dst, 0, 0, imm);
}

static void alu_reg(struct assembly *a, int operation, int dst, int src)
{
	put(a, BPF_ALU64 | operation | BPF_X, dst, src, 0, 0);
}

/* BPF_B, BPF_H, BPF_W, BPF_DW */
static void load(struct assembly *a, int size, int dst, int src, int off)
{
	put(a, BPF_LDX | size | BPF_MEM, dst, src, off, 0);
}

static void store(struct assembly *a, int size, int dst, int off, int src)
{
	put(a, BPF_STX | size | BPF_MEM, dst, src, off, 0);
}

static void store_imm(struct assembly *a, int size, int dst, int off, int imm)
{
	put(a, BPF_ST | size | BPF_MEM, dst, 0, off, imm);
}

static void to_host(struct assembly *a, int bits, int reg)
{
	put(a, BPF_ALU | BPF_END | BPF_TO_BE, reg, 0, 0, bits);
}

static void call(struct assembly *a, int function)
{
	put(a, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

static void stack(struct assembly *a, int dst, int off)
{
	move(a, dst, BPF_REG_10);
	alu(a, BPF_ADD, dst, off);
}

static void map(struct assembly *a, int dst, int fd)
{
	put(a, BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd);
	put(a, 0, 0, 0, 0, 0);
}

/* R0: the value of the key on the stack, or 0. */
static void look_up(struct assembly *a, int fd, int key)
{
	map(a, BPF_REG_1, fd);
	stack(a, BPF_REG_2, key);
	call(a, BPF_FUNC_map_lookup_elem);
}

/* R0: the element of the board whose number is on the stack, or 0. */
static void board_look_up(struct assembly *a, const struct divert_maps *maps)
{
	look_up(a, maps->board, AT_INDEX);
}

/* RX-1, RX-2, and whether anybody would read what we take. */
static void read_start(struct assembly *a, const struct divert_maps *maps)
{
	move(a, BPF_REG_6, BPF_REG_1);
	load(a, BPF_W, BPF_REG_7, BPF_REG_6, CONTEXT(len));
	jump_if(a, BPF_JLT, BPF_REG_7, UDP_HEADER + LEAST_OCTETS, PASS);
	alu(a, BPF_SUB, BPF_REG_7, UDP_HEADER);
	move(a, BPF_REG_1, BPF_REG_6);
	set(a, BPF_REG_2, UDP_HEADER);
	stack(a, BPF_REG_3, AT_HEADER);
	set(a, BPF_REG_4, HEADER_READ);
	call(a, BPF_FUNC_skb_load_bytes);
	jump_if(a, BPF_JNE, BPF_REG_0, 0, PASS);
	load(a, BPF_B, BPF_REG_1, BPF_REG_10, AT_HEADER);
	jump_if(a, BPF_JSET, BPF_REG_1, T_BIT, PASS);

	store_imm(a, BPF_W, BPF_REG_10, AT_INDEX, BOARD_BEAT);
	board_look_up(a, maps);
	jump_if(a, BPF_JEQ, BPF_REG_0, 0, PASS);
	load(a, BPF_DW, BPF_REG_9, BPF_REG_0, 0);
	call(a, BPF_FUNC_ktime_get_ns);
	alu_reg(a, BPF_SUB, BPF_REG_0, BPF_REG_9);
	jump_if(a, BPF_JGT, BPF_REG_0, DIVERT_BEAT_NS_MAX, PASS);
}

/* RX-3, RX-4: what the packet names, into the key. */
static void read_ids(struct assembly *a)
{
	move(a, BPF_REG_1, BPF_REG_6);
	call(a, BPF_FUNC_get_socket_cookie);
	store(a, BPF_DW, BPF_REG_10, AT_COOKIE, BPF_REG_0);
	store(a, BPF_DW, BPF_REG_10, KEY(scope), BPF_REG_0);
	load(a, BPF_B, BPF_REG_1, BPF_REG_10, AT_HEADER + 1);
	alu(a, BPF_AND, BPF_REG_1, 0x0f);
	jump_if(a, BPF_JNE, BPF_REG_1, 2, VERSION_3);

	store_imm(a, BPF_W, BPF_REG_10, KEY(kind), DIVERT_KEY_V2);
	load(a, BPF_B, BPF_REG_1, BPF_REG_10, AT_HEADER);
	jump_if(a, BPF_JSET, BPF_REG_1, L_BIT, WITH_LENGTH);
	load(a, BPF_H, BPF_REG_1, BPF_REG_10, AT_HEADER + 2);
	load(a, BPF_H, BPF_REG_2, BPF_REG_10, AT_HEADER + 4);
	jump(a, IDS_OF_V2);
	label(a, WITH_LENGTH);
	load(a, BPF_H, BPF_REG_1, BPF_REG_10, AT_HEADER + 4);
	load(a, BPF_H, BPF_REG_2, BPF_REG_10, AT_HEADER + 6);
	label(a, IDS_OF_V2);
	to_host(a, 16, BPF_REG_1);
	to_host(a, 16, BPF_REG_2);
	alu(a, BPF_LSH, BPF_REG_1, 16);
	alu_reg(a, BPF_OR, BPF_REG_1, BPF_REG_2);
	store(a, BPF_W, BPF_REG_10, KEY(id), BPF_REG_1);
	jump(a, LOOK_UP);

	label(a, VERSION_3);
	store_imm(a, BPF_W, BPF_REG_10, KEY(kind), DIVERT_KEY_V3);
	load(a, BPF_W, BPF_REG_1, BPF_REG_10, AT_HEADER + 4);
	to_host(a, 32, BPF_REG_1);
	store(a, BPF_W, BPF_REG_10, KEY(id), BPF_REG_1);
}

/* The session of this socket, or else one that any socket of the namespace takes. RX-5: none. */
static void find_session(struct assembly *a, const struct divert_maps *maps)
{
	label(a, LOOK_UP);
	look_up(a, maps->sessions, AT_KEY);
	jump_if(a, BPF_JNE, BPF_REG_0, 0, FOUND);
	look_up(a, maps->sockets, AT_COOKIE);
	jump_if(a, BPF_JEQ, BPF_REG_0, 0, PASS);
	load(a, BPF_DW, BPF_REG_1, BPF_REG_0, 0);
	store(a, BPF_DW, BPF_REG_10, KEY(scope), BPF_REG_1);
	load(a, BPF_W, BPF_REG_1, BPF_REG_10, KEY(kind));
	alu(a, BPF_OR, BPF_REG_1, DIVERT_KEY_BY_IDS);
	store(a, BPF_W, BPF_REG_10, KEY(kind), BPF_REG_1);
	look_up(a, maps->sessions, AT_KEY);
	jump_if(a, BPF_JEQ, BPF_REG_0, 0, PASS);

	label(a, FOUND);
	move(a, BPF_REG_8, BPF_REG_0);
	load(a, BPF_B, BPF_REG_1, BPF_REG_10, AT_HEADER + 1); /* RX-6 */
	alu(a, BPF_AND, BPF_REG_1, 0x0f);
	load(a, BPF_W, BPF_REG_2, BPF_REG_8, VALUE(version));
	jump_if_reg(a, BPF_JNE, BPF_REG_1, BPF_REG_2, NOTICE);
	load(a, BPF_W, BPF_REG_1, BPF_REG_8, VALUE(least)); /* RX-7 */
	jump_if_reg(a, BPF_JLT, BPF_REG_7, BPF_REG_1, NOTICE);
}

static void reserve(struct assembly *a, const struct divert_maps *maps, int octets, enum label full)
{
	map(a, BPF_REG_1, maps->ring);
	set(a, BPF_REG_2, octets + RECORD_AT);
	set(a, BPF_REG_3, 0);
	call(a, BPF_FUNC_ringbuf_reserve);
	jump_if(a, BPF_JEQ, BPF_REG_0, 0, full);
	move(a, BPF_REG_9, BPF_REG_0);
}

static void fill_record(struct assembly *a, enum divert_kind kind)
{
	load(a, BPF_DW, BPF_REG_1, BPF_REG_10, AT_COOKIE);
	store(a, BPF_DW, BPF_REG_9, RECORD(cookie), BPF_REG_1);
	store(a, BPF_W, BPF_REG_9, RECORD(len), BPF_REG_7);
	load(a, BPF_W, BPF_REG_1, BPF_REG_6, CONTEXT(gso_size));
	store(a, BPF_H, BPF_REG_9, RECORD(gso), BPF_REG_1);
	store_imm(a, BPF_H, BPF_REG_9, RECORD(kind), kind);
}

/* RX-8. How much is reserved must be a constant, so there are some sizes to choose from; the bounds also tell the
 * verifier that the payload fits. */
static void take(struct assembly *a, const struct divert_maps *maps)
{
	static const int sizes[] = { 256, 640, 1536, 2048, 4096, 9216, 65528 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		enum label next = i + 1 < ARRAY_SIZE(sizes) ? (enum label)(NEXT_SIZE + i) : PASS;

		jump_if(a, BPF_JGT, BPF_REG_7, sizes[i], next);
		reserve(a, maps, sizes[i], RING_FULL);
		jump(a, COPY);
		if (next != PASS)
			label(a, next);
	}
	label(a, COPY);
	fill_record(a, DIVERT_DATA);
	move(a, BPF_REG_1, BPF_REG_6);
	set(a, BPF_REG_2, UDP_HEADER);
	move(a, BPF_REG_3, BPF_REG_9);
	alu(a, BPF_ADD, BPF_REG_3, RECORD_AT);
	move(a, BPF_REG_4, BPF_REG_7);
	call(a, BPF_FUNC_skb_load_bytes);
	jump_if(a, BPF_JNE, BPF_REG_0, 0, FORGET);
	set(a, BPF_REG_7, 0);
}

/* The flag is read with a full barrier behind what was reserved: a worker that clears it looks once more. */
static void submit(struct assembly *a, const struct divert_maps *maps)
{
	label(a, SUBMIT);
	store_imm(a, BPF_W, BPF_REG_10, AT_INDEX, BOARD_BUSY);
	board_look_up(a, maps);
	set(a, BPF_REG_2, RING_WAKE);
	jump_if(a, BPF_JEQ, BPF_REG_0, 0, WAKE_FLAGS);
	put(a, BPF_STX | BPF_DW | BPF_ATOMIC, BPF_REG_0, BPF_REG_2, 0, BPF_ADD | BPF_FETCH);
	alu(a, BPF_AND, BPF_REG_2, BPF_RB_NO_WAKEUP);
	label(a, WAKE_FLAGS);
	move(a, BPF_REG_1, BPF_REG_9);
	call(a, BPF_FUNC_ringbuf_submit);
	move(a, BPF_REG_0, BPF_REG_7);
	put(a, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void end(struct assembly *a, int verdict)
{
	set(a, BPF_REG_0, verdict);
	put(a, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void notice(struct assembly *a, const struct divert_maps *maps)
{
	label(a, NOTICE);
	reserve(a, maps, DIVERT_NOTICE_OCTETS, PASS);
	fill_record(a, DIVERT_NOTICE);
	load(a, BPF_DW, BPF_REG_1, BPF_REG_10, AT_HEADER);
	store(a, BPF_DW, BPF_REG_9, RECORD_AT, BPF_REG_1);
	set(a, BPF_REG_7, PASS_ALL);
	jump(a, SUBMIT);
}

static void ring_full(struct assembly *a, const struct divert_maps *maps)
{
	label(a, RING_FULL);
	load(a, BPF_W, BPF_REG_1, BPF_REG_8, VALUE(index));
	alu(a, BPF_ADD, BPF_REG_1, BOARD_LOST);
	store(a, BPF_W, BPF_REG_10, AT_INDEX, BPF_REG_1);
	board_look_up(a, maps);
	put(a, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0);
	set(a, BPF_REG_1, 1);
	put(a, BPF_STX | BPF_DW | BPF_ATOMIC, BPF_REG_0, BPF_REG_1, 0, BPF_ADD);
	end(a, 0);
}

uint32_t divert_program(const struct divert_maps *maps, struct bpf_insn insns[DIVERT_PROGRAM_MAX])
{
	struct assembly a = { .at = insns };

	read_start(&a, maps);
	read_ids(&a);
	find_session(&a, maps);
	take(&a, maps);
	submit(&a, maps);
	notice(&a, maps);
	ring_full(&a, maps);
	label(&a, FORGET);
	move(&a, BPF_REG_1, BPF_REG_9);
	set(&a, BPF_REG_2, 0);
	call(&a, BPF_FUNC_ringbuf_discard);
	label(&a, PASS);
	end(&a, PASS_ALL);
	for (uint32_t i = 0; i < a.jump_count; i++)
		insns[a.jumps[i].insn].off =
			(int16_t)(a.labels[a.jumps[i].to] - a.jumps[i].insn - 1);
	return a.count;
}
