# SPDX-License-Identifier: BSD-2-Clause
"""Programs that know nothing of ul2tp, behind `ul2tp run`, with tunnels on sockets of their own

What is told here (support/managed.py) tests/parity tells on Linux's own L2TP. What must not remain of a program
that has gone: interfaces, tunnels, descriptors of the daemon's, processes of the launcher's.
"""
import contextlib
import itertools
import os

import pytest

from support import managed, proc
from support.api import Api
from support.daemon import BUILD, Daemon, descriptors, no_more_than
from support.program import PROGRAMS, Program
from support.wait import eventually

WAYS = ["uevent", "fib", "trap"]
DIVERTS = ["ebpf", "raw"]
MARK = "UL2TP_TEST_PROGRAM"
_marks = itertools.count()

# Each kind of program once.
KINDS = ["static-epoll", "tunneldigger-client", "kl2tpd", "scripted"]
OTHER_CARRIERS = [(name, "udp", 6) for name in KINDS] + [
    ("static-epoll", "ip", 4), ("static-blocked", "ip", 6), ("kl2tpd", "ip", 4), ("kl2tpd", "ip", 6),
    ("scripted", "ip", 4)]


@pytest.fixture(scope="module", params=DIVERTS)
def server(build, request):
    with Daemon("--divert", request.param) as made:
        yield made


def processes_marked(mark):
    """All that were started with this in their environment, zombies aside."""
    found = []
    for pid in proc.pids():
        with contextlib.suppress(PermissionError):  # it is of another user namespace
            if f"{MARK}={mark}\0".encode() in proc.octets(pid, "environ"):
                found.append(pid)
    return found


class Host:
    """The near end: programs are started there behind a launcher, and nothing of them stays."""

    def __init__(self, server, cable):
        self.server, self.cable = server, cable
        self.mark = f"{os.getpid()}-{next(_marks)}"
        # The last of the test before may still be on its way out.
        eventually(lambda: cable.near.devices() == {"wire"}, "nothing but the wire is there")

    def begin(self, name, *options):
        return Program(name, self.cable.near, [BUILD / "ul2tp", "run", *options, "--"],
                       {"UL2TP_SOCKET": self.server.socket, MARK: self.mark})

    def remember(self):
        """What the daemon may hold at the end."""
        self.held = {pid: descriptors(pid) for pid in (self.server.keeper_pid, self.server.engine_pid)}

    def nothing_is_left(self):
        eventually(lambda: not processes_marked(self.mark), "no process of a launcher is left")
        assert self.cable.near.devices() == {"wire"}
        with Api(self.server, self.cable.near) as api:
            eventually(lambda: not api.tunnels() and not api.sessions(), "no tunnel is left")
        for pid, before in self.held.items():
            no_more_than(before, pid)


@pytest.fixture
def host(server, cable):
    return Host(server, cable)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_and_its_tunnels(host, name, way):
    """tunneldigger among them, and what knows netlink alone

    Requirements: PPP-93
    """
    managed.every_story(lambda: host.begin(name, "--reply", way), name, host.cable)


@pytest.mark.parametrize("name, over, family", OTHER_CARRIERS)
def test_over_other_carriers(host, name, over, family):
    managed.every_story(lambda: host.begin(name), name, host.cable, over, family)


@pytest.mark.plain
@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_left_of_a_hundred_tunnels(host, name):
    """Lost by close() and by SIGKILL in turn, each seen at once by the interface that goes; half of them by either way."""
    with host.begin(name):
        assert len(processes_marked(host.mark)) >= 2, "the program and its launcher's processes"
    managed.lost_by_close_and_by_kill(lambda: host.begin(name), host.cable, 2)
    host.remember()
    managed.lost_by_close_and_by_kill(lambda: host.begin(name), host.cable, 100 // len(DIVERTS))
    host.nothing_is_left()
