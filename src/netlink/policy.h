/* SPDX-License-Identifier: BSD-2-Clause */
/* policy.h - what attributes a request may have, and reading them into a table
 *
 * A family describes its attributes by one row each. policy_parse() checks a request against the rows
 * and leaves a table of borrowed values, by attribute number. There are two ways to check:
 *
 * POLICY_LIBERAL, as the kernel treats the l2tp family (NL-20, NL-21, NL-24): unknown attributes are
 * skipped, the last of several wins, flag bits are ignored, octets after the last attribute too. An
 * integer or a nest that is too short and a string or binary that is too long are -ERANGE, a string
 * without its NUL is -EINVAL; the words are the kernel's. An integer that is too long is read
 * from its first octets, and noted in attributes.inexact.
 *
 * POLICY_STRICT, for the ul2tp family: an unknown attribute, a duplicate, a length or value that is not
 * the row's, a string that is not one printable line with its NUL at the end, a missing NLA_F_NESTED,
 * any other flag bit, and octets after the last attribute are -EINVAL, with words that name the
 * attribute and say what would be right.
 */
#ifndef UL2TP_NETLINK_POLICY_H
#define UL2TP_NETLINK_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/extack.h"
#include "base/reader.h"
#include "base/writer.h"

#define ATTRIBUTES_MAX 64 /* attribute numbers a policy can have: 0..63 */

enum attribute_kind {
	ATTRIBUTE_ANY,  /* any value; unknown to POLICY_STRICT */
	ATTRIBUTE_FLAG, /* presence counts; liberal: any length, strict: empty */
	ATTRIBUTE_U8,
	ATTRIBUTE_U16,
	ATTRIBUTE_U32,
	ATTRIBUTE_U64,
	ATTRIBUTE_MSECS,  /* u64; the kernel has a kind of its own for times, and describes it so */
	ATTRIBUTE_STRING, /* with its NUL */
	ATTRIBUTE_BINARY,
	ATTRIBUTE_NEST,
};

struct policy_row {
	const char *name; /* in the words of ip l2tp and ul2tp(8): "tunnel_id" */
	enum attribute_kind kind;
	/* STRING, BINARY: length in octets without NUL, 0 in .max: no limit. Integers: value, checked by
	 * POLICY_STRICT only, 0 in .max: no limit. */
	uint32_t min;
	uint32_t max;
};

struct policy {
	const struct policy_row
		*rows;  /* by attribute number; a row without name is an unknown attribute */
	uint16_t count; /* the largest attribute number plus one; at most ATTRIBUTES_MAX */
};

enum policy_mode {
	POLICY_LIBERAL,
	POLICY_STRICT,
};

/* What was wrong with a request, for NLMSGERR_ATTR_OFFS and NLMSGERR_ATTR_POLICY. */
struct nl_fault {
	uint32_t offset; /* of the attribute from the start of the message; 0: none to blame */
	const struct policy_row
		*row;  /* the row it did not satisfy; NULL: none, or not for the client */
	bool trailing; /* octets that are no attribute followed the last one */
};

struct attributes {
	const struct policy *policy;
	const uint8_t *message; /* offsets count from here */
	uint64_t
		inexact; /* liberal: bit n: attribute n was longer than its integer type. The kernel logs
				 * "attribute type N has an invalid length." for it, limited in rate */
	size_t trailing; /* liberal: octets that followed the last attribute; the kernel logs them too */
	struct nl_fault fault;                /* why policy_parse() failed */
	struct reader values[ATTRIBUTES_MAX]; /* .at is NULL if absent; use the functions below */
};

/**
 * policy_parse() - check attributes against a policy and put them into a table
 * @octets:  the attributes, as from genl_header_read() or a nest's value
 * @message: start of the message they are in (nl_message.start), for offsets
 * @ret:     on success the values, which borrow from the message; on failure no values, but .fault
 *
 * Return: 0; -ERANGE or -EINVAL as above.
 */
int policy_parse(const struct policy *policy, enum policy_mode mode, struct reader octets,
                 const uint8_t *message, struct attributes *ret, struct extack *ea);

/** attributes_none() - an empty table, as of a request without attributes */
struct attributes attributes_none(const struct policy *policy, const uint8_t *message);

bool attributes_has(const struct attributes *a, uint16_t number);

/* The value; 0 if the attribute is absent. The policy has seen to it that it is long enough. */
uint8_t attributes_u8(const struct attributes *a, uint16_t number);
uint16_t attributes_u16(const struct attributes *a, uint16_t number);
uint32_t attributes_u32(const struct attributes *a, uint16_t number);
uint64_t attributes_u64(const struct attributes *a, uint16_t number);

/** attributes_string() - borrowed, with NUL (of an ATTRIBUTE_STRING row); "" if absent */
const char *attributes_string(const struct attributes *a, uint16_t number);

/** attributes_value() - a reader over the value; empty if absent */
struct reader attributes_value(const struct attributes *a, uint16_t number);

/** attributes_len() - length of the value; 0 if absent */
size_t attributes_len(const struct attributes *a, uint16_t number);

/** attributes_offset() - of the attribute's header from the start of the message; 0 if absent */
uint32_t attributes_offset(const struct attributes *a, uint16_t number);

/**
 * attributes_fault() - what to tell the client beside the errno and the words
 *
 * The policy failure if there was one, otherwise the offset of @ea->attribute if the request has it;
 * and whether octets were left over, which the kernel mentions even when it acknowledges.
 */
struct nl_fault attributes_fault(const struct attributes *a, const struct extack *ea);

/**
 * policy_row_put() - describe what a row demands, in a nest
 * @type: NLMSGERR_ATTR_POLICY | NLA_F_NESTED
 *
 * As netlink_policy_dump_write_attr() of the kernel: integers MIN_VALUE_U, MAX_VALUE_U, TYPE;
 * strings and binaries MAX_LENGTH, TYPE; others TYPE.
 */
void policy_row_put(struct writer *w, uint16_t type, const struct policy_row *row);

#endif
