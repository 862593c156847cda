# SPDX-License-Identifier: BSD-2-Clause
"""soon.py - what a program promises to have done after so much time, measured where others want the processors, too

A promise of time is one of a machine that lets the program run when it has something to do. So the time that its
processes stood in the queue for a processor does not count, nor that which the test needs for its last look.
"""
import pathlib
import time

from support.wait import PATIENCE, SLOW, eventually


def queued(daemons):
    """Seconds that threads of these daemons have waited for a processor."""
    total = 0
    for daemon in daemons:
        for pid in (daemon.pid, daemon.engine_pid):
            for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                try:
                    total += int(path.read_text(encoding="ascii").split()[1])
                except OSError:
                    pass  # the thread has ended
    return total / 1e9


def within(seconds, condition, daemons, what=""):
    """condition() is true when the daemons had so many seconds for it."""
    began, before, last_no = time.monotonic(), queued(daemons), None

    def asked():
        nonlocal last_no
        at = time.monotonic()
        if condition():
            return True
        last_no = at
        return False
    eventually(asked, what, PATIENCE)
    took = last_no - began if last_no else 0
    excused = queued(daemons) - before
    assert took <= seconds * SLOW + excused, f"{what or condition} after {took:.2f} s, {excused:.2f} of them in queues"
