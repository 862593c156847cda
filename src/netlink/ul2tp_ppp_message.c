/* SPDX-License-Identifier: BSD-2-Clause */
/* ul2tp_ppp_message.c - see ul2tp_ppp_message.h */
#include "netlink/ul2tp_ppp_message.h"

#include <errno.h>

#include "netlink/attribute.h"

static void octets_put(struct writer *w, uint16_t type, const struct reader *r)
{
	if (read_left(r))
		attribute_put(w, type, r->at, read_left(r));
}

void ul2tp_ppp_open_put(struct writer *w, const struct ul2tp_ppp_open *open)
{
	attribute_put_u8(w, UL2TP_ATTR_PPP_KIND, open->kind);
	if (open->empty_reads)
		attribute_put_u8(w, UL2TP_ATTR_PPP_EMPTY_READS, 1);
	if (open->own_device)
		attribute_put_u8(w, UL2TP_ATTR_PPP_OWN_DEVICE, 1);
}

struct ul2tp_ppp_open ul2tp_ppp_open_read(const struct ul2tp_request *r)
{
	return (struct ul2tp_ppp_open){
		.kind = attributes_u8(&r->top, UL2TP_ATTR_PPP_KIND),
		.empty_reads = attributes_has(&r->top, UL2TP_ATTR_PPP_EMPTY_READS),
		.own_device = attributes_has(&r->top, UL2TP_ATTR_PPP_OWN_DEVICE),
	};
}

void ul2tp_ppp_request_put(struct writer *w, enum ul2tp_command command,
                           const struct ul2tp_ppp_request *request)
{
	attribute_put_u64(w, UL2TP_ATTR_PPP_HANDLE, request->handle);
	switch (command) {
	case UL2TP_CMD_PPP_CONNECT:
		octets_put(w, UL2TP_ATTR_NAME, &request->name);
		attribute_put_u32(w, UL2TP_ATTR_PPP_PID, request->pid);
		break;
	case UL2TP_CMD_PPP_IOCTL:
		attribute_put_u32(w, UL2TP_ATTR_PPP_IOCTL, request->ioctl);
		octets_put(w, UL2TP_ATTR_DATA, &request->data);
		break;
	case UL2TP_CMD_PPP_OPTION_SET:
	case UL2TP_CMD_PPP_OPTION_GET:
		attribute_put_u32(w, UL2TP_ATTR_OPTION, request->option);
		octets_put(w, UL2TP_ATTR_OPTION_VALUE, &request->value);
		break;
	default:
		break;
	}
}

struct ul2tp_ppp_request ul2tp_ppp_request_read(const struct ul2tp_request *r)
{
	return (struct ul2tp_ppp_request){
		.handle = attributes_u64(&r->top, UL2TP_ATTR_PPP_HANDLE),
		.name = attributes_value(&r->top, UL2TP_ATTR_NAME),
		.pid = attributes_u32(&r->top, UL2TP_ATTR_PPP_PID),
		.ioctl = attributes_u32(&r->top, UL2TP_ATTR_PPP_IOCTL),
		.data = attributes_value(&r->top, UL2TP_ATTR_DATA),
		.option = attributes_u32(&r->top, UL2TP_ATTR_OPTION),
		.value = attributes_value(&r->top, UL2TP_ATTR_OPTION_VALUE),
	};
}

void ul2tp_ppp_state_put(struct writer *w, const struct ul2tp_ppp_state_message *state)
{
	if (state->has_handle)
		attribute_put_u64(w, UL2TP_ATTR_PPP_HANDLE, state->handle);
	if (state->has_kind)
		attribute_put_u8(w, UL2TP_ATTR_PPP_KIND, state->kind);
	if (state->has_state)
		attribute_put_u8(w, UL2TP_ATTR_PPP_STATE, state->state);
	if (state->has_channel)
		attribute_put_u32(w, UL2TP_ATTR_PPP_CHANNEL, state->channel);
	if (state->has_unit)
		attribute_put_u32(w, UL2TP_ATTR_PPP_UNIT, state->unit);
	octets_put(w, UL2TP_ATTR_NAME, &state->name);
	octets_put(w, UL2TP_ATTR_DATA, &state->data);
	octets_put(w, UL2TP_ATTR_OPTION_VALUE, &state->value);
	if (state->device && state->device[0])
		attribute_put_string(w, UL2TP_ATTR_DEVICE, state->device);
}

int ul2tp_ppp_state_read(struct reader octets, struct ul2tp_ppp_state_message *ret)
{
	struct attributes a;

	if (policy_parse(&ul2tp_policy, POLICY_LIBERAL, octets, octets.at, &a, NULL) < 0)
		return -EBADMSG;
	*ret = (struct ul2tp_ppp_state_message){
		.has_handle = attributes_has(&a, UL2TP_ATTR_PPP_HANDLE),
		.handle = attributes_u64(&a, UL2TP_ATTR_PPP_HANDLE),
		.has_kind = attributes_has(&a, UL2TP_ATTR_PPP_KIND),
		.kind = attributes_u8(&a, UL2TP_ATTR_PPP_KIND),
		.has_state = attributes_has(&a, UL2TP_ATTR_PPP_STATE),
		.state = attributes_u8(&a, UL2TP_ATTR_PPP_STATE),
		.has_channel = attributes_has(&a, UL2TP_ATTR_PPP_CHANNEL),
		.channel = attributes_u32(&a, UL2TP_ATTR_PPP_CHANNEL),
		.has_unit = attributes_has(&a, UL2TP_ATTR_PPP_UNIT),
		.unit = attributes_u32(&a, UL2TP_ATTR_PPP_UNIT),
		.name = attributes_value(&a, UL2TP_ATTR_NAME),
		.data = attributes_value(&a, UL2TP_ATTR_DATA),
		.device = attributes_string(&a, UL2TP_ATTR_DEVICE),
		.value = attributes_value(&a, UL2TP_ATTR_OPTION_VALUE),
	};
	return 0;
}
