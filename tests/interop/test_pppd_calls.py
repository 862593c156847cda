# SPDX-License-Identifier: BSD-2-Clause
"""Debian's pppd on sessions that a program made by netlink, at the far end on a kernel's own L2TP: Debian's 6.12, in QEMU

Near, ul2tpd has the same program under `ul2tp run` (version 3), or bridges two sessions, of which one is of
version 2 and the other of version 3, so that two far ends have PPP with each other.
"""

import pytest

from support.api import PPP, Api
from support.daemon import BUILD, Daemon
from support.end import RemoteEnd
from support.netns import Namespace
from support.ppp_file import PPPIOCBRIDGECHAN, PppClient, name
from support.pppd_calls import PppdEnd
from support.vm import Machine
from support.wait import eventually

KERNEL = "linux-image-6.12-amd64"
MODULES = ["l2tp_ppp", "l2tp_netlink", "l2tp_ip", "macvlan"]
TAP, NEAR = "wire", "192.0.2.1"
ADDRESSES = {"left": "192.0.2.2", "right": "192.0.2.3"}
OCTETS = 200_000


@pytest.fixture(scope="module")
def namespace():
    made = Namespace("near")
    yield made
    made.close()


@pytest.fixture(scope="module")
def machine(namespace):
    with Machine(KERNEL, modules=MODULES, tap=(TAP, namespace.path)) as made:
        namespace.ip(f"address add {NEAR}/24 dev {TAP}", f"link set {TAP} up")
        for host, address in ADDRESSES.items():
            made.call("support.pppd_calls:keep", host, address)
            RemoteEnd(made, host).serve()
        yield made


@pytest.fixture
def daemon(build):
    with Daemon() as made:
        yield made


def tunnel(ids, here, there, version, over):
    made = {"CONN_ID": ids[0], "PEER_CONN_ID": ids[1], "PROTO_VERSION": version, "ENCAP_TYPE": int(over == "ip"),
            "IP_SADDR": here, "IP_DADDR": there}
    return made if over == "ip" else made | {"UDP_SPORT": 1701, "UDP_DPORT": 1701}


def start(end, tunnel_, session, peer_session, addresses):
    end.start(tunnel_, session, peer_session, [addresses, "noccp", "mtu", "1400", "mru", "1400"])


def up(end):
    try:
        eventually(lambda: end.ended() or end.has_address(), "pppd has an address", timeout=40)
        assert not end.ended(), "pppd has ended"
    except AssertionError as error:
        raise AssertionError(f"{error}\n{end.said()}") from error


def carry(end, address):
    assert end.ping(address) == 3
    end.exchange(address, OCTETS)


@pytest.mark.parametrize("host, over", [("left", "udp"), ("right", "ip")])
def test_a_session_of_version_3(daemon, namespace, machine, host, over):
    """
    Requirements: PX-13, PPP-84
    """
    far = RemoteEnd(machine, host)
    near = PppdEnd(namespace, daemon.socket, [str(BUILD / "ul2tp"), "run", "--"])
    ids = (11, 12)
    try:
        start(near, tunnel(ids, NEAR, ADDRESSES[host], 3, over), 21, 22, "10.7.0.1:10.7.0.2")
        start(far, tunnel(ids[::-1], ADDRESSES[host], NEAR, 3, over), 22, 21, "10.7.0.2:10.7.0.1")
        up(near)
        up(far)
        carry(near, "10.7.0.2")
    finally:
        assert near.stop() == []
        assert far.stop() == []
        near.close()


class Leg:
    """One side of the bridge: tunnel, session, socket and file of its channel."""

    def __init__(self, daemon, namespace, ids, host, version):  # pylint: disable=too-many-arguments
        self.api, self.ppp, self.ids = Api(daemon, namespace), PppClient(daemon, namespace), ids
        self.api.tunnel_create(**tunnel(ids, NEAR, ADDRESSES[host], version, "udp"))
        self.api.session_create(ids[0], ids[0], PEER_SESSION_ID=ids[1], PW_TYPE=PPP)
        self.socket = self.ppp.socket()
        self.socket.connect(name(ids[0], ids[0], ids[1], ids[1], version=3))
        self.number = self.socket.channel()
        self.channel = self.ppp.channel_file(self.number)

    def counts(self):
        return self.api.session_get(self.ids[0], self.ids[0])["STATS"]

    def close(self):
        self.ppp.close()
        self.api.close()


def test_two_sessions_bridged(daemon, namespace, machine):
    """
    Requirements: PPP-30, PPP-31, PPP-32
    """
    left, right = RemoteEnd(machine, "left"), RemoteEnd(machine, "right")
    legs = [Leg(daemon, namespace, (31, 32), "left", 2), Leg(daemon, namespace, (41, 42), "right", 3)]
    legs[0].channel.ioctl_int(PPPIOCBRIDGECHAN, legs[1].number)
    try:
        start(left, tunnel((32, 31), ADDRESSES["left"], NEAR, 2, "udp"), 32, 31, "10.6.0.1:10.6.0.2")
        start(right, tunnel((42, 41), ADDRESSES["right"], NEAR, 3, "udp"), 42, 41, "10.6.0.2:10.6.0.1")
        up(left)
        up(right)
        carry(left, "10.6.0.2")
        assert not [d for d in namespace.devices() if d.startswith("ppp")]
        one, other = (leg.counts() for leg in legs)
        assert one["RX_PACKETS"] > 100 and other["RX_PACKETS"] > 100
        left.stop()
        eventually(right.ended, "the other pppd sees that the first has hung up", timeout=40)
    finally:
        assert left.stop() == []
        assert right.stop() == []
        for leg in legs:
            leg.close()
