# SPDX-License-Identifier: BSD-2-Clause
"""lines.py - lines of a program that goes on, as they come"""
import os
import select
import time

from support.wait import SLOW


class Lines:
    """Of a process that was started with stdout=PIPE, or of any descriptor."""

    def __init__(self, source):
        self.descriptor = source if isinstance(source, int) else source.stdout.fileno()
        self.rest, self.seen, self.ended = b"", [], False

    def _take(self, timeout):
        if self.ended or not select.select([self.descriptor], [], [], timeout)[0]:
            return
        octets = os.read(self.descriptor, 65536)
        self.ended = not octets
        *lines, self.rest = (self.rest + octets).split(b"\n")
        self.seen += [line.decode() for line in lines]

    def until(self, condition, what, timeout=20):
        """All lines so far, when condition(lines) has become true."""
        deadline = time.monotonic() + timeout * SLOW
        while not condition(self.seen):
            left = deadline - time.monotonic()
            assert left > 0 and not self.ended, f"still not: {what}\n" + "\n".join(self.seen[-50:])
            self._take(left)
        return self.seen

    def until_line(self, text, count=1, timeout=20):
        """All lines so far, when text is in this many of them."""
        return self.until(lambda lines: sum(text in line for line in lines) >= count, text, timeout)
