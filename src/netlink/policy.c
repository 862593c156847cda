/* SPDX-License-Identifier: BSD-2-Clause */
/* policy.c - see policy.h
 *
 * The liberal half is validate_nla() of the kernel's lib/nlattr.c as seen from outside, for the kinds of
 * attributes the l2tp family has.
 */
#include "netlink/policy.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <linux/netlink.h>

#include "base/cleanup.h"
#include "netlink/attribute.h"

/* NL_ATTR_TYPE_UINT, which headers older than Linux 6.7 lack. */
#define NL_ATTR_TYPE_UINT_NUMBER 17

/* What each kind is: the octets of an integer (0: not one), and its name in NL_POLICY_TYPE_ATTR_TYPE. */
static const struct kind {
	uint16_t octets;
	uint32_t kernel_type;
} kinds[] = {
	/* clang-format off */
	[ATTRIBUTE_ANY]    = { 0, NL_ATTR_TYPE_INVALID },
	[ATTRIBUTE_FLAG]   = { 0, NL_ATTR_TYPE_FLAG },
	[ATTRIBUTE_U8]     = { 1, NL_ATTR_TYPE_U8 },
	[ATTRIBUTE_U16]    = { 2, NL_ATTR_TYPE_U16 },
	[ATTRIBUTE_U32]    = { 4, NL_ATTR_TYPE_U32 },
	[ATTRIBUTE_U64]    = { 8, NL_ATTR_TYPE_U64 },
	[ATTRIBUTE_MSECS]  = { 8, NL_ATTR_TYPE_UINT_NUMBER },
	[ATTRIBUTE_STRING] = { 0, NL_ATTR_TYPE_NUL_STRING },
	[ATTRIBUTE_BINARY] = { 0, NL_ATTR_TYPE_BINARY },
	[ATTRIBUTE_NEST]   = { 0, NL_ATTR_TYPE_NESTED },
	/* clang-format on */
};

static_assert(ARRAY_SIZE(kinds) == ATTRIBUTE_NEST + 1, "each kind has a row");

static uint64_t integer_read(struct reader value, uint16_t octets)
{
	switch (octets) {
	case 1:
		return read_u8(&value);
	case 2:
		return read_u16_host(&value);
	case 4:
		return read_u32_host(&value);
	default:
		return read_u64_host(&value);
	}
}

/* NL-24: a NUL within the first max + 1 octets; then, but for one NUL at its end, no longer than max. */
static int string_check_liberal(const struct policy_row *row, struct reader value)
{
	size_t len = read_left(&value);
	size_t searched = row->max && len > row->max ? row->max + 1 : len;

	if (!searched || !memchr(value.at, '\0', searched))
		return -EINVAL;
	if (value.at[len - 1] == '\0')
		len--;
	return row->max && len > row->max ? -ERANGE : 0;
}

static int attribute_check_liberal(const struct policy_row *row, struct reader value)
{
	size_t len = read_left(&value);

	switch (row->kind) {
	case ATTRIBUTE_ANY:
	case ATTRIBUTE_FLAG:
		return 0;
	case ATTRIBUTE_STRING:
		return string_check_liberal(row, value);
	case ATTRIBUTE_BINARY:
		return row->max && len > row->max ? -ERANGE : 0;
	case ATTRIBUTE_NEST:
		return len > 0 && len < NLA_HDRLEN ? -ERANGE : 0;
	default:
		return len < kinds[row->kind].octets ? -ERANGE : 0;
	}
}

static int liberal_accept(const struct policy_row *row, const struct attribute *a,
                          struct attributes *ret, struct extack *ea)
{
	uint16_t octets = kinds[row->kind].octets;
	int err = attribute_check_liberal(row, a->value);

