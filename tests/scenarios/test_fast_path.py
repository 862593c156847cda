# SPDX-License-Identifier: BSD-2-Clause
"""The eBPF fast path: what it moves arrives as by way of the engine, and is counted as there."""
import os
import re
import signal

import pytest

from support.daemon import Daemon
from support.fast_pair import INNER, UNDERLAYS, FastPair, lay_cable, transfer
from support.tcx import programs
from support.wait import eventually

quick = pytest.mark.quick
OCTETS = os.urandom(8 << 20)


@pytest.fixture(scope="module", autouse=True)
def fast_path(build):
    """Whether this machine and this build have it."""
    daemon = Daemon("--fast-path", "require", wait=False)
    try:
        eventually(lambda: daemon.process.poll() is not None or os.path.exists(daemon.socket))
        words = re.search("--fast-path require: ([^\"]*)", daemon.log)
    finally:
        daemon.kill()
    if words:
        pytest.skip(words[1])


@pytest.fixture(scope="module", params=UNDERLAYS)
def wire(request):
    cable = lay_cable(request.param)
    yield cable
    cable.close()


@pytest.fixture(scope="module")
def plain_wire():
    cable = lay_cable("plain")
    yield cable
    cable.close()


def whole(pair):
    near, far = pair.hosts
    assert transfer(near, far, INNER[4][1], OCTETS)
    assert transfer(far, near, INNER[6][0], OCTETS)
    eventually(pair.agree, "the counters of both ends agree")


def test_tcp_takes_it_both_ways(wire):
    """The interfaces' own counters do not see what takes it; the session's do."""
    with FastPair(wire, session={"COOKIE": "0123456789abcdef", "PEER_COOKIE": "0123456789abcdef"}) as pair:
        before = pair.slow_packets(0)
        whole(pair)
        sent = before[0] + 10 >= pair.slow_packets(0)[0]
        assert sent, "the engine has sent packets of the transfer"


@pytest.mark.parametrize("session", [{}, {"L2SPEC_TYPE": 0}, {"COOKIE": "c00c1e55", "PEER_COOKIE": "c00c1e55"}],
                         ids=["plain", "none", "short-cookie"])
def test_each_header(plain_wire, session):
    with FastPair(plain_wire, session=session) as pair:
        before = pair.slow_packets(0), pair.slow_packets(1)
        pair.hosts[0].run("ping", "-c", 50, "-i", "0.002", "-s", 1000, INNER[4][1])
        assert (pair.slow_packets(0), pair.slow_packets(1)) == before
        assert pair.agree()


@pytest.mark.parametrize("modes", [("require", "off"), ("off", "require")], ids=["near", "far"])
def test_one_end_alone(wire, modes):
    """The engine of the other end understands what leaves by the fast path: on some wires checksums are left to it,
    and a packet may be as long as many. What such are counted as, one end can not know of the other."""
    with FastPair(wire, modes) as pair:
        near, far = pair.hosts
        assert transfer(near, far, INNER[4][1], OCTETS)
        assert transfer(far, near, INNER[6][0], OCTETS)
        if wire.underlay != "gso":
            eventually(pair.agree, "the counters of both ends agree")


def test_a_program_is_there_while_it_is_needed(plain_wire):
    """Stopped or killed, ul2tpd leaves nothing on the underlay."""
    near = plain_wire.near
    with FastPair(plain_wire) as pair:
        assert programs(near, "wire") == (1, 0)
        assert programs(near, "pw") == (1, 1)
        pair.apis[0].session_delete(1, 1)
        eventually(lambda: programs(near, "wire") == (0, 0), "it goes with the last session")
        assert programs(plain_wire.far, "wire") == (1, 0)
        os.kill(pair.daemons[1].keeper_pid, signal.SIGKILL)
        eventually(lambda: programs(plain_wire.far, "wire") == (0, 0), "it goes with a killed keeper")
        pair.daemons[1].process.wait()
        pair.daemons[1].kill()
        pair.daemons[1] = Daemon("--fast-path", "require")


def test_an_engine_that_dies(plain_wire):
    """Data goes on without it, and counters are kept."""
    with FastPair(plain_wire) as pair:
        engine = pair.daemons[0].engine_pid
        sent = pair.counts()[0]["TX_PACKETS"]
        ping = pair.hosts[0].popen("ping", "-c", 200, "-i", "0.005", "-q", INNER[4][1], stdout=-1, text=True)
        os.kill(engine, signal.SIGKILL)
        assert "200 received" in ping.communicate()[0]
        eventually(lambda: pair.daemons[0].engine_pid != engine)
        pair.apis[0].close()
        pair.apis[0] = type(pair.apis[0])(pair.daemons[0], pair.hosts[0])
        assert pair.counts()[0]["TX_PACKETS"] >= sent + 200
        eventually(pair.agree)
