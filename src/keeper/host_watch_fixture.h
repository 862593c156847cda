/* SPDX-License-Identifier: BSD-2-Clause */
/* host_watch_fixture.h - for tests: a watched host, and the commands of its administrator
 *
 * In network namespaces that the test makes: one it lives in, and one it visits if it asks for it.
 */
#ifndef UL2TP_KEEPER_HOST_WATCH_FIXTURE_H
#define UL2TP_KEEPER_HOST_WATCH_FIXTURE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "keeper/host_watch.h"

#define WITHIN_MS                                                                                  \
	20000 /* where all is slow, too; that it holds within a second the scenarios ask */

#define SHAPER "tbf rate 1mbit burst 10k limit 10k"

struct host_watch_fixture {
	struct netns_home home;
	struct netns_id netns;
	struct host_watches watches;
	struct outer_flow v4, v6;
	int device, underlay;
	unsigned int told;
	struct host_news news; /* the last */
};

/** do_() - as a shell does it; fails the test if that fails. can() - whether it succeeds */
void do_(const char *command);
bool can(const char *command);

/** begin() - home is a new namespace; what is watched is another, if @away. Without root the test is skipped */
struct host_watch_fixture *begin(bool away);
void end(struct host_watch_fixture *f);

/** verdict() - what speaks against the fast path for @flow now */
enum fast_reason verdict(struct host_watch_fixture *f, const struct outer_flow *flow);

/** expect() - the keeper's loop, until @flow's verdict is @want: and a change of it has been told */
void expect(struct host_watch_fixture *f, const struct outer_flow *flow, enum fast_reason want);

/** during() - @undo ends what @command begins; until then the verdict of @flow is @want */
void during(struct host_watch_fixture *f, const struct outer_flow *flow, const char *command,
            enum fast_reason want, const char *undo);

#endif
