# SPDX-License-Identifier: BSD-2-Clause
"""A unit of PPP over several sessions: packets in fragments over all of them"""
import socket

import pytest

from support.ppp_file import LCP, PPPIOCDISCONN, PPPIOCSFLAGS
from support.ppp_link import (CCP_OPEN, CCP_UP, COMP_TCP, PPPIOCSMAXCID, STATELESS, agree, brought_up, lossy, pings,
                              statistics, transfer, udp_link, unanswered)
from support.wait import eventually

DAEMON_OPTIONS = ("--workers", "2")
PPPIOCSMRRU = 0x4004743b
MULTILINK, SHORTSEQ, XSHORTSEQ = 0x400, 0x800, 0x4000


@pytest.fixture
def link(shared_daemon, cable):
    with udp_link(shared_daemon, cable) as ends:
        yield ends


def bundle(link, flags=MULTILINK, more=2):
    """Both are ready for fragments before one of them may send any."""
    brought_up(link)
    for end in link:
        end.more = [end.another(10 * (number + 1)) for number in range(more)]
        end.unit.ioctl_int(PPPIOCSMRRU, 1500)
        end.unit.ioctl_int(PPPIOCSFLAGS, flags & ~MULTILINK)
    for end in link:
        end.unit.ioctl_int(PPPIOCSFLAGS, flags)


@pytest.mark.parametrize("flags", [0, SHORTSEQ | XSHORTSEQ], ids=["24 bit", "12 bit"])
def test_packets_go_by_all_links(link, flags):
    """
    Requirements: PPP-70, PPP-71
    """
    bundle(link, MULTILINK | flags)
    near, far = link
    assert pings(near)
    near.namespace.run("ping", "-c", "3", "-i", "0.05", "-s", "1300", "10.8.0.2")
    for family in (socket.AF_INET, socket.AF_INET6):
        assert transfer(link, family, 2 << 20)
    sent = [near.api.session_get(1, 101 + n)["STATS"]["TX_PACKETS"] for n in (0, 10, 20)]
    assert min(sent) > 0.8 * max(sent) > 1000
    assert statistics(far)["ierrors"] == 0


def test_one_fragment_looks_like_this(link):
    """
    Requirements: PPP-70
    """
    for end in link:
        end.connect()
    near, far = link
    near.unit.ioctl_int(PPPIOCSFLAGS, MULTILINK)
    before = statistics(far)["ierrors"]
    near.unit.send(bytes.fromhex("8021") + bytes(20))
    eventually(lambda: statistics(far)["ierrors"] == before + 1, "without a limit fragments are refused")
    far.unit.ioctl_int(PPPIOCSMRRU, 100)
    near.channel.send(bytes.fromhex("003dc0000000") + bytes.fromhex("8021") + b"whole of a frame")
    assert far.unit.receive() == bytes.fromhex("8021") + b"whole of a frame"
    other = near.another(10)
    far.another(10)
    other.send(bytes.fromhex("003d40000003") + b" the end.")
    eventually(lambda: near.api.session_get(1, 111)["STATS"]["TX_PACKETS"] == 1)
    near.channel.send(bytes.fromhex("003d80000001") + bytes.fromhex("8021") + b"It begins, goes on ")
    near.channel.send(bytes.fromhex("003d00000002") + b"in the middle,")
    assert far.unit.receive() == bytes.fromhex("8021") + b"It begins, goes on in the middle, the end."
    near.channel.send(bytes.fromhex("003dc0000005") + bytes.fromhex("8057") + b"after one that was lost")
    other.send(bytes.fromhex("003dc0000006") + bytes.fromhex("8057") + b"as this link shows")
    assert far.unit.receive() == bytes.fromhex("8057") + b"after one that was lost"
    assert far.unit.receive() == bytes.fromhex("8057") + b"as this link shows"
    assert statistics(far)["ierrors"] == before + 2
    near.channel.send(bytes.fromhex("003d80000007") + bytes.fromhex("8057") + bytes(60))
    near.channel.send(bytes.fromhex("003d40000008") + bytes(60))
    near.channel.send(bytes.fromhex("003dc0000009") + bytes.fromhex("8057") + bytes(101))
    near.channel.send(LCP)
    assert far.channel.receive() == LCP
    assert statistics(far)["ierrors"] == before + 2, "what is longer than the limit is an error of lengths alone"


def test_fragments_and_losses(link, cable):
    """
    Requirements: PPP-71
    """
    bundle(link)
    with lossy(cable):
        assert transfer(link, socket.AF_INET, 512 << 10)
    assert statistics(link[1])["ierrors"] > 0


def test_links_come_and_go(link):
    """
    Requirements: PPP-70
    """
    bundle(link)
    near, far = link
    assert transfer(link, socket.AF_INET, 256 << 10)
    for end in link:
        end.channel.ioctl_int(PPPIOCDISCONN)
    assert transfer(link, socket.AF_INET, 256 << 10)
    assert pings(near)
    near.connect()
    far.connect()
    assert transfer(link, socket.AF_INET, 256 << 10)
    for channel in [*near.more, near.channel]:
        channel.ioctl_int(PPPIOCDISCONN)
    assert unanswered(near)
    assert near.unit.receive() == b""


def test_all_at_once(link):
    """
    Requirements: PPP-55, PPP-58
    """
    bundle(link)
    agree(link, STATELESS)
    for end in link:
        end.unit.ioctl_int(PPPIOCSMAXCID, 15 << 16 | 15)
        end.unit.ioctl_int(PPPIOCSFLAGS, MULTILINK | COMP_TCP | CCP_OPEN | CCP_UP)
    assert transfer(link, socket.AF_INET, 2 << 20)
    there = statistics(link[1])
    assert there["compressedin"] > 10 and there["ierrors"] == 0
