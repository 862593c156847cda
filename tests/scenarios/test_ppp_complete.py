# SPDX-License-Identifier: BSD-2-Clause
"""Units of PPP that do more than carry packets: filters, Van Jacobson's compression, encryption"""
import errno
import socket
import struct

import pytest

from support import wire
from support.capture import Capture
from support.netlink import Refused
from support.ppp_file import PPPIOCSFLAGS
from support.ppp_link import (CCP_OPEN, CCP_UP, COMP_TCP, KEYS, PPPIOCSCOMPRESS, PPPIOCSMAXCID, STATELESS, agree, brought_up,
                              ccp, flags, lossy, pings, set_compression, statistics, transfer, udp_link, unanswered)
from support.wait import eventually

DAEMON_OPTIONS = ("--workers", "2")
PPPIOCSPASS, PPPIOCSACTIVE, PPPIOCGIDLE64 = 0x40107447, 0x40107446, 0x8010743f
SIOCGPPPCSTATS = 0x89f2
NO_TCP_CCID, REJ_COMP_TCP, MUST_COMP = 0x8, 0x20, 0x400000
COMP_RUN, DECOMP_RUN, DC_ERROR = 0x1000, 0x2000, 0x400000
STATEFUL = bytes.fromhex("120600000020")

# No ICMP: protocol IP, and octet 9 of its header is 1.
NO_ICMP = b"".join(struct.pack("=HBBI", *i) for i in (
    (0x28, 0, 0, 2), (0x15, 0, 3, 0x21), (0x30, 0, 0, 13), (0x15, 0, 1, 1), (0x06, 0, 0, 0), (0x06, 0, 0, 1)))


@pytest.fixture
def link(shared_daemon, cable):
    with udp_link(shared_daemon, cable) as ends:
        yield ends


def refused(code, function, *arguments):
    with pytest.raises(Refused) as caught:
        function(*arguments)
    assert caught.value.errno == getattr(errno, code), caught.value


def test_a_pass_filter_keeps_packets_in_and_out(link):
    """
    Requirements: PPP-55, PPP-58
    """
    brought_up(link)
    near, far = link
    for end in link:
        assert pings(near)
        before = statistics(near)["opackets"], statistics(far)["ipackets"]
        end.unit.ioctl(PPPIOCSPASS, NO_ICMP)
        assert unanswered(near)
        after = statistics(near)["opackets"], statistics(far)["ipackets"]
        assert after[0] - before[0] == (end is far), "one that the filter drops on its way out is not counted"
        assert after[1] - before[1] == (end is far), "one that it drops on its way in is"
        near.namespace.run("ping", "-c", "1", "fd08::2")
        assert transfer(link, socket.AF_INET, 1 << 20)
        end.unit.ioctl(PPPIOCSPASS)
    assert pings(near)


def test_filters_that_are_none(link):
    unit = link[0].unit
    refused("EINVAL", unit.ioctl, PPPIOCSPASS, NO_ICMP[:-1])
    refused("EINVAL", unit.ioctl, PPPIOCSACTIVE, NO_ICMP[:-8] + bytes(8))
    refused("EINVAL", unit.ioctl, PPPIOCSACTIVE, struct.pack("=HBBI", 0x15, 7, 7, 0))
    unit.ioctl(PPPIOCSACTIVE)


def test_only_activity_resets_the_idle_time(link):
    """
    Requirements: PPP-53
    """
    def idle(end):
        return struct.unpack("=QQ", end.unit.ioctl(PPPIOCGIDLE64))
    brought_up(link)
    near, far = link
    for end in link:
        end.unit.ioctl(PPPIOCSACTIVE, NO_ICMP)

    def is_idle():
        assert pings(near)
        return min(idle(near) + idle(far)) >= 1
    eventually(is_idle, "pings are no activity")
    near.namespace.run("ping", "-c", "1", "fd08::2")
    assert max(idle(near) + idle(far)) == 0


@pytest.mark.parametrize("more", [0, NO_TCP_CCID], ids=["numbers omitted", "all numbers"])
def test_headers_of_tcp_are_compressed(link, more):
    """
    Requirements: PPP-55, PPP-58, PPP-64
    """
    brought_up(link)
    for end in link:
        end.unit.ioctl_int(PPPIOCSMAXCID, 15 << 16 | 15)
        end.unit.ioctl_int(PPPIOCSFLAGS, COMP_TCP | more)
    assert transfer(link, socket.AF_INET, 2 << 20)

    def all_arrived():
        near, far = statistics(link[0]), statistics(link[1])
        return (far["compressedin"], far["uncompressedin"]) == (near["compressed"], near["packets"] - near["compressed"])
    eventually(all_arrived)
    far = statistics(link[1])
    assert far["compressedin"] > 100
    assert far["errorin"] == far["tossed"] == far["ierrors"] == 0
    assert transfer(link, socket.AF_INET6, 1 << 20)


