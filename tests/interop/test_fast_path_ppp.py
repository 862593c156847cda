# SPDX-License-Identifier: BSD-2-Clause
"""PPP on the fast path against Debian's xl2tpd and pppd with a kernel's l2tp_ppp, in a machine of its own"""
import pytest

from support.daemon import Cli, Daemon
from support.end import End
from support.launcher import Launcher
from support.ppp_machine import NEAR
from support.wait import eventually
from support.xl2tpd import Far, Lns

SIZE = 300_000

pytestmark = pytest.mark.usefixtures("fast_path")


def test_a_kernels_call(ppp_machine):
    """It understands what leaves by the fast path, and what it sends is taken by it: TCP both ways, packets of every size.

    Requirements: PPP-90, PPP-91
    """
    namespace = ppp_machine.namespace
    with Daemon("--fast-path", "require", "--fast-path-streams", "on") as daemon, Lns(namespace, Launcher(daemon, namespace)) as near, \
            Far(ppp_machine.machine, "lac", lns=NEAR, secret="") as far:
        far.call()
        near.up()
        far.up()
        words = namespace.run("ip", "-4", "-o", "addr", "show", "dev", "ppp0").stdout.split()
        address = words[words.index("peer") + 1].partition("/")[0]
        namespace.run("ping", "-c", 200, "-i", "0.005", address, check=False)
        eventually(lambda: Cli(daemon, namespace).json("-s show session")[0]["fast_path"]["reason"] == "used")
        namespace.run("ping", "-c", 5, "-i", "0.2", address)
        before = namespace.link_statistics("ppp0")
        for size in (0, 1, 500, 1372):
            namespace.run("ping", "-c", 10, "-i", "0.01", "-s", size, address)
        End(namespace.path).exchange(address, SIZE)
        now = namespace.link_statistics("ppp0")
        assert now["tx_packets"] - before["tx_packets"] <= 20 and now["rx_packets"] - before["rx_packets"] <= 20
        far.hang_up()
        near.nothing_left()
        far.nothing_left()
