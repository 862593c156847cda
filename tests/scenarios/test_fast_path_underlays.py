# SPDX-License-Identifier: BSD-2-Clause
"""The way to the peer is another, under traffic: the local address is on another interface, the underlay is made of another, the
peer has another link-layer address, and of several ways one is left. Data goes on, and by the fast path."""
import contextlib

import pytest

from support.capture import Capture
from support.fast_pair import INNER, FastPair, lay_cable
from support.netns import run
from support.wait import AT_MOST, eventually

pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture
def cable():
    """And another beside it, without addresses of its own. Each test changes it, so none has that of another."""
    cable = lay_cable("plain")
    run("ip", "link", "add", "other", "netns", cable.near.name, "type", "veth", "peer", "name", "other", "netns", cable.far.name)
    for host in (cable.near, cable.far):
        host.run("ethtool", "-K", "other", "tx", "off", "tso", "off", "gso", "off", "gro", "off")
        host.ip("link set other up")
    yield cable
    cable.close()


@pytest.fixture
def pair(cable):
    with FastPair(cable) as made:
        yield made


def is_fast(pair):
    """Echoes are answered, and near's engine sees none of them."""
    before = pair.slow_packets(0)
    answered = pair.hosts[0].run("ping", "-c", 3, "-i", "0.01", "-W", 1, INNER[4][1], check=False).returncode == 0
    return answered and pair.slow_packets(0) == before and pair.reason(0) == "used"


def neighbour(pair, device):
    return f"neighbour replace {pair.addresses[1]} lladdr {pair.hosts[1].link('wire')['address']} dev {device} nud permanent"


@contextlib.contextmanager
def one_way(pair):
    """Packets that nobody answers."""
    ping = pair.hosts[0].popen("ping", "-i", "0.002", "-q", "10.9.0.77", stdout=-3)
    pair.hosts[0].ip("neighbour replace 10.9.0.77 lladdr 02:00:00:00:00:77 dev pw nud permanent")
    try:
        yield
    finally:
        ping.kill()
        ping.wait(AT_MOST)


@pytest.mark.parametrize("kind", ["bridge", "macvlan"])
def test_an_underlay_made_of_another(pair, kind):
    near, own = pair.hosts[0], pair.addresses[0]
    with one_way(pair):
        address = f"address {near.link('wire')['address']}"
        near.ip(*{"bridge": (f"link add over {address} type bridge", "link set wire master over"),
                  "macvlan": (f"link add over link wire {address} type macvlan mode passthru",)}[kind],
                "link set over up", f"address del {own}/24 dev wire", f"address add {own}/24 dev over", neighbour(pair, "over"))
        eventually(lambda: is_fast(pair))
        near.ip("link set wire mtu 1400", "link set over mtu 1400")
        eventually(lambda: is_fast(pair))
        near.ip("link del over", "link set wire mtu 1500")
        eventually(lambda: pair.reason(0) == "no-route")
        near.ip(f"address add {own}/24 dev wire", neighbour(pair, "wire"))
        eventually(lambda: is_fast(pair))


def test_a_local_address_that_is_not_the_underlays(pair):
    """As routers have it, on lo."""
    near, (own, peer) = pair.hosts[0], pair.addresses
    with one_way(pair):
        near.ip(f"address add {own}/32 dev lo", f"address del {own}/24 dev wire", f"route add {peer} dev wire")
        eventually(lambda: is_fast(pair))
        near.ip(f"address add {own}/24 dev wire", f"address del {own}/32 dev lo", f"route replace {peer} dev wire")
        eventually(lambda: is_fast(pair))
        near.ip(f"route del {peer} dev wire")


def test_a_peer_with_another_link_layer_address(pair):
    """Which near has learnt, and not been told of: the system finds out, though nothing comes back by the tunnel."""
    near, far = pair.hosts
    peer = pair.addresses[1]
    for name, value in (("base_reachable_time_ms", 300), ("delay_first_probe_time", 0), ("retrans_time_ms", 100)):
        near.sysctl(f"net/ipv4/neigh/wire/{name}", value)
    near.ip(f"neighbour del {peer} dev wire")
    eventually(lambda: is_fast(pair))

    def arrives(frame):
        return frame[:6] == mac and frame[12:14] == b"\x08\x00" and frame[23] == 17
    with one_way(pair):
        mac = bytes.fromhex(far.link("wire")["address"].replace(":", ""))
        with Capture(far, "wire", arrives) as capture:
            eventually(lambda: len(capture.waiting()) >= 5)
        mac = b"\x02\x00\x00\x00\x00\x99"
        far.ip("link set wire down", "link set wire address 02:00:00:00:00:99", "link set wire up")
        with Capture(far, "wire", arrives) as capture:
            eventually(lambda: len(capture.waiting()) >= 5, "packets go to the new address")
    eventually(lambda: is_fast(pair))


def test_of_several_ways_a_tunnel_takes_one(pair):
    """That which the system would take for its packets: so none overtakes another. If it goes, the other one is taken."""
    near, peer = pair.hosts[0], pair.addresses[1]
    near.ip(f"neighbour replace {peer} lladdr {pair.hosts[1].link('other')['address']} dev other nud permanent",
            "nexthop add id 1 dev wire", "nexthop add id 2 dev other", "nexthop add id 3 group 1/2", f"route add {peer} nhid 3")
    pair.hosts[1].sysctl("net/ipv4/conf/other/rp_filter", 0)

    def ways():
        seen = []
        for device in ("wire", "other"):
            with Capture(pair.hosts[1], device, lambda frame: frame[23:24] == b"\x11") as capture:
                near.run("ping", "-c", 5, "-i", "0.01", "-W", 1, INNER[4][1], check=False)
                if capture.waiting():
                    seen.append(device)
        return seen
    try:
        eventually(lambda: len(ways()) == 1 and pair.reason(0) == "used")
        for group in ("1", "2", "1,1/2,9", "1,9/2,1", "2", "1"):
            near.ip(f"nexthop replace id 3 group {group}")
            one = near.run("ip", "route", "get", peer, "from", pair.addresses[0], "ipproto", "udp", "sport", 7000, "dport", 7000).stdout
            way = one.split()[one.split().index("dev") + 1]
            eventually(lambda: ways() == [way] and pair.reason(0) == "used")  # pylint: disable=cell-var-from-loop
    finally:
        near.ip(f"route del {peer} nhid 3", "nexthop del id 3", "nexthop del id 1", "nexthop del id 2")
    eventually(lambda: is_fast(pair))
