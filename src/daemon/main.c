/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - ul2tpd: the keeper is this process, the engine its child */
#include <errno.h>
#include <string.h>

#include "api/server.h"
#include "base/log.h"
#include "base/streams.h"
#include "daemon/confine.h"
#include "daemon/options.h"
#include "keeper/keeper.h"
#include "path/dataplane.h"

static int fail(const char *what, int err)
{
	log_event(LOG_ERR, "engine-failed", "step=%s error=\"%s\"", what, strerror(-err));
	return 1;
}

/* In the child, without privilege. One that fails leaves all as it is, to the next engine. */
static int engine(const struct keeper_start *start, void *arg)
{
	const struct daemon_options *options = arg;
	struct dataplane_options dataplane = options->dataplane;
	struct dataplane *dp;
	int err = confine();

	if (err < 0)
		log_event(LOG_WARNING, "not-confined", "error=\"%s\" reason=\"no seccomp here\"",
		          strerror(-err));
	quirks_log(&options->dataplane.quirks);
	dataplane.workers = start->workers;
	err = dataplane_new(start, &dataplane, &dp);
	if (err < 0)
		return fail("dataplane", err);
	err = server_run(start, dp, &options->dataplane.quirks);
	if (err < 0)
		return fail("server", err);
	dataplane_free(dp);
	return 0;
}

int main(int argc, char **argv)
{
	struct daemon_options options;
	int status;

	streams_reserve();
	if (!daemon_options_read(argc, argv, &options, &status))
		return status;
	log_level_set(options.log_level);
	options.keeper.workers = options.dataplane.workers;
	options.keeper.argv = argv;
	return keeper_run(&options.keeper, engine, &options);
}
