# SPDX-License-Identifier: BSD-2-Clause
"""The fast path against a kernel's l2tp_eth in a machine of its own; near, the tunnel is on a socket of this program's"""
import re
import socket

import pytest

from support.api import Api
from support.daemon import Cli, Daemon
from support.fast_managed import NO_CHECK, NO_CHECK6_RX
from support.fast_pair import INNER, PORT, make_busy
from support.netns import Namespace
from support.vm import Machine
from support.wait import eventually

KERNEL, MODULES, TAP = "linux-image-6.12-amd64", ["l2tp_eth"], "wire"
OUTER = {4: ("192.0.2.1", "192.0.2.2"), 6: ("2001:db8::1", "2001:db8::2")}
COOKIES = ("00112233", "44556677")

pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(scope="module")
def ends():
    near = Namespace("near")
    try:
        with Machine(KERNEL, modules=MODULES, tap=(TAP, near.path)) as far:
            near.sysctl(f"net/ipv6/conf/{TAP}/disable_ipv6", 0)
            for word, run, wire in ((0, near.run, TAP), (1, far.run, "eth0")):
                run("ip", "address", "add", OUTER[4][word] + "/24", "dev", wire)
                run("ip", "address", "add", OUTER[6][word] + "/64", "dev", wire, "nodad")
                run("ip", "link", "set", wire, "up")
            yield near, far
    finally:
        near.close()


def far_session(far, family):
    """By `ip l2tp`: nothing of ul2tp is in it."""
    near_address, own = OUTER[family]
    quiet = ("udp_csum", "off") if family == 4 else ("udp6_csum_tx", "off", "udp6_csum_rx", "off")
    far.run("ip", "l2tp", "add", "tunnel", "tunnel_id", 1, "peer_tunnel_id", 1, "encap", "udp", "local", own, "remote",
            near_address, "udp_sport", PORT, "udp_dport", PORT, *quiet)
    far.run("ip", "l2tp", "add", "session", "tunnel_id", 1, "session_id", 1, "peer_session_id", 1, "name", "pw",
            "cookie", COOKIES[1], "peer_cookie", COOKIES[0])
    far.run("ip", "address", "add", INNER[4][1] + "/24", "dev", "pw")
    far.run("ip", "address", "add", INNER[6][1] + "/64", "dev", "pw", "nodad")
    far.run("ip", "link", "set", "pw", "up")


def near_session(near, api, family):
    own, peer = OUTER[family]
    made = near.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    made.setsockopt(*NO_CHECK[family], 1)
    if family == 6:
        made.setsockopt(*NO_CHECK6_RX, 1)
    made.bind((own, PORT))
    made.connect((peer, PORT))
    api.tunnel_on(made, CONN_ID=1, PEER_CONN_ID=1)
    api.session_create(1, 1, PEER_SESSION_ID=1, IFNAME="pw", COOKIE=COOKIES[0], PEER_COOKIE=COOKIES[1])
    near.sysctl("net/ipv6/conf/pw/disable_ipv6", 0)
    near.ip(f"address add {INNER[4][0]}/24 dev pw", f"address add {INNER[6][0]}/64 dev pw nodad", "link set pw up")
    return made


@pytest.mark.parametrize("family", (4, 6), ids=("udp4", "udp6"))
def test_the_kernels_end_understands_it(ends, family):
    """Packets of every size in IPv4 and IPv6, answered by the kernel and taken back; none through the engine."""
    near, far = ends
    far_session(far, family)
    try:
        with Daemon("--fast-path", "require") as daemon:
            api = Api(daemon, near)
            with near_session(near, api, family):
                cli = Cli(daemon, near)
                make_busy(near, ["pw"])
                eventually(lambda: cli.json("-s show session")[0]["fast_path"]["reason"] == "used")
                for inner in (4, 6):
                    near.run("ping", f"-{inner}", "-c", 5, "-i", "0.2", INNER[inner][1])
                before, slow = api.session_get(1, 1)["STATS"], near.link_statistics("pw")
                for inner in (4, 6):
                    for size in (0, 1, 500, 1352):
                        near.run("ping", f"-{inner}", "-c", 50, "-i", "0.005", "-s", size, INNER[inner][1])
                after, now = api.session_get(1, 1)["STATS"], near.link_statistics("pw")
                for way in ("TX_PACKETS", "RX_PACKETS"):
                    assert 400 <= after[way] - before[way] <= 420
                assert now["tx_packets"] - slow["tx_packets"] <= 20 and now["rx_packets"] - slow["rx_packets"] <= 20
                assert not [name for name in after if after[name] and re.search("ERRORS|DISCARDS", name)]
            eventually(lambda: "pw" not in near.devices())
            api.close()
    finally:
        far.run("ip", "l2tp", "del", "tunnel", "tunnel_id", 1)
