# SPDX-License-Identifier: BSD-2-Clause
"""The fast path of tunnels that are bound to an interface, or have a mark: routed as their sockets are, and nothing is taken
that the socket would not get."""
import contextlib
import socket
import struct

import pytest

from support.api import UDP
from support.capture import Capture
from support.daemon import Cli
from support.fast_pair import INNER, PORT, FastPair, lay_cable, make_busy, outer
from support.netns import run
from support.tcx import programs
from support.wait import eventually

FRAME = b"\xff" * 6 + b"\x02" + bytes(5) + b"\x08\x00" + bytes(46)
MARK = 77
LOAD_MARK = 2**32 - 0x1000 + 20  # SKF_AD_OFF + SKF_AD_MARK


pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(scope="module", params=(4, 6), ids=("udp4", "udp6"))
def wire(request):
    """Beside the cable there is another, without addresses."""
    cable = lay_cable("plain", request.param)
    near, far = cable.near, cable.far
    run("ip", "link", "add", "other", "netns", near.name, "type", "veth", "peer", "name", "other", "netns", far.name)
    for host, peer in ((near, far), (far, near)):
        host.sysctl("net/ipv6/conf/other/disable_ipv6", 0)
        host.sysctl("net/ipv6/conf/other/accept_dad", 0)
        host.run("ethtool", "-K", "other", "tx", "off", "tso", "off", "gso", "off", "gro", "off")
        host.ip("link set other up", *(f"neighbour replace {address} lladdr {peer.link('other')['address']} dev other "
                                       "nud permanent" for address in cable.addresses(request.param)),
                f"route add {'192.0.2.0/24' if request.param == 4 else '2001:db8::/64'} dev other metric 5000")
    yield cable
    cable.close()


@contextlib.contextmanager
def routed_by(cable, device, *table):
    """What is not bound to anything leaves near for far by this interface."""
    route = ("ip", f"-{cable.family}", "route")
    peer = cable.addresses(cable.family)[1]
    cable.near.run(*route, "add", peer, "dev", device, *table, "metric", 1)
    try:
        yield
    finally:
        cable.near.run(*route, "del", peer, "dev", device, *table, "metric", 1)


def ping(pair, count=20):
    pair.hosts[0].run("ping", "-c", count, "-i", "0.002", "-W", 5, INNER[4][1])


def takes_fast_path(pair):
    """Pings pass, and at neither end the engine has seen them."""
    before = pair.slow_packets(0), pair.slow_packets(1)
    ping(pair)
    assert (pair.slow_packets(0), pair.slow_packets(1)) == before


def is_tunnel(frame):
    at = {b"\x08\x00": 34, b"\x86\xdd": 54}.get(frame[12:14], len(frame))
    return frame[at:at + 4] == struct.pack("!HH", PORT, PORT)


def test_what_the_reverse_path_filter_drops_is_not_taken(wire):
    """The peer's packets come by another interface than the routes have for it: the system drops them, if told so. IPv6
    has no such filter."""
    filtered = "reverse-path" if wire.family == 4 else "used"
    with routed_by(wire, "other"), FastPair(wire, near={"DEVICE": "wire"}) as pair:
        assert pair.reason(0) == "used"
        wire.near.sysctl("net/ipv4/conf/wire/rp_filter", 1)
        try:
            eventually(lambda: pair.reason(0) == filtered)
            answered = pair.hosts[0].run("ping", "-c", 1, "-W", 1, INNER[4][1], check=False).returncode == 0
            assert answered == (filtered == "used")
        finally:
            wire.near.sysctl("net/ipv4/conf/wire/rp_filter", 0)
        eventually(lambda: pair.reason(0) == "used")


def test_it_leaves_by_its_interface_whatever_the_routes_say(wire):
    with routed_by(wire, "other"), FastPair(wire, near={"DEVICE": "wire"}) as pair:
        assert pair.reason(0) == "used"
        with Capture(wire.far, "other", is_tunnel) as wrong, Capture(wire.far, "wire", is_tunnel) as right:
            takes_fast_path(pair)
            assert len(right.waiting()) >= 20
            assert not wrong.waiting()
        eventually(pair.agree)


def test_its_name_may_change(wire):
    """A socket stays with the interface it was bound to."""
    near = wire.near
    with FastPair(wire, near={"DEVICE": "wire"}) as pair:
        near.ip("link set wire name renamed", "link set other name wire")
        try:
            with routed_by(wire, "wire"):
                eventually(lambda: pair.reason(0) == "used")
                takes_fast_path(pair)
        finally:
            near.ip("link set wire name other", "link set renamed name wire")


def relay(cable):
    """What an interface of near loses by going down."""
    cable.near.ip(f"address replace {cable.NEAR6}/64 dev wire nodad",
                  *(f"neighbour replace {address} lladdr {cable.far.link('wire')['address']} dev wire nud permanent"
                    for address in (cable.FAR4, cable.FAR6)))


def send_by(cable, device, octets):
    """To near's tunnel from far's address and port, by this interface of far."""
    own, peer = reversed(cable.addresses(cable.family))
    with cable.far.socket(socket.AF_INET if cable.family == 4 else socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_UDP) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        s.bind((own, 0))
        if cable.family == 6:
            s.setsockopt(socket.IPPROTO_IPV6, 7, -1)  # IPV6_CHECKSUM: as it is
        s.sendto(struct.pack("!HHHH", PORT, PORT, 8 + len(octets), 0) + octets, (peer, 0))


