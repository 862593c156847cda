/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_format.c - see trace_format.h
 *
 * Fields follow each other from octet 8 on, behind those that all events have.
 */
#include "debug/trace_format.h"

#include <string.h>

#include "base/cleanup.h"
#include "ul2tp.h"
#include "ul2tp_netlink.h"

#define ID_FIRST 60000 /* beyond those that a kernel gives */

struct field {
	const char *type, *name;
	unsigned int size;
	bool is_signed;
};

/* clang-format off */
static const struct field registered_tunnel[] = {
	{ "char",                 "name[20]", 20 },
	{ "int",                  "fd",        4, true },
	{ "u32",                  "tid",       4 },
	{ "u32",                  "ptid",      4 },
	{ "int",                  "version",   4, true },
	{ "enum l2tp_encap_type", "encap",     4 },
	{ NULL },
};
static const struct field tunnel[] = {
	{ "char",                 "name[20]", 20 },
	{ NULL },
};
static const struct field registered_session[] = {
	{ "char",                 "name[32]", 32 },
	{ "u32",                  "tid",       4 },
	{ "u32",                  "ptid",      4 },
	{ "u32",                  "sid",       4 },
	{ "u32",                  "psid",      4 },
	{ "enum l2tp_pwtype",     "pwtype",    4 },
	{ NULL },
};
static const struct field session[] = {
	{ "char",                 "name[32]", 32 },
	{ NULL },
};
static const struct field sequence[] = {
	{ "char",                 "name[32]", 32 },
	{ "u32",                  "ns",        4 },
	{ "u32",                  "nr",        4 },
	{ NULL },
};
static const struct field packet[] = {
	{ "char",                 "name[32]",      32 },
	{ "u32",                  "pkt_ns",         4 },
	{ "u32",                  "my_nr",          4 },
	{ "u32",                  "reorder_q_len",  4 },
	{ NULL },
};

static const struct format {
	const struct field *fields;
	const char *print;
} formats[] = {
	[UL2TP_TRACE_REGISTER_TUNNEL] = { registered_tunnel,
		"\"%s: type=%s encap=%s version=L2TPv%d tid=%u ptid=%u fd=%d\", REC->name, "
		"REC->fd > 0 ? \"managed\" : \"unmanaged\", "
		"__print_symbolic(REC->encap, { L2TP_ENCAPTYPE_UDP, \"UDP\" }, { L2TP_ENCAPTYPE_IP, \"IP\" }), "
		"REC->version, REC->tid, REC->ptid, REC->fd" },
	[UL2TP_TRACE_DELETE_TUNNEL]                 = { tunnel, NULL },
	[UL2TP_TRACE_FREE_TUNNEL]                   = { tunnel, NULL },
	[UL2TP_TRACE_REGISTER_SESSION] = { registered_session,
		"\"%s: pseudowire=%s sid=%u psid=%u tid=%u ptid=%u\", REC->name, "
		"__print_symbolic(REC->pwtype, { L2TP_PWTYPE_ETH_VLAN, \"ETH_VLAN\" }, { L2TP_PWTYPE_ETH, \"ETH\" }, "
		"{ L2TP_PWTYPE_PPP, \"PPP\" }, { L2TP_PWTYPE_PPP_AC, \"PPP_AC\" }, { L2TP_PWTYPE_IP, \"IP\" }), "
		"REC->sid, REC->psid, REC->sid, REC->psid" },
	[UL2TP_TRACE_DELETE_SESSION]                = { session, NULL },
	[UL2TP_TRACE_FREE_SESSION]                  = { session, NULL },
	[UL2TP_TRACE_SESSION_SEQNUM_LNS_ENABLE]     = { session, NULL },
	[UL2TP_TRACE_SESSION_SEQNUM_LNS_DISABLE]    = { session, NULL },
	[UL2TP_TRACE_SESSION_SEQNUM_UPDATE]         = { sequence, "\"%s: ns=%u nr=%u\", REC->name, REC->ns, REC->nr" },
	[UL2TP_TRACE_SESSION_SEQNUM_RESET]          = { sequence, "\"%s: ns=%u nr=%u\", REC->name, REC->ns, REC->nr" },
	[UL2TP_TRACE_SESSION_PKT_EXPIRED]           = { packet, NULL },
	[UL2TP_TRACE_SESSION_PKT_OUTSIDE_RX_WINDOW] = { packet, NULL },
	[UL2TP_TRACE_SESSION_PKT_OOS]               = { packet, NULL },
};
/* clang-format on */
_Static_assert(ARRAY_SIZE(formats) == UL2TP_TRACE_EVENTS, "each event has a row");

static const char *print_of(const struct format *f)
{
	if (f->print)
		return f->print;
	if (f->fields == packet)
		return "\"%s: pkt_ns=%u my_nr=%u reorder_q_len=%u\", REC->name, REC->pkt_ns, "
		       "REC->my_nr, REC->reorder_q_len";
	return "\"%s\", REC->name";
}

static void put(FILE *out, unsigned int event)
{
	const struct format *f = &formats[event];
	unsigned int offset = 8;

	fprintf(out, "name: %s\nID: %u\nformat:\n", ul2tp_trace_name(event), ID_FIRST + event);
	fputs("\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	      "\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	      "\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	      "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n",
	      out);
	for (const struct field *field = f->fields; field->type; field++) {
		fprintf(out, "\tfield:%s %s;\toffset:%u;\tsize:%u;\tsigned:%d;\n", field->type,
		        field->name, offset, field->size, field->is_signed);
		offset += field->size;
	}
	fprintf(out, "\nprint fmt: %s\n", print_of(f));
}

void trace_format(FILE *out, const char *event)
{
	for (unsigned int i = 0; ul2tp_trace_name(i); i++)
		if (strcmp(ul2tp_trace_name(i), event) == 0)
			put(out, i);
}