	/* The kernel says nothing of a time that is too long. */
	if (octets && row->kind != ATTRIBUTE_MSECS && read_left(&a->value) != octets)
		ret->inexact |= UINT64_C(1) << a->type;
	if (err < 0) {
		ret->fault.row = row;
		return extack_fail(ea, err, a->type, "Attribute failed policy validation");
	}
	return 0;
}

static int integer_check_strict(const struct policy_row *row, const struct attribute *a,
                                struct extack *ea)
{
	uint16_t octets = kinds[row->kind].octets;

	if (read_left(&a->value) != octets)
		return extack_fail(ea, -EINVAL, a->type, "%s has %zu octets, it must have %u",
		                   row->name, read_left(&a->value), octets);

	uint64_t value = integer_read(a->value, octets);

	if (value < row->min || (row->max && value > row->max))
		return extack_fail(ea, -EINVAL, a->type, "%s is %llu, it must be %u to %u",
		                   row->name, (unsigned long long)value, row->min, row->max);
	return 0;
}

static int string_check_strict(const struct policy_row *row, const struct attribute *a,
                               struct extack *ea)
{
	size_t len = read_left(&a->value);

	if (!len || a->value.at[len - 1] != '\0')
		return extack_fail(ea, -EINVAL, a->type, "%s does not end with a NUL", row->name);
	len--;
	for (size_t i = 0; i < len; i++)
		if (a->value.at[i] < ' ' || a->value.at[i] == 0x7f)
			return extack_fail(ea, -EINVAL, a->type, "%s is not one printable line",
			                   row->name);
	if (len < row->min || (row->max && len > row->max))
		return extack_fail(ea, -EINVAL, a->type, "%s has %zu octets, it must have %u to %u",
		                   row->name, len, row->min, row->max);
	return 0;
}

static int binary_check_strict(const struct policy_row *row, const struct attribute *a,
                               struct extack *ea)
{
	size_t len = read_left(&a->value);

	if (len < row->min || (row->max && len > row->max))
		return extack_fail(ea, -EINVAL, a->type, "%s has %zu octets, it must have %u to %u",
		                   row->name, len, row->min, row->max);
	return 0;
}

static int value_check_strict(const struct policy_row *row, const struct attribute *a,
                              struct extack *ea)
{
	switch (row->kind) {
	case ATTRIBUTE_FLAG:
		if (read_left(&a->value))
			return extack_fail(ea, -EINVAL, a->type, "%s is a flag, it takes no value",
			                   row->name);
		return 0;
	case ATTRIBUTE_STRING:
		return string_check_strict(row, a, ea);
	case ATTRIBUTE_BINARY:
		return binary_check_strict(row, a, ea);
	case ATTRIBUTE_NEST:
		return 0; /* who reads the nest parses it by its own policy */
	default:
		return integer_check_strict(row, a, ea);
	}
}

static int strict_accept(const struct policy_row *row, const struct attribute *a,
                         struct attributes *ret, struct extack *ea)
{
	uint16_t flags = row && row->kind == ATTRIBUTE_NEST ? NLA_F_NESTED : 0;

	if (!row || row->kind == ATTRIBUTE_ANY)
		return extack_fail(
			ea, -EINVAL, a->type,
			"attribute %u is not known here: who asks may be newer than this ul2tpd",
			a->type);
	if (attributes_has(ret, a->type))
		return extack_fail(ea, -EINVAL, a->type, "%s is given twice", row->name);
	if (a->flags != flags)
		return extack_fail(ea, -EINVAL, a->type,
		                   flags ? "%s lacks the flag NLA_F_NESTED"
		                         : "%s has a flag it must not have",
		                   row->name);
	return value_check_strict(row, a, ea);
}

static const struct policy_row *policy_row(const struct policy *policy, uint16_t number)
{
	if (number == 0 || number >= policy->count || !policy->rows[number].name)
		return NULL;
	return &policy->rows[number];
}

struct attributes attributes_none(const struct policy *policy, const uint8_t *message)
{
	assert(policy->count <= ATTRIBUTES_MAX);
	return (struct attributes){ .policy = policy, .message = message };
}