@pytest.mark.parametrize("bound", [True, False], ids=["bound", "not-bound"])
def test_what_comes_by_another_interface(wire, bound):
    """Is not its own if it is bound; else it is, but the system is asked, which may have reasons of its own to refuse it.
    A program is there, because of another session."""
    near = wire.near
    with FastPair(wire, near={"DEVICE": "wire"} if bound else {}) as pair:
        pair.apis[0].more("TUNNEL_CREATE", {
            "CONN_ID": 2, "PEER_CONN_ID": 2, "PROTO_VERSION": 3, "ENCAP_TYPE": UDP, "UDP_SPORT": PORT + 1,
            "UDP_DPORT": PORT + 1, **outer(wire.family, *wire.addresses(wire.family))}, DEVICE="other")
        pair.apis[0].session_create(2, 2, IFNAME="pw2")
        make_used(pair, near)
        packet = struct.pack("!HHII", 3, 0, 1, 0) + FRAME

        def received():
            return pair.counts()[0]["RX_PACKETS"]
        before, slow = received(), pair.slow_packets(0)[1]
        send_by(wire, "wire", packet)
        eventually(lambda: received() == before + 1)
        assert pair.slow_packets(0)[1] == slow, "by its own the fast path takes it"
        nobodys = refused(near, wire.family)
        send_by(wire, "other", packet)
        if bound:
            eventually(lambda: refused(near, wire.family) == nobodys + 1)
            assert received() == before + 1
        else:
            eventually(lambda: received() == before + 2)
            assert pair.slow_packets(0)[1] == slow + 1, "the engine has taken it"


def refused(host, family):
    """Datagrams for no socket; those of IPv6 without a checksum are an error then."""
    counters = host.snmp("Udp" if family == 4 else "Udp6")
    return counters["NoPorts"] + counters["InErrors"]


def make_used(pair, near):
    """The second session's interface has a program, and so has its underlay."""
    shown = {}

    def used():
        make_busy(near, ["pw2"])
        shown.update((s["session_id"], s["fast_path"]["reason"]) for s in Cli(pair.daemons[0], near).json("-s show session"))
        return shown[2] == "used"
    eventually(used, shown)
    assert programs(near, "other") == (1, 0)


def drop_mark(host, mark):
    """What has the mark does not leave by the cable: load it, jump if it is another, TC_ACT_SHOT, TC_ACT_UNSPEC."""
    host.run("tc", "filter", "replace", "dev", "wire", "egress", "prio", 1, "handle", 1, "bpf", "da", "bytecode",
             f"4,32 0 0 {LOAD_MARK},21 0 1 {mark},6 0 0 2,6 0 0 {2**32 - 1}")


def test_its_mark_is_on_what_leaves(wire):
    near = wire.near
    near.run("tc", "qdisc", "add", "dev", "wire", "clsact")
    try:
        with FastPair(wire, near={"MARK": MARK}) as pair:
            drop_mark(near, MARK + 1)
            takes_fast_path(pair)
            slow = pair.slow_packets(0)
            drop_mark(near, MARK)
            assert near.run("ping", "-c", 3, "-i", "0.01", "-W", 1, INNER[4][1], check=False).returncode == 1
            assert pair.slow_packets(0) == slow
            assert pair.reason(0) == "used"
    finally:
        near.run("tc", "qdisc", "del", "dev", "wire", "clsact")


def test_a_rule_for_its_mark_is_the_systems_to_apply(wire):
    near = wire.near
    rule = ("ip", f"-{wire.family}", "rule")
    with FastPair(wire, near={"MARK": MARK}) as pair, routed_by(wire, "other", "table", "77"):
        near.run(*rule, "add", "pref", "50", "fwmark", MARK + 1, "table", "77")
        try:
            eventually(lambda: pair.reason(0) == "used")
            near.run(*rule, "add", "pref", "51", "fwmark", MARK, "table", "77")
            eventually(lambda: pair.reason(0) == "policy-rule")
            with Capture(wire.far, "other", is_tunnel) as capture:
                ping(pair)
                assert len(capture.waiting()) >= 20
            near.run(*rule, "del", "pref", "51")
            eventually(lambda: pair.reason(0) == "used")
        finally:
            near.run(*rule, "del", "pref", "51", check=False)
            near.run(*rule, "del", "pref", "50")
        with Capture(wire.far, "other", is_tunnel) as capture:
            ping(pair)
            assert not capture.waiting()


@pytest.mark.kernels
@pytest.mark.parametrize(("device", "family"), [("wire", 6), ("red", 4)], ids=["member-udp6", "vrf-udp4"])
def test_in_a_vrf_the_engine_moves_it(device, family):
    """The tunnel is bound to an interface of the VRF, or to the VRF itself."""
    cable = lay_cable("plain", family)
    near = cable.near
    try:
        if near.run("ip", "link", "add", "red", "type", "vrf", "table", "10", check=False).returncode:
            pytest.skip("this kernel has no VRF")
        near.ip("link set red up", "link set wire master red")
        relay(cable)
        with FastPair(cable, near={"DEVICE": device}) as pair:
            eventually(lambda: pair.reason(0) == "vrf")
            slow = pair.slow_packets(0)
            ping(pair)
            assert all(new >= old + 20 for new, old in zip(pair.slow_packets(0), slow))
            if device == "wire":
                near.ip("link set wire nomaster")
                relay(cable)
                eventually(lambda: pair.reason(0) == "used")
                eventually(lambda: not stays_slow(pair))
                near.ip("link set wire master red")
                relay(cable)
                eventually(lambda: pair.reason(0) == "vrf")
                ping(pair)
    finally:
        cable.close()


def stays_slow(pair):
    before = pair.slow_packets(0)
    ping(pair)
    return pair.slow_packets(0) != before
