# SPDX-License-Identifier: BSD-2-Clause
"""Streams of TCP beside the fast path: where the underlay does not cut what is in tunnels they are left to user space, which cuts
them so that the peer's system puts them together again; all else takes the fast path."""
import hashlib
import os
import re

import pytest

from support.fast_pair import INNER, FastPair, lay_cable
from support.fast_ppp import PppFastPair
from support.transfer import transfer
from support.wait import eventually

OCTETS = os.urandom(4 << 20)
ALL = "data takes the fast path"
ALL_BUT_STREAMS = "data takes the fast path, all but streams of TCP, which go faster without"
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


def test_what_is_faster_here(cable):
    """By itself it follows the card, unless a system call takes long: then it says so, and how long."""
    with FastPair(cable, modes=("require --log-level info", "require")) as pair:
        said = re.search(r"fast-path-streams .*system_call_ns=(\d+)", pair.daemons[0].log)
        assert words(pair, 0) == (ALL if said else ALL_BUT_STREAMS)
        assert not said or int(said[1]) > 500
