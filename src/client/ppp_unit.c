/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_unit.c - libul2tp: settings, filters, compressors and statistics of PPP units; see ul2tp.h */
#include <errno.h>
#include <linux/filter.h>

#include "base/cleanup.h"
#include "base/writer.h"
#include "client/ppp.h"
#include "netlink/ul2tp_ppp_message.h"

#define OPTION_MAX 32 /* PPP-60 */

struct setting {
	const char *name;
	enum ppp_ioctl set, get; /* get 0: it can not be read */
};

/* clang-format off */
static const struct setting settings[] = {
	[UL2TP_PPP_FLAGS]    = { "flags",    PPP_SFLAGS,  PPP_GFLAGS },
	[UL2TP_PPP_MRU]      = { "mru",      PPP_SMRU,    0 },
	[UL2TP_PPP_MRRU]     = { "mrru",     PPP_SMRRU,   0 },
	[UL2TP_PPP_VJ_SLOTS] = { "vj_slots", PPP_SMAXCID, 0 },
};
/* clang-format on */

static int no_setting(struct ul2tp *u)
{
	return connection_fail(u, -EINVAL, "setting", "no such setting");
}

int ul2tp_ppp_set(struct ul2tp *u, const struct ul2tp_ppp *unit, enum ul2tp_ppp_setting setting,
                  uint32_t value)
{
	if ((size_t)setting >= ARRAY_SIZE(settings))
		return no_setting(u);
	return ppp_ioctl_int(u, unit->handle, settings[setting].set, value);
}

int ul2tp_ppp_get(struct ul2tp *u, const struct ul2tp_ppp *unit, enum ul2tp_ppp_setting setting,
                  uint32_t *ret)
{
	if ((size_t)setting >= ARRAY_SIZE(settings))
		return no_setting(u);
	if (settings[setting].get == 0)
		return connection_fail(u, -EINVAL, settings[setting].name, "%s can not be read",
		                       settings[setting].name);
	return ppp_ioctl_get(u, unit->handle, settings[setting].get, -1, ret);
}

int ul2tp_ppp_np_mode_set(struct ul2tp *u, const struct ul2tp_ppp *unit, uint16_t protocol,
                          unsigned int mode)
{
	const uint32_t argument[] = { protocol, mode };

	return ppp_ioctl(u, unit->handle, PPP_SNPMODE, reader_over(argument, sizeof(argument)), -1,
	                 NULL);
}

int ul2tp_ppp_filter_set(struct ul2tp *u, const struct ul2tp_ppp *unit,
                         enum ul2tp_ppp_filter filter, const struct sock_filter *program,
                         unsigned int count)
{
	if (count > BPF_MAXINSNS)
		return connection_fail(u, -EINVAL, "count", "a program has at most %d instructions",
		                       BPF_MAXINSNS);
	return ppp_ioctl(u, unit->handle, filter == UL2TP_PPP_PASS ? PPP_SPASS : PPP_SACTIVE,
	                 reader_over(program, count * sizeof(*program)), -1, NULL);
}

int ul2tp_ppp_compressor_set(struct ul2tp *u, const struct ul2tp_ppp *unit, bool transmit,
                             const void *option, size_t length)
{
	uint8_t octets[sizeof(uint32_t) + OPTION_MAX];
	struct writer w = writer_over(octets, sizeof(octets));

	write_u32_host(&w, transmit);
	write_bytes(&w, option, length);
	if (w.failed)
		return connection_fail(u, -EFAULT, "option", "an option has at most %d octets",
		                       OPTION_MAX);
	return ppp_ioctl(u, unit->handle, PPP_SCOMPRESS, reader_over(octets, write_len(&w)), -1,
	                 NULL);
}

int ul2tp_ppp_stats_get(struct ul2tp *u, const struct ul2tp_ppp *unit, struct ul2tp_ppp_stats *ret)
{
	struct ppp_answer answer;
	struct reader r;
	int err = ppp_ioctl(u, unit->handle, PPP_GSTATS, reader_over(NULL, 0), -1, &answer);

	if (err < 0)
		return err;
	/* In the order of struct ppp_stats (PPP-64). */
	r = reader_over(answer.octets, answer.length);
	read_skip(&r, sizeof(uint32_t));
	ret->rx_octets = read_u32_host(&r);
	read_skip(&r, sizeof(uint32_t));
	ret->rx_packets = read_u32_host(&r);
	ret->rx_errors = read_u32_host(&r);
	read_skip(&r, sizeof(uint32_t));
	ret->tx_octets = read_u32_host(&r);
	read_skip(&r, sizeof(uint32_t));
	ret->tx_packets = read_u32_host(&r);
	ret->tx_errors = read_u32_host(&r);
	return r.failed ? connection_fail(u, -EBADMSG, "", "statistics that are cut off") : 0;
}

int ul2tp_ppp_idle_get(struct ul2tp *u, const struct ul2tp_ppp *unit, uint64_t *tx_s,
                       uint64_t *rx_s)
{
	struct ppp_answer answer;
	struct reader r;
	int err = ppp_ioctl(u, unit->handle, PPP_GIDLE, reader_over(NULL, 0), -1, &answer);

	if (err < 0)
		return err;
	r = reader_over(answer.octets, answer.length);
	*tx_s = read_u64_host(&r);
	*rx_s = read_u64_host(&r);
	return r.failed ? connection_fail(u, -EBADMSG, "", "idle times that are cut off") : 0;
}
