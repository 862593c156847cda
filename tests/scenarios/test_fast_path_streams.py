# SPDX-License-Identifier: BSD-2-Clause
"""Streams of TCP beside the fast path: where the underlay does not cut what is in tunnels they are left to user space, which cuts
them so that the peer's system puts them together again; all else takes the fast path."""
import hashlib
import os

import pytest

from support.fast_pair import INNER, FastPair, lay_cable
from support.fast_ppp import PppFastPair
from support.netns import Namespace, run
from support.transfer import transfer
from support.wait import eventually

OCTETS = os.urandom(4 << 20)
ALL = "data takes the fast path"
ALL_BUT_STREAMS = "data takes the fast path, all but streams of TCP, which go faster without"
ALL_BUT_OWN = "data takes the fast path, all but this host's own streams of TCP, which go faster without"
BY_CARD = "require --fast-path-streams card"

pytestmark = pytest.mark.usefixtures("fast_path")


@pytest.fixture
def cable():
    made = lay_cable("seg")
    for host in (made.near, made.far):
        cuts(host, "off")
    yield made
    made.close()


def cuts(host, on):
    host.run("ethtool", "-K", "wire", "tx-udp_tnl-segmentation", on)


def words(pair, end):
    return pair.apis[end].session_more(1, 1).values["FAST_PATH_WORDS"]


def slow_octets(pair, end):
    """(sent, received) by way of the engine."""
    stats = pair.hosts[end].link_statistics("pw")
    return stats["tx_bytes"], stats["rx_bytes"]


def slow_of_a_stream(pair):
    """Octets of one from near to far: (sent, received) by the near engine, then by the far one."""
    before = [slow_octets(pair, end) for end in (0, 1)]
    assert transfer(*pair.hosts, INNER[4][1], OCTETS) == hashlib.sha256(OCTETS).hexdigest()
    return [now - was for end in (0, 1) for now, was in zip(slow_octets(pair, end), before[end])]


def stream_goes(pair, slowly):
    sent, acknowledged, answered, received = slow_of_a_stream(pair)
    if slowly:
        return sent > 0.9 * len(OCTETS) and received > 0.9 * len(OCTETS) and acknowledged + answered < 0.01 * len(OCTETS)
    return sent + received < 0.1 * len(OCTETS)


@pytest.mark.parametrize("kind", (FastPair, PppFastPair))
def test_streams_follow_what_the_underlay_can(cable, kind):
    """With its change, too, while the session is there."""
    with kind(cable, modes=(BY_CARD, BY_CARD)) as pair:
        assert (pair.reason(0), words(pair, 0), words(pair, 1)) == ("used", ALL_BUT_STREAMS, ALL_BUT_STREAMS)
        assert stream_goes(pair, slowly=True)
        for host in pair.hosts:
            cuts(host, "on")
        eventually(lambda: [words(pair, end) for end in (0, 1)] == [ALL] * 2)
        eventually(lambda: stream_goes(pair, slowly=False))
        for host in pair.hosts:
            cuts(host, "off")
        eventually(lambda: [words(pair, end) for end in (0, 1)] == [ALL_BUT_STREAMS] * 2)
        assert stream_goes(pair, slowly=True)


def test_they_do_where_user_space_could_not_send_many_at_once(cable):
    """For want of checksums by the card."""
    for host in (cable.near, cable.far):
        host.run("ethtool", "-K", "wire", "tx", "off")
    with FastPair(cable, modes=(BY_CARD, BY_CARD)) as pair:
        assert words(pair, 0) == ALL


def test_who_asks_for_it_gets_it(cable):
    """Either way, whatever the underlay can."""
    with FastPair(cable, modes=("require --fast-path-streams on", BY_CARD)) as pair:
        assert (words(pair, 0), words(pair, 1)) == (ALL, ALL_BUT_STREAMS)
        eventually(lambda: stream_goes(pair, slowly=False))
    cuts(cable.near, "on")
    with FastPair(cable, modes=("require --fast-path-streams off", BY_CARD)) as pair:
        assert words(pair, 0) == ALL_BUT_STREAMS
        assert stream_goes(pair, slowly=True)


def paced(host, by):
    try:
        host.sysctl("net/ipv4/tcp_congestion_control", by)
    except OSError as why:
        pytest.skip(f"a namespace may not choose {by}: {why.strerror}")


@pytest.mark.parametrize("by, goes_slowly", [("reno", True), ("bbr", False)])
def test_of_the_hosts_own_by_itself_those_that_are_paced(cable, by, goes_slowly):
    """BBR's come frame by frame, and gain nothing from being many."""
    for host in (cable.near, cable.far):
        paced(host, by)
    with FastPair(cable, modes=("require", "require")) as pair:
        assert [words(pair, end) for end in (0, 1)] == [ALL_BUT_OWN if goes_slowly else ALL] * 2
        eventually(lambda: stream_goes(pair, slowly=goes_slowly))


@pytest.fixture(params=("whole", "by GRO"))
def behind(cable, request):
    """Somebody whose gateway is the near host, which has frames of 64 KiB from him: as they were sent, or put together."""
    made = Namespace("behind")
    run("ip", "link", "add", "lan", "netns", cable.near.name, "type", "veth", "peer", "name", "lan", "netns", made.name)
    if request.param == "by GRO":
        made.run("ethtool", "-K", "lan", "tso", "off")
        cable.near.run("ethtool", "-K", "lan", "gro", "on")
    cable.near.ip("address add 10.8.0.1/24 dev lan", "link set lan up")
    made.ip("address add 10.8.0.2/24 dev lan", "link set lan up", "route add default via 10.8.0.1")
    cable.near.sysctl("net/ipv4/ip_forward", 1)
    yield made
    made.close()


@pytest.mark.parametrize("kind", (FastPair, PppFastPair))
def test_by_itself_those_that_are_forwarded(cable, behind, kind):
    """Whatever the card can: they are no faster in user space, and it has more work with them."""
    for host in (cable.near, cable.far):
        paced(host, "reno")
    with kind(cable, modes=("require", "require")) as pair:
        cable.far.ip(f"route add 10.8.0.0/24 via {INNER[4][0]} dev pw onlink")
        assert words(pair, 0) == ALL_BUT_OWN

        def goes_fast():
            before = slow_octets(pair, 0)[0]
            assert transfer(behind, cable.far, INNER[4][1], OCTETS) == hashlib.sha256(OCTETS).hexdigest()
            return slow_octets(pair, 0)[0] - before < 0.1 * len(OCTETS)

        eventually(goes_fast)