def test_compressed_headers_and_losses(link, cable):
    brought_up(link)
    for end in link:
        end.unit.ioctl_int(PPPIOCSMAXCID, 15 << 16 | 15)
        end.unit.ioctl_int(PPPIOCSFLAGS, COMP_TCP)
    with lossy(cable):
        assert transfer(link, socket.AF_INET, 1 << 20)


def test_compressed_headers_that_nobody_asked_for(link):
    """
    Requirements: PPP-58
    """
    for end in link:
        end.connect()
    near, far = link
    for number in range(3):
        near.unit.send(bytes.fromhex("002d0fabcd") + bytes(20))
        eventually(lambda n=number: statistics(far)["ierrors"] == n + 1)
        if number == 0:
            far.unit.ioctl_int(PPPIOCSMAXCID, 15)
        else:
            far.unit.ioctl_int(PPPIOCSFLAGS, REJ_COMP_TCP)
    refused("EINVAL", far.unit.ioctl_int, PPPIOCSMAXCID, 255)
    refused("EINVAL", far.unit.ioctl_int, PPPIOCSMAXCID, -1)
    far.unit.ioctl_int(PPPIOCSMAXCID, 254)


def test_a_restored_header_is_not_believed(link):
    """Of a packet that is lost the next ones get the numbers, which their checksum shows, whatever it looks like: here like one
    that a sender on this machine has left to the receiver.

    Requirements: PPP-55
    """
    brought_up(link)
    near, far = link
    far.unit.ioctl_int(PPPIOCSMAXCID, 15)
    addresses = socket.inet_aton("10.8.0.1") + socket.inet_aton("10.8.0.2")
    tcp = struct.pack("!HHIIHHHH", 4000, 7000, 1, 0, 5 << 12 | 2, 1000, 0, 0)
    pseudo = wire.checksum(addresses + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp))) ^ 0xffff
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 1, 0, 64, socket.IPPROTO_TCP, 0) + addresses
    ip = ip[:10] + struct.pack("!H", wire.checksum(ip)) + ip[12:]
    before = far.namespace.snmp("Tcp")["InCsumErrors"]
    near.unit.send(b"\0\x2f" + ip[:9] + b"\0" + ip[10:] + tcp[:16] + struct.pack("!H", pseudo) + tcp[18:])
    eventually(lambda: far.namespace.snmp("Tcp")["InCsumErrors"] == before + 1)


def readable(end):
    """The next frame that is not one that could not be decrypted, of which the system's own may have sent more."""
    while (frame := end.unit.receive())[:2] == bytes.fromhex("00fd"):
        pass
    return frame


def test_states_of_compression(link):
    """
    Requirements: PPP-60, PPP-61, PPP-62, PPP-65
    """
    brought_up(link)
    near, far = link
    assert flags(near) == 0
    agree(link, STATELESS, up=False)
    assert flags(near) == flags(far) == CCP_OPEN | COMP_RUN | DECOMP_RUN
    before = statistics(near)["oerrors"]
    assert unanswered(near)
    assert statistics(near)["oerrors"] == before + 1, "it must not leave before CCP is up"
    near.unit.send(bytes.fromhex("8021010100040000"))
    assert far.unit.receive() == bytes.fromhex("8021010100040000")
    near.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN | CCP_UP)
    far.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN | CCP_UP)
    assert pings(near)
    near.channel.send(bytes.fromhex("00fd7000") + bytes(20))
    assert far.unit.receive() == bytes.fromhex("00fd7000") + bytes(20)
    assert flags(far) == DC_ERROR | DECOMP_RUN | COMP_RUN | CCP_OPEN | CCP_UP
    assert unanswered(near)
    assert far.unit.receive()[:2] == bytes.fromhex("00fd")
    near.unit.send(ccp(15, 2))
    assert readable(far) == ccp(15, 2)
    assert flags(far) == DECOMP_RUN | COMP_RUN | CCP_OPEN | CCP_UP
    assert pings(near)
    far.unit.send(ccp(1, 3, STATELESS))
    assert near.unit.receive() == ccp(1, 3, STATELESS)
    assert flags(near) == DECOMP_RUN | CCP_OPEN | CCP_UP and flags(far) == COMP_RUN | CCP_OPEN | CCP_UP
    near.unit.ioctl_int(PPPIOCSFLAGS, CCP_UP)
    assert flags(near) == 0


