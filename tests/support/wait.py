# SPDX-License-Identifier: BSD-2-Clause
"""wait.py - wait for something to become true, with a time-out"""
import os
import time

# A build with sanitizers is several times slower, a machine inside this one (vm.py; uml.py, by its system calls) still more
# so, and machines are shared: time-outs are generous, and only ever reached by a test that fails.
SLOW = 5 if os.environ.get("UL2TP_EMULATED") else 3 if os.environ.get("UL2TP_SANITIZED") else 1
PATIENCE = 60  # seconds, where nothing speaks for another number

# Seconds that something takes at most which takes no time: a killed process ends, a thread that was told to stop does.
# A wait without a limit would hold up all tests instead of failing one.
AT_MOST = PATIENCE * SLOW


def eventually(condition, what="", timeout=PATIENCE, interval=0.005):
    """The first true value of condition(); AssertionError with its last value after the time-out.

    What takes long to ask is asked more seldom, so that at least half of the time is left to what is waited for.
    """
    deadline = time.monotonic() + timeout * SLOW
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout * SLOW} s still not: {what or condition} (last: {value!r})")
        time.sleep(max(interval, min(time.monotonic() - began, 1)))
        interval = min(interval * 1.5, 0.1)
