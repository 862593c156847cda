/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - see options.h */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "config.h"
#include "keeper/layout.h"
#include "keeper/upgrade.h"

#define WORKERS_DEFAULT_MAX 4
#define WORKERS_LIMIT       64
#define TUNNELS_DEFAULT     16384
#define SESSIONS_DEFAULT    65536
#define RECORDS_LIMIT       1000000

static const char usage[] =
	"usage: ul2tpd [OPTION...]\n"
	"L2TP data plane in user space, in the foreground. ul2tp(8) tells it what to do; the manual is ul2tpd(8).\n"
	"\n"
	"  --socket PATH         listen here (default: $UL2TP_SOCKET, or " UL2TP_SOCKET_PATH ")\n"
	"  --workers NUMBER      threads that move packets (default: processors, at most 4)\n"
	"  --kernel-quirks       behave like the kernel even where ul2tpd is safer, for tests that compare\n"
	"  --divert WAY          how data is taken from programs' own sockets: ebpf or raw\n"
	"                        (default: the first that works)\n"
	"  --naive               one packet a system call and no offloads, for comparison\n"
	"  --ppp-device HOW      own (default): an interface for each PPP unit; shared: units share\n"
	"                        interfaces, with a route for each address\n"
	"  --fast-path MODE      let the kernel itself move data where it can, by eBPF:\n"
	"                        auto, off (default) or require\n"
	"  --fast-path-streams HOW\n"
	"                        with the fast path: streams of TCP take it, too: on, off, card: where\n"
	"                        the network card cuts them, or auto (default): where that is faster,\n"
	"                        and what is forwarded\n"
	"  --fast-path-xdp       with the fast path: take headers off in the network card's driver\n"
	"  --max-tunnels NUMBER  over all network namespaces (default: 16384)\n"
	"  --max-sessions NUMBER over all network namespaces (default: 65536)\n"
	"  --log-level LEVEL     error, warning, notice (default), info or debug\n"
	"  --upgrade-layout      say how what an upgrade takes over is laid out, for another ul2tpd\n"
	"  --version, --help\n"
	"\n"
	"Examples:\n"
	"  ul2tpd &                                      # as root; then \"ul2tp status\"\n"
	"  ul2tpd --fast-path auto --log-level info\n"
	"  ul2tpd --ppp-device shared --max-sessions 20000\n";

enum option_number {
	OPTION_SOCKET = 256,
	OPTION_WORKERS,
	OPTION_QUIRKS,
	OPTION_DIVERT,
	OPTION_NAIVE,
	OPTION_PPP_DEVICE,
	OPTION_FAST_PATH,
	OPTION_FAST_PATH_STREAMS,
	OPTION_FAST_PATH_XDP,
	OPTION_TUNNELS,
	OPTION_SESSIONS,
	OPTION_LOG,
	OPTION_LAYOUT,
	OPTION_VERSION,
	OPTION_HELP,
};

/* clang-format off */
static const struct option long_options[] = {
	{ "socket",        required_argument, NULL, OPTION_SOCKET },
	{ "workers",       required_argument, NULL, OPTION_WORKERS },
	{ "kernel-quirks", no_argument,       NULL, OPTION_QUIRKS },
	{ "divert",        required_argument, NULL, OPTION_DIVERT },
	{ "naive",         no_argument,       NULL, OPTION_NAIVE },
	{ "ppp-device",    required_argument, NULL, OPTION_PPP_DEVICE },
	{ "fast-path",     required_argument, NULL, OPTION_FAST_PATH },
	{ "fast-path-streams", required_argument, NULL, OPTION_FAST_PATH_STREAMS },
	{ "fast-path-xdp", no_argument,       NULL, OPTION_FAST_PATH_XDP },
	{ "max-tunnels",   required_argument, NULL, OPTION_TUNNELS },
	{ "max-sessions",  required_argument, NULL, OPTION_SESSIONS },
	{ "log-level",     required_argument, NULL, OPTION_LOG },
	{ &UPGRADE_LAYOUT_OPTION[2], no_argument, NULL, OPTION_LAYOUT },
	{ "version",       no_argument,       NULL, OPTION_VERSION },
	{ "help",          no_argument,       NULL, OPTION_HELP },
	{ 0 },
};

static const struct {
	const char *name;
	int level;
} log_levels[] = {
	{ "error",   LOG_ERR },
	{ "warning", LOG_WARNING },
	{ "notice",  LOG_NOTICE },
	{ "info",    LOG_INFO },
	{ "debug",   LOG_DEBUG },
};
/* clang-format on */

static bool number_read(const char *option, const char *text, uint32_t max, uint32_t *ret)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && n >= 1 && n <= max) {
		*ret = (uint32_t)n;
		return true;
	}
	fprintf(stderr, "ul2tpd: --%s is \"%s\", give a number from 1 to %u\n", option, text, max);
	return false;
}

static bool level_read(const char *text, int *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(log_levels); i++)
		if (!strcmp(text, log_levels[i].name)) {
			*ret = log_levels[i].level;
			return true;
		}
	fprintf(stderr,
	        "ul2tpd: --log-level is \"%s\", give error, warning, notice, info or debug\n",
	        text);
	return false;
}

static bool divert_read(const char *text, enum divert_way *ret)
{
	if (!strcmp(text, "ebpf")) {
		*ret = DIVERT_WAY_EBPF;
		return true;
	}
	if (!strcmp(text, "raw")) {
		*ret = DIVERT_WAY_RAW;
		return true;
	}
	fprintf(stderr, "ul2tpd: --divert is \"%s\", give ebpf or raw\n", text);
	return false;
}