int policy_parse(const struct policy *policy, enum policy_mode mode, struct reader octets,
                 const uint8_t *message, struct attributes *ret, struct extack *ea)
{
	struct attribute a;
	int err;

	*ret = attributes_none(policy, message);
	while (attribute_next(&octets, &a)) {
		const struct policy_row *row = policy_row(policy, a.type);

		if (mode == POLICY_STRICT)
			err = strict_accept(row, &a, ret, ea);
		else
			err = row ? liberal_accept(row, &a, ret, ea) : 0;
		if (err < 0) {
			struct nl_fault fault = { .offset = (uint32_t)(a.start - message),
				                  .row = ret->fault.row };

			*ret = attributes_none(policy, message);
			ret->fault = fault;
			return err;
		}
		if (row)
			ret->values[a.type] = a.value;
	}
	ret->trailing = read_left(&octets);
	if (ret->trailing && mode == POLICY_STRICT) {
		size_t trailing = ret->trailing;

		*ret = attributes_none(policy, message);
		return extack_fail(ea, -EINVAL, 0, "%zu octets at the end are no attribute",
		                   trailing);
	}
	return 0;
}

bool attributes_has(const struct attributes *a, uint16_t number)
{
	return number < ATTRIBUTES_MAX && a->values[number].at;
}

struct reader attributes_value(const struct attributes *a, uint16_t number)
{
	return attributes_has(a, number) ? a->values[number] : reader_over("", 0);
}

uint8_t attributes_u8(const struct attributes *a, uint16_t number)
{
	return (uint8_t)integer_read(attributes_value(a, number), 1);
}

uint16_t attributes_u16(const struct attributes *a, uint16_t number)
{
	return (uint16_t)integer_read(attributes_value(a, number), 2);
}

uint32_t attributes_u32(const struct attributes *a, uint16_t number)
{
	return (uint32_t)integer_read(attributes_value(a, number), 4);
}

uint64_t attributes_u64(const struct attributes *a, uint16_t number)
{
	return integer_read(attributes_value(a, number), 8);
}

const char *attributes_string(const struct attributes *a, uint16_t number)
{
	return attributes_has(a, number) ? (const char *)a->values[number].at : "";
}

size_t attributes_len(const struct attributes *a, uint16_t number)
{
	return attributes_has(a, number) ? read_left(&a->values[number]) : 0;
}

uint32_t attributes_offset(const struct attributes *a, uint16_t number)
{
	return attributes_has(a, number)
	               ? (uint32_t)(a->values[number].at - a->message - NLA_HDRLEN)
	               : 0;
}

struct nl_fault attributes_fault(const struct attributes *a, const struct extack *ea)
{
	if (a->fault.offset)
		return a->fault;
	return (struct nl_fault){
		.offset = attributes_offset(a, ea->attribute),
		.trailing = a->trailing > 0,
	};
}

void policy_row_put(struct writer *w, uint16_t type, const struct policy_row *row)
{
	uint16_t octets = kinds[row->kind].octets;
	size_t nest = attribute_nest_begin(w, type);

	if (octets) {
		uint64_t limit = UINT64_MAX >> (64 - 8 * octets);

		attribute_put_u64(w, NL_POLICY_TYPE_ATTR_MIN_VALUE_U, 0);
		attribute_put_u64(w, NL_POLICY_TYPE_ATTR_MAX_VALUE_U, limit);
	} else if ((row->kind == ATTRIBUTE_STRING || row->kind == ATTRIBUTE_BINARY) && row->max) {
		attribute_put_u32(w, NL_POLICY_TYPE_ATTR_MAX_LENGTH, row->max);
	}
	attribute_put_u32(w, NL_POLICY_TYPE_ATTR_TYPE, kinds[row->kind].kernel_type);
	attribute_nest_end(w, nest);
}
