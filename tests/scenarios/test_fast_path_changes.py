# SPDX-License-Identifier: BSD-2-Clause
"""What befalls an interface, or the underlay, while a session's data takes the fast path: nothing goes where it should not, and
when all is as it was, data takes it again"""
import contextlib
import os
import signal

import pytest

from support import proc
from support.fast_pair import INNER, FastPair, lay_cable, make_busy
from support.fast_ppp import PppFastPair
from support.netns import Namespace
from support.tcx import programs
from support.wait import eventually

pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture(scope="module")
def cable():
    cable = lay_cable("plain")
    yield cable
    cable.close()


@pytest.fixture(params=[FastPair, PppFastPair], ids=["ethernet", "ppp"])
def pair(request, cable):
    with request.param(cable) as made:
        yield made


@pytest.fixture
def ethernet(cable):
    with FastPair(cable) as made:
        yield made


@contextlib.contextmanager
def another_namespace():
    other = Namespace("other")
    try:
        yield other
    finally:
        other.close()


def answers(pair, octets=56):
    return pair.hosts[0].run("ping", "-c", 3, "-i", "0.01", "-W", 1, "-s", octets, INNER[4][1], check=False).returncode == 0


def is_fast(pair):
    before = pair.slow_packets(0)
    return pair.reason(0) == "used" and answers(pair) and pair.slow_packets(0) == before


def know_neighbour(pair, interface="wire"):
    """As it was when the cable was laid, for a permanent one goes with the interface that is set down."""
    near, far = pair.hosts
    near.ip(f"neighbour replace {pair.addresses[1]} lladdr {far.link('wire')['address']} dev {interface} nud permanent")


def test_an_interface_that_is_moved_takes_no_program_along(pair):
    near = pair.hosts[0]
    with another_namespace() as other:
        near.ip(f"link set pw netns {other.name}")
        eventually(lambda: pair.reason(0) == "device-netns" and programs(other, "pw") == (0, 0))
        other.ip("link set pw up", f"link set pw netns {near.name}")
        pair.bring_up(0)
        eventually(lambda: is_fast(pair))


def test_an_interface_that_comes_back_with_another_number(pair):
    """Whoever has its number meanwhile gets no program of ours."""
    near = pair.hosts[0]
    index = near.link("pw")["ifindex"]
    with another_namespace() as other:
        other.ip(f"link add there index {index} type veth peer name behind")
        near.ip(f"link set pw netns {other.name}")
        eventually(lambda: pair.reason(0) == "device-netns" and programs(other, "pw") == (0, 0))
        assert programs(other, "there") == (0, 0)
        near.ip(f"link add else index {index} type veth peer name behind", "link set else up", "link set behind up")
        try:
            other.ip(f"link set pw netns {near.name}")
            eventually(lambda: pair.reason(0) == "device-down", "it is seen before it has addresses or routes")
            pair.bring_up(0)
            assert near.link("pw")["ifindex"] != index
            before = pair.counts()[0]
            eventually(lambda: is_fast(pair))
            assert programs(near, "else") == (0, 0)
            assert pair.counts()[0]["TX_PACKETS"] >= before["TX_PACKETS"] + 3, "what was counted stays"
        finally:
            near.ip("link del else")


def test_a_session_that_is_another_under_the_same_ids(plain_wire):
    """What the programs have kept of the first (each processor has copies) is not believed of the second."""
    with FastPair(plain_wire) as pair:
        eventually(lambda: is_fast(pair))
        for host, api in zip(pair.hosts, pair.apis):
            api.session_create(1, 2, IFNAME="other")    # because of it the namespace keeps its number
            make_busy(host, ["other"])
            api.session_delete(1, 1)
        for end, api in enumerate(pair.apis):
            api.session_create(1, 1, IFNAME="pw", COOKIE="c00c1e55", PEER_COOKIE="c00c1e55")
            pair.bring_up(end)
        pair.warm_up()
        before = pair.slow_packets(1)
        assert is_fast(pair) and pair.slow_packets(1) == before


def test_what_comes_for_an_interface_that_is_down_is_counted(pair):
    far = pair.hosts[1]
    far.ip("link set pw down")
    eventually(lambda: pair.reason(1) == "device-down")
    before = pair.counts()[1]["RX_PACKETS"]
    assert not answers(pair)
    came = pair.counts()[1]["RX_PACKETS"] - before
    assert came
    if not isinstance(pair, PppFastPair):  # whose unit has the drop
        assert pair.apis[1].session_more(1, 1).rx_drops["device-down"] >= came
    far.ip("link set pw up")
    eventually(lambda: is_fast(pair))


def test_an_underlay_that_flaps(ethernet):
    near = ethernet.hosts[0]
    for down, up in (("link set wire down", "link set wire up"),
                     (f"address del {ethernet.addresses[0]}/24 dev wire", f"address add {ethernet.addresses[0]}/24 dev wire")):
        near.ip(down)
        eventually(lambda: ethernet.reason(0) == "no-route")
        near.ip(up)
        know_neighbour(ethernet)
        eventually(lambda: is_fast(ethernet))
    for old, new in (("wire", "other"), ("other", "wire")):
        near.ip(f"link set {old} down", f"link set {old} name {new}", f"link set {new} up")
        know_neighbour(ethernet, new)
        eventually(lambda: is_fast(ethernet))


def test_an_underlay_that_is_another(ethernet, cable):
    ethernet.hosts[0].ip("link del wire")
    eventually(lambda: [ethernet.reason(end) for end in (0, 1)] == ["no-route", "no-route"])
    cable.lay()
    eventually(lambda: is_fast(ethernet))


def test_a_neighbour_and_a_route_that_are_others(ethernet):
    near, far = ethernet.hosts
    peer = ethernet.addresses[1]
    near.ip(f"neighbour replace {peer} lladdr 02:00:00:00:00:11 dev wire nud permanent")
    assert not answers(ethernet)
    know_neighbour(ethernet)
    eventually(lambda: is_fast(ethernet))
    far.ip("link set wire address 02:00:00:00:00:99")
    near.ip(f"neighbour del {peer} dev wire")
    eventually(lambda: is_fast(ethernet))
    near.ip(f"route add {peer}/32 dev wire mtu 1280")
    before = ethernet.slow_packets(0)[0]
    eventually(lambda: answers(ethernet, 1300) and ethernet.slow_packets(0)[0] >= before + 3, "what is too large goes by the engine")
    assert ethernet.reason(0) == "used"
    near.ip(f"route del {peer}/32 dev wire")
    eventually(lambda: answers(ethernet, 1300) and is_fast(ethernet))


def test_a_keeper_that_hangs(ethernet):
    """Nobody sees then what is configured on the host, so what goes on is the engine's: a rule holds after a few seconds."""
    near, keeper = ethernet.hosts[0], ethernet.daemons[0].keeper_pid
    os.kill(keeper, signal.SIGSTOP)
    try:
        eventually(lambda: proc.stands_still(keeper))
        near.run("nft", "add table ip t; add chain ip t c { type filter hook output priority 0; }; add rule ip t c udp dport 7000 drop")
        eventually(lambda: not answers(ethernet))
    finally:
        os.kill(keeper, signal.SIGCONT)
    eventually(lambda: ethernet.reason(0) == "netfilter")
    near.run("nft", "delete table ip t")
    eventually(lambda: is_fast(ethernet))
