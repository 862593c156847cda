# SPDX-License-Identifier: BSD-2-Clause
"""The PPP of a program in Go under `ul2tp run`: pppd on a socket that it inherits, and calls that are bridged

tests/programs/kl2tpd.go makes the calls of kl2tpd: session by netlink, a PPPoL2TP socket connected to it, pppd with
the socket as its descriptor 3; as an access concentrator it bridges two channels.
"""
import contextlib
import itertools
import select
import socket
import struct

import pytest

from support.api import Api
from support.daemon import BUILD
from support.program import PPP, Program
from support.wait import SLOW, eventually

LCP = bytes.fromhex("c0210101000861626364")
OPTIONS = ["nodefaultroute", "noccp", "noipv6", "ipcp-accept-remote", "ipcp-accept-local", "lcp-echo-interval", "0"]
_units = itertools.count(200)  # pppd keeps a file for each in /run, whatever the namespace


def begin(daemon, namespace):
    return Program("kl2tpd", namespace, [BUILD / "ul2tp", "run", "--"], {"UL2TP_SOCKET": daemon.socket})


@pytest.fixture
def programs(shared_daemon, cable):
    """One at each end; afterwards nothing of them is there."""
    with contextlib.ExitStack() as cleanup:
        made = []
        for namespace in (cable.near, cable.far):
            made.append(begin(shared_daemon, namespace))
            cleanup.callback(made[-1].kill_what_is_left)    # whatever comes of
            cleanup.callback(made[-1].close)
        yield made
    for namespace in (cable.near, cable.far):
        eventually(lambda n=namespace: n.devices() == {"wire"}, "their interfaces have gone")
        with Api(shared_daemon, namespace) as api:
            eventually(lambda a=api: not a.tunnels() and not a.sessions(), "their tunnels have gone")


@pytest.mark.parametrize("version", [2, 3])
def test_pppd_inherits_a_session(programs, cable, version):
    """It brings up an interface, IP goes over it, and it ends when told to, or when its peer does.

    Requirements: PPP-92, PPP-91, PX-25, PX-45, PPP-44
    """
    near, far = programs
    ids = [(1, 2, "192.0.2.1", "192.0.2.2"), (2, 1, "192.0.2.2", "192.0.2.1")]
    units = [next(_units), next(_units)]
    for program, (conn_id, peer, local, remote) in zip(programs, ids):
        program.do("tunnel", conn_id, peer, version, "udp", local, 1701, remote, 1701)
        assert program.do("session", conn_id, 10 + conn_id, 10 + peer, PPP, "-") == ""
        program.do("pppox", conn_id, 10 + conn_id, 10 + peer)
        assert program.refused("pppox", conn_id, 10 + conn_id, 10 + peer) == 17  # EEXIST
    near.do("pppd", 1, 11, "unit", units[0], "10.9.0.1:10.9.0.2", *OPTIONS)
    far.do("pppd", 2, 12, "unit", units[1], *OPTIONS)
    eventually(lambda: "10.9.0.1 peer 10.9.0.2" in cable.near.run("ip", "-4", "addr", "show", "up").stdout and
               "10.9.0.2 peer 10.9.0.1" in cable.far.run("ip", "-4", "addr", "show", "up").stdout, "both have their address")
    cable.near.run("ping", "-c", "2", "-i", "0.2", "-W", "5", "10.9.0.2")
    near.do("hang-up", 11)
    assert int(near.event("hung-up", 11)) in (0, 5)  # 5: it was told by a signal
    assert int(far.event("hung-up", 12)) in (0, 15, 16)
    eventually(lambda: cable.near.devices() == {"wire"} == cable.far.devices(), "the interfaces have gone")
    eventually(lambda: near.do("list") == "1", "the session has gone with its last socket")
    far.do("hang-up", 12)
    for program, conn_id in ((near, 1), (far, 2)):
        program.do("delete-tunnel", conn_id)
        program.do("close", conn_id)


def test_calls_are_bridged(programs, cable):
    """Two sessions of an access concentrator; none of its files of /dev/ppp is open any more.

    Requirements: PPP-92, PPP-30, PPP-32
    """
    near, _ = programs
    near.do("tunnel", 1, 2, 2, "udp", "192.0.2.1", 1701, "192.0.2.2", 1701)
    for session in (11, 12):
        near.do("session", 1, session, session + 100, PPP, "-")
        near.do("pppox", 1, session, session + 100)
    near.do("bridge", 11, 12)
    assert near.refused("bridge", 12, 11) == 114  # EALREADY
    with cable.far.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("192.0.2.2", 1701))
        for arrives, leaves in ((11, 112), (12, 111)):
            peer.sendto(struct.pack("!HHH", 2, 1, arrives) + b"\xff\x03" + LCP, ("192.0.2.1", 1701))
            assert select.select([peer], [], [], 20 * SLOW)[0], "nothing came"
            assert peer.recv(2000) == struct.pack("!HHH", 2, 2, leaves) + b"\xff\x03" + LCP
        near.do("unbridge", 12)
        assert near.refused("unbridge", 11) == 22  # EINVAL
    for session in (11, 12):
        near.do("hang-up", session)
    eventually(lambda: near.do("list") == "1", "the sessions have gone with their sockets")
    near.do("delete-tunnel", 1)
    near.do("close", 1)
