# SPDX-License-Identifier: BSD-2-Clause
"""Tunnels on programs' sockets where nobody tells that a socket was closed: a kernel without udp_diag"""
import errno
import os
import signal
import socket
import time

import pytest
import seccomp

from support.api import gone
from support.daemon import Daemon
from support.netlink import Refused
from support.netns import Cable
from support.program_socket import ProgramSocket, next_port
from support.rig import Rig
from support.wait import AT_MOST, eventually

NETLINK_SOCK_DIAG = 4


def without_sock_diag():
    """What a socket of it says where the kernel has none, to whoever is executed next."""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    rules.add_rule(seccomp.ERRNO(errno.EPROTONOSUPPORT), "socket", seccomp.Arg(0, seccomp.EQ, socket.AF_NETLINK),
                   seccomp.Arg(2, seccomp.EQ, NETLINK_SOCK_DIAG))
    rules.load()


@pytest.fixture(params=["ebpf", "raw"])
def rig(build, request):
    cable = Cable()
    try:
        with Daemon("--divert", request.param, preexec=without_sock_diag) as daemon:
            made = Rig(daemon, cable)
            yield made
            made.close()
            assert daemon.log.count("event=socket-watch-slow missing=udp_diag") == 1
    finally:
        cable.close()


@pytest.mark.parametrize("family", (4, 6, "mapped"))
def test_the_last_close_ends_the_tunnel(rig, family):
    """A copy that is left keeps it, whatever else closes.

    Requirements: TUN-45
    """
    stays, goes = (ProgramSocket(rig, family).tunnel().session().up() for _ in range(2))
    goes.send(goes.data())
    goes.delivered(1)
    copy = os.dup(stays.socket.fileno())
    stays.socket.close()
    goes.socket.close()
    eventually(lambda: gone(rig.api.tunnel_get, goes.id), "the tunnel has gone with its socket")
    stays.send(stays.data())
    stays.delivered(1)
    os.close(copy)
    eventually(lambda: gone(rig.api.tunnel_get, stays.id), "the other one, too")


def test_a_killed_program(rig):
    p = ProgramSocket(rig).tunnel().session()
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        p.socket.close()
        other = ProgramSocket(rig).tunnel()  # the child has no copy of this one
        other.socket.close()
        eventually(lambda: gone(rig.api.tunnel_get, other.id), "it has been looked for sockets that have gone")
        assert p.get()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    eventually(lambda: gone(rig.api.tunnel_get, p.id), "the tunnel has gone with the program")


def test_none_goes_before_its_time(rig):
    """Hundreds of other sockets come and go while the list is read. (What a reading leaves out: udp_list_test.c)"""
    stay = [ProgramSocket(rig, bound="any").tunnel() for _ in range(20)]
    deadline = time.monotonic() + AT_MOST
    for _ in range(4):
        goes = ProgramSocket(rig).tunnel()
        goes.socket.close()
        while not gone(rig.api.tunnel_get, goes.id):
            assert time.monotonic() < deadline, rig.daemon.log
            others = [rig.near.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(200)]
            for other in others:
                other.bind(("", 0))
            for other in others:
                other.close()
    assert set(rig.api.tunnels()) >= {p.id for p in stay}


def test_one_without_a_port_is_refused(rig):
    with rig.near.socket(socket.AF_INET, socket.SOCK_DGRAM) as bare:
        with pytest.raises(Refused) as refused:
            rig.api.tunnel_on(bare, CONN_ID=9, PEER_CONN_ID=9)
        assert refused.value.errno == errno.EOPNOTSUPP
        assert "bind it first" in str(refused.value)
        bare.bind(("", next_port()))
        rig.api.tunnel_on(bare, CONN_ID=9, PEER_CONN_ID=9)
    eventually(lambda: gone(rig.api.tunnel_get, 9), "the tunnel has gone with its socket")
