# SPDX-License-Identifier: BSD-2-Clause
"""Debian's xl2tpd and pppd, unmodified, under `ul2tp run`: data of their calls takes the fast path"""
import hashlib
import os

import pytest

from support.daemon import Cli, Daemon
from support.launcher import Launcher
from support.netns import Cable
from support.transfer import transfer
from support.wait import eventually
from support.xl2tpd import Lac, Lns

OCTETS = os.urandom(4 << 20)
LNS = "10.9.0.1"

pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture
def ends():
    """Two hosts, each with a ul2tpd of its own."""
    cable = Cable(offloads=True)
    daemons = []
    try:
        daemons = [Daemon("--fast-path", "require") for _ in range(2)]
        yield list(zip((cable.near, cable.far), daemons))
    finally:
        for daemon in daemons:
            daemon.kill()
        cable.close()


def reasons(end):
    host, daemon = end
    return [session["fast_path"]["reason"] for session in Cli(daemon, host).json("-s show session")]


def test_a_call_takes_it(ends):
    """LCP goes by the engine meanwhile, and so the call ends as it should.

    Requirements: PX-1, PX-45
    """
    (near, near_daemon), (far, far_daemon) = ends
    with Lns(near, Launcher(near_daemon, near)) as lns, Lac(far, Launcher(far_daemon, far), "192.0.2.1") as lac:
        lac.call()
        lac.up()
        lns.up()
        far.run("ping", "-c", 200, "-i", "0.005", LNS)
        eventually(lambda: [reasons(end) for end in ends] == [["used"], ["used"]], "it is taken")
        far.run("ping", "-c", 5, "-i", "0.1", LNS)
        before = far.link_statistics("ppp0")["tx_packets"]
        assert transfer(far, near, LNS, OCTETS) == hashlib.sha256(OCTETS).hexdigest()
        assert far.link_statistics("ppp0")["tx_packets"] <= before + 20
        lac.hang_up()
        lac.nothing_left()
        lns.nothing_left()


def test_two_calls_of_one_lns(ends):
    """Each is on a socket of its own, with the same two addresses: the data of both takes it."""
    (near, near_daemon), (far, far_daemon) = ends
    with Lns(near, Launcher(near_daemon, near)) as lns, Lac(far, Launcher(far_daemon, far), "192.0.2.1") as lac:
        for number in (0, 1):
            lac.call(number)
            lac.up(number + 1)
            lns.up(number + 1)
        def ping(interface, count):
            far.run("ping", "-I", interface, "-c", count, "-i", "0.005", LNS)
        for interface in lac.devices():
            ping(interface, 200)
        eventually(lambda: {reason for end in ends for reason in reasons(end)} == {"used"}, "both are taken")
        for interface in lac.devices():
            ping(interface, 20)
            before = far.link_statistics(interface)
            ping(interface, 200)
            now = far.link_statistics(interface)
            assert now["tx_packets"] <= before["tx_packets"] + 20 and now["rx_packets"] <= before["rx_packets"] + 20
        for number in (0, 1):
            lac.hang_up(number)
        lac.nothing_left()
        lns.nothing_left()
