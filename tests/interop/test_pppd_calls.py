# SPDX-License-Identifier: BSD-2-Clause
"""Debian's pppd on sessions that a program made by netlink, at the far end on a kernel's own L2TP: Debian's 6.12, in QEMU

Near, ul2tpd has the same program under `ul2tp run` (version 3), or bridges two sessions, of which one is of
version 2 and the other of version 3, so that two far ends have PPP with each other.
"""

import pytest

from support.api import PPP, Api
from support.daemon import BUILD
from support.end import PATIENCE, RemoteEnd
from support.link_ends import LinkEnd
from support.ppp_file import PPPIOCBRIDGECHAN, PPPIOCUNBRIDGECHAN, PppClient, name
from support.ppp_machine import HOSTS, NEAR
from support.pppd_calls import PppdEnd
from support.wait import eventually

OCTETS = 200_000
RUN = [str(BUILD / "ul2tp"), "run", "--"]


def tunnel(ids, here, there, version, over):
    made = {"CONN_ID": ids[0], "PEER_CONN_ID": ids[1], "PROTO_VERSION": version, "ENCAP_TYPE": int(over == "ip"),
            "IP_SADDR": here, "IP_DADDR": there}
    return made if over == "ip" else made | {"UDP_SPORT": 1701, "UDP_DPORT": 1701}


def start(end, tunnel_, session, peer_session, addresses):
    end.start(tunnel_, session, peer_session, [addresses, "noccp", "mtu", "1400", "mru", "1400"])


def up(end):
    try:
        eventually(lambda: end.ended() or end.has_address(), "pppd has an address", timeout=PATIENCE)
        assert not end.ended(), "pppd has ended"
    except AssertionError as error:
        raise AssertionError(f"{error}\n{end.said()}") from error


def carry(end, address):
    assert end.ping(address) == 3
    end.exchange(address, OCTETS)


@pytest.mark.parametrize("host, over", [("left", "udp"), ("right", "ip")])
def test_a_session_of_version_3(shared_daemon, ppp_machine, host, over):
    """
    Requirements: PX-13, PPP-84
    """
    far = RemoteEnd(ppp_machine.machine, f"{host} pppd")
    near = PppdEnd(ppp_machine.namespace, shared_daemon.socket, RUN)
    ids = (11, 12)
    try:
        start(near, tunnel(ids, NEAR, HOSTS[host], 3, over), 21, 22, "10.7.0.1:10.7.0.2")
        start(far, tunnel(ids[::-1], HOSTS[host], NEAR, 3, over), 22, 21, "10.7.0.2:10.7.0.1")
        up(near)
        up(far)
        carry(near, "10.7.0.2")
    finally:
        assert near.stop() == []
        assert far.stop() == []
        near.close()


class Requests:
    """Sessions, sockets and channels on ul2tpd by direct requests, as libul2tp makes them."""

    def __init__(self, daemon, namespace):
        self.api, self.ppp, self.channels, self.numbers, self.tunnels = Api(daemon, namespace), PppClient(daemon, namespace), [], [], []

    def leg(self, ids, host, version):
        self.api.tunnel_create(**tunnel(ids, NEAR, HOSTS[host], version, "udp"))
        self.tunnels.append(ids[0])
        self.api.session_create(ids[0], ids[0], PEER_SESSION_ID=ids[1], PW_TYPE=PPP)
        made = self.ppp.socket()
        made.connect(name(ids[0], ids[0], ids[1], ids[1], version=3))
        self.numbers.append(made.channel())
        self.channels.append(self.ppp.channel_file(self.numbers[-1]))

    def bridge(self):
        self.channels[0].ioctl_int(PPPIOCBRIDGECHAN, self.numbers[1])

    def unbridge(self):
        self.channels[0].ioctl(PPPIOCUNBRIDGECHAN)

    def close(self):
        for one in self.tunnels:
            self.api.tunnel_delete(one)
        self.ppp.close()
        self.api.close()


class Program(LinkEnd):
    """The same by a program under `ul2tp run`."""

    def __init__(self, daemon, namespace):
        super().__init__(namespace, daemon.socket, RUN)
        self.start()

    def leg(self, ids, host, version):
        self.do("tunnel", tunnel(ids, NEAR, HOSTS[host], version, "udp"))
        self.do("session", ids[0], ids[0], ids[1])

    def bridge(self):
        self.do("bridge", 0, 1)

    def unbridge(self):
        self.do("unbridge", 0)

    def close(self):
        self.stop()
        super().close()


@pytest.fixture(params=[Requests, Program])
def switch(request, shared_daemon, ppp_machine):
    made = request.param(shared_daemon, ppp_machine.namespace)
    yield made
    made.close()


def packets(daemon, namespace):
    """Received by each session."""
    with Api(daemon, namespace) as api:
        return [session["STATS"]["RX_PACKETS"] for session in api.sessions()]


def test_two_sessions_bridged(switch, shared_daemon, ppp_machine):
    """
    Requirements: PPP-30, PPP-31, PPP-32
    """
    left, right = (RemoteEnd(ppp_machine.machine, f"{host} pppd") for host in HOSTS)
    switch.leg((31, 32), "left", 2)
    switch.leg((41, 42), "right", 3)
    switch.bridge()
    try:
        start(left, tunnel((32, 31), HOSTS["left"], NEAR, 2, "udp"), 32, 31, "10.6.0.1:10.6.0.2")
        start(right, tunnel((42, 41), HOSTS["right"], NEAR, 3, "udp"), 42, 41, "10.6.0.2:10.6.0.1")
        up(left)
        up(right)
        carry(left, "10.6.0.2")
        assert not [d for d in ppp_machine.namespace.devices() if d.startswith("ppp")]
        assert min(packets(shared_daemon, ppp_machine.namespace)) > 100
        switch.unbridge()
        assert not left.ping("10.6.0.2", 1, 1)
        switch.bridge()
        assert left.ping("10.6.0.2", 1)
        left.stop()
        eventually(right.ended, "the other pppd sees that the first has hung up", timeout=PATIENCE)
    finally:
        assert left.stop() == []
        assert right.stop() == []
