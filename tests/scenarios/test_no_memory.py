# SPDX-License-Identifier: BSD-2-Clause
"""Each allocation of ul2tpd's fails once: it says ENOMEM and goes on, nothing half made stays, and it works at the next try

A story is told again and again, with the first, the second, the third allocation failing, until there are no more of them.
"""
import contextlib
import ctypes
import errno
import gc
import mmap
import os
import platform
import signal
import socket
import sys

import pytest

from support.api import IP, UDP, Api
from support.daemon import BUILD, Daemon
from support.launcher import REPLIES, Launcher
from support.netlink import Refused
from support.netns import Cable
from support.ppp_file import PPPIOCBRIDGECHAN, PPPIOCSFLAGS
from support.ppp_link import End
from support.wait import eventually

PPPIOCSMRRU, MULTILINK = 0x4004743b, 0x400
MOST = 200  # allocations of a story
ENOUGH = 1 << 20

LACK_MEMORY = BUILD / "tests/programs/lack_memory.so"

pytestmark = [
    # The sanitizers have allocators of their own in front, which abort.
    pytest.mark.skipif(bool(os.environ.get("UL2TP_SANITIZED")), reason="sanitizers allocate by themselves"),
    pytest.mark.skipif(platform.libc_ver()[0] != "glibc" and not LACK_MEMORY.exists(),
                       reason="lack_memory.so is not built: this C library has no __libc_malloc() for it")]


class Left(ctypes.Structure):
    """How many allocations there will be until one fails; as in tests/programs/lack_memory.c."""
    _fields_ = [(name, ctypes.c_int) for name in ("allocations", "answers", "keeper_requests", "program_answers")]


def shared_left(directory):
    """(it, what a program has in its environment that shares it)"""
    path = directory / "left"
    path.write_bytes(bytes(mmap.PAGESIZE))
    with path.open("r+b") as file:
        return Left.from_buffer(mmap.mmap(file.fileno(), mmap.PAGESIZE)), {
            "LD_PRELOAD": str(LACK_MEMORY), "LACK_MEMORY": str(path)}


class Lacking:
    """A ul2tpd one of whose allocations can be made to fail."""

    def __init__(self, directory, *options):
        self.left, environment = shared_left(directory)
        self.cable = Cable()
        try:
            # Each worker that has had a program's socket keeps a ring.
            self.daemon = Daemon("--workers", "1", *options, environment=environment)
        except BaseException:
            self.cable.close()
            raise
        self.held, self.devices, self.spare = [], self.cable.near.devices(), 0

    def processes(self):
        return self.daemon.keeper_pid, self.daemon.engine_pid

    def descriptors(self):
        return [len(os.listdir(f"/proc/{pid}/fd")) for pid in self.processes()]

    def clean(self):
        """Everything goes that the story has left, and ul2tpd lets it."""
        while self.held:
            self.held.pop().close()
        gc.collect()  # connections of an end that could not be made
        with Api(self.daemon, self.cable.near) as api:
            for number in api.tunnels():
                try:
                    api.tunnel_delete(number)
                except Refused as refusal:  # it has gone with its socket
                    assert refusal.errno == errno.ENODEV
            eventually(lambda: not api.tunnels(), "the tunnels have gone")
        eventually(lambda: self.cable.near.devices() <= self.devices, "the interfaces have gone")

    def tell(self, story):
        """Return: what the refusal said; "": there was none."""
        try:
            with Api(self.daemon, self.cable.near) as api:
                story(self, api)
        except Refused as refusal:
            assert refusal.errno == errno.ENOMEM, refusal
            return "ENOMEM"
        except (ConnectionResetError, BrokenPipeError):
            return "no connection"
        return ""

    def tell_without(self, story, number):
        """The same with one allocation failing, and all cleaned up; spare: how many more it would have taken to come to it."""
        self.left.allocations = number
        said = self.tell(story)
        self.spare, self.left.allocations = self.left.allocations, 0
        self.clean()
        return said

    def close(self):
        self.left.allocations = 0
        self.daemon.stop()
        self.cable.close()


def addresses(lacking):
    near, far = lacking.cable.addresses(4)
    return {"IP_SADDR": near, "IP_DADDR": far}


def ethernet(lacking, api, over=UDP):
    ports = {"UDP_SPORT": 5000, "UDP_DPORT": 5001} if over == UDP else {}
    api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, ENCAP_TYPE=over, **addresses(lacking), **ports)
    api.session_create(1, 10, PEER_SESSION_ID=20, IFNAME="lacking0")
    api.session_get(1, 10)
    api.do("SESSION_MODIFY", CONN_ID=1, SESSION_ID=10, RECV_SEQ=1)
    assert len(api.tunnels()) == 1
    api.do("SESSION_DELETE", CONN_ID=1, SESSION_ID=10)
    api.tunnel_delete(1)


def ethernet_over_ip(lacking, api):
    ethernet(lacking, api, IP)


def managed(lacking, api):
    near, far = lacking.cable.addresses(4)
    program = lacking.cable.near.socket(socket.AF_INET, socket.SOCK_DGRAM)
    lacking.held.append(program)
    program.bind((near, 5000))
    program.connect((far, 5001))
    api.tunnel_on(program, CONN_ID=1, PEER_CONN_ID=2)
    api.session_create(1, 10, PEER_SESSION_ID=20, IFNAME="lacking0")
    program.connect((far, 5002))
    api.socket_changed(program)