static bool ppp_device_read(const char *text, bool *shared)
{
	*shared = !strcmp(text, "shared");
	if (*shared || !strcmp(text, "own"))
		return true;
	fprintf(stderr, "ul2tpd: --ppp-device is \"%s\", give own or shared\n", text);
	return false;
}

/* One of @count words, as @choices names them. */
static bool word_read(const char *option, const char *text, const char *const words[], size_t count,
                      const char *choices, size_t *ret)
{
	for (*ret = 0; *ret < count; (*ret)++)
		if (!strcmp(text, words[*ret]))
			return true;
	fprintf(stderr, "ul2tpd: --%s is \"%s\", give %s\n", option, text, choices);
	return false;
}

static bool fast_path_read(const char *text, enum fast_path_mode *ret)
{
	static const char *const modes[] = {
		[FAST_PATH_OFF] = "off",
		[FAST_PATH_AUTO] = "auto",
		[FAST_PATH_REQUIRE] = "require",
	};
	size_t mode;

	if (!word_read("fast-path", text, modes, ARRAY_SIZE(modes), "auto, off or require", &mode))
		return false;
	*ret = (enum fast_path_mode)mode;
	return true;
}

static bool fast_path_streams_read(const char *text, enum fast_path_streams *ret)
{
	static const char *const hows[] = {
		[FAST_STREAMS_AUTO] = "auto",
		[FAST_STREAMS_CARD] = "card",
		[FAST_STREAMS_ON] = "on",
		[FAST_STREAMS_OFF] = "off",
	};
	size_t how;

	if (!word_read("fast-path-streams", text, hows, ARRAY_SIZE(hows), "auto, card, on or off",
	               &how))
		return false;
	*ret = (enum fast_path_streams)how;
	return true;
}

static unsigned int workers_default(void)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	count = CPU_COUNT(&set);
	return (unsigned int)(count > WORKERS_DEFAULT_MAX ? WORKERS_DEFAULT_MAX : count);
}

static bool option_take(int option, const char *value, struct daemon_options *o)
{
	switch (option) {
	case OPTION_SOCKET:
		o->keeper.socket_path = value;
		return true;
	case OPTION_WORKERS:
		return number_read("workers", value, WORKERS_LIMIT, &o->dataplane.workers);
	case OPTION_QUIRKS:
		o->dataplane.quirks = quirks_all(true);
		o->keeper.ip_sockets_for_all = true;
		return true;
	case OPTION_DIVERT:
		return divert_read(value, &o->keeper.divert);
	case OPTION_NAIVE:
		o->keeper.naive = true;
		o->dataplane.naive = true;
		return true;
	case OPTION_PPP_DEVICE:
		return ppp_device_read(value, &o->dataplane.shared_devices);
	case OPTION_FAST_PATH:
		return fast_path_read(value, &o->keeper.fast_path);
	case OPTION_FAST_PATH_STREAMS:
		return fast_path_streams_read(value, &o->keeper.fast_path_streams);
	case OPTION_FAST_PATH_XDP:
		o->keeper.fast_path_xdp = true;
		return true;
	case OPTION_TUNNELS:
		return number_read("max-tunnels", value, RECORDS_LIMIT, &o->keeper.max_tunnels);
	case OPTION_SESSIONS:
		return number_read("max-sessions", value, RECORDS_LIMIT, &o->keeper.max_sessions);
	case OPTION_LOG:
		return level_read(value, &o->log_level);
	default:
		return false;
	}
}

static const char *socket_default(void)
{
	const char *path = getenv("UL2TP_SOCKET");

	return path && *path ? path : UL2TP_SOCKET_PATH;
}

static void say(int option)
{
	char layout[LAYOUT_TEXT_MAX];

	layout_text(layout);
	if (option == OPTION_LAYOUT)
		puts(layout);
	else
		fputs(option == OPTION_HELP ? usage : "ul2tpd " UL2TP_VERSION "\n", stdout);
}

bool daemon_options_read(int argc, char **argv, struct daemon_options *ret, int *status)
{
	struct daemon_options o = {
		.keeper = { .socket_path = socket_default(),
		            .max_tunnels = TUNNELS_DEFAULT,
		            .max_sessions = SESSIONS_DEFAULT },
		.dataplane.workers = workers_default(),
		.log_level = LOG_NOTICE,
	};
	int option;

	*status = 2;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (option == OPTION_VERSION || option == OPTION_HELP || option == OPTION_LAYOUT) {
			say(option);
			*status = fflush(stdout) == 0 ? 0 : 1;
			return false;
		}
		if (!option_take(option, optarg, &o)) {
			fputs("Try 'ul2tpd --help'.\n", stderr);
			return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ul2tpd: unexpected argument \"%s\"\nTry 'ul2tpd --help'.\n",
		        argv[optind]);
		return false;
	}
	if (o.keeper.fast_path == FAST_PATH_OFF &&
	    (o.keeper.fast_path_xdp || o.keeper.fast_path_streams != FAST_STREAMS_AUTO)) {
		fprintf(stderr,
		        "ul2tpd: --fast-path-%s does nothing without the fast path: "
		        "give --fast-path auto or require, too\n",
		        o.keeper.fast_path_xdp ? "xdp" : "streams");
		return false;
	}
	/* A socket that a service manager passes goes before any path. */
	if (getenv("LISTEN_FDS") && getenv("LISTEN_PID"))
		o.keeper.socket_path = NULL;
	*ret = o;
	return true;
}