def test_options_of_compression(link):
    """
    Requirements: PPP-60
    """
    unit = link[0].unit
    for code, option in (("EFAULT", bytes(33)), ("EINVAL", b"\x12"), ("EINVAL", b"\x12\1abcd"), ("EINVAL", b"\x12\7abcd"),
                         ("EINVAL", b"\x1a\4\x78\0"), ("EINVAL", b"\x15\3\x2f"), ("ENOBUFS", STATELESS),
                         ("ENOBUFS", STATELESS + bytes(15)), ("ENOBUFS", STATELESS + bytes(17))):
        refused(code, unit.ioctl, PPPIOCSCOMPRESS, struct.pack("=I", 1) + option)
    unit.ioctl(PPPIOCSCOMPRESS, struct.pack("=I", 1) + STATELESS + bytes(16))


@pytest.mark.parametrize("option", [STATELESS, STATEFUL], ids=["128 bit stateless", "40 bit stateful"])
def test_packets_are_encrypted(link, cable, option):
    """
    Requirements: PPP-55, PPP-58, PPP-63
    """
    brought_up(link)
    agree(link, option)
    with Capture(cable.far, "wire", lambda frame: b"\xff\x03\x00\xfd" in frame[:64]) as capture:
        assert pings(link[0])
        assert capture.next() is not None
    assert transfer(link, socket.AF_INET, 2 << 20)
    assert transfer(link, socket.AF_INET6, 1 << 20)
    _, packets, octets, _ = there = struct.unpack_from("=4I", link[0].unit.ioctl(SIOCGPPPCSTATS))
    assert packets > 1000 and octets > there[0] + 4 * packets
    for end in link:
        end.unit.ioctl_int(PPPIOCSMAXCID, 15 << 16 | 15)
        end.unit.ioctl_int(PPPIOCSFLAGS, COMP_TCP | CCP_OPEN | CCP_UP | MUST_COMP)
    assert transfer(link, socket.AF_INET, 1 << 20)
    assert statistics(link[1])["compressedin"] > 10 and statistics(link[1])["ierrors"] == 0


def test_stateless_encryption_and_losses(link, cable):
    """
    Requirements: PPP-63
    """
    brought_up(link)
    agree(link, STATELESS)
    with lossy(cable):
        assert transfer(link, socket.AF_INET, 1 << 20)
    assert statistics(link[1])["ierrors"] == 0


def test_a_stateful_key_is_renewed_after_a_loss(link, cable):
    """
    Requirements: PPP-61, PPP-63
    """
    brought_up(link)
    agree(link, STATEFUL)
    near, far = link
    assert pings(near)
    cable.far.run("nft", "table inet loss { chain c { type filter hook input priority 0; udp dport 1701 drop; }; }")
    assert unanswered(near)
    cable.far.run("nft", "delete table inet loss")
    assert unanswered(near)
    assert far.unit.receive()[:2] == bytes.fromhex("00fd")
    assert flags(far) & DC_ERROR
    far.unit.send(ccp(14, 9))
    assert near.unit.receive() == ccp(14, 9)
    near.unit.send(ccp(15, 9))
    assert readable(far) == ccp(15, 9)
    assert pings(near)
@pytest.mark.parametrize("before", [0, 200], ids=["alone", "behind others"])
def test_a_frame_is_looked_at_before_what_the_program_asks_next(link, before):
    """An acknowledgement starts the compressor though CCP is up when the call after it returns.

    Requirements: PPP-42, PPP-61
    """
    brought_up(link)
    near, far = link
    set_compression(near, 1, STATELESS, KEYS[0])
    for round_ in range(20):
        near.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN)
        near.unit.send(ccp(6, round_))
        assert flags(near) == CCP_OPEN
        for _ in range(before):
            near.unit.send(bytes.fromhex("0021") + bytes(100))
        near.unit.send(ccp(2, round_, STATELESS))
        near.unit.ioctl_int(PPPIOCSFLAGS, CCP_OPEN | CCP_UP)
        assert flags(near) == CCP_OPEN | CCP_UP | COMP_RUN