def ppp(lacking, _):
    """A unit over two links, and a bridge."""
    ends = []
    for ids in ((1, 2), (3, 4), (5, 6)):
        ends.append(End(lacking.daemon, lacking.cable.near, ids, lacking.cable.addresses(4), 3, "ip"))
        lacking.held.append(ends[-1])
    ends[0].connect()
    ends[0].unit.ioctl_int(PPPIOCSMRRU, 1500)
    ends[0].unit.ioctl_int(PPPIOCSFLAGS, MULTILINK)
    ends[0].another(1)
    ends[1].channel.ioctl_int(PPPIOCBRIDGECHAN, ends[2].socket.channel())


STORIES = {"ethernet": (ethernet,), "ip": (ethernet_over_ip,), "ebpf": (managed, "--divert", "ebpf"),
           "raw": (managed, "--divert", "raw"), "ppp": (ppp,), "shared": (ppp, "--ppp-device", "shared"),
           "workers": (ethernet, "--workers", "4")}


@pytest.mark.parametrize("name", STORIES)
def test_it_goes_on_after_each(build, tmp_path, name):
    story, *options = STORIES[name]
    with contextlib.closing(Lacking(tmp_path, *options)) as lacking:
        assert lacking.tell(story) == ""
        lacking.clean()
        processes, said, before = lacking.processes(), [], lacking.descriptors()
        while not said or lacking.spare == 0:
            said.append(lacking.tell_without(story, len(said) + 1))
            assert lacking.processes() == processes, f"allocation {len(said)} ended a process: {lacking.daemon.log}"
            assert len(said) < MOST, said
        assert "ENOMEM" in said and said[-1] == "", said
        eventually(lambda: all(now <= then for now, then in zip(lacking.descriptors(), before)), "no descriptor stays")


def test_an_engine_that_can_not_start_loses_nothing(build, tmp_path):
    """The last allocations by which an engine takes up what is there fail: it ends, and the one after it has all."""
    with contextlib.closing(Lacking(tmp_path)) as lacking:
        with Api(lacking.daemon, lacking.cable.near) as api:
            api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, UDP_SPORT=5000, UDP_DPORT=5001, **addresses(lacking))
            api.session_create(1, 10, IFNAME="lacking0")

        def adopted(left):
            """How many allocations that took."""
            lacking.left.allocations = left
            before = lacking.daemon.log.count("event=adopted-ppp")
            os.kill(lacking.daemon.engine_pid, signal.SIGKILL)
            eventually(lambda: lacking.daemon.log.count("event=adopted-ppp") > before, "an engine has taken over")
            taken, lacking.left.allocations = left - lacking.left.allocations, 0
            with Api(lacking.daemon, lacking.cable.near) as api:
                assert len(api.sessions()) == 1, lacking.daemon.log
            return taken
        needed = adopted(ENOUGH)
        for last in (2, 3, 4):  # of those behind all that is adopted; one may be the keeper's, which does not need it
            adopted(needed - last)
        assert "event=engine-failed" in lacking.daemon.log


def test_a_client_does_not_wait_for_an_answer_that_was_lost(build, tmp_path):
    """Where the system has no memory for it, the connection ends; the next one works."""
    with contextlib.closing(Lacking(tmp_path)) as lacking:
        with Api(lacking.daemon, lacking.cable.near) as api:
            lacking.left.answers = 1
            with pytest.raises(ConnectionError):
                api.netlink.l2tp("TUNNEL_GET", dump=True, timeout=5)
        with Api(lacking.daemon, lacking.cable.near) as api:
            assert not api.tunnels()


def test_an_engine_that_can_not_reach_its_keeper_ends(build, tmp_path):
    """What it could not say would stay for good; the next one sees to it."""
    with contextlib.closing(Lacking(tmp_path)) as lacking:
        with Api(lacking.daemon, lacking.cable.near) as api:
            api.tunnel_create(CONN_ID=1, PEER_CONN_ID=2, UDP_SPORT=5000, UDP_DPORT=5001, **addresses(lacking))
            for number in (1, 2):
                api.session_create(1, number, IFNAME=f"lacking{number}")
        for number in (1, 2):   # whether the client may, and that the interface goes
            with Api(lacking.daemon, lacking.cable.near) as api:
                lacking.left.keeper_requests = number
                with pytest.raises(ConnectionError):
                    api.session_delete(1, number)
        with Api(lacking.daemon, lacking.cable.near) as api:
            left = {f"lacking{s['SESSION_ID']}" for s in api.sessions()}
        eventually(lambda: lacking.cable.near.devices() == lacking.devices | left, "no interface is left without its session")


ASK_TWICE = """
import socket, struct, sys
for line in sys.stdin:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as s:
        s.sendto(struct.pack("=IHHIIBB2xHH8s", 32, 16, 5, 1, 0, 3, 1, 9, 2, b"l2tp"), (0, 0))
        print(struct.unpack_from("=H", s.recv(65536), 4)[0], flush=True)
"""


@pytest.mark.parametrize("reply", REPLIES)
def test_a_program_gets_its_answer_when_there_is_memory_for_it(shared_daemon, tmp_path, reply):
    """Behind `ul2tp run`, whose supervisor could not send it at first."""
    left, environment = shared_left(tmp_path)
    launcher = Launcher(shared_daemon, reply=reply)
    launcher.environment.update(environment)
    with launcher.popen(sys.executable, "-uc", ASK_TWICE, stdin=-1) as process:
        for lacks in (0, 1):
            left.program_answers = lacks
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "16\n"
            assert left.program_answers == 0
        process.stdin.close()
        assert process.wait() == 0
